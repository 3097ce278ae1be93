//! A clean rig fails no rule, however its samples fall.

use super::{
    super::case::{finding, judge, of_resources, shown, status},
    world::{CORES, World, seconds},
};
use rigcheck::model::{audit::Context, chart::ChartKind, outcome::Status, payload::Sample, units::Wall};
use std::collections::{BTreeMap, BTreeSet};

#[test]
fn every_rule_is_judged_and_none_fails() {
    let world = World::new(1);
    let said = judge(&*of_resources(), &world.rig, &world.evidence());
    let rules: BTreeSet<&str> = said.keys().map(|(rule, _)| rule.as_str()).collect();
    assert_eq!(rules.len(), 18, "{rules:?}");
    assert!(said.values().all(|j| matches!(status(j), Some(Status::Pass | Status::NotApplicable))), "{}", shown(&said));
    // What does not apply is what the rig does not have: bursts, levels in counters, a database without a quota.
    let not: BTreeSet<&str> = said.iter().filter(|(_, j)| status(j) == Some(Status::NotApplicable)).map(|((rule, _), _)| rule.as_str()).collect();
    assert_eq!(not, ["RES-07", "RES-08", "RES-09", "RES-10", "RES-13"].into(), "{}", shown(&said));
}

/// The limits leave room for how samples fall: 200 runs, no failure, and hardly any that cannot tell.
#[test]
fn no_clean_run_fails() {
    let (mut unclear, mut all) = (0, 0);
    for seed in 0..200 {
        let world = World::new(1_000 + seed);
        let said = judge(&*of_resources(), &world.rig, &world.evidence());
        let fine = |j| matches!(status(j), Some(Status::Pass | Status::NotApplicable | Status::Inconclusive));
        assert!(said.values().all(fine), "seed {seed}\n{}", shown(&said));
        unclear += said.values().filter(|j| status(j) == Some(Status::Inconclusive)).count();
        all += said.len();
    }
    assert!(unclear * 100 < all, "{unclear} of {all}");
}

/// A store shows the last value of a container until it reads the one of that name that came after it.
#[test]
fn the_last_value_of_the_burn_before_is_no_false_reset() {
    let said = |change: fn(f64, f64) -> f64| {
        let mut world = World::new(1);
        let began = world.of("prometheus", "burner").tracks.iter().find(|t| t.claim.as_str() == "cpu").unwrap().samples[0].1;
        world.samples("prometheus", "burner", "cpu", |_, v| *v = change(*v, began));
        let said = judge(&*of_resources(), &world.rig, &world.evidence());
        let of = said.iter().find(|((rule, subject), _)| rule.as_str() == "RES-12" && subject.as_str() == "prometheus:burner.cpu");
        (status(of.unwrap().1), shown(&said))
    };
    let (stands, shown) = said(|v, began| if v < began + 0.4 { 50.0 } else { v });
    assert_eq!(stands, Some(Status::Pass), "{shown}");
    let (falls_later, shown) = said(|v, began| {
        if v < began + 0.4 {
            50.0
        } else if v < began + 2.0 {
            v
        } else {
            v - 1.5
        }
    });
    assert_eq!(falls_later, Some(Status::Fail), "{shown}");
}

/// What one series may do at its first move is no excuse for another that has moved already.
#[test]
fn what_falls_in_another_series_at_that_instant_is_a_false_reset() {
    let said = |falls_by: f64| {
        let mut world = World::new(1);
        let tracks = &mut world.of("prometheus", "burner").tracks;
        let at = tracks.iter().position(|t| t.claim.as_str() == "cpu").unwrap();
        let mut other = tracks[at].clone();
        other.labels.insert("cpu".into(), "1".into());
        let began = tracks[at].samples[0].1;
        tracks[at].samples.iter_mut().filter(|s| s.1 < began + 0.4).for_each(|s| s.1 = 50.0);
        other.samples.iter_mut().filter(|s| s.1 >= began + 0.4).for_each(|s| s.1 -= falls_by);
        tracks.insert(at + 1, other);
        let said = judge(&*of_resources(), &world.rig, &world.evidence());
        let of = said.iter().find(|((rule, subject), _)| rule.as_str() == "RES-12" && subject.as_str() == "prometheus:burner.cpu");
        (status(of.unwrap().1), shown(&said))
    };
    let (rises, shown) = said(0.0);
    assert_eq!(rises, Some(Status::Pass), "{shown}");
    let (falls, shown) = said(1.5);
    assert_eq!(falls, Some(Status::Fail), "{shown}");
}

