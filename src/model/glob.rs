//! Patterns of names, as users write them.

use serde::{Deserialize, Serialize};

/// A text with `*` for anything, also nothing; case does not matter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Glob {
    /// What stands between the stars, in lower case; never empty.
    pieces: Vec<String>,
}

impl From<String> for Glob {
    fn from(text: String) -> Glob {
        Glob { pieces: text.to_ascii_lowercase().split('*').map(str::to_owned).collect() }
    }
}

impl From<Glob> for String {
    fn from(glob: Glob) -> String {
        glob.pieces.join("*")
    }
}

impl Glob {
    /// Letters that must be there: what has more of them says more.
    pub fn letters(&self) -> usize {
        self.pieces.iter().map(String::len).sum()
    }
    /// Is it this text?
    pub fn matches(&self, text: &str) -> bool {
        let [first, between @ ..] = self.pieces.as_slice() else { return text.is_empty() };
        let [between @ .., last] = between else { return text.eq_ignore_ascii_case(first) };
        let Some(mut rest) =
            text.as_bytes().split_at_checked(first.len()).filter(|(head, _)| head.eq_ignore_ascii_case(first.as_bytes())).map(|s| s.1)
        else {
            return false;
        };
        // Each as early as it can be leaves most to those behind it.
        for piece in between.iter().map(String::as_bytes).filter(|piece| !piece.is_empty()) {
            let Some(at) = rest.windows(piece.len()).position(|window| window.eq_ignore_ascii_case(piece)) else { return false };
            rest = &rest[at + piece.len()..];
        }
        rest.len() >= last.len() && rest[rest.len() - last.len()..].eq_ignore_ascii_case(last.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_anything() {
        let is = |glob: &str, text: &str| Glob::from(glob.to_owned()).matches(text);
        for (glob, text) in [
            ("auth", "AUTH"),
            ("Provider Call", "provider call"),
            ("*", ""),
            ("*", "anything"),
            ("* http send", "POST /v1/chat http send"),
            ("POST *", "post "),
            ("a*b*c", "abbc"),
            ("a*b*c", "a-b-b-c"),
            ("*.task", "x.task"),
            ("**a**", "bab"),
            ("", ""),
        ] {
            assert!(is(glob, text), "{glob} {text}");
        }
        for (glob, text) in [("auth", "authz"), ("", "x"), ("a*a", "a"), ("a*b*c", "acb"), ("*.task", "x.tasks"), ("ab*bc", "abc"), ("é*", "e")] {
            assert!(!is(glob, text), "{glob} {text}");
        }
    }
}
