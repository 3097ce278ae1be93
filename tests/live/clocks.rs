//! A clock that is off by a known amount: a chronyd that follows another one at a distance. `tests/faults` has gateways whose clock is off.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test that cannot go on must stop")]

use crate::stack::{Stack, or_skip};
use rigcheck::{
    model::{
        Source,
        audit::Effort,
        key::{Clock as Asked, Payload},
        name,
        rows::InMemory,
        source::Slot,
    },
    sources::clock::Clock,
    spec::settings::ClockBy,
};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

#[tokio::test]
async fn what_chrony_says_of_a_clock_is_read() {
    let Some(stack) = or_skip("what_chrony_says_of_a_clock_is_read", Stack::up(&["chrony", "--offset", "0.0123"])) else { return };
    let at = format!("127.0.0.1:{}", stack.part("chrony").ports["command_udp"]);
    let clock = Clock::new(name("clock"), &ClockBy::Chrony { at }).unwrap();
    let slot = Slot::detached(Instant::now() + Duration::from_secs(20), Arc::new(InMemory::default()));
    let seen = clock.ask(&Asked {}.into(), Effort::default(), &slot).await.unwrap();
    let Payload::Clock(told) = &seen.payload else { panic!("{:?}", seen.payload) };
    let [one] = told.readings.as_slice() else { panic!("{told:?}") };
    // `offset` is what chrony is to add to what it measured: by it, its own clock is that much behind.
    assert!((f64::midpoint(one.lo_ms, one.hi_ms) + 12.3).abs() < 0.5, "{told:?}");
    assert!(one.hi_ms - one.lo_ms < 5.0 && told.unbounded.is_none(), "{told:?}");
    assert_eq!(seen.origin.server.as_deref(), Some("chronyd"));
}
