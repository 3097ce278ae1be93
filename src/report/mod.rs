//! Level 4: a run as people read it. The report is a fold of the events; every format renders the same report.

mod chart;
mod clean;
mod compare;
pub mod comparison;
pub mod facts;
mod fold;
mod grid;
mod html;
mod human;
mod json;
mod junit;
mod markdown;
mod moved;
pub mod nagios;
mod openmetrics;
mod outline;
pub mod phrases;
pub mod probe;
mod sarif;
pub mod waterfall;
pub mod ways;
pub mod ways_beside;

pub use compare::{Comparison, Judged, Kind, Shift};
pub use fold::{GapGroup, Report, StepDone};
pub use moved::moved;

/// Formats that a report can be written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For a terminal.
    Human,
    /// For programs; versioned by its `schema` field.
    Json,
    /// One file, no network.
    Html,
    /// For continuous integration.
    Junit,
    /// For code scanning.
    Sarif,
    /// For a pull request.
    Markdown,
    /// For an alert on what has not run.
    Openmetrics,
    /// For a monitoring plugin: one line, and how the command ends.
    Nagios,
}

impl Format {
    /// All of them with their words.
    pub const ALL: [(Format, &'static str); 8] = [
        (Format::Human, "human"),
        (Format::Json, "json"),
        (Format::Html, "html"),
        (Format::Junit, "junit"),
        (Format::Sarif, "sarif"),
        (Format::Markdown, "markdown"),
        (Format::Openmetrics, "openmetrics"),
        (Format::Nagios, "nagios"),
    ];
    /// The format of a word.
    pub fn from_word(word: &str) -> Option<Format> {
        Format::ALL.iter().find(|(_, w)| *w == word).map(|(f, _)| *f)
    }
    /// Its word.
    pub fn word(self) -> &'static str {
        Format::ALL.iter().find(|(f, _)| *f == self).map_or("", |(_, word)| *word)
    }
    /// All words.
    pub fn words() -> Vec<&'static str> {
        Format::ALL.iter().map(|(_, w)| *w).collect()
    }
}

/// How a report is shown. Never touches score or verdict.
#[derive(Clone, Debug, Default)]
pub struct Style {
    /// Use colour.
    pub color: bool,
    /// Every rule, not only what needs attention.
    pub verbose: bool,
    /// Columns of the terminal.
    pub width: usize,
    /// Reports that were written to files beside this one.
    pub files: Vec<String>,
    /// Where the run was recorded.
    pub run: Option<String>,
}

/// The report in a format.
pub fn render(report: &Report, format: Format, style: &Style) -> String {
    match format {
        Format::Human => human::render(report, style),
        Format::Json => json::render(report),
        Format::Html => html::render(report, style),
        Format::Junit => junit::render(report),
        Format::Sarif => sarif::render(report),
        Format::Markdown => markdown::render(report),
        Format::Openmetrics => openmetrics::render(report),
        Format::Nagios => nagios::render(report),
    }
}
