//! What knows all secrets of a run and takes them out of whatever leaves the program.

use super::secret::Secret;
use serde_json::Value;
use std::{
    collections::BTreeSet,
    fmt::{self, Write as _},
};

/// Stands for what held a secret that could not be taken out.
pub const UNCLEAN: &str = "something is left out here: it held a secret of the spec that could not be taken out";

/// Replaces every known secret in a text.
#[derive(Clone, Default)]
pub struct Redactor(Vec<String>);

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} secrets", self.0.len())
    }
}

/// Shorter values are too likely to be ordinary words: cleaning them would shred the report.
const SHORTEST: usize = 4;

impl Redactor {
    /// Does it know no secret?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    /// Learns a secret, also in its percent-encoded forms, and without the scheme of an `Authorization` header before it.
    pub fn learn(&mut self, secret: &Secret) {
        let plain = secret.expose();
        let encoded = percent_encoded(plain);
        let form = encoded.replace("%20", "+");
        let bare = plain.split_once(' ').filter(|(scheme, _)| SCHEMES.iter().any(|s| scheme.eq_ignore_ascii_case(s))).map(|(_, rest)| rest.trim());
        for value in [plain.to_owned(), lower_escapes(&encoded), lower_escapes(&form), form, encoded].into_iter().chain(bare.map(str::to_owned)) {
            if value.len() >= SHORTEST && !self.0.contains(&value) {
                self.0.push(value);
            }
        }
        // Longest first, so that a secret inside another one does not leave its rest behind.
        self.0.sort_by_key(|v| std::cmp::Reverse(v.len()));
    }
    /// The text without secrets.
    pub fn clean(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, secret| if text.contains(secret) { text.replace(secret, "***") } else { text })
    }
    /// A value without secrets: every text in it is looked at, keys included, so that no field can be forgotten. Values without
    /// any are not touched. Numbers are left alone: a secret of digits may occur in any of them by chance.
    ///
    /// A text that the type itself demands (the name of a field or of a variant) stays, even where a secret happens to be the
    /// same word. `None` where what is left would still hold a secret.
    pub fn strip<T: serde::Serialize + serde::de::DeserializeOwned>(&self, value: T) -> Option<T> {
        if self.is_empty() {
            return Some(value);
        }
        let tree = serde_json::to_value(&value).ok()?;
        let mut found = BTreeSet::new();
        collect(&tree, &|text| self.clean(text) != text, &mut found);
        if found.is_empty() {
            return Some(value);
        }
        let without = |texts: &BTreeSet<String>| serde_json::from_value(replaced(tree.clone(), texts, self)).ok();
        without(&found).or_else(|| {
            let free = found.iter().filter(|text| without(&BTreeSet::from([(*text).clone()])).is_some()).cloned().collect();
            without(&free)
        })
    }
}

/// Words before the secret in an `Authorization` header.
const SCHEMES: [&str; 5] = ["bearer", "basic", "token", "apikey", "key"];

/// `%2F` as `%2f`: both are written.
fn lower_escapes(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        let end = (at + 3).min(rest.len());
        out += &rest[..at];
        out += &rest[at..end].to_ascii_lowercase();
        rest = &rest[end..];
    }
    out + rest
}

fn percent_encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, b| {
        if b.is_ascii_alphanumeric() || b"-._~".contains(&b) {
            out.push(char::from(b));
        } else {
            let _ = write!(out, "%{b:02X}");
        }
        out
    })
}

/// The texts of a tree that hold a secret.
fn collect(tree: &Value, secret: &dyn Fn(&str) -> bool, found: &mut BTreeSet<String>) {
    match tree {
        Value::String(text) if secret(text) => {
            found.insert(text.clone());
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, secret, found)),
        Value::Object(entries) => {
            for (key, value) in entries {
                if secret(key) {
                    found.insert(key.clone());
                }
                collect(value, secret, found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The tree with these texts cleaned.
fn replaced(tree: Value, texts: &BTreeSet<String>, redactor: &Redactor) -> Value {
    let of = |text: String| if texts.contains(&text) { redactor.clean(&text) } else { text };
    match tree {
        Value::String(text) => Value::String(of(text)),
        Value::Array(items) => items.into_iter().map(|item| replaced(item, texts, redactor)).collect(),
        Value::Object(entries) => entries.into_iter().map(|(key, value)| (of(key), replaced(value, texts, redactor))).collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{event::Event, evidence::Gap, units::Ms};

    #[test]
    fn cleans_by_value_also_encoded() {
        let mut redactor = Redactor::default();
        redactor.learn(&Secret::new("s3cr/et"));
        redactor.learn(&Secret::new("s3cr/et-long"));
        assert_eq!(redactor.clean("a s3cr/et-long b s3cr%2Fet c"), "a *** b *** c");
    }

    #[test]
    fn cleans_what_others_make_of_it() {
        let mut redactor = Redactor::default();
        redactor.learn(&Secret::new("Bearer to/ken one"));
        for form in ["Bearer to/ken one", "Bearer%20to%2Fken%20one", "Bearer%20to%2fken%20one", "Bearer+to%2Fken+one"] {
            assert_eq!(redactor.clean(&format!("<{form}>")), "<***>", "{form}");
        }
        assert_eq!(redactor.clean("sent to/ken one"), "sent ***", "the token without its scheme");
    }

    fn redactor(secrets: &[&str]) -> Redactor {
        let mut redactor = Redactor::default();
        for secret in secrets {
            redactor.learn(&Secret::new(*secret));
        }
        redactor
    }
    fn after(secrets: &[&str], value: Event) -> String {
        serde_json::to_string(&redactor(secrets).strip(value).unwrap()).unwrap()
    }
    fn notice(text: &str) -> Event {
        Event::Notice { text: text.into() }
    }

    #[test]
    fn a_secret_that_json_would_escape_is_found() {
        for secret in ["a\"quoted\"one", "back\\slash", "two\nlines", "ta\tb-here", "schlüssel"] {
            let shown = after(&[secret], notice(&format!("before {secret} after")));
            assert_eq!(shown, r#"{"event":"notice","text":"before *** after"}"#);
        }
    }

    #[test]
    fn a_secret_of_digits_does_not_break_what_it_is_cleaned_from() {
        let moved = Event::StepMoved { step: 1, done: 20241, total: 120_245 };
        assert_eq!(redactor(&["2024"]).strip(moved.clone()), Some(moved));
        let text = after(&["2024"], Event::StepEnded { step: 2024, took: Ms(2024.0), says: "pin 2024".into(), ok: true });
        assert!(text.contains("pin ***") && text.contains("\"step\":2024"), "{text}");
    }

    #[test]
    fn a_secret_that_is_a_word_of_ours_is_cleaned_where_it_is_no_word_of_ours() {
        let gap = redactor(&["unreachable", "hunter2"]).strip(Gap::Unreachable("unreachable with hunter2".into()));
        assert_eq!(gap, Some(Gap::Unreachable("*** with ***".into())));
        let text = after(&["notice", "text"], notice("a text with a notice"));
        assert_eq!(text, r#"{"event":"notice","text":"a *** with a ***"}"#);
    }
}
