use super::{
    Drawn, Key, drawable, of,
    palette::{colour, shape, var},
    paper::{around, frame, svg},
};
use crate::model::chart::{Chart, Line};
use kuva::{
    plot::{
        ScatterPlot,
        annotations::{ReferenceLine, ShadedRegion},
    },
    render::plots::Plot,
};

/// Differences against levels, with the band in which they count as none.
pub(super) fn draw(chart: &Chart, lines: &[Line], band: f64, ids: &str) -> Drawn {
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
        return Drawn { legend, dropped, ..Drawn::default() };
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
    Drawn { svg: Some(svg(plots, layout, ids)), legend, dropped, ..Drawn::default() }
}