/// (Workload, measure, source) and the verdict on it, of the table of what several sources say.
fn table(world: &World) -> BTreeMap<(String, String, String), String> {
    let evidence = world.evidence();
    let judged = of_resources().judge(&Context { rig: &world.rig, evidence: &evidence, as_of: Wall(0) });
    let tables = judged.charts.iter().filter_map(|c| if let ChartKind::Table { rows, .. } = &c.kind { Some(rows) } else { None });
    tables.flatten().map(|r| ((r[0].clone(), r[1].clone(), r[2].clone()), r[6].clone())).collect()
}

/// A store hands out minutes before the burn, too, when another container had the name.
#[test]
fn what_had_the_name_before_a_burn_is_none_of_the_tables_figures() {
    let mut world = World::new(1);
    for track in &mut world.of("prometheus", "burner").tracks {
        let value = |s: &Sample| if track.claim.as_str() == "cpu" { s.1 + 3.0 } else { 3.0 * s.1 };
        let before: Vec<Sample> =
            [200, 100].into_iter().flat_map(|ago| track.samples.iter().map(move |s| Sample(s.0.plus_us(-ago * 1_000_000), value(s)))).collect();
        track.samples.splice(..0, before);
    }
    let said = table(&world);
    assert!(said.len() > 10 && said.keys().any(|(of, ..)| of == "burner"), "{said:?}");
    assert!(said.values().all(|verdict| verdict == "agrees"), "{said:?}");
    // Who says something of that one only is left out; the others are not.
    for track in &mut world.of("prometheus", "burner").tracks {
        track.samples.retain(|s| seconds(s.0) < 0.0);
    }
    let said = table(&world);
    let who: Vec<&str> = said.keys().filter(|(of, what, _)| of == "burner" && what == "CPU time").map(|(.., who)| who.as_str()).collect();
    assert_eq!(who, ["burn", "docker:burner.cpu"]);
}

#[test]
fn who_is_late_is_not_accused_and_who_is_wrong_is_named() {
    let prometheus = |of: &str| (of.to_owned(), "CPU time".to_owned(), format!("prometheus:{of}.cpu"));
    let mut late = World::new(1);
    let mut shown = (f64::MIN, 0.0);
    late.samples("prometheus", "burner", "cpu", |t, v| {
        if t >= shown.0 + 4.0 {
            shown = (t, *v);
        }
        *v = shown.1;
    });
    let said = table(&late);
    assert_eq!(said[&prometheus("burner")], "agrees", "{said:?}");
    let mut wrong = World::new(1);
    wrong.samples("prometheus", "burner", "cpu", |_, v| *v *= 1.2);
    let said = table(&wrong);
    assert_eq!(said[&prometheus("burner")], "the odd one out", "{said:?}");
    assert_eq!(said.values().filter(|verdict| *verdict == "the odd one out").count(), 1, "{said:?}");
}

/// Docker reads the time of all CPUs after the stamp of the container's figures, now and then long after it.
#[test]
fn dockers_percentage_is_not_judged_by_one_late_reading() {
    let said = |late: fn(usize) -> f64| {
        let mut world = World::new(1);
        let mut nth = 0;
        world.samples("docker", "gateway", "system_cpu", |_, v| {
            *v += CORES * late(nth);
            nth += 1;
        });
        let said = judge(&*of_resources(), &world.rig, &world.evidence());
        (finding(&said, "RES-04", "docker:gateway.cpu").status, shown(&said))
    };
    let cases: [(fn(usize) -> f64, Status); 4] = [
        (|nth| if nth == 0 { 0.8 } else { 0.0 }, Status::Pass),
        (|nth| if nth % 10 == 3 { 0.8 } else { 0.0 }, Status::Pass),
        (|nth| if nth < 5 { 0.5 } else { 0.0 }, Status::Pass),
        // What it loses again and again is no late reading.
        (|nth| -0.05 * nth as f64, Status::Fail),
    ];
    for (n, (late, wanted)) in cases.into_iter().enumerate() {
        let (status, shown) = said(late);
        assert_eq!(status, wanted, "{n}\n{shown}");
    }
}

