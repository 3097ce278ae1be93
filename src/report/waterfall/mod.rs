//! A trace as people look at it: drawn for a page, and in lines for a terminal.

mod axis;
mod svg;
mod text;

pub use svg::draw;
pub use text::render;

use super::clean;
use crate::model::{
    units::{Count, Ms, Share},
    waterfall::{Bar, Hole, Waterfall},
};

/// What it comes to, in one line: `total 482 ms · 14 spans · covered 97 % · longest gap 6.1 ms between auth and provider call ·
/// critical path: provider call 91 %`.
pub fn totals(of: &Waterfall) -> String {
    let mut parts = vec![format!("total {}", Ms(of.total_ms)), Count(of.spans).of("span")];
    parts.extend(of.covered.map(|share| format!("covered {}", Share(share))));
    parts.extend(of.gaps.first().map(|gap| format!("longest gap {} {}", Ms(gap.length_ms()), between(gap))));
    let mut stages: Vec<_> = of.stages.iter().filter(|stage| stage.held_ms > 0.0).collect();
    stages.sort_by(|a, b| b.held_ms.total_cmp(&a.held_ms));
    let stages: Vec<_> = stages.iter().take(3).map(|stage| format!("{} {}", stage.title, Share(stage.held_ms / of.total_ms))).collect();
    if of.total_ms > 0.0 && !stages.is_empty() {
        parts.push(format!("critical path: {}", stages.join(", ")));
    }
    if of.clipped_ms > of.total_ms / 100.0 {
        parts.push(format!("{} cut off spans that outlast their caller or the next one's start", Ms(of.clipped_ms)));
    }
    if of.left_out > 0 {
        parts.push(format!("{} without a row", Count(of.left_out).of("span")));
    }
    clean::line(&parts.join(" · "))
}

/// Where a gap lies.
fn between(gap: &Hole) -> String {
    match (&gap.after, &gap.before) {
        (Some(after), Some(before)) if after == before => format!("within {after}"),
        (Some(after), Some(before)) => format!("between {after} and {before}"),
        (None, Some(before)) => format!("before {before}"),
        (Some(after), None) => format!("after {after}"),
        (None, None) => "all along".into(),
    }
}

/// How a row is called.
fn name(bar: &Bar) -> String {
    let name = match (bar.name.as_str(), bar.kind.as_str()) {
        ("", "") => "a span without a name".to_owned(),
        ("", kind) => format!("a {kind} span without a name"),
        (name, _) => name.to_owned(),
    };
    clean::line(&name)
}

/// What stands beside its name.
fn remarks(bar: &Bar) -> Vec<String> {
    let many = (bar.times > 1).then(|| format!("×{}", bar.times));
    let hidden = (bar.hidden > 0).then(|| format!("+{} below", bar.hidden));
    let error = bar.error.then(|| "✗ error".to_owned());
    let note = bar.note.as_ref().map(|note| format!("! {}", clean::line(note)));
    [many, error, note, hidden].into_iter().flatten().collect()
}

/// Does the row begin another stage than the row that called it?
fn stage<'w>(of: &'w Waterfall, row: usize) -> Option<&'w str> {
    let own = of.rows[row].stage?;
    let above = caller(of, row).and_then(|caller| of.rows[caller].stage);
    (above != Some(own)).then(|| of.stages.get(own).map(|stage| stage.title.as_str()))?
}

/// The row of the span that called a row's: the last one before it that lies one less deep.
fn caller(of: &Waterfall, row: usize) -> Option<usize> {
    let above = of.rows[row].depth.checked_sub(1)?;
    (0..row).rev().find(|at| of.rows[*at].depth <= above).filter(|at| of.rows[*at].depth == above)
}
