//! What users may expect of the target: `slo: {ttft: 500ms, total: 10s}` of a case.

use super::{
    diagnostics::{Problem, nearest, plain},
    table::{Field, Reading},
};
use crate::model::{
    node::{At, Value},
    rig::{Claim, Quantity, Rig},
    units::Ms,
};
use std::collections::BTreeMap;

/// The SLO of each quantity, and where it is written.
pub(super) type Slos = BTreeMap<Quantity, (Ms, At)>;

/// Reads the SLOs of one case. They are facts of the rig: another case may repeat one, not contradict it.
pub(super) fn read(field: &Field<'_>, slos: &mut Slos, cx: &Reading) {
    for (key, value) in field.entries(cx) {
        let Some(quantity) = Quantity::ALL.into_iter().find(|q| q.word() == key) else {
            let known = Quantity::ALL.map(Quantity::word);
            let label = nearest(key, known).map_or_else(|| format!("known: {}", known.join(", ")), |n| format!("did you mean `{n}`?"));
            cx.problem(Problem::new(value.key, format!("unknown quantity `{}`", plain(key))).label(label));
            continue;
        };
        let Some(limit) = limit(&value, cx) else { continue };
        match slos.get(&quantity) {
            Some((other, at)) if other.0.to_bits() != limit.0.to_bits() => {
                let title = format!("`{}` contradicts another case", value.path);
                cx.problem(Problem::new(value.node.at, title).label("state one SLO for the rig").also(*at, "the other"));
            }
            _ => drop(slos.insert(quantity, (limit, value.node.at))),
        }
    }
}

/// A share (`99% < 500ms`) or a quantile (`{p99: 500ms}`) is no part of it: the edge that is looked for is the same.
fn limit(value: &Field<'_>, cx: &Reading) -> Option<Ms> {
    let other_form = match &value.node.value {
        Value::Text(text) => {
            !cx.failed.borrow().contains(&value.node.at) && !cx.not_run.borrow().contains(&value.node.at) && text.parse::<Ms>().is_err()
        }
        _ => true,
    };
    if other_form {
        cx.problem(value.refuse("is not the limit of an SLO", "only the limit, with its unit: `500ms`"));
        return None;
    }
    value.ms(cx)
}

/// Warns of SLOs that nothing can be judged against.
pub(super) fn warn_of_unused(slos: &Slos, rig: &Rig, cx: &Reading) {
    for (quantity, (limit, at)) in slos {
        let claimed: fn(&Claim) -> bool = |c| c.histogram().is_some();
        if !rig.claims_of(*quantity).any(claimed) {
            let title = format!("no histogram claims `{quantity}`, so the SLO of {limit} is not judged");
            cx.warn(Problem::new(*at, title).label(format!("name its histogram: `metrics: {{{quantity}: {{histogram: …}}}}`")));
        }
    }
}
