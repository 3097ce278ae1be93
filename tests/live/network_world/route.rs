//! Routers between client and server.

use super::{
    ping::{answers, least, ping},
    world,
};
use crate::support::netns::{Conditions, Direction, Plan, Transport, World};
use std::net::IpAddr;

#[test]
fn a_packet_that_ends_at_a_router_is_answered_by_it() {
    let Some(world) = world("a_packet_that_ends_at_a_router_is_answered_by_it", Plan { routers: 2, ..Plan::delay_ms(4.0) }) else { return };
    world.link(1).set_both(Conditions::delay_ms(6.0), Conditions::delay_ms(6.0));
    for ttl in 1..=2u8 {
        let routers = world.router_addresses(usize::from(ttl) - 1);
        for (to, router) in [world.server_v4(), world.server_v6()].into_iter().zip(routers) {
            assert_eq!(answers_at(&world, to, ttl), Some(router.to_string()), "hop {ttl} on the way to {to}");
        }
    }
    let all_the_way = least(&ping(world.client(), world.server_v4(), 50, 0.005));
    assert!((20.0..21.5).contains(&all_the_way), "{all_the_way} ms over three links");
    assert!(answers(&world, world.server_v6()));
    let log = world.relay().settled_log(1.0);
    // time exceeded is type 11 in ICMP (RFC 792), 3 in ICMPv6 (RFC 4443)
    let exceeded = |kind| log.of(Direction::Reverse).filter(|p| p.header.transport == Transport::Icmp { kind, code: 0 }).count();
    assert_eq!((exceeded(11), exceeded(3)), (2, 2));
}

/// Who says that the time to live ran out.
fn answers_at(world: &World, to: IpAddr, ttl: u8) -> Option<String> {
    let out = world.client().run("ping", &["-n", "-c", "1", "-W", "1", "-t", &ttl.to_string(), &to.to_string()]).expect("ping starts");
    let text = String::from_utf8_lossy(&out.stdout);
    let line = text.lines().find(|line| line.starts_with("From ") && (line.contains("exceeded")))?;
    line.split_whitespace().nth(1).map(str::to_owned)
}
