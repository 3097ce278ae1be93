//! A family that does not work beside one that does.

use super::{baseline, endpoint, plain, probed, settings, world};
use crate::support::netns::{Conditions, Plan};
use rigcheck::{
    model::payload::network::{Ended, NoRoute, Stage},
    sources::network::{NetworkSettings, Pace},
};
use std::time::Duration;

#[test]
fn a_black_hole_of_one_family_does_not_hide_the_other() {
    let Some(world) = world("a_black_hole_of_one_family_does_not_hide_the_other", Plan::delay_ms(3.0)) else { return };
    let _server = plain(&world);
    let (v4, v6) = (world.server_v4(), world.server_v6());
    world.relay().set_for(v6, Conditions::black_hole(), Conditions::black_hole());
    world.client().etc("hosts", &format!("{v6} both.test\n{v4} both.test\n")).expect("a file");
    let pace = Pace { connect: Duration::from_millis(300), ..settings().pace };
    let seen = baseline(&world, NetworkSettings { pace, ..settings() }, endpoint("both.test"), 30, 3);
    let told = probed(&seen);
    let of = |v6: bool| told.targets.iter().position(|t| t.is_v6() == v6).unwrap_or_else(|| panic!("{:?}", told.targets));
    assert!(told.of(of(true)).all(|c| c.ended == Ended::TimedOut(Stage::Tcp)), "{:?}", told.connects);
    assert_eq!((told.given_up.as_slice(), told.of(of(true)).count()), ([of(true)].as_slice(), 3));
    assert_eq!(told.of(of(false)).filter(|c| c.ended == Ended::Done).count(), 27);
    assert!(seen.partial.is_none(), "{:?}", seen.partial);
    assert_eq!(told.hops.known().map(|h| h.target), Some(of(false)), "the path is that of the family that works");
}

#[test]
fn a_machine_without_a_route_says_so() {
    let Some(world) = world("a_machine_without_a_route_says_so", Plan { v6: None, ..Plan::default() }) else { return };
    let seen = baseline(&world, settings(), endpoint("fd77::2"), 5, 1);
    let told = probed(&seen);
    assert!(told.connects.iter().all(|c| matches!(c.ended, Ended::Unreachable(NoRoute::Network | NoRoute::NoAddress))), "{:?}", told.connects);
    assert_eq!(told.targets[0].from, None);
    assert!(told.ping.gap().is_some_and(|gap| gap.to_string().contains("IPv6")), "{:?}", told.ping);
}
