//! Values that must never be shown: they have no `Debug` text, and what leaves the program is cleaned of them by value.

use std::fmt::{self, Write as _};

/// A secret value. Formatting it shows stars.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a value.
    pub fn new(value: impl Into<String>) -> Secret {
        Secret(value.into())
    }
    /// The value, for the one place that sends it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

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
        let encoded = percent_encoded(&secret.0);
        let form = encoded.replace("%20", "+");
        let bare = secret.0.split_once(' ').filter(|(scheme, _)| SCHEMES.iter().any(|s| scheme.eq_ignore_ascii_case(s))).map(|(_, rest)| rest.trim());
        for value in [secret.0.clone(), lower_escapes(&encoded), lower_escapes(&form), form, encoded].into_iter().chain(bare.map(str::to_owned)) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cleans_by_value_also_encoded() {
        let mut redactor = Redactor::default();
        redactor.learn(&Secret::new("s3cr/et"));
        redactor.learn(&Secret::new("s3cr/et-long"));
        assert_eq!(redactor.clean("a s3cr/et-long b s3cr%2Fet c"), "a *** b *** c");
        assert_eq!(format!("{:?}", Secret::new("s3cret")), "***");
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
}
