//! One fault at a time: it is found by the rules that are meant to, nothing else fails, and what is said of it is what it is.

use super::{
    super::{
        case::{finding, judge, of_network, rules_with, shown, status},
        evidence::BEGAN,
    },
    world::{World, answered, server},
};
use rigcheck::model::{
    outcome::Status,
    payload::network::{AddressClass, Distrust, Ended, Look, LookupEnd, Measured, PathMtu, Stage, SystemOutcome, TcpState, Trust, Via},
    units::Wall,
};

/// What is done, how, which rules fail, and a word of what the first of them says.
type Fault = (&'static str, fn(&mut World), &'static [&'static str], &'static str);

const FAULTS: &[Fault] = &[
    ("5 ms more", |w| w.slower(5.0), &["NET-20"], "different: median +5"),
    ("a name that does not exist", no_name, &["NET-02"], "6 of 6 lookups"),
    ("a dead nameserver", |w| w.resolution().nameservers[0] = server([LookupEnd::TimedOut]), &["NET-02"], "1 of 2 nameservers"),
    ("a nameserver that fails", |w| w.resolution().nameservers[0] = server([LookupEnd::Code("SERVFAIL".into())]), &["NET-02"], "1 of 2 nameservers"),
    (
        "a resolver that lies about the class",
        |w| w.resolution().nameservers[1] = server([answered(&["10.1.2.3".parse().unwrap()])]),
        &["NET-03"],
        "different worlds",
    ),
    (
        "a resolver that lies about existence",
        |w| w.resolution().nameservers[1] = server([LookupEnd::Code("NXDOMAIN".into())]),
        &["NET-03"],
        "different worlds",
    ),
    ("a slow resolver", |w| w.resolution().system.iter_mut().for_each(|l| l.took_us = 300_000), &["NET-04"], "a lookup takes 300 ms"),
    ("an IPv6 black hole", |w| dead(w, true, &Ended::TimedOut(Stage::Tcp)), &["NET-05"], "IPv6 is a black hole"),
    ("an address that drops", |w| dead_one(w, 1), &["NET-01"], "connects to 3 addresses failed"),
    ("a reset after the handshake", |w| every(w, 10, |c| (c.ended, c.http) = (Ended::Reset(Stage::Tls), None)), &["NET-01"], "40 of 400 connects"),
    ("loss of 2 %", |w| w.lose(50), &["NET-06"], "8 of 400 handshakes were lost: 2 % (1.02 % … 3.90 %)"),
    ("jitter", jitter, &["NET-07", "NET-20"], "apart"),
    ("an expired certificate", |w| w.bedrock().certificates[0].not_after = Wall(BEGAN - 1), &["NET-09"], "was valid until"),
    ("another host's certificate", |w| w.bedrock().certificates[0].matched = false, &["NET-09"], "stands for another host"),
    ("interception by a trusted authority", |w| w.bedrock().certificates[0].issuer = "O=Corp, CN=Corp Proxy CA".into(), &["NET-10"], "Corp Proxy CA"),
    ("interception by an unknown authority", interception, &["NET-10"], "no authority that is known here"),
    ("a slow first byte", |w| w.each(|c| c.http.as_mut().unwrap().first_byte_us += 1_500_000), &["NET-12"], "the first byte takes 1.5"),
    ("a rate limit", |w| w.bedrock().connects[399].http.as_mut().unwrap().status = 429, &["NET-13"], "asked to be left alone: 429"),
    ("errors of the server", |w| every(w, 8, |c| c.http.as_mut().unwrap().status = 502), &["NET-13"], "502 (50)"),
    ("an MTU black hole", black_hole, &["NET-14"], "a black hole"),
    ("a proxy", |w| w.bedrock().via = Via::Proxy { url: "http://proxy:3128".into() }, &["NET-15"], "through the proxy http://proxy:3128"),
    ("a distance", |w| far_away(w, 200.0), &["NET-17", "NET-20"], "of a TTFT of 500 ms"),
    ("a busy prober", |w| w.each(|c| c.waited_us = Some(30_000)), &["NET-18"], "waited up to 30"),
    ("an old reference", |w| w.recording.as_of = Wall(0), &["NET-19"], "production is of 1970"),
    (
        "a region that moved",
        |w| w.recording.endpoints.values_mut().for_each(|far| far.region = Some("us-west-2".into())),
        &["NET-22"],
        "the region moved",
    ),
    ("a private endpoint", |w| w.bedrock().targets.iter_mut().for_each(|t| t.class = AddressClass::Private), &["NET-22"], "private here"),
];

fn every(world: &mut World, nth: usize, change: impl FnMut(&mut rigcheck::model::payload::network::Connect)) {
    world.bedrock().connects.iter_mut().step_by(nth).for_each(change);
}

fn no_name(world: &mut World) {
    world.resolution().system.iter_mut().for_each(|lookup| lookup.outcome = SystemOutcome::NoSuchName);
}

fn dead(world: &mut World, v6: bool, ended: &Ended) {
    let targets: Vec<usize> = (0..3).filter(|t| world.bedrock().targets[*t].is_v6() == v6).collect();
    for target in targets {
        kill(world, target, ended);
    }
}

fn dead_one(world: &mut World, target: usize) {
    kill(world, target, &Ended::TimedOut(Stage::Tcp));
}

/// It is given up after some failures; the others are connected to instead.
fn kill(world: &mut World, target: usize, ended: &Ended) {
    let mut failed = 0;
    let live = (0..3).find(|t| *t != target).unwrap();
    for connect in world.bedrock().connects.iter_mut().filter(|c| c.target == target) {
        if failed < 5 {
            failed += 1;
            (connect.tcp, connect.at_end, connect.connect_us, connect.tls, connect.http, connect.certificate) = (None, None, None, None, None, None);
            connect.ended = ended.clone();
        } else {
            connect.target = live;
        }
    }
    world.bedrock().given_up.push(target);
}

fn jitter(world: &mut World) {
    every(world, 4, |connect| super::world::later(connect, 60.0));
}

fn interception(world: &mut World) {
    let certificate = &mut world.bedrock().certificates[0];
    (certificate.issuer, certificate.trust) = ("CN=mitm".into(), Trust::Not(Distrust::UnknownIssuer));
    world.each(|connect| (connect.http, connect.ended) = (None, Ended::Untrusted));
}

fn black_hole(world: &mut World) {
    let Measured::Known(body) = &mut world.bedrock().large_body else { panic!() };
    let tcp = TcpState { total_retrans: Some(5), retransmits: Some(5), ..body.before };
    body.looks = vec![Look { after_us: 4_000_000, tcp }];
    (body.answered_us, body.status, body.ended) = (None, None, Ended::TimedOut(Stage::Http));
    assert_eq!(body.path_mtu(), PathMtu::BlackHole { mtu: 1_500, retransmits: 5 });
}

fn far_away(world: &mut World, ms: f64) {
    world.each(|connect| {
        let us = (1e3 * ms) as u64;
        super::world::later(connect, ms);
        connect.tls.as_mut().unwrap().took_us += us;
        connect.http.as_mut().unwrap().first_byte_us += us;
    });
}

#[test]
fn each_fault_is_found_by_its_rules_and_by_no_other() {
    let mut wrong = vec![];
    for (what, disturb, rules, words) in FAULTS {
        let mut world = World::new(21);
        world.earlier.clear();
        disturb(&mut world);
        let said = judge(&*of_network(), &world.rig, &world.evidence());
        let failed = rules_with(&said, Status::Fail);
        let said_so = rules.iter().any(|rule| said.iter().any(|((id, _), j)| id == rule && j.as_ref().is_ok_and(|f| f.observed.contains(words))));
        if failed != *rules || !said_so {
            wrong.push(format!("{what}: {failed:?} instead of {rules:?} with `{words}`\n{}", shown(&said)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_costs_little_is_a_warning() {
    let of = |disturb: fn(&mut World), rule: &str| {
        let mut world = World::new(22);
        disturb(&mut world);
        let said = judge(&*of_network(), &world.rig, &world.evidence());
        assert!(!said.values().any(|j| status(j) == Some(Status::Fail)), "{rule}\n{}", shown(&said));
        let found = finding(&said, rule, "bedrock");
        (found.status, format!("{} {}", found.observed, found.because.join(" ")))
    };
    let (status, said) = of(|w| w.each(|c| c.tls.as_mut().unwrap().resumed = false), "NET-11");
    assert!(status == Status::Warn && said.contains("in the reference they are resumed"), "{said}");
    let (status, said) = of(|w| w.resolution().nameservers[1] = server([LookupEnd::TimedOut]), "NET-02");
    assert!(status == Status::Warn && said.contains("nameserver 2 of 2: it is silent"), "{said}");
    let search = |w: &mut World| {
        let Measured::Known(conf) = &mut w.resolution().conf else { panic!() };
        (conf.ndots, conf.search) = (5, vec!["svc.cluster.local".into(), "cluster.local".into()]);
    };
    let (status, said) = of(search, "NET-04");
    assert!(status == Status::Warn && said.contains("2 names be asked for in vain"), "{said}");
    let (status, said) = of(|w| dead(w, true, &Ended::Refused), "NET-05");
    assert!(status == Status::Warn && said.contains("refused (5)"), "{said}");
    let (status, said) = of(|w| every(w, 1, |c| c.http.as_mut().unwrap().status = 301), "NET-13");
    assert!(status == Status::Warn && said.contains("redirects (301)"), "{said}");
    let (status, said) = of(|w| w.bedrock().certificates[0].not_after = Wall(BEGAN + 5 * 86_400_000_000), "NET-09");
    assert!(status == Status::Warn && said.contains("ends soon"), "{said}");
    let (status, said) = of(|w| w.each(|c| c.tls.as_mut().unwrap().took_us += 120_000), "NET-15");
    assert!(status == Status::Warn && said.contains("whoever ends the TCP connection is nearer"), "{said}");
    let detour = |w: &mut World| {
        let Measured::Known(hops) = &mut w.bedrock().hops else { panic!() };
        hops.flows[0].hops.iter_mut().for_each(|hop| hop.ttl += 6);
    };
    assert_eq!(of(detour, "NET-16").0, Status::Warn);
}

/// A machine that has no IPv6 skips those addresses at once: nothing is wrong with the way.
#[test]
fn no_way_at_all_is_no_black_hole() {
    let mut world = World::new(23);
    dead(&mut world, true, &Ended::Unreachable(rigcheck::model::payload::network::NoRoute::Network));
    let said = judge(&*of_network(), &world.rig, &world.evidence());
    assert_eq!(finding(&said, "NET-05", "bedrock").status, Status::Pass, "{}", shown(&said));
    assert_eq!(finding(&said, "NET-01", "bedrock").status, Status::Pass, "{}", shown(&said));
}

/// What the stopwatch of a busy machine says accuses nobody; the kernel's round trips stand.
#[test]
fn a_busy_prober_does_not_accuse_the_network() {
    let mut world = World::new(24);
    world.each(|c| {
        c.waited_us = Some(30_000);
        c.http.as_mut().unwrap().first_byte_us += 1_200_000;
    });
    world.resolution().system.iter_mut().for_each(|l| l.took_us = 300_000);
    let said = judge(&*of_network(), &world.rig, &world.evidence());
    for rule in ["NET-04", "NET-12"] {
        let found = finding(&said, rule, "bedrock");
        assert!(found.status == Status::Inconclusive && found.because.iter().any(|why| why.contains("may be this machine")), "{found:?}");
    }
    assert_eq!(finding(&said, "NET-20", "bedrock").status, Status::Pass);
    // Three seconds are no wait of 30 ms.
    world.each(|c| c.http.as_mut().unwrap().first_byte_us += 3_000_000);
    let said = judge(&*of_network(), &world.rig, &world.evidence());
    assert_eq!(finding(&said, "NET-12", "bedrock").status, Status::Fail);
}

#[test]
fn loss_that_may_be_none_is_open_with_the_number_that_settles_it() {
    let mut world = World::new(25);
    world.bedrock().connects.retain(|c| c.round < 2);
    let said = judge(&*of_network(), &world.rig, &world.evidence());
    let loss = finding(&said, "NET-06", "bedrock");
    assert!(loss.status == Status::Inconclusive && loss.settles_at == Some(381), "{loss:?}");
}
