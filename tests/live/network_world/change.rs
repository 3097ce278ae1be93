//! Conditions that change while packets pass, and that hold for some addresses only.

use super::{
    fetch,
    ping::{answers, least, ping},
    plain, world,
};
use crate::support::netns::{Conditions, Direction, Packet, Plan};
use std::{
    net::{IpAddr, Ipv4Addr},
    thread,
    time::Duration,
};

#[test]
fn other_conditions_hold_from_the_moment_they_are_set() {
    let Some(world) = world("other_conditions_hold_from_the_moment_they_are_set", Plan::delay_ms(5.0)) else { return };
    let changed = thread::scope(|scope| {
        let pings = scope.spawn(|| ping(world.client(), world.server_v4(), 120, 0.005));
        thread::sleep(Duration::from_millis(500));
        let changed = world.relay().set_both(Conditions::delay_ms(15.0), Conditions::delay_ms(15.0));
        pings.join().expect("it pings");
        changed
    });
    let log = world.relay().settled_log(1.0);
    for direction in [Direction::Forward, Direction::Reverse] {
        let (before, after): (Vec<&Packet>, Vec<&Packet>) = log.of(direction).partition(|p| p.read_ns < changed);
        assert!(before.len() > 5 && after.len() > 5, "{} before, {} after", before.len(), after.len());
        assert!(after.iter().all(|p| p.asked_ns() == Some(15_000_000)));
        // one packet may have been read and not yet judged at that moment
        assert!(before.iter().rev().skip(1).all(|p| p.asked_ns() == Some(5_000_000)));
    }
}

#[test]
fn servers_have_conditions_of_their_own() {
    let near = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 7));
    let plan = Plan { more_addresses: vec![near], ..Plan::delay_ms(20.0) };
    let Some(world) = world("servers_have_conditions_of_their_own", plan) else { return };
    world.relay().set_for(near, Conditions::delay_ms(3.0), Conditions::delay_ms(1.0));
    let took = thread::scope(|scope| {
        let client = world.client();
        let pings = [near, world.server_v4()].map(|to| scope.spawn(move || ping(client, to, 100, 0.005)));
        pings.map(|pings| least(&pings.join().expect("it pings")))
    });
    assert!((4.0..5.0).contains(&took[0]) && (40.0..41.0).contains(&took[1]), "{took:?} ms");
}

#[test]
fn ipv6_can_be_a_black_hole_while_ipv4_works() {
    let Some(world) = world("ipv6_can_be_a_black_hole_while_ipv4_works", Plan::delay_ms(2.0)) else { return };
    let _server = plain(&world, 100);
    assert!(answers(&world, world.server_v6()), "at first it works");
    world.relay().set_for(world.server_v6(), Conditions::black_hole(), Conditions::black_hole());
    assert!(!answers(&world, world.server_v6()));
    fetch(&world, world.server_v4()).expect("IPv4 works");
    let log = world.relay().settled_log(1.0);
    assert!(log.packets.iter().filter(|p| Packet::is_dropped(p)).all(|p| p.header.target == world.server_v6()));
}

#[test]
fn a_world_without_ipv6_has_none() {
    let Some(world) = world("a_world_without_ipv6_has_none", Plan { v6: None, ..Plan::default() }) else { return };
    let devices = world.client().run("ip", &["-6", "address", "show"]).expect("ip starts");
    assert!(devices.stdout.is_empty(), "{}", String::from_utf8_lossy(&devices.stdout));
    assert!(answers(&world, world.server_v4()));
}
