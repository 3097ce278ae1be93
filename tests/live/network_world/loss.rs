//! Loss.

use super::{
    fetch,
    ping::{SIDE_BY_SIDE, burst, ping},
    plain, world,
};
use crate::support::netns::{Conditions, Direction, Loss, Packet, Plan};
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
    let Some(world) = world("a_lost_syn_makes_connect_slow_and_the_handshake_not", Plan::delay_ms(10.0)) else { return };
    let _server = plain(&world, 100);
    let syn = Conditions { loss: Loss::FirstSyns(1), ..Conditions::delay_ms(10.0) };
    world.relay().set(Direction::Forward, syn);
    fetch(&world, world.server_v4()).expect("an answer");
    fetch(&world, world.server_v4()).expect("an answer");
    let log = world.relay().settled_log(1.0);
    let [slow, fast] = log.client_ports()[..] else { panic!("{:?}", log.client_ports()) };
    let (slow, fast) = (log.flow(slow), log.flow(fast));
    assert_eq!((slow.syns().count(), slow.syns_lost(), slow.retransmissions(Direction::Forward)), (2, 1, 1));
    assert_eq!((fast.syns().count(), fast.syns_lost(), fast.retransmissions(Direction::Forward)), (1, 0, 0));
    let took = slow.connect_relay_ns().expect("it connected");
    assert!((1_000_000_000..1_500_000_000).contains(&took), "the kernel sends a SYN again after a second: {took} ns");
    for flow in [&slow, &fast] {
        let took = flow.handshake_relay_ns().expect("it connected");
        assert!((20_000_000..200_000_000).contains(&took), "{took} ns");
    }
    assert_eq!(fast.connect_relay_ns(), fast.handshake_relay_ns());
    assert_eq!(log.packets.iter().filter(|p| Packet::is_dropped(p)).count(), 1);
}
