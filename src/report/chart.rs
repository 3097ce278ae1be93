//! Charts of the browser's report: model charts drawn by kuva as inline SVG. Colours are CSS variables of the page, so one drawing
//! serves light, dark and paper; lines differ in dash and points in shape too, so that colour is never alone.

use super::{phrases, waterfall as rows};
use crate::model::{
    chart::{Chart, ChartKind, Line},
    units::{Ms, Share},
    waterfall::Waterfall,
};
use kuva::{
    backend::svg::SvgBackend,
    plot::{
        LinePlot, ScatterPlot,
        annotations::{ReferenceLine, ShadedRegion},
        line::LineStyle,
        scatter::MarkerShape,
    },
    render::{layout::Layout, plots::Plot, render::render_multiple, theme::Theme},
};

/// Distinct series colours of the page (`--s0` …); more series than that repeat them with another dash.
const COLOURS: usize = 6;
/// SVG dash array of the line at the SLO: none of the series'.
const SLO_DASH: &str = "2 2";
const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 360.0;
/// Added to the right.
const MARGIN: f64 = 24.0;

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
pub struct Drawn {
    /// Inline SVG, or nothing where there is no point to draw.
    pub svg: Option<String>,
    /// What is what.
    pub legend: Vec<Key>,
    /// What the drawing could not show.
    pub dropped: Option<String>,
    /// The same in lines, for who cannot look at it.
    pub text: Option<String>,
}

/// Draws a chart.
pub fn draw(chart: &Chart, ids: &str) -> Drawn {
    match &chart.kind {
        ChartKind::Ecdf { log, lines, slo } => ecdf(chart, lines, *log, *slo, ids),
        ChartKind::Difference { lines, band } => difference(chart, lines, *band, ids),
        ChartKind::Waterfall(of) => waterfall(of, ids),
        ChartKind::Timeline { .. } | ChartKind::Table { .. } => Drawn { svg: None, legend: vec![], dropped: None, text: None },
    }
}

fn ecdf(chart: &Chart, lines: &[Line], log: bool, slo: Option<f64>, ids: &str) -> Drawn {
    let slo = slo.filter(|x| x.is_finite() && *x > 0.0);
    let (mut kept, dropped) = drawable(lines, log);
    let legend = kept.iter().enumerate().map(|(at, (line, points))| Key {
        name: line.name.clone(),
        colour: colour(at),
        dash: Some(dash(at).1),
        shape: None,
        of: of(line, points.len()),
    });
    let limit = slo.map(|x| Key { name: "SLO".into(), colour: "ink".into(), dash: Some(SLO_DASH), shape: None, of: Ms(x).to_string() });
    let legend = legend.chain(limit).collect();
    for (_, points) in &mut kept {
        rise(points);
    }
    let plots: Vec<Plot> = kept
        .iter()
        .enumerate()
        .map(|(at, (_, points))| {
            // A distribution begins at 0 where its first value is.
            let rise = points.first().map(|(x, _)| (*x, 0.0));
            let line =
                LinePlot::new().with_data(rise.into_iter().chain(points.iter().copied())).with_color(var(at)).with_stroke_width(2.0).with_step();
            Plot::Line(line.with_line_style(dash(at).0))
        })
        .collect();
    if plots.is_empty() {
        return Drawn { svg: None, legend, dropped, text: None };
    }
    let mut layout = frame(chart, &plots).with_y_axis_min(0.0).with_y_axis_max(1.0);
    // The SLO belongs into the picture even where no line is near it.
    let xs = || kept.iter().flat_map(|(_, p)| p.iter().map(|(x, _)| *x)).chain(slo);
    // Below a decade a logarithmic axis has hardly a tick to read a value from.
    let log = log && xs().fold(0.0, f64::max) >= 10.0 * xs().fold(f64::INFINITY, f64::min);
    if log {
        layout = layout.with_log_x();
    }
    let (lo, hi) = around(xs(), log);
    layout = layout.with_x_axis_min(lo).with_x_axis_max(hi);
    if let Some(x) = slo {
        layout = layout.with_reference_line(ReferenceLine::vertical(x).with_color("var(--ink)").with_dasharray(SLO_DASH).with_label("SLO"));
    }
    Drawn { svg: Some(svg(plots, layout, ids)), legend, dropped, text: None }
}

/// Only where it rises: from the last value that nobody is below to the first that nobody is above. A histogram's empty buckets
/// would else stretch the axis over decades in which there is nothing to see.
fn rise(points: &mut Vec<(f64, f64)>) {
    if let Some(first) = points.iter().position(|(_, y)| *y > 0.0) {
        points.drain(..first);
        let whole = points.iter().position(|(_, y)| *y >= 1.0 - 1e-9);
        points.truncate(whole.map_or(points.len(), |last| last + 1));
    }
}

