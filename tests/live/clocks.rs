//! Clocks that are off by a known amount: a chronyd that follows another one at a distance, a ptp4l whose grandmaster has another
//! UTC, a host whose spans Jaeger finds to lie outside their callers. `tests/faults` has gateways whose clock is off.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test that cannot go on must stop")]

use crate::{
    stack::{Stack, or_skip},
    traced_act::{QUICK, ask, connection, our_span, sent, slot, spans, trace},
};
use rigcheck::{
    model::{
        Source,
        audit::Effort,
        evidence::Seen,
        key::{Clock as Asked, Payload},
        name,
        payload::{self, ClockReading, ClockReadings, Shown, SpanRow},
        rows::InMemory,
        source::Slot,
    },
    sources::{clock::Clock, jaeger::Jaeger},
    spec::settings::ClockBy,
};
use serde_json::{Value, json};
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
/// Traces of ours, more than are looked at.
const TRACES: usize = 25;

/// A gateway and its provider on two hosts, of which the provider's clock is 250 ms behind: its span of 70 ms began at -240 ms,
/// its caller's of 80 ms at 10 ms. Jaeger puts it into the middle of that, at 15 ms, and the span of 30 ms inside it, which fits
/// as long as neither is moved, into the middle of this, from -230 ms to 35 ms.
fn traces_of_two_hosts() -> Value {
    let on = |host: &str, service: &str, spans: Vec<Value>| {
        let attribute = |key: &str, value: &str| json!({"key": key, "value": {"stringValue": value}});
        json!({"resource": {"attributes": [attribute("service.name", service), attribute("host.name", host)]}, "scopeSpans": [{"spans": spans}]})
    };
    let resources = (0..TRACES).flat_map(|n| {
        let span = |id: u64, parent: u64, kind: u8, from_ms: i64, to_ms: i64| {
            let at = |ms: i64| ((sent(n) + ms * 1_000) * 1_000).to_string();
            json!({"traceId": trace(n), "spanId": format!("{id:016x}"), "parentSpanId": format!("{parent:016x}"), "name": "POST /v1/chat", "kind": kind,
                "startTimeUnixNano": at(from_ms), "endTimeUnixNano": at(to_ms)})
        };
        let gateway = vec![span(0x1001, our_span(&trace(n)), 2, 0, 100), span(0x1002, 0x1001, 3, 10, 90)];
        [on("a", "gateway", gateway), on("b", "provider", vec![span(0x1003, 0x1002, 2, -240, -170), span(0x1004, 0x1003, 1, -230, -200)])]
    });
    json!({"resourceSpans": resources.collect::<Vec<_>>()})
}

/// What the real Jaeger warns of and moves, and that looking at it changes nothing of what it stores.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_jaeger_shows_of_a_clock_that_is_off_is_told_and_stays_as_it_was_measured() {
    let name_of_test = "what_jaeger_shows_of_a_clock_that_is_off_is_told_and_stays_as_it_was_measured";
    for adjust in ["0s", "1s"] {
        let Some(stack) = or_skip(name_of_test, Stack::up(&["jaeger", "--adjust", adjust])) else { return };
        let taken = format!("http://127.0.0.1:{}/v1/traces", stack.part("jaeger").ports["otlp_http"]);
        let sent = reqwest::Client::new().post(taken).json(&traces_of_two_hosts()).send().await.unwrap();
        assert!(sent.status().is_success());
        let jaeger = Jaeger::new(name("jaeger"), &connection(stack.url("jaeger")), "gateway".into()).unwrap().with_pace(QUICK);
        let look = async || {
            let seen = ask(&jaeger, &spans(), &slot(TRACES, Duration::from_mins(1))).await.unwrap();
            assert_eq!((&seen.partial, &seen.notes), (&None, &vec![]), "{adjust}");
            let Payload::Spans(found) = seen.payload else { panic!("no spans") };
            found
        };
        let seen = Shown { traces: 20, spans: 80, warned: 20, warned_ms: Some(255.0), ..Shown::default() };
        let moved = Shown { warned: 40, warned_ms: Some(260.0), moved: 40, moved_ms: Some(260.0), farthest_ms: Some(265.0), ..seen };
        let expected = if adjust == "0s" { seen } else { moved };
        let rows = |found: &payload::Spans| found.spans.iter().collect::<Vec<SpanRow>>();
        let first = look().await;
        assert_eq!((first.shown, first.moved, first.spans.len()), (Some(expected), 0, 4 * TRACES as u64), "{adjust}");
        // What was looked at is as it was, for whoever reads it raw.
        let second = look().await;
        assert_eq!((second.shown, rows(&second)), (Some(expected), rows(&first)), "{adjust}");

        // Another way of looking: after it, this Jaeger's memory store has lost what was measured, and the answer says so.
        let other = reqwest::get(format!("{}/api/v3/traces/{}", stack.url("jaeger"), trace(7))).await.unwrap();
        assert!(other.status().is_success());
        assert_eq!(look().await.moved, if adjust == "0s" { 0 } else { 2 }, "{adjust}");
    }
}