/// An exporter that reads processes misses the last of those that end between two readings: of what hardly works that is a large
/// share, of a core next to nothing.
#[test]
fn what_is_missing_of_an_idle_workload_is_a_warning() {
    let said = |factor: f64| {
        let mut world = World::new(1);
        for source in ["kernel", "prometheus"] {
            world.samples(source, "db", "cpu", |_, v| *v *= 0.1);
        }
        world.samples("prometheus", "db", "cpu", |_, v| *v *= factor);
        let said = judge(&*of_resources(), &world.rig, &world.evidence());
        let of = said.iter().find(|((rule, subject), _)| rule.as_str() == "RES-03" && subject.as_str() == "prometheus:db.cpu");
        (status(of.unwrap().1), shown(&said))
    };
    for (factor, wanted) in [(1.0, Status::Pass), (0.9, Status::Warn), (2.0, Status::Fail), (0.5, Status::Fail)] {
        let (status, shown) = said(factor);
        assert_eq!(status, Some(wanted), "{factor}: {shown}");
    }
}

/// Minutes before the act would take its place, and ticks of a process would be a comb a tenth of a core high.
#[test]
fn the_time_of_the_act_is_drawn() {
    let mut world = World::new(3);
    for track in &mut world.of("prometheus", "db").tracks {
        let before: Vec<Sample> = track.samples.iter().map(|s| Sample(s.0.plus_us(-200_000_000), s.1)).collect();
        track.samples.splice(..0, before);
    }
    world.samples("kernel", "db", "cpu", |_, v| *v = (*v * 100.0).floor() / 100.0);
    let evidence = world.evidence();
    let judged = of_resources().judge(&Context { rig: &world.rig, evidence: &evidence, as_of: Wall(0) });
    let chart = judged.charts.iter().find(|c| c.id == "cpu-db").unwrap();
    let ChartKind::Timeline { lines, .. } = &chart.kind else { panic!("{:?}", chart.kind) };
    assert!(lines.len() > 2);
    for line in lines {
        let (first, last) = (line.points[0].0, line.points[line.points.len() - 1].0);
        assert!((-4.0..=2.0).contains(&first) && last > 25.0 && line.points.len() > 20, "{}: {first} … {last}", line.name);
    }
    // 0.12 cores during the load.
    let kernel: Vec<_> = lines[0].points.iter().filter(|p| (1.0..25.0).contains(&p.0)).collect();
    assert!((40..60).contains(&kernel.len()) && kernel.iter().all(|p| (0.08..0.16).contains(&p.1)), "{kernel:?}");
}

#[test]
fn it_is_drawn() {
    let world = World::new(3);
    let evidence = world.evidence();
    let judged = of_resources().judge(&Context { rig: &world.rig, evidence: &evidence, as_of: Wall(0) });
    let ids: Vec<&str> = judged.charts.iter().map(|c| c.id.as_str()).collect();
    for id in ["cpu-gateway", "memory-gateway", "cpu-db", "triangulation"] {
        assert!(ids.contains(&id), "{ids:?}");
    }
    for chart in &judged.charts {
        match &chart.kind {
            ChartKind::Timeline { lines, .. } => {
                assert!(lines.iter().all(|l| !l.points.is_empty() && l.points.iter().all(|p| p.0.is_finite() && p.1.is_finite())));
            }
            ChartKind::Table { head, rows } => {
                assert!(rows.iter().all(|r| r.len() == head.len()));
                assert!(rows.iter().all(|r| r[6] == "agrees"), "{rows:?}");
            }
            _ => panic!("{}", chart.id),
        }
    }
    assert!(judged.notes.iter().any(|n| n.contains("of a core")), "{:?}", judged.notes);
}
