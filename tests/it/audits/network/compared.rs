//! Differences from the reference: which are found, which are not called any, and what a person's figures are worth.

use super::{
    super::{
        case::{finding, judge, of_network, shown, status},
        random::Pcg,
    },
    world::{World, later},
};
use rigcheck::model::{
    audit::Context,
    name::name,
    outcome::Status,
    recording::Recorded,
    units::{Ms, Share, Wall},
};

#[test]
fn five_milliseconds_more_are_different_and_a_fifth_of_one_is_not() {
    let mut world = World::new(41);
    world.slower(5.0);
    let said = judge(&*of_network(), &world.rig, &world.evidence());
    let different = finding(&said, "NET-20", "bedrock");
    assert!(different.status == Status::Fail && different.observed.starts_with("different: median +5"), "{different:?}");
    // 5 ms of 500 ms, and three times that.
    assert!(different.because.iter().any(|why| why.contains("+1") && why.contains("+3")), "{different:?}");
    let mut world = World::new(42);
    world.slower(0.2);
    let said = judge(&*of_network(), &world.rig, &world.evidence());
    assert_eq!(finding(&said, "NET-20", "bedrock").status, Status::Pass, "{}", shown(&said));
}

/// 40 ms and 10 % of them: planted half as much again as the margin, in 50 runs of the rounds that are advised.
#[test]
fn a_shift_beyond_the_margin_is_found_at_the_advised_number_of_rounds() {
    let mut found = 0;
    for seed in 0..50 {
        let mut world = World::with(5_000 + seed, 5);
        world.rig.network.as_mut().unwrap().endpoints.retain(|name, _| name.as_str() == "vertex");
        world.here.remove(0);
        world.there.remove(0);
        world.earlier.clear();
        world.here[0].1.connects.iter_mut().for_each(|c| later(c, 6.0));
        let said = judge(&*of_network(), &world.rig, &world.evidence());
        found += usize::from(finding(&said, "NET-20", "vertex").status == Status::Fail);
    }
    assert!(found >= 45, "{found} of 50");
}

/// Rounds that differ as much as the margin cannot tell; the number that settles it does.
#[test]
fn an_open_question_is_settled_by_the_rounds_that_are_advised() {
    let case = of_network();
    let rule = case.case().rules.iter().position(|rule| rule.id.as_str() == "NET-20").unwrap();
    let uneven = |seed: u64, rounds: u32| {
        let mut world = World::with(seed, rounds);
        let mut rng = Pcg::new(seed);
        world.slower(4.5);
        for probed in [&mut world.here[0].1, &mut world.there[0].1] {
            // A level of its own for each round, up to 5 ms apart; few connects of each, since rounds are what counts.
            let levels: Vec<f64> = (0..rounds).map(|_| 5.0 * rng.unit()).collect();
            let mut of_round = vec![0; rounds as usize];
            probed.connects.retain(|c| {
                of_round[c.round as usize] += 1;
                of_round[c.round as usize] <= 15
            });
            probed.connects.iter_mut().for_each(|c| later(c, levels[c.round as usize]));
        }
        let evidence = world.evidence();
        let cx = Context { rig: &world.rig, evidence: &evidence, as_of: Wall(0) };
        case.judge_one(rule, &name("bedrock"), &cx).unwrap().unwrap()
    };
    let open: Vec<_> = (60..68).map(|seed| uneven(seed, 4)).filter(|found| found.status == Status::Inconclusive).collect();
    assert!(open.len() >= 3 && open.iter().all(|found| found.settles_at.is_some_and(|n| n > 4)), "{open:?}");
    let mut advised: Vec<u64> = open.iter().filter_map(|found| found.settles_at).collect();
    advised.sort_unstable();
    let rounds = u32::try_from(advised[advised.len() / 2]).unwrap().clamp(8, 40);
    let settled = (0..10).filter(|seed| uneven(70 + seed, rounds).status == Status::Fail).count();
    assert!(settled >= 9, "{settled} of 10 at {rounds} rounds");
}

