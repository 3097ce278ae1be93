//! Two environments beside one another as people and programs read them: the verdict, then what differs and why it matters,
//! then what was told of it in all.

mod beside;
mod columns;
mod html;
mod human;
mod json;
mod markdown;
mod value;
mod words;

pub(in crate::report) use beside::Beside;

use super::{Format, Style};
use crate::model::comparison::Comparison;

/// Formats that a comparison can be written in.
pub const FORMATS: [Format; 4] = [Format::Human, Format::Markdown, Format::Html, Format::Json];

/// The comparison in one of [`FORMATS`]; any other format is the one for a terminal.
pub fn render(of: &Comparison, format: Format, style: &Style) -> String {
    match format {
        Format::Markdown => markdown(of),
        Format::Html => html(of),
        Format::Json => json(of),
        _ => human(of, style),
    }
}

/// For a terminal: verdict first, then differences. Everything is listed where `style.verbose` is set.
pub fn human(of: &Comparison, style: &Style) -> String {
    human::render(of, style)
}

/// For the comment of a pull request: below 60 000 characters, and no text of the world in it acts.
pub fn markdown(of: &Comparison) -> String {
    markdown::render(of)
}

/// For a browser: one file that loads nothing and needs no script; with scripts rows can be searched.
pub fn html(of: &Comparison) -> String {
    html::render(of)
}

/// For programs: the whole comparison, with its verdict and its counts.
pub fn json(of: &Comparison) -> String {
    json::render(of)
}

/// In one line: `staging differs from production: 2 blocking, 5 material; 6 scaled, 341 identical`.
pub fn headline(of: &Comparison) -> String {
    format!("{}: {}", words::verdict(of), words::tally(&words::counts(&of.rows)))
}
