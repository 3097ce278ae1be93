//! Charts of the browser's report: model charts drawn by kuva as inline SVG. Colours are CSS variables of the page, so one drawing
//! serves light, dark and paper; lines differ in dash and points in shape too, so that colour is never alone.

mod difference;
mod distribution;
mod marked;
mod palette;
mod paper;
mod sketch;
mod thin;
mod timeline;

use super::{comparison::Beside, grid::Grid, phrases, waterfall as rows};
use crate::model::{
    chart::{Chart, ChartKind, Line},
    units::{Ms, Share},
    waterfall::Waterfall,
};

/// One entry of a legend.
pub struct Key {
    /// The series.
    pub name: String,
    /// CSS variable of its colour: `s0`.
    pub colour: String,
    /// SVG dash array of its line; `None` for points.
    pub dash: Option<&'static str>,
    /// Shape of its points; `None` for lines.
    pub shape: Option<&'static str>,
    /// `300 requests`.
    pub of: String,
}

/// A drawn chart.
#[derive(Default)]
pub struct Drawn {
    /// Inline SVG, or nothing where there is no point to draw.
    pub svg: Option<String>,
    /// What is what.
    pub legend: Vec<Key>,
    /// What the drawing could not show.
    pub dropped: Option<String>,
    /// The same in lines, for who cannot look at it.
    pub text: Option<String>,
    /// The rows of a table, which is not drawn.
    pub grid: Option<Grid>,
    /// Two environments side by side, which are not drawn either.
    pub beside: Option<Beside>,
}

/// Draws a chart.
pub fn draw(chart: &Chart, ids: &str) -> Drawn {
    match &chart.kind {
        ChartKind::Ecdf { log, lines, slo } => distribution::draw(chart, lines, *log, *slo, ids),
        ChartKind::Difference { lines, band } => difference::draw(chart, lines, *band, ids),
        ChartKind::Waterfall(of) => waterfall(of, ids),
        ChartKind::Timeline { lines, steps, marks } => timeline::draw(chart, &timeline::Timeline { lines, steps, marks }, ids),
        ChartKind::Table { .. } => Drawn { grid: Grid::of(chart), ..Drawn::default() },
        ChartKind::Comparison(of) => Drawn { beside: Some(Beside::of(of, false)), ..Drawn::default() },
    }
}

/// Columns of a trace in lines.
const COLUMNS: usize = 120;

/// A trace with its legend.
pub fn waterfall(of: &Waterfall, ids: &str) -> Drawn {
    let share = |ms: f64| if ms > 0.0 { format!("{} ({})", Ms(ms), Share(ms / of.total_ms)) } else { String::new() };
    let key = |name: &str, colour: &str, shape, of: String| Key { name: name.into(), colour: colour.into(), dash: None, shape: Some(shape), of };
    let stages = of.stages.iter().zip(rows::colours(of)).map(|(stage, colour)| key(&stage.title, &colour, "■", share(stage.held_ms)));
    let path = key("critical path: what held the request up; the figures are its time", "ink", "▬", String::new());
    let gap = (!of.gaps.is_empty()).then(|| key("gap: nothing that the request called runs", "mind", "▨", String::new()));
    let legend = stages.chain([path]).chain(gap).collect();
    Drawn { svg: rows::draw(of, ids), legend, dropped: Some(rows::totals(of)), text: Some(rows::render(of, COLUMNS)), ..Drawn::default() }
}

/// What a line is made of, for the legend.
fn of(line: &Line, points: usize) -> String {
    if line.of.is_empty() { phrases::count(points as u64, "point") } else { line.of.clone() }
}

type Series<'c> = (&'c Line, Vec<(f64, f64)>);

/// Lines with the points that an axis can show.
fn drawable(lines: &[Line], log: bool) -> (Vec<Series<'_>>, Option<String>) {
    let fits = |(x, y): &(f64, f64)| x.is_finite() && y.is_finite() && (!log || *x > 0.0);
    let all: usize = lines.iter().map(|l| l.points.len()).sum();
    let kept: Vec<Series<'_>> = lines.iter().map(|l| (l, l.points.iter().copied().filter(fits).collect())).collect();
    let shown: usize = kept.iter().map(|(_, p)| p.len()).sum();
    let why = if log { "no finite positive number" } else { "no finite number" };
    let dropped = (shown < all).then(|| format!("{} of {all} points not drawn: {why}", all - shown));
    (kept.into_iter().filter(|(_, p): &Series<'_>| !p.is_empty()).collect(), dropped)
}
