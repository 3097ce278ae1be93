//! What several sources say of the same, in rows.

use super::{say, told::Told, view::Usages};
use crate::{
    model::{
        chart::{Chart, ChartKind},
        name::Name,
        units::Wall,
        usage::Measure,
    },
    usage::{Curve, Levels, refresh, us},
};

struct Row {
    who: String,
    value: f64,
    /// How far two of such figures may be apart.
    budget: f64,
    /// What it may be off besides, where it is older than its stamps say.
    open: f64,
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
    let burning = view.burning(of);
    let tells = |t: &&Told<'_>| burning.map_or(t.samples(), |(from, to)| t.levels.within(from, to).len() as u64) > 1;
    let claims: Vec<&Told<'_>> = view.answered().filter(|t| t.claim.workload == *of && t.claim.measure == measure).filter(tells).collect();
    match claims.as_slice() {
        [] => vec![],
        claims if measure.cumulative() => used(view, of, measure, claims),
        claims => levels(view, of, measure, claims),
    }
}

/// The middle of a state.
fn levels(view: &Usages<'_>, of: &Name, measure: Measure, claims: &[&Told<'_>]) -> Vec<Row> {
    let own = view.kernel(of).ok().map(|k| ("kernel".to_owned(), k.levels(measure)));
    let all: Vec<(String, Levels)> =
        own.into_iter().chain(claims.iter().map(|t| (t.claim.subject().to_string(), t.levels.clone()))).filter(|(_, l)| !l.is_empty()).collect();
    let stamps: Vec<Vec<Wall>> = all.iter().map(|(_, levels)| levels.points().map(|p| p.0).collect()).collect();
    let Some((from, to)) = shared(&stamps, view.burning(of)) else { return vec![] };
    let row = |(who, levels): (String, Levels)| {
        let value = levels.within(from, to).median()?;
        Some(Row { who, value, budget: (0.02 * value).max(256.0 * 1024.0), open: 0.0 })
    };
    all.into_iter().filter_map(row).collect()
}

/// What was used.
fn used(view: &Usages<'_>, of: &Name, measure: Measure, claims: &[&Told<'_>]) -> Vec<Row> {
    let kernel = view.kernel(of).ok();
    let known = if measure == Measure::Cpu {
        let known = claims.first().and_then(|first| view.known_if_here(first.claim).ok().flatten());
        known.map(|known| (known.who.trim_start_matches("the ").to_owned(), known.curve))
    } else {
        let curves = kernel.map(|k| k.network(measure, view.is_machine(of)).into_iter().map(|(_, c)| c).collect::<Vec<_>>());
        curves.map(|curves| ("kernel".to_owned(), Curve::sum(&curves)))
    };
    let known = known.filter(|(_, curve)| curve.len() > 1);
    let claims: Vec<&&Told<'_>> = claims.iter().filter(|t| t.curve.len() > 1).collect();
    let curves = known.iter().map(|(_, curve)| curve).chain(claims.iter().map(|t| &t.curve));
    let stamps: Vec<Vec<Wall>> = curves.map(|curve| curve.stamps().collect()).collect();
    let Some((from, to)) = shared(&stamps, view.burning(of)) else { return vec![] };
    let floor = if measure == Measure::Cpu { 0.1 } else { 65_536.0 };
    let row = |who: String, curve: &Curve, open: f64| {
        let value = curve.rose(from, to)?;
        Some(Row { who, value, budget: 0.04 * value + floor, open })
    };
    let reference = known.as_ref().map(|(_, curve)| curve);
    let own = known.as_ref().and_then(|(who, curve)| row(who.clone(), curve, 0.0));
    let told = claims.iter().filter_map(|t| row(t.claim.subject().to_string(), &t.curve, reference.map_or(0.0, |known| open(t, known, from, to))));
    own.into_iter().chain(told).collect()
}

/// From the first to the last instant that all of them cover by samples of their own, within another stretch if there is one:
/// between two samples that something ended and began anew nothing is known.
fn shared(stamps: &[Vec<Wall>], within: Option<(Wall, Wall)>) -> Option<(Wall, Wall)> {
    let inside = |at: &Wall, (from, to): (Wall, Wall)| from <= *at && *at <= to;
    let mut common = within;
    // The first time they are only cut to the same stretch, the second time their ends in it are taken.
    for _ in 0..2 {
        let cut: Vec<(Wall, Wall)> = stamps
            .iter()
            .map(|all| {
                let mut own = all.iter().filter(|at| common.is_none_or(|common| inside(at, common)));
                let first = *own.next()?;
                Some((first, *own.next_back().unwrap_or(&first)))
            })
            .collect::<Option<_>>()?;
        common = Some((cut.iter().map(|c| c.0).max()?, cut.iter().map(|c| c.1).min()?));
    }
    common.filter(|(from, to)| to.seconds() - from.seconds() >= 1.0)
}

/// What was used while a source that repeats itself showed the same.
fn open(told: &Told<'_>, known: &Curve, from: Wall, to: Wall) -> f64 {
    let goes_on = |a: Wall, b: Wall| known.rose(a, b).is_none_or(|rose| rose > 0.0);
    let changes = refresh(&told.curve, goes_on).map_or(0.0, |r| r.usual_s);
    if changes <= 1.5 * told.step_s().unwrap_or(changes) {
        return 0.0;
    }
    let begin = known.span().map_or(from, |span| span.0);
    [from, to].into_iter().filter_map(|at| known.rose(at.plus_us(-us(changes)).max(begin), at)).sum()
}

fn told(of: &Name, measure: Measure, said: &[Row]) -> Vec<Vec<String>> {
    let words = |value: f64| if measure == Measure::Cpu { say::cpu(value) } else { say::bytes(value) };
    let apart = |a: &Row, b: &Row| (a.value - b.value).abs() > a.budget.min(b.budget) + a.open + b.open;
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
            format!("±{}", words(row.budget + row.open)),
            others,
            verdict.to_owned(),
        ]
    };
    said.iter().map(line).collect()
}
