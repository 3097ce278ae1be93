//! A comparison for programs.

use super::words;
use crate::model::comparison::{Class, Comparison, Dimension, Match};
use serde::Serialize;
use std::{collections::BTreeMap, fmt::Write as _};

/// Changes where a field changes its meaning or goes away.
const SCHEMA: &str = "rigcheck/comparison/v1";

#[derive(Serialize)]
struct Page<'c> {
    schema: &'static str,
    /// What can be said in all.
    verdict: Match,
    /// Facts by class; every class is there.
    counts: BTreeMap<Class, usize>,
    /// The same of each dimension.
    counts_by_dimension: BTreeMap<Dimension, BTreeMap<Class, usize>>,
    #[serde(flatten)]
    comparison: &'c Comparison,
}

/// As JSON.
pub fn render(of: &Comparison) -> String {
    let page = Page {
        schema: SCHEMA,
        verdict: of.verdict(),
        counts: words::counts(&of.rows),
        counts_by_dimension: Dimension::ALL.into_iter().map(|d| (d, words::counts(of.rows.iter().filter(|r| r.dimension == d)))).collect(),
        comparison: of,
    };
    let text = serde_json::to_string_pretty(&page).expect("keys are texts, and writing to one does not fail");
    visible(&text) + "\n"
}

/// JSON lets some characters stand that steer a terminal or reorder a line. Outside of texts there are none of them, and inside
/// an escape means the same.
fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\u{7f}'..='\u{9f}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::comparison::Side;

    #[test]
    fn nothing_is_lost_and_nothing_steers() {
        let name = "a\u{9b}2J\u{202e}b\u{1b}[1m\u{feff}漢";
        let comparison = Comparison { here: Side { name: name.into(), ..Side::default() }, ..Comparison::default() };
        let text = render(&comparison);
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()) && !text.contains('\u{202e}'), "{text}");
        assert_eq!(serde_json::from_str::<Comparison>(&text).unwrap(), comparison);
        let page: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!((&page["here"]["name"], &page["verdict"]), (&name.into(), &"unknown".into()));
        assert_eq!(page["counts"].as_object().unwrap().len(), Class::ALL.len());
    }
}
