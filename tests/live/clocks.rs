//! Clocks that are off by a known amount: a gateway under libfaketime, and a chronyd that follows another one at a distance.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test that cannot go on must stop")]

use crate::{
    rig::{Gateway, REQUESTS, Rig},
    stack::{Stack, or_skip},
};
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

/// Its durations are right and the rig is READY or not by those; that its clock is off is found, by how much, and nothing else.
#[test]
fn a_gateway_whose_clock_is_off_is_found() {
    let gateway = Gateway { faketime: Some("+0.250s"), ..Gateway::REPAIRED };
    let Some(rig) = or_skip("a_gateway_whose_clock_is_off_is_found", Rig::bare(gateway)) else { return };
    let said = rig.audit_alone("ahead", REQUESTS);
    for (rule, subject) in [("LAT-18", "access_log"), ("LAT-18", "otlp"), ("LAT-19", "otlp")] {
        let outcomes = said.outcomes();
        let (.., status, outcome) = outcomes.iter().find(|o| o.0 == rule && o.1 == subject).unwrap();
        // Lines that are written late look like a clock that is ahead; spans do not.
        let expected = if subject == "access_log" { "inconclusive" } else { "fail" };
        assert_eq!(*status, expected, "{rule} {subject}: {outcome:#}\n{}", said.trouble());
        let (lo, hi) = (outcome["figure"]["lo"].as_f64().unwrap(), outcome["figure"]["hi"].as_f64().unwrap());
        // A busy machine widens the bound; it must hold what was planted all the same.
        assert!(lo <= 250.0 && 250.0 <= hi, "{rule} {subject}: {lo} … {hi}");
    }
    let strange: Vec<_> = said.failed_not_for_noise().into_iter().filter(|rule| !["LAT-18", "LAT-19"].contains(rule)).collect();
    assert!(strange.is_empty(), "{strange:?}\n{}", said.trouble());
}

#[test]
fn a_gateway_on_the_same_clock_is_well() {
    let Some(rig) = or_skip("a_gateway_on_the_same_clock_is_well", Rig::bare(Gateway::REPAIRED)) else { return };
    let said = rig.audit_alone("same", REQUESTS);
    for rule in ["LAT-18", "LAT-19"] {
        assert!(!said.rules("fail").contains(rule), "{}", said.trouble());
    }
    if said.busy <= crate::rig::QUIET {
        assert_eq!(said.statuses("LAT-18", "access_log"), ["pass"].into(), "{}", said.trouble());
        assert_eq!(said.statuses("LAT-19", "otlp"), ["pass"].into(), "{}", said.trouble());
    }
}

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
