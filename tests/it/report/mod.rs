//! The report: hand-built runs in every format, and the laws that no format may break.
#![allow(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

mod charts;
mod compare;
mod comparison;
mod documented;
mod html;
mod human;
mod json;
mod laws;
mod loosened;
mod machines;
mod newcomer;
mod resources;
pub mod samples;
mod unscored;
mod waivers;
mod waterfall;

use rigcheck::report::Style;

/// A page without the elements that keep ids of rules whole: there an id is text like any other.
fn unmarked(html: &str) -> String {
    let mut parts = html.split("<span class=\"id\">");
    let head = parts.next().unwrap_or_default().to_owned();
    parts.fold(head, |page, part| page + &part.replacen("</span>", "", 1))
}

/// Plain text of so many columns.
fn plain(width: usize) -> Style {
    Style { color: false, verbose: false, width, files: vec!["rigcheck-report.html".into()], run: Some(".rigcheck/runs/01JD.rig".into()) }
}
