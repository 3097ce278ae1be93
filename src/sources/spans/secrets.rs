//! What looks like a secret, or like what somebody wrote, in the attributes of spans. Each is looked at as it streams by; what is
//! found is told by its key and its kind, and nothing of a value is kept. Looking allocates nothing until something is found.

use super::texts::Hears;
use crate::{
    kept::secrets::{by_key, by_value},
    model::payload::Secret,
};

/// What was seen of a value of several texts, whose key is told afterwards or not at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Glance {
    found: Option<Secret>,
    /// By rule, in the order of [`by_key::RULES`]: would one of the texts count?
    admitted: [bool; by_key::RULES.len()],
}

impl Glance {
    /// What it looks like under its key.
    pub fn at(self, key: &str) -> Option<Secret> {
        let rule = by_key::rule(key).filter(|rule| by_key::RULES.iter().zip(self.admitted).any(|(of, admitted)| of == rule && admitted));
        match rule {
            Some(by_key::Rule::Header) => Some(Secret::Header),
            rule => self.found.or(rule.map(by_key::Rule::secret)),
        }
    }
}

impl Hears for Glance {
    fn hear(&mut self, text: &str) {
        self.join(Glance { found: by_value::looks_like(text), admitted: by_key::RULES.map(|rule| rule.admits(text)) });
    }
    fn join(&mut self, part: Glance) {
        self.found = self.found.or(part.found);
        self.admitted.iter_mut().zip(part.admitted).for_each(|(all, one)| *all |= one);
    }
    fn under(&mut self, key: &str) {
        self.found = self.at(key);
    }
}

/// The attributes of a span's events, of whatever shape.
#[derive(Clone, Debug, Default)]
pub struct Events {
    glance: Glance,
    /// What was found in them.
    pub held: Held,
}

impl Hears for Events {
    fn hear(&mut self, text: &str) {
        self.glance.hear(text);
    }
    fn join(&mut self, part: Events) {
        self.glance.join(part.glance);
        self.held.join(&part.held);
    }
    fn under(&mut self, key: &str) {
        self.held.note("event.", key, std::mem::take(&mut self.glance).at(key));
    }
}

/// Kinds that are remembered of one span: a span that leaks everywhere is told well enough by these.
const MOST: usize = 20;
/// Longest key that is kept.
const LONGEST: usize = 80;

/// What was found in one span or resource: each key with its kind, once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held(pub Vec<(String, Secret)>);

impl Held {
    /// Remembers what was found under a key; `within` is what the key stands in (`event.`).
    pub fn note(&mut self, within: &str, key: &str, found: Option<Secret>) {
        let Some(what) = found else { return };
        let entry = (format!("{within}{}", plain(key)), what);
        if self.0.len() < MOST && !self.0.contains(&entry) {
            self.0.push(entry);
        }
    }
    /// Remembers what another has.
    pub fn join(&mut self, other: &Held) {
        for entry in &other.0 {
            if self.0.len() < MOST && !self.0.contains(entry) {
                self.0.push(entry.clone());
            }
        }
    }
}

/// A key as far as it is one: a plain word of code, without parts that look like an id or a secret themselves.
fn plain(key: &str) -> String {
    /// As many digits make a part of a key an id.
    const DIGITS: usize = 4;
    let key = key.to_ascii_lowercase();
    if key.len() > LONGEST || !key.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b)) || by_value::looks_like(&key).is_some() {
        return "*".into();
    }
    let id = |part: &str| part.bytes().filter(u8::is_ascii_digit).count() >= DIGITS;
    key.split('.').map(|part| if id(part) { "*" } else { part }).collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_kept_only_in_form() {
        for (key, kept) in [
            ("http.request.header.Authorization", "http.request.header.authorization"),
            ("gen_ai.prompt.0.content", "gen_ai.prompt.0.content"),
            ("user.8372451.token", "user.*.token"),
            ("tell me about my illness", "*"),
            ("jane@example.com", "*"),
            ("tok-9f8e7d6c5b4a", "*"),
            (&"k".repeat(81), "*"),
        ] {
            assert_eq!(plain(key), kept, "{key}");
        }
        let mut held = Held::default();
        (0..100).for_each(|_| held.note("event.", "db.password", Some(Secret::Named)));
        held.note("", "db.user", None);
        assert_eq!(held.0, [("event.db.password".to_owned(), Secret::Named)]);
        (0..100).for_each(|n| held.note("", &format!("n{n}.password"), Some(Secret::Named)));
        assert_eq!(held.0.len(), MOST);
    }

    #[test]
    fn a_list_is_as_bad_as_its_worst_text() {
        let seen = |texts: &[&str]| {
            let mut glance = Glance::default();
            for text in texts {
                glance.hear(text);
            }
            glance
        };
        assert_eq!(seen(&["anything at all"]).at("http.request.header.cookie"), Some(Secret::Header));
        assert_eq!(seen(&["[REDACTED]", ""]).at("http.request.header.cookie"), None);
        assert_eq!(seen(&["serve", "--key", "AKIAIOSFODNN7EXAMPLE"]).at("process.command_args"), Some(Secret::ApiKey));
        assert_eq!(seen(&["serve", "--port", "8080"]).at("process.command_args"), None);
        let mut nested = seen(&["hunter2"]);
        nested.under("password");
        assert_eq!(nested.at("config"), Some(Secret::Named));
    }
}
