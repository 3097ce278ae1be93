//! Which series of a histogram are those of our requests: the labels that tell them from the others.

use super::TRUTH_MODEL;
use std::collections::{BTreeMap, BTreeSet};

/// Labels that name a route, the more exact first.
const ROUTE: [&str; 11] = ["http_route", "route", "handler", "path_template", "path", "endpoint", "url_path", "http_target", "uri", "url", "target"];
/// Labels that name the model as the client asked for it, then as the server calls it.
const MODEL: [&str; 4] = ["requested_model", "gen_ai_request_model", "model", "model_name"];
/// Labels with one value that stands for the whole request beside others that stand for parts or other traffic.
const WHOLE: [(&str, &str); 6] = [
    ("reporter", "destination"),
    ("type", "request"),
    ("gen_ai_operation_name", "chat"),
    ("method", "POST"),
    ("http_request_method", "POST"),
    ("http_method", "POST"),
];

/// The series that are ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selected {
    /// Labels that must match.
    pub labels: BTreeMap<String, String>,
    /// How many of the series do.
    pub kept: usize,
    /// A label that may have to be added, and why it was not.
    pub doubt: Option<String>,
}

/// The label filter, or the label by which all series are of other routes.
pub fn select(series: &BTreeSet<BTreeMap<String, String>>, chat_path: Option<&str>) -> Result<Selected, &'static str> {
    let mut left: Vec<&BTreeMap<String, String>> = series.iter().collect();
    let mut labels = BTreeMap::new();
    let mut doubt = None;
    let mut keep = |label: &str, value: &str, left: &mut Vec<&BTreeMap<String, String>>| {
        left.retain(|s| s.get(label).is_some_and(|v| v == value));
        labels.insert(label.to_owned(), value.to_owned());
    };
    if let Some(label) = ROUTE.into_iter().find(|label| left.iter().any(|s| s.get(*label).is_some_and(|v| !v.is_empty()))) {
        let values: BTreeSet<&str> = left.iter().filter_map(|s| s.get(label)).map(String::as_str).collect();
        let best = values.iter().map(|v| (like_chat(v, chat_path), *v)).filter(|(score, _)| *score > 0);
        match best.max_by_key(|(score, v)| (*score, std::cmp::Reverse(v.len()))) {
            Some((_, value)) => keep(label, value, &mut left),
            // Names of routes, not their paths: they do not tell.
            None if values.iter().all(|v| !v.contains('/')) => {
                if values.len() > 1 {
                    doubt = Some(format!("add the `{label}` of the chat route: it has {} values", values.len()));
                }
            }
            None => return Err(label),
        }
    }
    for (label, value) in WHOLE {
        let values: BTreeSet<&str> = left.iter().filter_map(|s| s.get(label)).map(String::as_str).collect();
        if values.len() > 1 && values.contains(value) {
            keep(label, value, &mut left);
        }
    }
    match MODEL.into_iter().find(|label| left.iter().any(|s| s.get(*label).is_some_and(|v| v == TRUTH_MODEL))) {
        Some(label) => keep(label, TRUTH_MODEL, &mut left),
        None => {
            if let Some(label) = MODEL.into_iter().find(|label| left.iter().any(|s| s.contains_key(*label))) {
                let more = format!("no series has `{label}` {TRUTH_MODEL} yet: add `{label}: {TRUTH_MODEL}` to match once it has been called");
                doubt = doubt.or(Some(more));
            }
        }
    }
    Ok(Selected { labels, kept: left.len(), doubt })
}

/// How much a route looks like that of chat completions; 0 is not at all.
pub fn like_chat(path: &str, chat_path: Option<&str>) -> u32 {
    let path = path.trim_end_matches('/');
    if chat_path == Some(path) {
        return 100;
    }
    let lower = path.to_lowercase();
    let known =
        [("chat/completions", 50), ("chat", 30), ("completions", 25), ("/messages", 15), ("/responses", 15), ("generate", 15), ("invoke", 10)];
    known.into_iter().find(|(part, _)| lower.contains(part)).map_or(0, |(_, score)| score)
}
