//! What a chart is drawn on: its axes, and how it fits a page.

use crate::model::chart::Chart;
use kuva::{
    backend::svg::SvgBackend,
    render::{layout::Layout, plots::Plot, render::render_multiple, theme::Theme},
};

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 360.0;
/// Added to the right.
const MARGIN: f64 = 24.0;

/// An axis with some air on both sides, so that no line lies on the frame; also around values that do not differ.
pub(super) fn around(values: impl Iterator<Item = f64>, log: bool) -> (f64, f64) {
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

/// Axes with their titles, in the page's colours.
pub(super) fn frame(chart: &Chart, plots: &[Plot]) -> Layout {
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
pub(super) fn svg(plots: Vec<Plot>, layout: Layout, ids: &str) -> String {
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
