//! What several sources say of the same, in rows.

use super::{say, told::Told, view::Usages};
use crate::{
    model::{
        chart::{Chart, ChartKind},
        name::Name,
        units::Wall,
        usage::Measure,
    },
    usage::Curve,
};

struct Row {
    who: String,
    value: f64,
    /// How far two of such figures may be apart.
    budget: f64,
}

/// The table; none where nobody says anything.
pub fn chart(view: &Usages<'_>) -> Option<Chart> {
    let mut rows = vec![];
    for of in view.rig.workloads.keys() {
        for measure in Measure::ALL.into_iter().filter(|m| *m == Measure::Cpu || m.memory() || m.network()) {
            let said = said(view, of, measure);
            if said.len() > 1 {
                rows.extend(told(of, measure, &said));
            }
        }
    }
    let head = ["workload", "measure", "source", "value", "budget", "differs from", "verdict"].map(str::to_owned).to_vec();
    (!rows.is_empty()).then(|| Chart {
        id: "triangulation".into(),
        title: "What several sources say of the same".into(),
        caption: "Each figure over the stretch that all of them cover; who is the odd one out can be told only where three or more speak.".into(),
        x: String::new(),
        y: String::new(),
        kind: ChartKind::Table { head, rows },
    })
}

/// Everybody's figure over the stretch that all cover.
fn said(view: &Usages<'_>, of: &Name, measure: Measure) -> Vec<Row> {
    let claims: Vec<&Told<'_>> = view.answered().filter(|t| t.claim.workload == *of && t.claim.measure == measure && t.samples() > 1).collect();
    let Some(first) = claims.first() else { return vec![] };
    let known_cpu = if measure == Measure::Cpu { view.known_if_here(first.claim).ok().flatten() } else { None };
    let kernel = view.kernel(of).ok();
    if !measure.cumulative() {
        let own = kernel.and_then(|k| k.usual(measure)).map(|value| ("kernel".to_owned(), value));
        let all = own.into_iter().chain(claims.iter().filter_map(|t| Some((t.claim.subject().to_string(), t.levels.median()?))));
        return all.map(|(who, value)| Row { who, value, budget: (0.02 * value).max(256.0 * 1024.0) }).collect();
    }
    let own = match (&known_cpu, kernel) {
        (Some(known), _) => Some((known.who.trim_start_matches("the ").to_owned(), known.curve.clone())),
        (None, Some(kernel)) if measure.network() => {
            let curves: Vec<Curve> = kernel.network(measure, view.is_machine(of)).into_iter().map(|(_, c)| c).collect();
            Some(("kernel".to_owned(), Curve::sum(&curves)))
        }
        _ => None,
    };
    let all: Vec<(String, Curve)> =
        own.into_iter().chain(claims.iter().map(|t| (t.claim.subject().to_string(), t.curve.clone()))).filter(|(_, c)| c.len() > 1).collect();
    let spans: Vec<(Wall, Wall)> = all.iter().filter_map(|(_, c)| c.span()).collect();
    let (Some(from), Some(to)) = (spans.iter().map(|s| s.0).max(), spans.iter().map(|s| s.1).min()) else { return vec![] };
    if to.seconds() - from.seconds() < 1.0 {
        return vec![];
    }
    let floor = if measure == Measure::Cpu { 0.1 } else { 65_536.0 };
    let row = |(who, curve): &(String, Curve)| {
        let value = curve.rose(from, to)?;
        Some(Row { who: who.clone(), value, budget: 0.04 * value + floor })
    };
    all.iter().filter_map(row).collect()
}

fn told(of: &Name, measure: Measure, said: &[Row]) -> Vec<Vec<String>> {
    let words = |value: f64| if measure == Measure::Cpu { say::cpu(value) } else { say::bytes(value) };
    let apart = |a: &Row, b: &Row| (a.value - b.value).abs() > a.budget.min(b.budget);
    let differs = |row: &Row| said.iter().filter(|other| apart(row, other)).map(|other| other.who.clone()).collect::<Vec<_>>();
    let some = said.iter().any(|row| !differs(row).is_empty());
    // The one that differs from all others, while these agree.
    let odd = |row: &Row| {
        let others: Vec<&Row> = said.iter().filter(|o| o.who != row.who).collect();
        said.len() > 2 && others.iter().all(|o| apart(row, o)) && others.iter().all(|a| others.iter().all(|b| !apart(a, b)))
    };
    let line = |row: &Row| {
        let verdict = match (some, odd(row)) {
            (false, _) => "agrees",
            (true, true) => "the odd one out",
            (true, false) if differs(row).is_empty() => "agrees",
            (true, false) if said.len() < 3 => "one of two is wrong",
            (true, false) if said.iter().any(odd) => "agrees with the others",
            (true, false) => "differs",
        };
        let others = differs(row);
        let others = if others.is_empty() { "-".to_owned() } else { others.join(", ") };
        vec![
            of.to_string(),
            measure.title().to_owned(),
            row.who.clone(),
            words(row.value),
            format!("±{}", words(row.budget)),
            others,
            verdict.to_owned(),
        ]
    };
    said.iter().map(line).collect()
}
