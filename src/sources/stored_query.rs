//! What is kept of an expression by which figures are read, wherever it is stored.

use crate::model::{evidence::Gap, payload::StoredQuery};

/// Expressions of one source that are kept at most.
pub const MOST: usize = 10_000;
/// Longest expression, bytes; what is cut there is told by `…`.
const LONGEST: usize = 16 << 10;
/// Longest title, characters.
const TITLE: usize = 100;

/// An expression with its place.
pub fn stored(place: String, expr: &str, every_ms: Option<u64>) -> StoredQuery {
    let end = (0..=LONGEST.min(expr.len())).rev().find(|at| expr.is_char_boundary(*at)).unwrap_or(0);
    let cut = if end < expr.len() { "…" } else { "" };
    StoredQuery { place, expr: format!("{}{cut}", &expr[..end]), every_ms }
}

/// A title in one line.
pub fn title(text: &str) -> String {
    let plain: String = text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).take(TITLE).collect();
    if plain.is_empty() { "without a title".into() } else { plain }
}

/// Said where there are more.
pub fn too_many(place: &str) -> Gap {
    Gap::Truncated(format!("{place}: more than {MOST} stored queries; the rest was not looked at"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_expression_is_cut_between_characters() {
        let long = "é".repeat(LONGEST);
        let kept = stored("p".into(), &long, None).expr;
        assert!(kept.ends_with('…') && kept.len() <= LONGEST + 3 && kept.starts_with("éé"));
        assert_eq!(stored("p".into(), "up", Some(5)).expr, "up");
        assert_eq!((title(" a\nb "), title("  ")), ("a b".into(), "without a title".into()));
    }
}
