//! How series are told apart: by colour, and by dash or shape too.

use kuva::plot::{line::LineStyle, scatter::MarkerShape};

/// Distinct series colours of the page (`--s0` …); more series than that repeat them with another dash.
const COLOURS: usize = 6;

/// The page's name of a series' colour.
pub(super) fn colour(at: usize) -> String {
    format!("s{}", at % COLOURS)
}

/// The same as an SVG colour.
pub(super) fn var(at: usize) -> String {
    format!("var(--{})", colour(at))
}

/// A series' line, with its SVG dash array.
pub(super) fn dash(at: usize) -> (LineStyle, &'static str) {
    match at % 4 {
        0 => (LineStyle::Solid, ""),
        1 => (LineStyle::Dashed, "8 4"),
        2 => (LineStyle::Dotted, "2 4"),
        _ => (LineStyle::DashDot, "8 4 2 4"),
    }
}

/// A series' points, with the sign that stands for them.
pub(super) fn shape(at: usize) -> (MarkerShape, &'static str) {
    match at % 4 {
        0 => (MarkerShape::Circle, "●"),
        1 => (MarkerShape::Triangle, "▲"),
        2 => (MarkerShape::Square, "■"),
        _ => (MarkerShape::Diamond, "◆"),
    }
}
