//! A quiet machine fails nothing, and what is told of it is so.

use super::{
    super::case::{finding, judge, of_noise, shown, status},
    world::{World, process},
};
use rigcheck::model::{audit::Context, chart::ChartKind, outcome::Status, units::Wall};
use std::collections::BTreeSet;

#[test]
fn every_rule_is_judged_and_passes() {
    let world = World::new(1);
    let said = judge(&*of_noise(), &world.rig, &world.evidence());
    let rules: BTreeSet<&str> = said.keys().map(|(rule, _)| rule.as_str()).collect();
    assert_eq!((rules.len(), said.len()), (19, 25), "{rules:?}");
    assert!(said.values().all(|j| status(j) == Some(Status::Pass)), "{}", shown(&said));
}

/// Rounds of one machine differ a little; nothing may be called different for it. The figures of a calibration against itself and
/// against earlier ones are those of 25 runs, three loads each.
#[test]
fn no_clean_run_fails() {
    let mut unclear = 0;
    for seed in 0..25 {
        let world = World::new(1_000 + seed);
        let said = judge(&*of_noise(), &world.rig, &world.evidence());
        assert!(said.values().all(|j| matches!(status(j), Some(Status::Pass | Status::Inconclusive))), "seed {seed}\n{}", shown(&said));
        unclear += said.values().filter(|j| status(j) == Some(Status::Inconclusive)).count();
    }
    assert_eq!(unclear, 0);
}

#[test]
fn the_first_run_of_a_rig_compares_with_nothing() {
    let mut world = World::new(2);
    world.earlier.clear();
    let said = judge(&*of_noise(), &world.rig, &world.evidence());
    assert_eq!(finding(&said, "INT-17", "cpu").status, Status::NotApplicable);
    assert_eq!(finding(&said, "INT-19", "").status, Status::Warn);
    assert!(!said.values().any(|j| matches!(status(j), None | Some(Status::Fail))), "{}", shown(&said));
}

#[test]
fn who_watches_and_who_belongs_to_the_rig_is_no_neighbour() {
    let mut world = World::new(3);
    world.neighbour(process("watchful"), 0.05, |_| true);
    world.neighbour(process("postgres"), 0.05, |_| true);
    let said = judge(&*of_noise(), &world.rig, &world.evidence());
    assert_eq!(finding(&said, "INT-06", "").status, Status::Pass, "{}", shown(&said));
    let monitors = finding(&said, "INT-07", "");
    // 6.5 % of one of four CPUs, with the one that scrapes.
    assert!(monitors.status == Status::Pass && (1.5..1.8).contains(&monitors.figure.value), "{monitors:?}");
}

#[test]
fn the_pictures_show_who_it_was() {
    let mut world = World::new(4);
    world.neighbour(process("cron"), 0.9, |n| n % 10 == 3);
    let evidence = world.evidence();
    let judged = of_noise().judge(&Context { rig: &world.rig, evidence: &evidence, as_of: Wall(0) });
    let ids: Vec<&str> = judged.charts.iter().map(|chart| chart.id.as_str()).collect();
    assert_eq!(ids, ["idle", "culprits", "calibration"]);
    let ChartKind::Timeline { lines, steps, .. } = &judged.charts[0].kind else { panic!("{:?}", judged.charts[0]) };
    let cron = lines.iter().find(|line| line.name == "cron (process 4711)").unwrap();
    assert!(steps.contains(&cron.name) && cron.points[3].1 > 0.89 && cron.points[4].1 == 0.0 && cron.points.len() == 61, "{cron:?}");
    let ChartKind::Table { head, rows } = &judged.charts[1].kind else { panic!("{:?}", judged.charts[1]) };
    assert!(rows.iter().all(|row| row.len() == head.len()));
    assert_eq!((rows[0][0].as_str(), rows[0][1].as_str(), rows[0][5].as_str()), ("cron (process 4711)", "somebody else", "each 10 s"));
    assert!(judged.notes.iter().any(|note| note.starts_with("whose the ")), "{:?}", judged.notes);
    assert!(judged.notes.iter().any(|note| note.contains("repetitions are enough")), "{:?}", judged.notes);
}
