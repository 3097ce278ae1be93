//! Loss.

use super::{
    fetch,
    ping::{SIDE_BY_SIDE, burst, ping},
    plain, world,
};
use crate::support::netns::{Conditions, Direction, Flow, Loss, Packet, Plan};
use statrs::distribution::{Binomial, DiscreteCDF};

#[test]
fn two_percent_are_lost_each_way() {
    const COUNT: u32 = 2000;
    let loss = |share| Conditions { loss: Loss::Chance(share), ..Conditions::delay_ms(2.0) };
    let plan = Plan { first: [loss(0.02), loss(0.02)], ..Plan::default() };
    let Some(world) = world("two_percent_are_lost_each_way", plan) else { return };
    let seen = u64::from(burst(&world, COUNT));
    let log = world.relay().settled_log(1.0);
    let echoes = log.echoes();
    let lost = |way| echoes.iter().filter(|echo| echo.lost == Some(way)).count() as u64;
    let (forward, reverse) = (lost(Direction::Forward), lost(Direction::Reverse));
    for (lost, of) in [(forward, u64::from(COUNT)), (reverse, u64::from(COUNT) - forward)] {
        let binomial = Binomial::new(0.02, of).expect("a share");
        let interval = binomial.inverse_cdf(0.0005)..=binomial.inverse_cdf(0.9995);
        assert!(interval.contains(&lost), "{lost} of {of} lost, expected {interval:?}");
    }
    assert_eq!(echoes.len() as u64, u64::from(COUNT));
    let passed = u64::from(COUNT) - forward - reverse;
    // each ping may miss its last reply
    assert!((passed - u64::from(SIDE_BY_SIDE)..=passed).contains(&seen), "pings saw {seen} replies, {passed} passed");
}

#[test]
fn exactly_each_fifth_packet_is_lost() {
    let fifth = Conditions { loss: Loss::EachNth(5), ..Conditions::default() };
    let plan = Plan { first: [fifth, Conditions::default()], ..Plan::default() };
    let Some(world) = world("exactly_each_fifth_packet_is_lost", plan) else { return };
    ping(world.client(), world.server_v4(), 50, 0.002);
    let log = world.relay().settled_log(1.0);
    let lost: Vec<_> = log.of(Direction::Forward).enumerate().filter(|(_, p)| p.is_dropped()).map(|(nth, _)| nth + 1).collect();
    assert_eq!(lost, [5, 10, 15, 20, 25, 30, 35, 40, 45, 50]);
}

#[test]
fn a_lost_syn_makes_connect_slow_and_the_handshake_not() {
    const PAIRS: usize = 3;
    let Some(world) = world("a_lost_syn_makes_connect_slow_and_the_handshake_not", Plan::delay_ms(10.0)) else { return };
    let _server = plain(&world, 100);
    let syn = Conditions { loss: Loss::FirstSyns(1), ..Conditions::delay_ms(10.0) };
    // A busy machine only adds: the least of several is near to the truth.
    for _ in 0..PAIRS {
        world.relay().set(Direction::Forward, syn.clone());
        fetch(&world, world.server_v4()).expect("an answer");
        fetch(&world, world.server_v4()).expect("an answer");
    }
    let log = world.relay().settled_log(1.0);
    let flows: Vec<_> = log.client_ports().into_iter().map(|port| log.flow(port)).collect();
    assert_eq!(flows.len(), 2 * PAIRS, "each connection has a port of its own: {:?}", log.client_ports());
    let (slow, fast): (Vec<_>, Vec<_>) = flows.iter().partition(|flow| flow.syns_lost() > 0);
    assert_eq!((slow.len(), fast.len()), (PAIRS, PAIRS));
    assert!(slow.iter().all(|flow| (flow.syns().count(), flow.syns_lost(), flow.retransmissions(Direction::Forward)) == (2, 1, 1)), "{slow:?}");
    assert!(fast.iter().all(|flow| (flow.syns().count(), flow.syns_lost(), flow.retransmissions(Direction::Forward)) == (1, 0, 0)), "{fast:?}");
    let ns = |flows: &[&Flow], of: fn(&Flow) -> Option<u64>| flows.iter().map(|flow| of(flow).expect("it connected")).collect::<Vec<_>>();
    let near = |all: &[u64], least: u64, most: u64| all.iter().all(|ns| *ns >= least) && all.iter().any(|ns| *ns < most);
    let again = ns(&slow, Flow::connect_relay_ns);
    assert!(near(&again, 1_000_000_000, 1_500_000_000), "the kernel sends a SYN again after a second: {again:?} ns");
    for flows in [&slow, &fast] {
        let took = ns(flows, Flow::handshake_relay_ns);
        assert!(near(&took, 20_000_000, 40_000_000), "{took:?} ns");
    }
    assert_eq!(ns(&fast, Flow::connect_relay_ns), ns(&fast, Flow::handshake_relay_ns));
    assert_eq!(log.packets.iter().filter(|p| Packet::is_dropped(p)).count(), PAIRS);
}
