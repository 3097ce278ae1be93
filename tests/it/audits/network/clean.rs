//! Ways like the reference's fail nothing, and what is told of them is so.

use super::{
    super::case::{finding, judge, of_network, shown, status},
    world::World,
};
use rigcheck::model::{audit::Context, chart::ChartKind, outcome::Status, units::Wall};
use std::collections::BTreeSet;

#[test]
fn every_rule_is_judged_and_passes() {
    let world = World::new(1);
    let said = judge(&*of_network(), &world.rig, &world.evidence());
    let rules: BTreeSet<&str> = said.keys().map(|(rule, _)| rule.as_str()).collect();
    assert_eq!((rules.len(), said.len()), (23, 46), "{rules:?}");
    assert!(said.values().all(|j| status(j) == Some(Status::Pass)), "{}", shown(&said));
}

/// One network against itself: whatever its rounds do, nothing is called different.
#[test]
fn no_run_of_60_is_called_different_from_itself() {
    let mut unclear = 0;
    for seed in 0..60 {
        let mut world = World::new(3_000 + seed);
        // One endpoint is enough here.
        world.rig.network.as_mut().unwrap().endpoints.retain(|name, _| name.as_str() == "bedrock");
        world.here.truncate(1);
        world.there.truncate(1);
        world.earlier.clear();
        let said = judge(&*of_network(), &world.rig, &world.evidence());
        assert!(!said.values().any(|j| matches!(status(j), None | Some(Status::Fail))), "seed {seed}\n{}", shown(&said));
        unclear += usize::from(finding(&said, "NET-20", "bedrock").status != Status::Pass);
    }
    assert!(unclear == 0, "{unclear} of 60 runs could not be told to be alike");
}

#[test]
fn each_figure_is_told_with_what_it_proves() {
    let world = World::new(2);
    let evidence = world.evidence();
    let judged = of_network().judge(&Context { rig: &world.rig, evidence: &evidence, as_of: Wall(0) });
    let note = judged.notes.iter().find(|note| note.starts_with("bedrock: round trip p10 12.")).unwrap_or_else(|| panic!("{:?}", judged.notes));
    assert!(note.contains("of 400 handshakes; 0 of 400 handshakes lost (0 % … 0.95 %)"), "{note}");
    assert!(note.contains("not to the model"), "{note}");
    let ids: Vec<&str> = judged.charts.iter().map(|chart| chart.id.as_str()).collect();
    assert_eq!(ids, ["rtt-bedrock", "rtt-vertex", "phases", "hops"]);
    let ChartKind::Ecdf { lines, .. } = &judged.charts[0].kind else { panic!() };
    assert_eq!(lines.iter().map(|line| line.name.as_str()).collect::<Vec<_>>(), ["here", "in the reference"]);
    for chart in &judged.charts[2..] {
        let ChartKind::Table { head, rows } = &chart.kind else { panic!() };
        assert!(!rows.is_empty() && rows.iter().all(|row| row.len() == head.len()), "{chart:?}");
    }
}

#[test]
fn the_first_run_has_no_history_and_without_a_reference_nothing_is_compared() {
    let mut world = World::new(4);
    world.earlier.clear();
    let said = judge(&*of_network(), &world.rig, &world.evidence());
    assert_eq!(finding(&said, "NET-23", "vertex").status, Status::NotApplicable);
    let mut world = World::new(5);
    world.rig.network.as_mut().unwrap().reference = None;
    let said = judge(&*of_network(), &world.rig, &world.evidence());
    assert_eq!(finding(&said, "NET-19", "vertex").status, Status::Warn, "{}", shown(&said));
    assert_eq!(finding(&said, "NET-15", "vertex").status, Status::Pass, "{}", shown(&said));
}
