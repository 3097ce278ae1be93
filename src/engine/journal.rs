//! Events in order: numbered, stamped, cleaned of secrets, told to every sink.

use crate::model::{
    event::{Event, Sink, Stamped},
    secret::Redactor,
    units::Ms,
};
use serde_json::Value;
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

/// Stands for what held a secret that could not be taken out.
pub const UNCLEAN: &str = "something is left out here: it held a secret of the spec that could not be taken out";

/// The one way in which a run speaks. Clones speak into the same journal.
#[derive(Clone)]
pub struct Journal(Arc<Inner>);

struct Inner {
    sinks: Vec<Arc<dyn Sink>>,
    started: Instant,
    next: Mutex<Next>,
    redactor: Redactor,
}

#[derive(Default)]
struct Next {
    seq: u64,
    /// Something could not be cleaned and was left out.
    lossy: bool,
}

impl Journal {
    /// A journal that begins now.
    #[allow(clippy::disallowed_methods, reason = "the engine owns the run's one monotonic clock")]
    pub fn new(sinks: Vec<Arc<dyn Sink>>, redactor: Redactor) -> Journal {
        Journal(Arc::new(Inner { sinks, started: Instant::now(), next: Mutex::default(), redactor }))
    }
    /// Says something that happens now.
    pub fn say(&self, event: Event) {
        self.say_at(Ms(self.0.started.elapsed().as_secs_f64() * 1e3), event);
    }
    /// Says something that happened then (replay).
    pub fn say_at(&self, after: Ms, event: Event) {
        // Held while the sinks are told, so that all of them see one order.
        let mut next = self.0.next.lock().unwrap_or_else(PoisonError::into_inner);
        // What cannot be cleaned is not said, and a run of which something is left out never reads as whole.
        let cleaned = clean(&self.0.redactor, event).filter(|e| !(next.lossy && *e == Event::Ended));
        next.lossy |= cleaned.is_none();
        let event = cleaned.unwrap_or_else(|| Event::Notice { text: UNCLEAN.into() });
        let stamped = Stamped { seq: next.seq, after, event };
        next.seq += 1;
        for sink in &self.0.sinks {
            sink.on(&stamped);
        }
    }
    /// The text without secrets.
    pub fn redactor(&self) -> &Redactor {
        &self.0.redactor
    }
}

/// A value without secrets: every text in it is looked at, keys included, so that no field can be forgotten. Values without
/// any are not touched. Numbers are left alone: a secret of digits may occur in any of them by chance.
///
/// A text that the type itself demands (the name of a field or of a variant) stays, even where a secret happens to be the
/// same word. `None` where what is left would still hold a secret.
pub fn clean<T: serde::Serialize + serde::de::DeserializeOwned>(redactor: &Redactor, value: T) -> Option<T> {
    if redactor.is_empty() {
        return Some(value);
    }
    let tree = serde_json::to_value(&value).ok()?;
    let mut found = BTreeSet::new();
    collect(&tree, &|text| redactor.clean(text) != text, &mut found);
    if found.is_empty() {
        return Some(value);
    }
    let without = |texts: &BTreeSet<String>| serde_json::from_value(replaced(tree.clone(), texts, redactor)).ok();
    without(&found).or_else(|| {
        let free = found.iter().filter(|text| without(&BTreeSet::from([(*text).clone()])).is_some()).cloned().collect();
        without(&free)
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
    use crate::model::{evidence::Gap, secret::Secret};

    fn redactor(secrets: &[&str]) -> Redactor {
        let mut redactor = Redactor::default();
        for secret in secrets {
            redactor.learn(&Secret::new(*secret));
        }
        redactor
    }
    fn after(secrets: &[&str], value: Event) -> String {
        serde_json::to_string(&clean(&redactor(secrets), value).unwrap()).unwrap()
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
        assert_eq!(clean(&redactor(&["2024"]), moved.clone()), Some(moved));
        let text = after(&["2024"], Event::StepEnded { step: 2024, took: Ms(2024.0), says: "pin 2024".into(), ok: true });
        assert!(text.contains("pin ***") && text.contains("\"step\":2024"), "{text}");
    }

    #[test]
    fn a_secret_that_is_a_word_of_ours_is_cleaned_where_it_is_no_word_of_ours() {
        let gap = clean(&redactor(&["unreachable", "hunter2"]), Gap::Unreachable("unreachable with hunter2".into()));
        assert_eq!(gap, Some(Gap::Unreachable("*** with ***".into())));
        let text = after(&["notice", "text"], notice("a text with a notice"));
        assert_eq!(text, r#"{"event":"notice","text":"a *** with a ***"}"#);
    }
}
