//! A catalogue among a rule's parameters, as a table: what figures are known to time.

use super::explain::{WIDTH, cell, wrap};
use crate::{
    llm::definitions,
    model::{
        node::{Node, Value},
        times::Moment,
    },
};
use std::fmt::Write as _;

/// The figures of a catalogue, those of one tool together.
pub(super) struct Events<'n> {
    known: Vec<Figure<'n>>,
}

/// One figure.
struct Figure<'n> {
    name: &'n str,
    tool: &'n str,
    unit: &'n str,
    /// `arrival → first_token`, or on what it depends.
    times: String,
    source: &'n str,
}

impl<'n> Events<'n> {
    /// The catalogue among the parameters, if there is one.
    pub(super) fn of(params: &'n Node) -> Option<Events<'n>> {
        let (_, catalogue) = params.entries()?.iter().find(|(_, value)| Self::is_catalogue(value))?;
        let mut known: Vec<Figure<'n>> = vec![];
        for (name, entry) in catalogue.entries()? {
            let text = |key: &str| entry.get(key).and_then(Node::text).unwrap_or_default();
            let (from, to, depends) = (text("from"), text("to"), text("depends"));
            let times = if from.is_empty() { format!("depends: {depends}") } else { format!("{from} → {to}") };
            let figure = Figure { name: name.text()?, tool: text("tool"), unit: text("unit"), times, source: text("source") };
            // Those of one tool stay together, in the order of the first of them.
            let after = known.iter().rposition(|k| k.tool == figure.tool).map_or(known.len(), |at| at + 1);
            known.insert(after, figure);
        }
        Some(Events { known })
    }
    /// Is it a mapping from figures to what they time and who says so?
    pub(super) fn is_catalogue(value: &Node) -> bool {
        let whole = |entry: &Node| entry.get("source").is_some();
        matches!(&value.value, Value::Map(entries) if !entries.is_empty() && entries.iter().all(|(_, entry)| whole(entry)))
    }
    /// For the terminal: first the events, then one line for each figure.
    pub(super) fn text(&self) -> String {
        let mut out = String::from("Events, as the spec names them (`metrics.….definition: {from: …, to: …}`)\n");
        for moment in Moment::ALL {
            let _ = writeln!(out, "  {:12} {}", moment.word(), moment.words());
        }
        out.push_str("\nWhat figures are known to time (checks/README.md names the source of each)\n");
        for tool in self.known.chunk_by(|a, b| a.tool == b.tool) {
            let _ = writeln!(out, "  {}", tool.first().map(|figure| figure.tool).filter(|tool| !tool.is_empty()).unwrap_or("of no tool"));
            for figure in tool {
                let unit = if figure.unit.is_empty() { String::new() } else { format!(" ({})", figure.unit) };
                line(&mut out, &format!("{}{unit}: {}", figure.name, figure.times));
            }
        }
        out.push_str("  rigcheck, by its own stamps (`target.chat.timing`)\n");
        for own in definitions::ALL {
            line(&mut out, &format!("{} (ms): {} → {}, {}", own.name, own.times.from.word(), own.times.to.word(), own.from_to));
        }
        out
    }
    /// For a page.
    pub(super) fn markdown(&self) -> String {
        let mut out = String::from("\n| Figure | Of | Unit | Times | Source |\n|---|---|---|---|---|\n");
        for f in &self.known {
            let cells = [&format!("`{}`", f.name), f.tool, f.unit, &f.times, f.source].map(cell);
            let _ = writeln!(out, "| {} |", cells.join(" | "));
        }
        out
    }
}

/// One figure; what depends on much goes on in a second line.
fn line(out: &mut String, figure: &str) {
    for (nth, line) in wrap(figure, WIDTH - 8).into_iter().enumerate() {
        let _ = writeln!(out, "{:indent$}{line}", "", indent = if nth == 0 { 4 } else { 8 });
    }
}
