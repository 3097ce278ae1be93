use super::{axis::Axis, caller, colours, cut, name, remarks, short_name, stage, totals};
use crate::{
    model::{units::Ms, waterfall::Waterfall},
    report::clean,
};
use askama::Template;
use std::fmt;

/// Width of the names, of the bars and of the lengths.
const NAMES: f64 = 340.0;
const BARS: f64 = 660.0;
const LENGTHS: f64 = 80.0;
/// Height of the axis, of a row, and of a bar in it.
const AXIS: f64 = 30.0;
const ROW: f64 = 25.0;
const BAR: f64 = 12.0;
/// What a caller's name stands before that of whom it called, and how deep this goes.
const INDENT: f64 = 13.0;
const DEEPEST: usize = 12;
/// About how wide a letter is.
const LETTER: f64 = 7.0;
/// A span is on the critical path, to the eye, if it held up this share of the request.
const WORTH: f64 = 0.01;
/// More rows than these have the axis below them, too.
const LONG: usize = 25;

/// An SVG that fits a page of ours: it has the page's colours, and ids that begin with `ids`.
pub fn draw(of: &Waterfall, ids: &str) -> Option<String> {
    if of.rows.is_empty() {
        return None;
    }
    let axis = Axis::of(of, BARS);
    let height = AXIS + ROW * of.rows.len() as f64;
    let bottom = of.rows.len() > LONG;
    let colours = colours(of);
    let drawing = Drawing {
        ids,
        says: totals(of),
        width: Px(NAMES + BARS + LENGTHS),
        height: Px(height + if bottom { AXIS } else { 6.0 }),
        names: Px(NAMES - 8.0),
        bars: Px(NAMES),
        until: Px(NAMES + BARS),
        right: Px(NAMES + BARS + LENGTHS - 4.0),
        body: Px(height),
        tall: Px(height - AXIS),
        ticks: axis.ticks(7).into_iter().map(|t| (Px(NAMES + t.at), t.label)).collect(),
        bottom: bottom.then_some(Px(height + 19.0)),
        edges: [0.0, of.total_ms].into_iter().filter(|ms| *ms > of.from_ms && *ms < of.to_ms).map(|ms| Px(NAMES + axis.at(ms))).collect(),
        gaps: (0..of.gaps.len()).map(|nth| Gap::of(of, nth, &axis)).collect(),
        lines: (0..of.rows.len()).map(|row| Line::of(of, row, &axis, &colours)).collect(),
    };
    drawing.render().ok().map(|drawn| clean::document(&drawn))
}

/// A length or a place in the drawing, written to a tenth.
struct Px(f64);

impl fmt::Display for Px {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", (self.0 * 10.0).round() / 10.0)
    }
}

/// A piece of a bar: where, and how wide.
type Piece = (Px, Px);

#[derive(Template)]
#[template(path = "waterfall.svg", escape = "html", whitespace = "minimize")]
struct Drawing<'w> {
    ids: &'w str,
    says: String,
    width: Px,
    height: Px,
    names: Px,
    bars: Px,
    until: Px,
    right: Px,
    body: Px,
    tall: Px,
    ticks: Vec<(Px, String)>,
    bottom: Option<Px>,
    edges: Vec<Px>,
    gaps: Vec<Gap>,
    lines: Vec<Line>,
}

