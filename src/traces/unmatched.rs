use crate::model::{
    payload::SpanRow,
    units::{Count, Share},
};
use std::fmt;

/// Alike spans that no stage fits. Shown with the pattern that would fit them.
#[derive(Clone, Debug, PartialEq)]
pub struct Unmatched {
    /// Name of the spans; empty where it was nobody's to keep.
    pub name: String,
    /// Kind, empty where untold.
    pub kind: String,
    /// Who reported them.
    pub service: String,
    /// The instrumentation that made them, empty where untold.
    pub scope: String,
    /// How many there are.
    pub spans: u64,
    /// Of the time of all spans that were looked at, those with a stage included.
    pub share: Share,
    ns: f64,
}

impl Unmatched {
    /// Spans like this one; none yet.
    pub(super) fn of(span: &SpanRow) -> Unmatched {
        let scope = span.attributes.get(SpanRow::SCOPE).cloned().unwrap_or_default();
        let (name, kind, service) = (span.name.clone(), span.kind.clone(), span.service.clone());
        Unmatched { name, kind, service, scope, spans: 0, share: Share(0.0), ns: 0.0 }
    }
    /// One more, of so many ns.
    pub(super) fn add(&mut self, ns: f64) {
        self.spans += 1;
        self.ns += ns;
    }
    /// Now that all of them are known: of so many ns in all.
    pub(super) fn out_of(self, all: f64) -> Unmatched {
        Unmatched { share: Share(if all > 0.0 { self.ns / all } else { 0.0 }), ..self }
    }
    /// The pattern that fits them, as one writes it into a stage: `{name: POST, kind: client}`.
    pub fn pattern(&self) -> String {
        let service = if self.name.is_empty() && self.scope.is_empty() { &self.service } else { "" };
        let written = [("name", self.name.as_str()), ("kind", &self.kind), ("scope", &self.scope), ("service", service)];
        let written = written.iter().filter(|(_, text)| !text.is_empty()).map(|(key, text)| format!("{key}: {}", scalar(text)));
        format!("{{{}}}", written.collect::<Vec<_>>().join(", "))
    }
}

impl fmt::Display for Unmatched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Unmatched { name, kind, service, spans, share, .. } = self;
        if name.is_empty() {
            f.write_str("a span without a name, ")?;
        } else {
            write!(f, "`{name}` ")?;
        }
        let space = if kind.is_empty() { "" } else { " " };
        write!(f, "{kind}{space}of service {service}, {}, {share} of the time: add `{}` to a stage", Count(*spans).of("span"), self.pattern())
    }
}

/// As YAML reads it back in a mapping between braces. JSON's strings are YAML's.
fn scalar(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || " ._/-".contains(c);
    let begins_plain = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/');
    let word = !["true", "false", "null", "yes", "no", "on", "off", "y", "n"].contains(&text.to_ascii_lowercase().as_str());
    if begins_plain && word && text.chars().all(plain) && !text.ends_with(' ') { text.to_owned() } else { serde_json::json!(text).to_string() }
}
