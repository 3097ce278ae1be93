//! Texts of a machine as they are kept: one line, without what a terminal would obey, and of bounded length.

use crate::model::{
    evidence::{Gap, digest},
    payload::FactValue,
};
use std::collections::BTreeSet;

/// Longer texts are cut, and a part of their digest keeps those apart that begin alike.
const LONGEST: usize = 512;
/// Names that are longer are cut: they are no names.
const LONGEST_NAME: usize = 128;
/// A set has no more members: more are no configuration that anybody reads.
const MOST: usize = 1_024;

/// A text on one line; blanks at both ends are left out.
pub fn plain(text: &str) -> String {
    let text = text.trim();
    let clean: String = text.chars().take(LONGEST).map(one_line).collect();
    if text.chars().nth(LONGEST).is_some() { format!("{clean}…{:.8}", digest(text.as_bytes())) } else { clean }
}

/// A name without what would break a line or a table.
pub fn named(name: &str) -> String {
    let clean: String = name.chars().take(LONGEST_NAME).map(|c| if c.is_whitespace() { '\u{fffd}' } else { one_line(c) }).collect();
    if name.chars().nth(LONGEST_NAME).is_some() { format!("{clean}…{:.8}", digest(name.as_bytes())) } else { clean }
}

/// Members without an order, each on one line.
pub fn set<'a>(members: impl IntoIterator<Item = &'a str>, from: &str) -> Result<FactValue, Gap> {
    let mut all = BTreeSet::new();
    for member in members {
        all.insert(plain(member));
        if all.len() > MOST {
            return Err(Gap::Truncated(format!("{from} has more than {MOST} members")));
        }
    }
    Ok(FactValue::Set(all))
}

/// Nothing that ends a line, turns the direction of writing, or that a terminal obeys.
fn one_line(c: char) -> char {
    let marks = matches!(c, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if marks || c.is_control() { '\u{fffd}' } else { c }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_stays_on_its_line_and_long_ones_stay_apart() {
        assert_eq!(plain(" AMD EPYC\n"), "AMD EPYC");
        assert_eq!(plain("a\nb\u{1b}[31m\u{202e}"), "a\u{fffd}b\u{fffd}[31m\u{fffd}");
        let long = |end: &str| plain(&format!("{}{end}", "x".repeat(1_000_000)));
        assert!(long("a").len() < 600);
        assert_ne!(long("a"), long("b"));
    }

    #[test]
    fn a_name_has_no_blanks_and_long_ones_stay_apart() {
        assert_eq!(named("A b\u{1b}\u{2028}"), "A\u{fffd}b\u{fffd}\u{fffd}");
        let long = |end: &str| named(&format!("{}{end}", "x".repeat(100_000)));
        assert!(long("a").len() < 200);
        assert_ne!(long("a"), long("b"));
    }

    #[test]
    fn a_set_without_end_is_a_gap() {
        let many: Vec<String> = (0..5_000).map(|n| n.to_string()).collect();
        assert!(matches!(set(many.iter().map(String::as_str), "/x"), Err(Gap::Truncated(why)) if why.contains("/x")));
        assert_eq!(set(["b", "a", "b"], "/x"), Ok(FactValue::Set(BTreeSet::from(["a".into(), "b".into()]))));
    }
}