fn difference(chart: &Chart, lines: &[Line], band: f64, ids: &str) -> Drawn {
    let (kept, dropped) = drawable(lines, false);
    let legend = kept.iter().enumerate().map(|(at, (line, points))| Key {
        name: line.name.clone(),
        colour: colour(at),
        dash: None,
        shape: Some(shape(at).1),
        of: of(line, points.len()),
    });
    let legend = legend.collect();
    let plots: Vec<Plot> = kept
        .iter()
        .enumerate()
        .map(|(at, (_, points))| {
            let cloud = ScatterPlot::new().with_data(points.clone()).with_color(var(at)).with_size(3.0).with_marker_opacity(0.75);
            Plot::Scatter(cloud.with_marker(shape(at).0))
        })
        .collect();
    if plots.is_empty() {
        return Drawn { svg: None, legend, dropped, text: None };
    }
    let ys = || kept.iter().flat_map(|(_, p)| p.iter().map(|(_, y)| *y));
    let band = if band.is_finite() { band.abs() } else { 0.0 };
    // The band belongs into the picture even where no point is near it.
    let (lo, hi) = ys().fold((-band, band), |(lo, hi), y| (lo.min(y), hi.max(y)));
    let air = ((hi - lo) * 0.08).max(1e-6);
    let mut layout = frame(chart, &plots)
        .with_y_axis_min(lo - air)
        .with_y_axis_max(hi + air)
        .with_shaded_region(ShadedRegion::horizontal(-band, band).with_color("var(--good)").with_opacity(0.16))
        .with_reference_line(ReferenceLine::horizontal(0.0).with_color("var(--ink)"));
    let (lo, hi) = around(kept.iter().flat_map(|(_, p)| p.iter().map(|(x, _)| *x)), false);
    layout = layout.with_x_axis_min(lo).with_x_axis_max(hi);
    Drawn { svg: Some(svg(plots, layout, ids)), legend, dropped, text: None }
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
    Drawn { svg: rows::draw(of, ids), legend, dropped: Some(rows::totals(of)), text: Some(rows::render(of, COLUMNS)) }
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

/// An axis with some air on both sides, so that no line lies on the frame; also around values that do not differ.
fn around(values: impl Iterator<Item = f64>, log: bool) -> (f64, f64) {
    let (lo, hi) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), x| (lo.min(x), hi.max(x)));
    let even = hi - lo <= 1e-9 * hi.abs().max(1e-9);
    match (log, even) {
        (true, true) => (lo / 2.0, hi * 2.0),
        (true, false) => {
            let air = (hi / lo).powf(0.05);
            (lo / air, hi * air)
        }
        (false, true) => (lo - lo.abs().max(1.0) * 0.1, hi + hi.abs().max(1.0) * 0.1),
        (false, false) => (lo - (hi - lo) * 0.04, hi + (hi - lo) * 0.04),
    }
}

fn frame(chart: &Chart, plots: &[Plot]) -> Layout {
    let theme = Theme {
        background: "none".into(),
        axis_color: "var(--line-strong)".into(),
        grid_color: "var(--line)".into(),
        tick_color: "var(--line-strong)".into(),
        text_color: "var(--ink)".into(),
        legend_bg: "none".into(),
        legend_border: "var(--line)".into(),
        font_family: Some("inherit".into()),
        ..Theme::light()
    };
    Layout::auto_from_plots(plots)
        .with_theme(theme)
        .with_width(WIDTH)
        .with_height(HEIGHT)
        .with_x_label(plain(&chart.x))
        .with_y_label(plain(&chart.y))
        .with_label_size(15)
        .with_tick_size(13)
}

/// kuva reads `$…$` as mathematics.
fn plain(text: &str) -> String {
    text.replace('$', "\u{ff04}")
}

/// Draws, and makes the drawing fit a page: it scales, needs no namespace, and its clip ids are unique in the page and the same
/// for the same report (kuva counts them per process).
fn svg(plots: Vec<Plot>, layout: Layout, ids: &str) -> String {
    let drawn = SvgBackend::new().render_scene(&render_multiple(plots, layout));
    let body = drawn.find('>').map_or("", |end| &drawn[end + 1..]);
    let size = |name: &str| attribute(&drawn, name).unwrap_or(0.0);
    let (w, h) = (size("width"), size("height"));
    let body = rename_clips(body, ids);
    // kuva leaves no room for the right half of a tick label at the end of a logarithmic axis.
    let w = w + MARGIN;
    format!(r#"<svg viewBox="0 0 {w} {h}" class="plot" aria-hidden="true" focusable="false" fill="var(--ink)">{body}"#)
}

fn attribute(svg: &str, name: &str) -> Option<f64> {
    let from = svg.find(&format!("{name}=\""))? + name.len() + 2;
    svg[from..].split('"').next()?.parse().ok()
}

fn rename_clips(body: &str, ids: &str) -> String {
    const WORD: &str = "kuva-clip-";
    let mut seen: Vec<&str> = vec![];
    let mut out = String::with_capacity(body.len());
    let mut rest = body;
    while let Some(at) = rest.find(WORD) {
        let (head, tail) = rest.split_at(at + WORD.len());
        let digits = tail.find(|c: char| !c.is_ascii_digit()).unwrap_or(tail.len());
        let (number, tail) = tail.split_at(digits);
        let nth = seen.iter().position(|s| *s == number).unwrap_or_else(|| {
            seen.push(number);
            seen.len() - 1
        });
        out.push_str(head.strip_suffix(WORD).unwrap_or(head));
        out.extend(["clip-", ids, "-", &nth.to_string()]);
        rest = tail;
    }
    out + rest
}

fn colour(at: usize) -> String {
    format!("s{}", at % COLOURS)
}

fn var(at: usize) -> String {
    format!("var(--{})", colour(at))
}

fn dash(at: usize) -> (LineStyle, &'static str) {
    match at % 4 {
        0 => (LineStyle::Solid, ""),
        1 => (LineStyle::Dashed, "8 4"),
        2 => (LineStyle::Dotted, "2 4"),
        _ => (LineStyle::DashDot, "8 4 2 4"),
    }
}

fn shape(at: usize) -> (MarkerShape, &'static str) {
    match at % 4 {
        0 => (MarkerShape::Circle, "●"),
        1 => (MarkerShape::Triangle, "▲"),
        2 => (MarkerShape::Square, "■"),
        _ => (MarkerShape::Diamond, "◆"),
    }
}
