//! A clock that is off by a known amount: a chronyd that follows another one at a distance, a ptp4l whose grandmaster has another UTC. `tests/faults` has gateways whose clock is off.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test that cannot go on must stop")]

use crate::stack::{Stack, or_skip};
use rigcheck::{
    model::{
        Source,
        audit::Effort,
        evidence::Seen,
        key::{Clock as Asked, Payload},
        name,
        payload::{ClockReading, ClockReadings},
        rows::InMemory,
        source::Slot,
    },
    sources::clock::Clock,
    spec::settings::ClockBy,
};
use std::{
    path::Path,
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};

async fn seen(by: &ClockBy) -> (Seen, ClockReadings) {
    let slot = Slot::detached(Instant::now() + Duration::from_secs(20), Arc::new(InMemory::default()));
    let seen = Clock::new(name("clock"), by).unwrap().ask(&Asked {}.into(), Effort::default(), &slot).await.unwrap();
    let Payload::Clock(told) = &seen.payload else { panic!("{:?}", seen.payload) };
    let told = told.clone();
    (seen, told)
}

#[tokio::test]
async fn what_chrony_says_of_a_clock_is_read() {
    let Some(stack) = or_skip("what_chrony_says_of_a_clock_is_read", Stack::up(&["chrony", "--offset", "0.0123"])) else { return };
    let at = format!("127.0.0.1:{}", stack.part("chrony").ports["command_udp"]);
    let (seen, told) = seen(&ClockBy::Chrony { at }).await;
    let [one] = told.readings.as_slice() else { panic!("{told:?}") };
    // `offset` is what chrony is to add to what it measured: by it, its own clock is that much behind.
    assert!((f64::midpoint(one.lo_ms, one.hi_ms) + 12.3).abs() < 0.5, "{told:?}");
    assert!(one.hi_ms - one.lo_ms < 5.0 && told.unbounded.is_none(), "{told:?}");
    assert_eq!(seen.origin.server.as_deref(), Some("chronyd"));
}

fn middle(one: &ClockReading) -> f64 {
    f64::midpoint(one.lo_ms, one.hi_ms)
}

async fn asked(socket: &Path) -> (Seen, ClockReadings) {
    seen(&ClockBy::Ptp { socket: socket.into(), domain: 0 }).await
}

/// What linuxptp's own client shows of a figure of CURRENT_DATA_SET, ns.
fn pmc(socket: &Path, figure: &str) -> f64 {
    let ours = socket.with_extension("pmc");
    let shown = Command::new("pmc").args(["-u", "-b", "0", "-i"]).arg(ours).arg("-s").arg(socket).arg("GET CURRENT_DATA_SET").output().unwrap();
    let shown = String::from_utf8(shown.stdout).unwrap();
    shown.lines().find_map(|line| line.trim().strip_prefix(figure)).and_then(|value| value.trim().parse().ok()).unwrap_or_else(|| panic!("{shown}"))
}

/// Both read the clock of this machine. What the grandmaster says of UTC moves the slave's by whole seconds.
#[tokio::test]
async fn what_ptp4l_says_of_a_clock_is_read() {
    for behind in [0.0, 1.0] {
        let seconds = format!("{behind}");
        let up = Stack::up(&["ptp", "--utc-behind", &seconds]);
        let Some(stack) = or_skip("what_ptp4l_says_of_a_clock_is_read", up) else { return };
        let slave = &stack.part("ptp").files["slave"];
        let (seen, told) = asked(slave).await;
        let [one] = told.readings.as_slice() else { panic!("{told:?}") };
        // The time stamps of a busy machine may be late by milliseconds.
        assert!((middle(one) - behind * 1e3).abs() < 20.0, "{told:?}");
        assert!(one.hi_ms > one.lo_ms && one.hi_ms - one.lo_ms < 100.0, "{told:?}");
        assert_eq!((told.against.as_str(), &told.unbounded), ("UTC", &None));
        assert_eq!((seen.origin.server.as_deref(), seen.notes.len()), (Some("ptp4l"), 0));
        // Linuxptp's own client reads the same, a few Sync messages later.
        assert!((pmc(slave, "offsetFromMaster") * 1e-6 - middle(one)).abs() < 20.0, "{told:?}");
        assert!((one.hi_ms - one.lo_ms) / 2.0 > pmc(slave, "meanPathDelay") * 1e-6 / 10.0, "{told:?}");
        // Who follows nobody bounds nothing, whatever it says of its time.
        let (_, grandmaster) = asked(&stack.part("ptp").files["grandmaster"]).await;
        assert!(grandmaster.unbounded.is_some_and(|why| why.contains("is one itself")));
        let left: Vec<_> = std::fs::read_dir(slave.parent().unwrap()).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert!(!left.iter().any(|file| file.to_string_lossy().starts_with("rigcheck")), "{left:?}");
    }
}

/// As linuxptp comes: the grandmaster is some host's clock, which says nothing of UTC.
#[tokio::test]
async fn a_grandmaster_that_does_not_know_utc_bounds_nothing() {
    let name = "a_grandmaster_that_does_not_know_utc_bounds_nothing";
    let Some(stack) = or_skip(name, Stack::up(&["ptp"])) else { return };
    let (_, told) = asked(&stack.part("ptp").files["slave"]).await;
    assert!(told.unbounded.is_some_and(|why| why.contains("not traceable to UTC (clockClass 248, ptpTimescale 0")));
    assert_eq!(told.against, "its PTP grandmaster");
}
