//! Each fault is found by the rule that is there for it, and everybody else passes: the worst that a rule says of any subject.

mod around;
mod shape;
mod times;

use super::{
    super::case::{judge, of_traces, shown, status},
    call::ns as ms,
    world::World,
};
use rigcheck::model::outcome::Status::{self, Pass};
use std::{collections::BTreeMap, sync::LazyLock};

/// A fault, and what is said of it by rules that do not pass.
type Row = (&'static str, fn(&mut World), &'static [(&'static str, Status)]);

static CLEAN: LazyLock<World> = LazyLock::new(|| World::new(40));

fn check(rows: &[Row]) {
    let case = of_traces();
    let mut wrong = vec![];
    for (title, change, expected) in rows {
        let mut world = CLEAN.clone();
        change(&mut world);
        let said = judge(&*case, &world.rig, &world.evidence());
        let mut worst: BTreeMap<&str, Status> = BTreeMap::new();
        for ((rule, _), judgement) in &said {
            let status = status(judgement).unwrap_or(Status::NoData);
            let so_far = worst.entry(rule).or_insert(Pass);
            if status.badness() > so_far.badness() {
                *so_far = status;
            }
        }
        worst.retain(|_, status| *status != Pass);
        if worst != expected.iter().copied().collect() {
            wrong.push(format!("{title}: expected {expected:?}, not {worst:?}\n{}", shown(&said)));
        }
    }
    assert!(wrong.is_empty(), "{} of {} rows:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
}
