//! A bottleneck.

use super::{fetch, plain, world};
use crate::support::netns::{Conditions, Direction, Flow, Plan, Rate};

#[test]
fn a_download_is_as_fast_as_the_bottleneck() {
    const BODY: usize = 1_000_000;
    let rate = Rate { bits_per_second: 20_000_000, burst: 15_000, queue: 200_000 };
    let reverse = Conditions { rate: Some(rate), ..Conditions::delay_ms(5.0) };
    let plan = Plan { first: [Conditions::delay_ms(5.0), reverse], ..Plan::default() };
    let Some(world) = world("a_download_is_as_fast_as_the_bottleneck", plan) else { return };
    let _server = plain(&world, BODY);
    // A busy machine holds the relay up, which then makes up for it: one of several is undisturbed.
    for _ in 0..3 {
        assert!(fetch(&world, world.server_v4()).expect("an answer").len() > BODY);
    }
    let log = world.relay().settled_log(1.0);
    let mbit_s = |flow: &Flow| {
        // without the slow start, and what was sent at once after the pause
        let passed = flow.packets.iter().filter(|p| p.direction == Direction::Reverse);
        let passed: Vec<_> = passed.filter_map(|p| Some((p.written_ns()?, p.bytes))).collect();
        let later = &passed[passed.len() / 4..];
        let (began, ended) = (later[0].0, later[later.len() - 1].0);
        let bits: usize = later[1..].iter().map(|(_, bytes)| bytes * 8).sum();
        bits as f64 / (ended - began) as f64 * 1e3
    };
    let rates: Vec<_> = log.client_ports().into_iter().flat_map(|port| log.flow(port).connections()).map(|flow| mbit_s(&flow)).collect();
    assert!(rates.len() == 3 && rates.iter().any(|rate| (18.0..20.5).contains(rate)), "{rates:?} Mbit/s");
}
