//! Two recordings of ways beside one another, as the rules of the audit judge them.

use super::{Format, Style, clean::line};
use crate::model::outcome::{Figure, Status};
use serde::Serialize;
use std::fmt::Write as _;

/// Formats that it can be written in.
pub const FORMATS: [Format; 3] = [Format::Human, Format::Json, Format::Markdown];

/// Changes where a field changes its meaning or goes away.
const SCHEMA: &str = "rigcheck/network-comparison/v1";

/// What can be said in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Alike {
    /// Every comparison lies within its margin.
    Equivalent,
    /// One at least lies outside.
    Different,
    /// It could not be told.
    Inconclusive,
}

/// One rule about one endpoint.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// The endpoint.
    pub endpoint: String,
    /// Id of the rule.
    pub rule: String,
    /// Its title.
    pub title: String,
    /// What was found.
    pub status: Status,
    /// ... as a figure, where there is one.
    pub figure: Option<Figure>,
    /// ... in words.
    pub observed: String,
    /// What is expected.
    pub expected: String,
    /// Explanations.
    pub because: Vec<String>,
}

/// Two recordings beside one another.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Beside {
    /// The one under test.
    pub here: String,
    /// The one that it stands for.
    pub there: String,
    /// By endpoint and rule.
    pub rows: Vec<Row>,
}

impl Beside {
    /// What can be said in all: a difference outranks what is not known.
    pub fn alike(&self) -> Alike {
        let any = |of: fn(Status) -> bool| self.rows.iter().any(|row| of(row.status));
        if any(|status| status == Status::Fail) {
            Alike::Different
        } else if self.rows.is_empty() || any(Status::unknown) {
            Alike::Inconclusive
        } else {
            Alike::Equivalent
        }
    }

    /// In one of [`FORMATS`]; any other format is the one for a terminal.
    pub fn render(&self, format: Format, style: &Style) -> String {
        match format {
            Format::Json => self.json(),
            Format::Markdown => self.markdown(),
            _ => self.human(style),
        }
    }

    fn headline(&self) -> String {
        let (here, there) = (line(&self.here), line(&self.there));
        match self.alike() {
            Alike::Equivalent => format!("the ways of {here} are equivalent to those of {there}"),
            Alike::Different => format!("the ways of {here} differ from those of {there}"),
            Alike::Inconclusive => format!("could not tell whether the ways of {here} are those of {there}"),
        }
    }

    fn human(&self, style: &Style) -> String {
        let mut text = format!("{}\n", self.headline());
        let mut last = "";
        for row in &self.rows {
            if row.endpoint != last {
                let _ = writeln!(text, "\n{}", line(&row.endpoint));
                last = &row.endpoint;
            }
            let _ = writeln!(text, "{} {:<12} {} {}", row.status.glyph(), row.status.word(), row.rule, line(&row.title));
            let _ = writeln!(text, "    observed  {}", line(&row.observed));
            if style.verbose || row.status != Status::Pass {
                let _ = writeln!(text, "    expected  {}", line(&row.expected));
                for because in &row.because {
                    let _ = writeln!(text, "    because   {}", line(because));
                }
            }
        }
        text
    }

    fn markdown(&self) -> String {
        let cell = |text: &str| line(text).replace('\\', "\\\\").replace('|', "\\|").replace('<', "&lt;").replace(['`', '@'], "'");
        let mut text = format!("**{}**\n\n| endpoint | rule | | observed | expected |\n|---|---|---|---|---|\n", cell(&self.headline()));
        for row in &self.rows {
            let _ = writeln!(
                text,
                "| {} | {} {} | {} {} | {} | {} |",
                cell(&row.endpoint),
                row.rule,
                cell(&row.title),
                row.status.glyph(),
                row.status.word(),
                cell(&row.observed),
                cell(&row.expected)
            );
        }
        text
    }

    fn json(&self) -> String {
        #[derive(Serialize)]
        struct Page<'b> {
            schema: &'static str,
            verdict: Alike,
            #[serde(flatten)]
            beside: &'b Beside,
        }
        let page = Page { schema: SCHEMA, verdict: self.alike(), beside: self };
        serde_json::to_string_pretty(&page).map(|text| line_ends(&text)).unwrap_or_default()
    }
}

fn line_ends(text: &str) -> String {
    super::clean::document(text) + "\n"
}
