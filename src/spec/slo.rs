//! What users may expect of the target: `slo: {ttft: 500ms, total: 10s}` of a case.

use super::{
    diagnostics::{Problem, nearest, plain},
    table::{Field, Reading},
};
use crate::model::{
    node::At,
    rig::{Claim, Quantity, Rig},
    units::Ms,
};
use std::collections::BTreeMap;

/// The objective of each quantity, and where it is written.
pub(super) type Objectives = BTreeMap<Quantity, (Ms, At)>;

/// Reads the objectives of one case. They are facts of the rig: another case may repeat one, not contradict it.
pub(super) fn read(field: &Field<'_>, slos: &mut Objectives, cx: &Reading) {
    for (key, value) in field.entries(cx) {
        let Some(quantity) = Quantity::ALL.into_iter().find(|q| q.word() == key) else {
            let known = Quantity::ALL.map(Quantity::word);
            let label = nearest(key, known).map_or_else(|| format!("known: {}", known.join(", ")), |n| format!("did you mean `{n}`?"));
            cx.problem(Problem::new(value.key, format!("unknown quantity `{}`", plain(key))).label(label));
            continue;
        };
        let Some(limit) = value.ms(cx) else { continue };
        match slos.get(&quantity) {
            Some((other, at)) if other.0.to_bits() != limit.0.to_bits() => {
                let title = format!("`{}` contradicts another case", value.path);
                cx.problem(Problem::new(value.node.at, title).label("state one objective for the rig").also(*at, "the other"));
            }
            _ => drop(slos.insert(quantity, (limit, value.node.at))),
        }
    }
}

/// Warns of objectives that nothing can be judged against.
pub(super) fn warn_of_unused(slos: &Objectives, rig: &Rig, cx: &Reading) {
    for (quantity, (limit, at)) in slos {
        let claimed: fn(&Claim) -> bool = |c| c.histogram().is_some();
        if !rig.claims_of(*quantity).any(claimed) {
            let title = format!("no histogram claims `{quantity}`, so the objective of {limit} is not judged");
            cx.warn(Problem::new(*at, title).label(format!("name its histogram: `metrics: {{{quantity}: {{histogram: …}}}}`")));
        }
    }
}
