//! A catalogue among a rule's parameters, as a table: what figures are known to time.

use super::explain::cell;
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
        let whole = |entry: &Node| entry.get("source").is_some() && entry.get("tool").is_some();
        matches!(&value.value, Value::Map(entries) if !entries.is_empty() && entries.iter().all(|(_, entry)| whole(entry)))
    }
    /// For the terminal.
    pub(super) fn text(&self) -> String {
        let mut out = String::from("What figures are known to time\n");
        let mut tool = "";
        for figure in &self.known {
            if figure.tool != tool {
                let _ = writeln!(out, "  {}", figure.tool);
                tool = figure.tool;
            }
            let _ = writeln!(out, "    {} ({}): {}\n      {}", figure.name, figure.unit, figure.times, figure.source);
        }
        out.push_str("  rigcheck, by its own stamps (`target.chat.timing`)\n");
        for own in definitions::ALL {
            let _ = writeln!(out, "    {} (ms): {} → {}\n      {}", own.name, own.times.from.word(), own.times.to.word(), own.from_to);
        }
        out.push_str("\nEvents, as the spec names them (`metrics.….definition: {from: …, to: …}`)\n");
        for moment in Moment::ALL {
            let _ = writeln!(out, "  {:12} {}", moment.word(), moment.words());
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