struct Gap {
    x: Px,
    wide: Px,
    y: Px,
    text: Px,
    label: Option<(Px, &'static str, String)>,
    says: String,
}

/// A row.
struct Line {
    top: Px,
    mid: Px,
    text: Px,
    bar: Px,
    halo: Px,
    thin: Px,
    low: Px,
    indent: Px,
    elbow: Option<(Px, Px)>,
    name: String,
    beside: String,
    on_path: bool,
    error: bool,
    /// CSS variable of the bar's colour; `None` for a span of no stage.
    colour: Option<String>,
    shade: Option<Piece>,
    pieces: Vec<Piece>,
    critical: Vec<Piece>,
    leaves: (bool, bool),
    stage: Option<(Px, &'static str, String)>,
    length: String,
    says: String,
}

impl Line {
    fn of(of: &Waterfall, row: usize, axis: &Axis, colours: &[String]) -> Line {
        let bar = &of.rows[row];
        let top = AXIS + ROW * row as f64;
        let indent = 6.0 + INDENT * bar.depth.min(DEEPEST) as f64;
        let end = bar.start_ms + bar.length_ms.max(0.0);
        let piece = |(from, to): (f64, f64)| (Px(NAMES + axis.at(from)), Px((axis.at(to) - axis.at(from)).max(1.5)));
        let middle = top + (ROW - BAR) / 2.0;
        let whole = (bar.start_ms, end);
        let beside = cut(&remarks(of, row).join(" · "), 26);
        let room = ((NAMES - 10.0 - indent) / LETTER) as usize;
        let stage = stage(of, row).map(|title| {
            let (left, right) = (axis.at(bar.start_ms), axis.at(end));
            let wide = title.chars().count() as f64 * LETTER;
            match () {
                () if right + 8.0 + wide <= BARS => (Px(NAMES + right + 6.0), "start", title.to_owned()),
                () if left >= wide + 8.0 => (Px(NAMES + left - 6.0), "end", title.to_owned()),
                () => (Px(NAMES + left + 8.0), "start", title.to_owned()),
            }
        });
        Line {
            top: Px(top),
            mid: Px(top + ROW / 2.0),
            text: Px(top + 17.0),
            bar: Px(middle),
            halo: Px(middle - 1.0),
            thin: Px(middle + 3.0),
            low: Px(middle + 8.0),
            indent: Px(indent),
            elbow: caller(of, row).filter(|_| bar.depth <= DEEPEST).map(|above| (Px(indent - 8.0), Px(AXIS + ROW * above as f64 + 21.0))),
            name: cut(&short_name(of, row), room.saturating_sub(if beside.is_empty() { 0 } else { beside.chars().count() + 1 }).max(12)),
            beside,
            on_path: bar.held_ms > 0.0 && bar.held_ms >= of.total_ms * WORTH,
            error: bar.error,
            colour: bar.stage.and_then(|stage| colours.get(stage).cloned()),
            shade: (bar.times > 1).then(|| piece(whole)),
            pieces: if bar.times > 1 { bar.parts.iter().copied().map(piece).collect() } else { vec![piece(whole)] },
            critical: bar.critical.iter().copied().map(piece).collect(),
            leaves: axis.leaves(bar.start_ms, end),
            stage,
            length: Ms(bar.length_ms).to_string(),
            says: says(of, row),
        }
    }
}

impl Gap {
    /// The longest one's length is always written, beside it where there is no room within.
    fn of(of: &Waterfall, nth: usize, axis: &Axis) -> Gap {
        let gap = &of.gaps[nth];
        let (from, to) = (axis.at(gap.from_ms), axis.at(gap.to_ms));
        let (wide, label) = ((to - from).max(1.5), Ms(gap.length_ms()).to_string());
        let y = AXIS + ROW * gap.row.min(of.rows.len() - 1) as f64 + (ROW - BAR) / 2.0 - 2.0;
        let needs = (label.chars().count() + 1) as f64 * LETTER;
        let (x, anchor) = match () {
            () if needs <= wide => (from + wide / 2.0, "middle"),
            () if to + needs <= BARS => (to + 5.0, "start"),
            () => (from - 5.0, "end"),
        };
        Gap {
            x: Px(NAMES + from),
            wide: Px(wide),
            y: Px(y),
            text: Px(y + 12.0),
            label: (needs <= wide || nth == 0).then_some((Px(NAMES + x), anchor, label)),
            says: format!("gap: {}", super::gap(gap)),
        }
    }
}

/// What is said of a row where the pointer rests.
fn says(of: &Waterfall, row: usize) -> String {
    let bar = &of.rows[row];
    let kind = if bar.kind.is_empty() { String::new() } else { format!("{} span", bar.kind) };
    let stage = bar.stage.and_then(|stage| of.stages.get(stage)).map(|stage| format!("stage {}", stage.title)).unwrap_or_default();
    let time = format!("{} from {} on", Ms(bar.length_ms), Ms(bar.start_ms));
    let held = if bar.held_ms > 0.0 { format!("held the request up for {}", Ms(bar.held_ms)) } else { String::new() };
    let parts = [name(bar), remarks(of, row).join(", "), kind, stage, time, held];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
}
