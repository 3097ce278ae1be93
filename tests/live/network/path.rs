//! Routers are named without privileges.

use super::{ask, endpoint, plain, probed, settings, world};
use crate::support::netns::Plan;
use rigcheck::model::{
    evidence::Gap,
    payload::network::{AddressClass, Measured},
};
use rustix::{
    process::{Gid, Uid},
    thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid},
};

/// Who may do nothing special.
const NOBODY: u32 = 65_534;

fn become_nobody() {
    let (user, group) = (Uid::from_raw(NOBODY), Gid::from_raw(NOBODY));
    set_thread_groups(&[]).expect("no groups");
    set_thread_res_gid(group, group, group).expect("a group");
    set_thread_res_uid(user, user, user).expect("a user");
}

#[test]
fn nobody_sees_each_router_and_is_told_what_a_ping_needs() {
    let Some(world) = world("nobody_sees_each_router_and_is_told_what_a_ping_needs", Plan { routers: 2, ..Plan::delay_ms(3.0) }) else { return };
    let _server = plain(&world);
    world.client().sysctl(&[("net/ipv4/ping_group_range", "1 0")]).expect("no permission to ping");
    for v6 in [false, true] {
        let at = if v6 { world.server_v6() } else { world.server_v4() };
        let seen = world.client().enter(|| {
            become_nobody();
            ask(settings(), endpoint(&at.to_string()), 2, 1)
        });
        let seen = seen.expect("inside");
        let told = probed(&seen);
        let hops = told.hops.known().unwrap_or_else(|| panic!("{:?}", told.hops));
        let pick = usize::from(v6);
        let expected = format!("{} {} {at}", world.router_addresses(0)[pick], world.router_addresses(1)[pick]);
        assert_eq!(hops.flows.len(), 3);
        for flow in &hops.flows {
            assert_eq!((flow.line(), flow.reached), (expected.clone(), true), "{flow:?}");
            assert!(flow.hops.iter().all(|hop| hop.rtt_us.is_some_and(|us| us >= 5_900)), "{flow:?}");
            assert!(flow.from_port.is_some());
        }
        // A busy machine only adds: the least of the flows is near to the truth.
        for nth in 0..3 {
            let least = hops.flows.iter().filter_map(|flow| flow.hops[nth].rtt_us).min();
            assert!(least.is_some_and(|us| us < 60_000), "hop {}: {:?}", nth + 1, hops.flows);
        }
        let class = if v6 { AddressClass::UniqueLocal } else { AddressClass::Private };
        assert_eq!((hops.first_private(), hops.distance()), (Some(world.router_addresses(0)[pick]), Some(3)));
        assert_eq!(hops.flows[0].hops[0].class, Some(class));
        let Measured::Missing { gap: Gap::Denied(_), remedy: Some(remedy) } = &told.ping else { panic!("{:?}", told.ping) };
        assert!(remedy.contains("net.ipv4.ping_group_range"), "{remedy}");
    }
    // The switch of IPv4 holds for IPv6, too.
    world.client().sysctl(&[("net/ipv4/ping_group_range", "0 2147483647")]).expect("a permission to ping");
    let seen = world.client().enter(|| {
        become_nobody();
        ask(settings(), endpoint(&world.server_v6().to_string()), 1, 1)
    });
    let seen = seen.expect("inside");
    let ping = probed(&seen).ping.known().unwrap_or_else(|| panic!("{:?}", probed(&seen).ping)).clone();
    assert_eq!((ping.answered(), ping.socket), (11, rigcheck::model::payload::network::PingSocket::Datagram));
}
