//! Real nameservers: slow, dead, and one that knows no such name.

use super::{baseline, endpoint, plain, probed, settings, world};
use crate::{
    stack,
    support::netns::{Conditions, Dns, Plan, Record},
};
use rigcheck::model::payload::network::{Agreement, LookupEnd, Resolution, SystemOutcome};
use std::net::IpAddr;

const SLOW: &str = "10.99.0.1";
const FAST: &str = "10.99.0.2";
const DEAD: &str = "10.99.0.3";

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

/// How a server's first question ended, and the least time that one of them took, ms: a busy machine only adds.
fn first(resolution: &Resolution, server: usize) -> (LookupEnd, f64) {
    let all = resolution.nameservers[server].lookups.known().expect("it was asked");
    let least_us = all.iter().map(|one| one.took_us).min().expect("a question");
    (all[0].end.clone(), least_us as f64 / 1e3)
}

#[test]
fn slow_and_dead_nameservers_are_named_and_cost_what_they_cost() {
    const TEST: &str = "slow_and_dead_nameservers_are_named_and_cost_what_they_cost";
    let plan = Plan { more_addresses: [SLOW, FAST, DEAD].map(ip).to_vec(), ..Plan::delay_ms(1.0) };
    let Some(world) = world(TEST, plan) else { return };
    let _server = plain(&world);
    let records = [Record::alias("api.test", "edge.test", 120), Record::address("edge.test", world.server_v4(), 30), Record::absent("gone.test")];
    let Some(_slow) = stack::or_skip(TEST, Dns::start(world.server(), ip(SLOW), &records)) else { return };
    let Some(_fast) = stack::or_skip(TEST, Dns::start(world.server(), ip(FAST), &records)) else { return };
    world.relay().set_for(ip(SLOW), Conditions::delay_ms(150.0), Conditions::delay_ms(150.0));
    world.relay().set_for(ip(DEAD), Conditions::black_hole(), Conditions::black_hole());
    let conf = |servers: &[&str], options: &str| {
        let lines: Vec<_> = servers.iter().map(|s| format!("nameserver {s}\n")).collect();
        world.client().etc("resolv.conf", &format!("{}{options}", lines.concat())).expect("a file");
    };
    let resolved = |host: &str| {
        let seen = baseline(&world, settings(), endpoint(host), 2, 1);
        (probed(&seen).resolution.known().unwrap_or_else(|| panic!("{seen:?}")).clone(), probed(&seen).clone())
    };

    conf(&[SLOW, FAST], "options timeout:2\n");
    let (told, all) = resolved("api.test");
    let (slow, slow_ms) = first(&told, 0);
    let (fast, fast_ms) = first(&told, 1);
    eprintln!("slow {slow_ms:.1} ms, fast {fast_ms:.1} ms, getaddrinfo {:.1} ms", told.system[0].took_us as f64 / 1e3);
    let LookupEnd::Answered(answers) = &slow else { panic!("{slow:?}") };
    assert_eq!((answers.addresses.clone(), answers.cnames.clone()), (vec![world.server_v4()], vec!["edge.test".to_owned()]));
    assert!((300.0..400.0).contains(&slow_ms) && (2.0..50.0).contains(&fast_ms) && matches!(fast, LookupEnd::Answered(_)), "{told:?}");
    assert!(told.system[0].took_us >= 300_000, "an application waits for the first one: {:?}", told.system);
    assert_eq!((told.agreement(), all.connects.len()), (Agreement::Same, 2));

    conf(&[DEAD, FAST], "options timeout:1\n");
    let (told, _) = resolved("api.test");
    let (dead, dead_ms) = first(&told, 0);
    assert!(dead == LookupEnd::TimedOut && (990.0..1_500.0).contains(&dead_ms), "{told:?}");
    assert_eq!(told.nameservers[0].lookups.known().expect("it was asked").len(), 2, "one question for each family");
    assert!(told.system[0].took_us >= 1_000_000, "an application waits for it, each time: {:?}", told.system);

    conf(&[FAST], "search a.test b.test\noptions ndots:3\n");
    let (told, all) = resolved("gone.test");
    assert_eq!(first(&told, 0).0, LookupEnd::Code("NXDOMAIN".into()));
    assert_eq!(told.system[0].outcome, SystemOutcome::NoSuchName, "{:?}", told.system);
    assert_eq!(told.tried, ["gone.test.a.test", "gone.test.b.test", "gone.test"]);
    assert!(all.connects.is_empty() && all.targets.is_empty());
}
