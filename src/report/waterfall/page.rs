use super::{render, totals};
use crate::{
    model::waterfall::Waterfall,
    report::{chart, clean},
};
use askama::Template;

/// One trace to be shown by itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    /// Its id.
    pub trace: String,
    /// Where it was found.
    pub at: String,
    /// What a reader should know.
    pub notes: Vec<String>,
    /// The picture.
    pub picture: Waterfall,
}

/// Columns of the lines in a page.
const COLUMNS: usize = 120;

impl Page {
    /// For a terminal of so many columns.
    pub fn human(&self, width: usize) -> String {
        let notes = self.notes.iter().fold(String::new(), |text, note| text + "note: " + &clean::line(note) + "\n");
        format!("Trace {} ({})\n{notes}\n{}", clean::line(&self.trace), clean::line(&self.at), render(&self.picture, width))
    }
    /// For programs.
    pub fn json(&self) -> String {
        let page = serde_json::json!({
            "schema": "rigcheck.trace/1",
            "trace_id": self.trace,
            "found": self.at,
            "notes": self.notes,
            "totals": totals(&self.picture),
            "waterfall": self.picture,
        });
        format!("{page:#}\n")
    }
    /// For a browser: one file that loads nothing and needs no script.
    pub fn html(&self) -> String {
        let file = File {
            page: self,
            tool: concat!("rigcheck ", env!("CARGO_PKG_VERSION")),
            totals: totals(&self.picture),
            drawn: chart::waterfall(&self.picture, "trace"),
            lines: render(&self.picture, COLUMNS),
            gaps: self.picture.gaps.iter().map(super::gap).collect(),
        };
        clean::document(&file.render().expect("writing to a string does not fail")) + "\n"
    }
}

#[derive(Template)]
#[template(path = "trace.html", whitespace = "minimize")]
struct File<'p> {
    page: &'p Page,
    tool: &'static str,
    totals: String,
    drawn: chart::Drawn,
    lines: String,
    gaps: Vec<String>,
}
