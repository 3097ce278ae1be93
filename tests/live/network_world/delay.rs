//! Delay, jitter, and what the relay itself adds.

use super::{
    ping::{burst, least, ping},
    plain, world,
};
use crate::support::netns::{Conditions, Direction, Jitter, Packet, Plan, quantile};
use std::{net::TcpStream, time::Duration};

const MS: f64 = 1e6;

#[test]
fn a_ping_takes_the_planted_delay_of_both_ways() {
    let Some(world) = world("a_ping_takes_the_planted_delay_of_both_ways", Plan::delay_ms(20.0)) else { return };
    let seen = ping(world.client(), world.server_v4(), 200, 0.005);
    let log = world.relay().settled_log(1.0);
    let truth: Vec<_> = log.echoes().iter().filter_map(|echo| Some(echo.round_trip_ns? as f64 / MS)).collect();
    assert!(seen.len() > 190 && truth.len() == 200, "{} seen, {} passed", seen.len(), truth.len());
    // ping shows tenths of a millisecond
    assert!(seen.iter().zip(&truth).all(|(seen, truth)| seen + 0.051 > *truth), "none is shorter than by the log: {seen:?} {truth:?}");
    let off = least(&seen.iter().zip(&truth).map(|(seen, truth)| seen - truth).collect::<Vec<_>>());
    let (seen, truth) = (least(&seen), least(&truth));
    assert!(truth >= 40.0, "no packet is early: {truth} ms");
    assert!((40.0..41.0).contains(&seen) && off < 1.0, "ping {seen} ms, by the log {truth} ms, {off} ms off at the least");
    let per_s = log.packets.len() as f64 / ((log.packets[log.packets.len() - 1].read_ns - log.packets[0].read_ns) as f64 / 1e9);
    let [p10, p50, p95] = [0.1, 0.5, 0.95].map(|share| quantile(&log.overheads_ns(), share).expect("packets"));
    eprintln!(
        "at {per_s:.0} packets/s the relay writes {p50} ns (p50) and {p95} ns (p95) late; ping {seen} ms, by the log {truth} ms at the least, \
         planted 40 ms"
    );
    assert!(p10 < 1_000_000, "{p10} ns");
}

#[test]
fn the_kernel_sees_the_handshake_of_the_log() {
    let Some(world) = world("the_kernel_sees_the_handshake_of_the_log", Plan::delay_ms(7.0)) else { return };
    let _server = plain(&world, 1);
    let connect = || {
        let open = TcpStream::connect((world.server_v4(), 80)).expect("it connects");
        let port = open.local_addr().expect("its own").port();
        let shown = world.client().run("ss", &["-tinH", &format!("sport = {port}")]).expect("ss starts");
        let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
        let kernel_ms = shown.split_once(" rtt:").and_then(|(_, rest)| rest.split('/').next()?.parse::<f64>().ok());
        (port, kernel_ms.unwrap_or_else(|| panic!("a round trip: {shown}")))
    };
    let seen: Vec<_> = world.client().enter(|| (0..10).map(|_| connect()).collect()).expect("inside");
    let log = world.relay().settled_log(1.0);
    let truth_ms = |port| log.flow(port).handshake_relay_ns().expect("a handshake") as f64 / MS;
    let seen: Vec<_> = seen.into_iter().map(|(port, kernel_ms)| (kernel_ms, truth_ms(port))).collect();
    assert!(seen.iter().all(|(kernel, truth)| *truth >= 14.0 && kernel + 0.001 > *truth), "by the kernel and by the log, ms: {seen:?}");
    assert!(least(&seen.iter().map(|(kernel, truth)| kernel - truth).collect::<Vec<_>>()) < 1.0, "by the kernel and by the log, ms: {seen:?}");
}

#[test]
fn jitter_has_the_planted_distribution() {
    let conditions = |jitter| Conditions { jitter, reorders: true, ..Conditions::delay_ms(10.0) };
    let first = [conditions(Jitter::Uniform(Duration::from_millis(4))), conditions(Jitter::Normal(Duration::from_millis(2)))];
    let Some(world) = world("jitter_has_the_planted_distribution", Plan { first, ..Plan::default() }) else { return };
    burst(&world, 1000);
    let asked = |direction, since| {
        let log = world.relay().settled_log(1.0);
        log.of(direction).filter(|p| p.read_ns > since).filter_map(Packet::asked_ns).map(|ns| ns as f64 / MS).collect::<Vec<_>>()
    };
    let uniform = asked(Direction::Forward, 0);
    assert!(uniform.iter().all(|ms| (6.0..=14.0).contains(ms)), "{uniform:?}");
    assert_moments(&uniform, 10.0, 4.0 / 3f64.sqrt());
    let normal = asked(Direction::Reverse, 0);
    assert_moments(&normal, 10.0, 2.0);
    let within = normal.iter().filter(|ms| (8.0..12.0).contains(*ms)).count() as f64 / normal.len() as f64;
    assert!((within - 0.683).abs() < 0.07, "{within} within one standard deviation");
    let exponential = conditions(Jitter::Exponential(Duration::from_millis(3)));
    let since = world.relay().set_both(exponential, Conditions::default());
    burst(&world, 1000);
    let exponential = asked(Direction::Forward, since);
    assert!(exponential.iter().all(|ms| *ms >= 10.0));
    assert_moments(&exponential, 13.0, 3.0);
}

#[test]
fn packets_keep_their_order_unless_asked_otherwise() {
    let jitter = Jitter::Uniform(Duration::from_millis(9));
    let Some(world) = world("packets_keep_their_order_unless_asked_otherwise", Plan::default()) else { return };
    for reorders in [false, true] {
        let since = world.relay().set_both(Conditions { jitter, reorders, ..Conditions::delay_ms(10.0) }, Conditions::default());
        burst(&world, 100);
        let log = world.relay().settled_log(1.0);
        let written: Vec<_> = log.of(Direction::Forward).filter(|p| p.read_ns > since).filter_map(Packet::written_ns).collect();
        assert_eq!(written.len(), 100);
        assert_eq!(!written.is_sorted(), reorders, "{written:?}");
    }
}

/// Mean and standard deviation, within five standard errors (of the deviation for a distribution with a kurtosis up to 9).
fn assert_moments(values: &[f64], mean: f64, deviation: f64) {
    assert_eq!(values.len(), 1000);
    let n = 1000.0;
    let seen_mean = values.iter().sum::<f64>() / n;
    let seen_deviation = (values.iter().map(|v| (v - seen_mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
    assert!((seen_mean - mean).abs() < 5.0 * deviation / n.sqrt(), "mean {seen_mean}, planted {mean} ± {deviation}, n {n}");
    assert!((seen_deviation - deviation).abs() < 5.0 * deviation * (2.0 / n).sqrt(), "deviation {seen_deviation}, planted {deviation}, n {n}");
}
