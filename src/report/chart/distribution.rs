use super::{
    Drawn, Key, drawable, of,
    palette::{colour, dash, var},
    paper::{around, frame, svg},
};
use crate::model::{
    chart::{Chart, Line},
    units::Ms,
};
use kuva::{
    plot::{LinePlot, annotations::ReferenceLine},
    render::plots::Plot,
};

/// SVG dash array of the line at the SLO: none of the series'.
const SLO_DASH: &str = "2 2";

/// Empirical distribution functions.
pub(super) fn draw(chart: &Chart, lines: &[Line], log: bool, slo: Option<f64>, ids: &str) -> Drawn {
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
        return Drawn { legend, dropped, ..Drawn::default() };
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
    Drawn { svg: Some(svg(plots, layout, ids)), legend, dropped, ..Drawn::default() }
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
