//! A twin of half the size, and one with a member that is not.

use super::environment::{Facts, PRODUCTION, beside, facts, set};
use rigcheck::model::comparison::{Class, Match, Row};

/// What half of it is.
const HALF: &[(&str, &str, &str)] = &[
    ("gateway.process.workers", "count", "4"),
    ("gateway.process.workers_asked", "count", "4"),
    ("gateway.limits.cpus", "cores", "2"),
    ("gateway.limits.memory", "bytes", "4GiB"),
    ("gateway.container.cpus", "cores", "2"),
    ("gateway.container.memory", "bytes", "4GiB"),
    ("gateway.env.WEB_CONCURRENCY", "text", "4"),
    ("gateway.env.DB_POOL_SIZE", "text", "5"),
    ("postgres.settings.shared_buffers", "pg_setting", "4GB"),
    ("postgres.settings.max_connections", "count", "100"),
];

fn half() -> Facts {
    let mut here = facts(PRODUCTION);
    for (path, kind, value) in HALF {
        set(&mut here, path, kind, value);
    }
    here
}

#[test]
fn half_of_everything_is_scaled_and_says_what_does_not_carry_over() {
    let found = beside(&half(), &facts(PRODUCTION), &[], &[]);
    let scaled: Vec<String> = found.of(Class::Scaled).map(Row::path).collect();
    assert_eq!(scaled.len(), HALF.len(), "{scaled:?}");
    assert_eq!((found.count(Class::Material), found.count(Class::Blocking)), (0, 0));
    let [scale] = found.scales.as_slice() else { panic!("{:?}", found.scales) };
    assert!((scale.ratio - 0.5).abs() < 1e-9 && scale.off.is_empty() && !scale.declared, "{scale:?}");
    assert_eq!(found.verdict(), Match::Conditional);
    let holds: Vec<_> = found.transfers.iter().map(|t| (t.conclusion.as_str(), t.holds)).collect();
    assert!(holds.iter().any(|(what, holds)| what.contains("faster") && *holds == Some(true)), "{holds:?}");
    assert!(holds.iter().any(|(what, holds)| what.contains("capacity") && *holds == Some(false)), "{holds:?}");
}

#[test]
fn one_member_off_is_material_and_named() {
    let there = facts(PRODUCTION);
    for (path, ..) in HALF {
        let mut here = half();
        let (part, fact) = path.split_once('.').unwrap();
        let whole = there[part].0[fact].clone();
        here.get_mut(part).unwrap().0.insert(fact.into(), whole);
        let found = beside(&here, &there, &[], &[]);
        let material: Vec<String> = found.of(Class::Material).map(Row::path).collect();
        assert_eq!(material, [*path], "the same value as production's, in an environment of half its size");
        assert_eq!(found.scales[0].off, [*path]);
    }
}

/// Half the workers on the same machine are told three times, by the processes, the command line and the variable.
#[test]
fn one_knob_that_is_told_again_and_again_is_no_scale() {
    for knob in [
        &["gateway.process.workers", "gateway.process.workers_asked", "gateway.env.WEB_CONCURRENCY"][..],
        &["gateway.limits.cpus", "gateway.container.cpus"],
        &["gateway.limits.memory", "gateway.container.memory"],
    ] {
        let only = |of: &Facts| -> Facts {
            let mut of = of.clone();
            of.retain(|part, _| part.as_str() == "gateway");
            let sized: Vec<&str> = HALF.iter().map(|(path, ..)| *path).filter(|path| !knob.contains(path)).collect();
            let gateway = of.get_mut("gateway").unwrap();
            gateway.0.retain(|fact, _| !sized.contains(&format!("gateway.{fact}").as_str()));
            of
        };
        let found = beside(&only(&half()), &only(&facts(PRODUCTION)), &[], &[]);
        let material: Vec<String> = found.of(Class::Material).map(Row::path).collect();
        assert_eq!(material.len(), knob.len(), "{knob:?}: {material:?} {:?}", found.scales);
        assert_eq!(found.count(Class::Scaled), 0);
    }
}

#[test]
fn a_declared_scale_that_is_not_there_is_material_everywhere() {
    let all = facts(PRODUCTION);
    let found = beside(&all, &all, &[], &[("service", 0.5)]);
    assert_eq!(found.count(Class::Material), HALF.len(), "{:?}", found.scales);
}

#[test]
fn what_follows_from_what_is_scaled_is_scaled_with_it() {
    let wal = |at: &str, facts: &mut Facts| set(facts, "postgres.settings.wal_buffers", "pg_setting", at);
    let (mut here, mut there) = (half(), facts(PRODUCTION));
    wal("8MB", &mut here);
    wal("16MB", &mut there);
    let class = |here: &Facts, there: &Facts| {
        let found = beside(here, there, &[], &[]);
        found.rows.iter().find(|row| row.fact == "settings.wal_buffers").unwrap().class
    };
    assert_eq!(class(&here, &there), Class::Scaled);
    for further in ["4MB", "32MB"] {
        wal(further, &mut here);
        assert_eq!(class(&here, &there), Class::Material, "half of the memory does not explain {further} of 16MB");
    }
    let mut alone = facts(PRODUCTION);
    wal("4MB", &mut alone);
    assert_eq!(class(&alone, &there), Class::Material, "somebody set it");
    set(&mut alone, "postgres.settings.shared_buffers", "pg_setting", "1GB");
    assert_eq!(class(&alone, &there), Class::Equivalent, "the memory that it follows from is told already");
}
