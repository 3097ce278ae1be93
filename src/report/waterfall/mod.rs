//! A trace as people look at it: drawn for a page, and in lines for a terminal.

mod axis;
mod page;
mod svg;
mod text;

pub use page::Page;
pub use svg::draw;
pub use text::render;

use super::clean;
use crate::model::{
    units::{Count, Ms, Share},
    waterfall::{Bar, Hole, Waterfall},
};

/// Colours that a page has for stages (`--s0` …); their names stand beside them anyway.
const COLOURS: usize = 6;

/// What it comes to, in one line: `total 482 ms · 14 spans · covered 97 % · longest gap 6.1 ms between auth and provider call ·
/// critical path: provider call 91 %`.
pub fn totals(of: &Waterfall) -> String {
    parts(of).join(" · ")
}

fn parts(of: &Waterfall) -> Vec<String> {
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
        parts.push(format!("{} of the spans on it lie outside their callers", Ms(of.clipped_ms)));
    }
    if of.left_out > 0 {
        parts.push(format!("{} without a row", Count(of.left_out).of("span")));
    }
    parts.iter().map(|part| clean::line(part)).collect()
}

/// A gap in a line of its own.
fn gap(of: &Hole) -> String {
    clean::line(&format!("{} {}, from {} to {}", Ms(of.length_ms()), between(of), Ms(of.from_ms), Ms(of.to_ms)))
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

/// How a span is called.
fn name(bar: &Bar) -> String {
    let name = match (bar.name.as_str(), bar.kind.as_str()) {
        ("", "") => "a span without a name".to_owned(),
        ("", kind) => format!("a {kind} span without a name"),
        (name, _) => name.to_owned(),
    };
    clean::line(&name)
}

/// The same below the span that called it, whose name it need not say again: `POST /v1/chat http send` is `… http send` there.
fn short_name(of: &Waterfall, row: usize) -> String {
    let name = name(&of.rows[row]);
    let above = caller(of, row).map(|caller| self::name(&of.rows[caller]));
    // A bare method says too little to be left out.
    match above.filter(|above| above.contains(' ')).and_then(|above| name.strip_prefix(&above)?.strip_prefix(' ').map(str::to_owned)) {
        Some(rest) if !rest.is_empty() => format!("… {rest}"),
        _ => name,
    }
}

/// At most so many characters.
fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most { text.to_owned() } else { text.chars().take(most.saturating_sub(1)).chain(['…']).collect() }
}

/// What stands beside its name; the service where it is another than the caller's.
fn remarks(of: &Waterfall, row: usize) -> Vec<String> {
    let bar = &of.rows[row];
    let same = caller(of, row).is_some_and(|caller| of.rows[caller].service == bar.service);
    let service = (!same && !bar.service.is_empty()).then(|| format!("({})", clean::line(&bar.service)));
    let many = (bar.times > 1).then(|| format!("×{}", bar.times));
    let hidden = (bar.hidden > 0).then(|| format!("+{} below", bar.hidden));
    let error = bar.error.then(|| "✗ error".to_owned());
    let note = bar.note.as_ref().map(|note| format!("! {}", clean::line(note)));
    [service, many, error, note, hidden].into_iter().flatten().collect()
}

/// The title of the stage that a row begins: another one than that of the row that called it, and not what the span is called anyway.
fn stage(of: &Waterfall, row: usize) -> Option<&str> {
    let own = of.rows[row].stage?;
    let above = caller(of, row).and_then(|caller| of.rows[caller].stage);
    let title = of.stages.get(own).filter(|_| above != Some(own)).map(|stage| stage.title.as_str());
    title.filter(|title| !title.eq_ignore_ascii_case(&of.rows[row].name))
}

/// The row of the span that called a row's: the last one before it that lies one less deep.
fn caller(of: &Waterfall, row: usize) -> Option<usize> {
    let above = of.rows[row].depth.checked_sub(1)?;
    (0..row).rev().find(|at| of.rows[*at].depth <= above).filter(|at| of.rows[*at].depth == above)
}

/// The colour of each stage, CSS variables of the page: those that held the request up longest differ most.
pub fn colours(of: &Waterfall) -> Vec<String> {
    let mut ranked: Vec<usize> = (0..of.stages.len()).collect();
    ranked.sort_by(|a, b| of.stages[*b].held_ms.total_cmp(&of.stages[*a].held_ms));
    let mut colours = vec![String::new(); of.stages.len()];
    for (rank, stage) in ranked.into_iter().enumerate() {
        colours[stage] = if rank < COLOURS { format!("s{rank}") } else { "soft".into() };
    }
    colours
}