#[test]
fn a_state_changes_with_the_third_run_in_a_row() {
    let state = |outside: &[bool]| {
        let mut world = World::new(43);
        if outside[0] {
            world.slower(5.0);
        }
        world.earlier.truncate(outside.len() - 1);
        for (all, outside) in world.earlier.iter_mut().zip(&outside[1..]) {
            if *outside {
                all[0].1.connects.iter_mut().for_each(|c| later(c, 5.0));
            }
        }
        let said = judge(&*of_network(), &world.rig, &world.evidence());
        // Whatever the state is, a run outside fails by itself.
        assert_eq!(status(&said[&("NET-20".into(), "bedrock".into())]) == Some(Status::Fail), outside[0]);
        finding(&said, "NET-23", "bedrock").status
    };
    assert_eq!(state(&[false, false]), Status::Pass);
    assert_eq!(state(&[true, false, false]), Status::Warn);
    assert_eq!(state(&[true, true, false]), Status::Warn);
    assert_eq!(state(&[true, true, true]), Status::Fail);
    // Nothing is known from before: it may have been so for long.
    assert_eq!(state(&[true, true]), Status::Inconclusive);
    assert_eq!(state(&[false, true, true, true]), Status::Warn);
}

#[test]
fn a_persons_figures_are_compared_by_the_margin() {
    let declared = |p50: f64, loss: f64| {
        let mut world = World::new(44);
        world.there.clear();
        world.earlier.clear();
        world.recording.tool.clear();
        world.recording.by = "network team".into();
        let bedrock = Recorded {
            p50: Some(Ms(p50)),
            p95: Some(Ms(p50 + 1.0)),
            loss: Some(Share(loss)),
            region: Some("us-east-1".into()),
            proxy: Some("none".into()),
            ..Recorded::default()
        };
        world.recording.endpoints = [(name("bedrock"), bedrock)].into();
        judge(&*of_network(), &world.rig, &world.evidence())
    };
    let said = declared(12.2, 0.0);
    for rule in ["NET-15", "NET-19", "NET-20", "NET-21", "NET-22"] {
        assert_eq!(finding(&said, rule, "bedrock").status, Status::Pass, "{}", shown(&said));
        // The document tells nothing of the other one.
        assert!(rule == "NET-15" || status(&said[&(rule.to_owned(), "vertex".to_owned())]).is_none(), "{}", shown(&said));
    }
    assert_eq!(finding(&said, "NET-16", "bedrock").status, Status::NotApplicable);
    assert_eq!(finding(&declared(30.0, 0.0), "NET-20", "bedrock").status, Status::Fail);
}

/// A few values in each of five rounds repeat well, and are no percentile.
#[test]
fn few_handshakes_in_many_rounds_are_not_called_alike() {
    let mut world = World::new(46);
    for probed in [&mut world.here[0].1, &mut world.there[0].1] {
        let mut of_round = [0; 5];
        probed.connects.retain(|c| {
            of_round[c.round as usize] += 1;
            of_round[c.round as usize] <= 1
        });
    }
    let said = judge(&*of_network(), &world.rig, &world.evidence());
    for rule in ["NET-12", "NET-17", "NET-20", "NET-23"] {
        assert_eq!(finding(&said, rule, "bedrock").status, Status::Inconclusive, "{rule}: {}", shown(&said));
    }
}

/// Its addresses are the proxy's own: whether the endpoint's are those of the reference is not known.
#[test]
fn a_proxy_on_one_side_leaves_the_place_open() {
    let mut world = World::new(47);
    world.bedrock().via = rigcheck::model::payload::network::Via::Proxy { url: "http://proxy.example:3128".into() };
    let said = judge(&*of_network(), &world.rig, &world.evidence());
    assert_eq!(finding(&said, "NET-22", "bedrock").status, Status::Inconclusive, "{}", shown(&said));
    assert_eq!(finding(&said, "NET-15", "bedrock").status, Status::Fail);
}

#[test]
fn rounds_on_one_side_alone_compare_nothing() {
    let mut world = World::new(45);
    world.there[0].1.connects.retain(|c| c.round < 2);
    let said = judge(&*of_network(), &world.rig, &world.evidence());
    let rtt = finding(&said, "NET-20", "bedrock");
    assert!(rtt.status == Status::Inconclusive && rtt.observed.contains("60 in 3 rounds are the least of each"), "{rtt:?}");
}
