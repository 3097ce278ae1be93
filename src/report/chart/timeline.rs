//! Values over the time of an act: lines or steps, with stretches that are marked and numbered.

use super::{
    Drawn, Key, Series, drawable,
    marked::{self, Marked},
    of,
    palette::{colour, dash, shape, var},
    paper::{around, frame, svg},
    sketch,
    thin::thin,
};
use crate::model::chart::{Chart, Line, Mark};
use kuva::{
    plot::{
        LinePlot, ScatterPlot,
        annotations::{ReferenceLine, ShadedRegion},
    },
    render::plots::Plot,
};

/// Most points that a line is drawn with: some two a pixel would not be seen apart.
const POINTS: usize = 400;

/// What is drawn.
pub(super) struct Timeline<'c> {
    /// One per source.
    pub(super) lines: &'c [Line],
    /// Names of those that hold their value until the next point.
    pub(super) steps: &'c [String],
    /// What is marked.
    pub(super) marks: &'c [Mark],
}

/// Draws it, and sketches it in lines.
pub(super) fn draw(chart: &Chart, timeline: &Timeline<'_>, ids: &str) -> Drawn {
    let (mut kept, dropped) = drawable(timeline.lines, false);
    for (_, points) in &mut kept {
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
    }
    let ends = kept.iter().flat_map(|(_, points)| points.iter().map(|(x, _)| *x));
    let (from, to) = ends.fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), x| (lo.min(x), hi.max(x)));
    let marks = marked::within(timeline.marks, from, to);
    let legend = legend(&kept, &marks);
    if kept.is_empty() {
        return Drawn { legend, dropped, ..Drawn::default() };
    }
    let text = Some(sketch::lines(chart, &kept, timeline.steps, &marks, (from, to)));
    let plots: Vec<Plot> = kept.iter().enumerate().map(|(at, series)| plot(at, series, timeline.steps)).collect();
    let (lo, hi) = around(kept.iter().flat_map(|(_, p)| p.iter().map(|(_, y)| *y)), false);
    // Amounts are seen against nothing, unless they hardly differ.
    let lo = if lo > 0.0 && lo < hi / 2.0 || lo < 0.0 && least(&kept) >= 0.0 { 0.0 } else { lo };
    // The numbers of marks stand above the lines.
    let hi = if marks.is_empty() { hi } else { hi + (hi - lo) * 0.07 };
    let (left, right) = around([from, to].into_iter(), false);
    let layout = frame(chart, &plots).with_y_axis_min(lo).with_y_axis_max(hi).with_x_axis_min(left).with_x_axis_max(right);
    let layout = marks.iter().fold(layout, |layout, mark| {
        let edge = ReferenceLine::vertical(mark.from).with_color("var(--mind)").with_dasharray("2 3").with_label(mark.number.to_string());
        layout.with_shaded_region(ShadedRegion::vertical(mark.from, mark.to).with_color("var(--mind)").with_opacity(0.16)).with_reference_line(edge)
    });
    Drawn { svg: Some(svg(plots, layout, ids)), legend, dropped, text, ..Drawn::default() }
}

fn least(kept: &[Series<'_>]) -> f64 {
    kept.iter().flat_map(|(_, p)| p.iter().map(|(_, y)| *y)).fold(f64::INFINITY, f64::min)
}

/// One point makes no line.
fn plot(at: usize, (line, points): &Series<'_>, steps: &[String]) -> Plot {
    if points.len() == 1 {
        return Plot::Scatter(ScatterPlot::new().with_data(points.clone()).with_color(var(at)).with_size(5.0).with_marker(shape(at).0));
    }
    let drawn = LinePlot::new().with_data(thin(points, POINTS)).with_color(var(at)).with_stroke_width(2.0).with_line_style(dash(at).0);
    Plot::Line(if steps.contains(&line.name) { drawn.with_step() } else { drawn })
}

fn legend(kept: &[Series<'_>], marks: &[Marked<'_>]) -> Vec<Key> {
    let lines = kept.iter().enumerate().map(|(at, (line, points))| {
        let alone = points.len() == 1;
        Key {
            name: line.name.clone(),
            colour: colour(at),
            dash: (!alone).then_some(dash(at).1),
            shape: alone.then_some(shape(at).1),
            of: of(line, points.len()),
        }
    });
    let reasons = marked::reasons(marks);
    let marks = reasons.into_iter().map(|reason| Key {
        name: format!("{}: {}", reason.number, reason.why),
        colour: "mind".into(),
        dash: None,
        shape: Some("▒"),
        of: reason.places,
    });
    lines.chain(marks).collect()
}
