//! The ids of our own requests, and how they are found in whatever a log made of them.

use crate::model::{payload::Performed, timeline::Timeline};
use std::collections::HashMap;

/// All requests of an act.
pub struct Ids {
    /// In order.
    known: Vec<String>,
    /// Did the request end well, so that a line is due?
    due: Vec<bool>,
    traces: HashMap<u128, usize>,
    /// What all ids begin with, up to and with the last dash.
    stem: String,
}

impl Ids {
    /// The ids of an act.
    pub fn of(performed: &Performed) -> Ids {
        let mut ids = Ids { known: vec![], due: vec![], traces: HashMap::new(), stem: String::new() };
        for timeline in performed.requests.iter() {
            ids.add(timeline);
        }
        ids.stem = ids.known.first().and_then(|id| id.rsplit_once('-')).map(|(stem, _)| format!("{stem}-")).unwrap_or_default();
        ids
    }
    fn add(&mut self, timeline: Timeline) {
        if let Some(trace) = trace(&timeline.trace_id) {
            self.traces.insert(trace, self.known.len());
        }
        self.due.push(timeline.ok());
        self.known.push(timeline.id);
    }
    /// The id of the n-th request.
    pub fn id(&self, n: usize) -> &str {
        self.known.get(n).map_or("", String::as_str)
    }
    /// Is a line due for it?
    pub fn due(&self, n: usize) -> bool {
        self.due.get(n).copied().unwrap_or(false)
    }
    /// Are they so few that each line may be searched for them?
    pub fn few(&self) -> bool {
        self.known.len() <= 10
    }
    /// How many requests there are.
    pub fn len(&self) -> usize {
        self.known.len()
    }
    /// The request that a field's text means: our `x-request-id`, the trace id, a `traceparent`, or one of them inside a text.
    pub fn find(&self, text: &str) -> Option<usize> {
        let text = text.trim();
        self.exact(text).or_else(|| self.by_trace(text)).or_else(|| self.inside(text))
    }
    fn exact(&self, id: &str) -> Option<usize> {
        self.known.binary_search_by(|own| own.as_str().cmp(id)).ok()
    }
    fn by_trace(&self, text: &str) -> Option<usize> {
        text.split(|c: char| !c.is_ascii_hexdigit()).filter_map(trace).find_map(|t| self.traces.get(&t).copied())
    }
    fn inside(&self, text: &str) -> Option<usize> {
        if self.stem.is_empty() {
            return None;
        }
        let start = text.find(&self.stem)?;
        let digits = &text[start + self.stem.len()..];
        let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
        self.exact(&text[start..start + self.stem.len() + end])
    }
}

/// A trace id: exactly 32 hex digits, in either case.
fn trace(text: &str) -> Option<u128> {
    if text.len() == 32 { u128::from_str_radix(text, 16).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{payload::Heartbeat, rows::Rows, units::Wall};

    #[test]
    fn finds_an_id_in_what_a_log_made_of_it() {
        let row = |n: u32| Timeline { id: format!("01J9-{n:05}"), trace_id: format!("{:032x}", 0xabc0 + n), ..Timeline::default() };
        let ids = Ids::of(&Performed {
            started: Wall::default(),
            asked: 3,
            requests: Rows::inline((0..3).map(row).collect()),
            heartbeat: Heartbeat::default(),
            tokens_allowed: 0,
            cut: None,
        });
        let trace = format!("{:032X}", 0xabc2);
        for text in [
            "01J9-00002",
            " 01J9-00002 ",
            "req=01J9-00002;x",
            &trace,
            &format!("00-{}-00f067aa0ba902b7-01", trace.to_lowercase()),
            &format!("id:{trace}"),
        ] {
            assert_eq!(ids.find(text), Some(2), "{text}");
        }
        for other in ["", "01J9-", "01J9-00003", "01J9-000021", "02J9-00002", &format!("0{trace}"), &trace[1..], "ÿ01J9"] {
            assert_eq!(ids.find(other), None, "{other}");
        }
    }
}
