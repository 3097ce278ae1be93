//! Another edition in the text of a spec: its value is replaced, all else stays as it was, byte for byte.

use super::{
    canonical,
    files::Files,
    yaml::{self, Parsed},
};
use crate::model::node::{At, Node, Value};

/// A spec's text with another edition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rewritten {
    /// All of it.
    pub text: String,
    /// The line of `checks:`, from 1.
    pub line: u32,
    /// The value as it was written, quotes included.
    pub was: String,
    /// As it is written now.
    pub now: String,
}

/// `None` where the text itself does not say `checks:` in a way that can be replaced for sure.
pub fn with_edition(text: &str, edition: &str) -> Option<Rewritten> {
    let before = parsed(text);
    let at = before.root.get("checks")?.at;
    let range = bytes(text, at)?;
    let was = text.get(range.clone())?.to_owned();
    let quote = if was.starts_with('\'') { '\'' } else { '"' };
    let now = format!("{quote}{edition}{quote}");
    let mut changed = text.to_owned();
    changed.replace_range(range, &now);
    // Anchors, tags and the like: whatever does not read as the same spec with that edition is left to its author.
    let after = parsed(&changed);
    let sound = after.whole && after.problems.is_empty() && after.root.get("checks").and_then(Node::text) == Some(edition);
    let rest = |parsed: &Parsed| canonical::params(&without_checks(&parsed.root));
    (sound && rest(&before) == rest(&after)).then_some(Rewritten { text: changed, line: at.line, was, now })
}

fn parsed(text: &str) -> Parsed {
    let mut files = Files::default();
    let file = files.add("", text);
    yaml::parse(files.text(file), file)
}

fn without_checks(root: &Node) -> Node {
    let entries = root.entries().unwrap_or_default();
    Node { at: root.at, value: Value::Map(entries.iter().filter(|(k, _)| k.text() != Some("checks")).cloned().collect()) }
}

/// The bytes of a place in a text as it lies on the disk: with its byte order mark, and line ends of any kind.
fn bytes(text: &str, at: At) -> Option<std::ops::Range<usize>> {
    let mut start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    for _ in 1..at.line {
        let end = start + text.get(start..)?.find(['\n', '\r'])?;
        start = end + if text[end..].starts_with("\r\n") { 2 } else { 1 };
    }
    let mut places = text.get(start..)?.char_indices().map(|(i, _)| start + i).chain([text.len()]);
    let from = places.nth(at.col.checked_sub(1)? as usize)?;
    let to = places.nth((at.len as usize).checked_sub(1)?)?;
    Some(from..to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_value_changes() {
        for (text, changed) in [
            ("version: 1\nchecks: \"2027.1\"  # edition\nrig: x\n", "version: 1\nchecks: \"2027.2\"  # edition\nrig: x\n"),
            ("\u{feff}# ü\r\nchecks:   '2027.1'\r\nrig: x", "\u{feff}# ü\r\nchecks:   '2027.2'\r\nrig: x"),
            ("{version: 1, \"checks\": \"2027.1\", rig: x}\n", "{version: 1, \"checks\": \"2027.2\", rig: x}\n"),
            ("rig: ü\rchecks: \"2027.1\"\r", "rig: ü\rchecks: \"2027.2\"\r"),
        ] {
            let new = with_edition(text, "2027.2").unwrap_or_else(|| panic!("{text:?}"));
            assert_eq!(new.text, changed);
            assert_eq!(new.was.trim_matches(['"', '\'']), "2027.1");
        }
    }

    #[test]
    fn what_is_not_plain_is_left_alone() {
        for text in ["rig: x\n", "", "- a\n", "e: &e \"2027.1\"\nchecks: *e\n"] {
            assert_eq!(with_edition(text, "2027.2").map(|r| r.text), None, "{text:?}");
        }
    }
}
