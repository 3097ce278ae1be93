//! Level 4: a run as people read it. The report is a fold of the events; every format renders the same report.

mod chart;
mod clean;
mod fold;
mod html;
mod human;
mod json;
mod outline;
mod phrases;
pub mod probe;

pub use fold::{GapGroup, Report, StepDone};

/// Formats that a report can be written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For a terminal.
    Human,
    /// For programs; versioned by its `schema` field.
    Json,
    /// One file, no network.
    Html,
}

impl Format {
    const ALL: [(Format, &'static str); 3] = [(Format::Human, "human"), (Format::Json, "json"), (Format::Html, "html")];
    /// The format of a word.
    pub fn from_word(word: &str) -> Option<Format> {
        Format::ALL.iter().find(|(_, w)| *w == word).map(|(f, _)| *f)
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
    }
}
