//! Which environment a document is about, when it was true, and who says so.

use super::document::Document;
use crate::{
    model::{
        name::{Name, name},
        node::{At, Node, Value},
        units::Wall,
    },
    spec::diagnostics::{Problem, nearest, plain},
};

/// The keys of the head, each with an example.
pub(super) const KEYS: [(&str, &str); 3] = [("environment", "production"), ("as_of", "2026-11-01"), ("by", "platform team")];

/// Longer names would break tables.
const LONGEST: usize = 200;

pub(super) struct Header {
    pub(super) name: Name,
    pub(super) as_of: Wall,
    pub(super) by: String,
}

/// All that is wrong with the head is told; `None` if anything is.
pub(super) fn read(document: &mut Document) -> Option<Header> {
    let root = document.roots.first().cloned().unwrap_or_else(Node::empty);
    let [environment, as_of, by] = KEYS.map(|(key, example)| need(document, &root, key, example));
    let name = environment.and_then(|(at, text)| {
        let fits = is_name(&text);
        if !fits {
            document.problem(
                Problem::new(at, format!("`{}` is no name for an environment", plain(&text))).label("letters, digits, `_`, `-` and `.`, at most 64"),
            );
        }
        fits.then(|| name(text))
    });
    let as_of = as_of.and_then(|(at, text)| {
        instant(&text).map_err(|(what, label)| document.problem(Problem::new(at, format!("`as_of` {what}")).label(label))).ok()
    });
    Some(Header { name: name?, as_of: as_of?, by: by?.1 })
}

/// Letters, digits, `_`, `-`, `.`.
pub(super) fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c))
}

fn need(document: &mut Document, root: &Node, key: &str, example: &str) -> Option<(At, String)> {
    let Some(node) = root.get(key) else {
        // One that may be this one with a typing error is shown there, not as missing.
        let misspelt = root.entries().unwrap_or_default().iter().any(|(k, v)| k.text().is_some_and(|k| takes_for(k, v) == Some(key)));
        if !misspelt {
            document.problem(Problem::new(document.top(), format!("the document needs `{key}`")).label(format!("add `{key}: {example}`")));
        }
        return None;
    };
    let text = document.text(node).map(|text| text.trim().to_owned());
    match text {
        Some(text) if !text.is_empty() && text.len() <= LONGEST && !text.contains(char::is_control) => Some((node.at, text)),
        _ => {
            document.problem(Problem::new(node.at, format!("`{key}` must be one short line of text")).label(format!("write `{key}: {example}`")));
            None
        }
    }
}

/// The key of the head for which another one was probably meant: only what is no part can be one.
pub(super) fn takes_for(key: &str, value: &Node) -> Option<&'static str> {
    let known = KEYS.map(|(key, _)| key);
    (!matches!(value.value, Value::Map(_)) && !known.contains(&key)).then(|| nearest(key, known)).flatten()
}

pub(super) fn instant(text: &str) -> Result<Wall, (&'static str, String)> {
    if let Ok(at) = text.parse::<jiff::Timestamp>() {
        return Ok(Wall(at.as_microsecond()));
    }
    if text.len() == "2026-11-01".len()
        && let Ok(date) = text.parse::<jiff::civil::Date>()
        && let Ok(first) = date.to_zoned(jiff::tz::TimeZone::UTC)
    {
        return Ok(Wall(first.timestamp().as_microsecond()));
    }
    match text.parse::<jiff::civil::DateTime>() {
        Ok(civil) if text.contains(':') => {
            Err(("does not say in which time zone", format!("write `{civil}Z` for UTC, or with your offset: `{civil}+01:00`")))
        }
        _ => Err(("is neither a date nor a time", "write `2026-11-01`, or `2026-11-01T09:00:00+01:00`".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_its_first_moment_and_a_time_needs_an_offset() {
        // date -u -d 2026-11-01 +%s
        assert_eq!(instant("2026-11-01"), Ok(Wall(1_793_491_200_000_000)));
        assert_eq!(instant("2026-11-01T01:00:00+01:00"), Ok(Wall(1_793_491_200_000_000)));
        assert_eq!(instant("2026-11-01T09:00:00").unwrap_err().0, "does not say in which time zone");
        for bad in ["yesterday", "2026-13-01", "01.11.2026", "2026-11"] {
            assert_eq!(instant(bad).unwrap_err().0, "is neither a date nor a time", "{bad}");
        }
    }

    #[test]
    fn names_are_short_and_plain() {
        assert!(is_name("eu-west_1.prod") && !is_name("") && !is_name("a b") && !is_name("a\n") && !is_name(&"a".repeat(65)));
    }
}
