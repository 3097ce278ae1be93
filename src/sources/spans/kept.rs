//! What of a span is kept: an allow-list of attributes, each only in the form that its meaning has, so that a prompt or
//! an address that someone put into one of them does not get through either.

use crate::model::payload::SpanRow;
use std::fmt;

/// Longest text that is kept of a name or an attribute.
const LONGEST: usize = 80;

/// What values an attribute may have.
#[derive(Clone, Copy)]
enum Form {
    Number,
    /// Letters, digits, `.`, `_`, `-`.
    Word,
    Text,
}

const ALLOWED: [(&str, Form); 12] = [
    ("asgi.event.type", Form::Word),
    ("gen_ai.response.time_to_first_chunk", Form::Number),
    ("gen_ai.server.time_to_first_token", Form::Number),
    ("gen_ai.latency.time_to_first_token", Form::Number),
    ("gen_ai.operation.name", Form::Word),
    ("http.route", Form::Text),
    ("http.request.method", Form::Word),
    ("http.response.status_code", Form::Number),
    ("http.status_code", Form::Number),
    ("http.method", Form::Word),
    (SCOPE, Form::Text),
    ("rigcheck.stage", Form::Text),
];
/// The instrumentation scope's name is a field of its own in OTLP and a tag in Jaeger's legacy JSON.
const SCOPE: &str = "otel.scope.name";

/// Builds the row of one span.
pub struct Keeper {
    row: SpanRow,
}

impl Keeper {
    /// A span of a trace, reported by a service.
    pub fn new(trace_id: String, span_id: String, parent_id: Option<String>, service: &str) -> Keeper {
        Keeper { row: SpanRow { trace_id, span_id, parent_id, service: cleaned(service), ..SpanRow::default() } }
    }
    /// Its name, kind and whether it failed.
    pub fn named(&mut self, name: &str, kind: &str, error: bool) {
        self.row.name = cleaned(name);
        kind.clone_into(&mut self.row.kind);
        self.row.error = error;
    }
    /// Start and end, nanoseconds since the epoch.
    pub fn lasting(&mut self, start_ns: u64, end_ns: u64) {
        (self.row.start_ns, self.row.end_ns) = (start_ns, end_ns);
    }
    /// Looks at an attribute, and keeps it if it is on the list and in form.
    pub fn attribute(&mut self, key: &str, value: impl fmt::Display) {
        if let Some((key, form)) = ALLOWED.iter().find(|(allowed, _)| *allowed == key)
            && let Some(text) = form.admit(&value.to_string())
        {
            self.row.attributes.insert((*key).to_owned(), text);
        }
    }
    /// The instrumentation scope.
    pub fn scope(&mut self, name: &str) {
        if !name.is_empty() {
            self.attribute(SCOPE, name);
        }
    }
    /// The row.
    pub fn row(self) -> SpanRow {
        self.row
    }
}

impl Form {
    fn admit(self, text: &str) -> Option<String> {
        match self {
            Form::Number => text.trim().parse::<f64>().ok().filter(|x| x.is_finite()).map(|_| text.trim().to_owned()),
            Form::Word => (!text.is_empty() && text.len() <= 40 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b)))
                .then(|| text.to_owned()),
            Form::Text => Some(cleaned(text)),
        }
    }
}

/// A name without its query string, without anything that looks like a mail address, at most 80 characters.
pub fn cleaned(text: &str) -> String {
    let path = text.split('?').next().unwrap_or_default();
    let masked = path.split_inclusive([' ', '/']).map(|piece| {
        let rest = piece.trim_end_matches([' ', '/']);
        if rest.contains('@') { format!("*{}", &piece[rest.len()..]) } else { piece.to_owned() }
    });
    masked.collect::<String>().chars().filter(|c| !c.is_control()).take(LONGEST).collect::<String>().trim().to_owned()
}

/// The word of a span kind: OTLP's number, its enum name, or Jaeger's tag.
pub fn kind_word(told: &str) -> &'static str {
    const KINDS: [(&str, &str, &str); 5] = [
        ("1", "SPAN_KIND_INTERNAL", "internal"),
        ("2", "SPAN_KIND_SERVER", "server"),
        ("3", "SPAN_KIND_CLIENT", "client"),
        ("4", "SPAN_KIND_PRODUCER", "producer"),
        ("5", "SPAN_KIND_CONSUMER", "consumer"),
    ];
    let found = KINDS.iter().find(|(number, name, word)| told == *number || told == *name || told.eq_ignore_ascii_case(word));
    found.map_or("", |(_, _, word)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_list_and_only_in_form() {
        let mut keeper = Keeper::new("a".into(), "b".into(), None, "gateway");
        keeper.named("POST /v1/chat?key=s3cret", kind_word("SPAN_KIND_SERVER"), false);
        keeper.attribute("http.response.status_code", 200);
        keeper.attribute("gen_ai.response.time_to_first_chunk", 0.25);
        keeper.attribute("gen_ai.server.time_to_first_token", "my prompt");
        keeper.attribute("gen_ai.operation.name", "tell me a secret, please");
        keeper.attribute("http.route", "/users/jane@example.com/chat?x=1");
        keeper.attribute("user.email", "jane@example.com");
        keeper.scope("");
        let row = keeper.row();
        assert_eq!((row.name.as_str(), row.kind.as_str()), ("POST /v1/chat", "server"));
        assert_eq!(row.attributes.keys().collect::<Vec<_>>(), ["gen_ai.response.time_to_first_chunk", "http.response.status_code", "http.route"]);
        assert_eq!(row.attributes["http.route"], "/users/*/chat");
        assert_eq!(row.attributes["gen_ai.response.time_to_first_chunk"], "0.25");
    }

    #[test]
    fn names_are_cut_at_eighty_characters() {
        assert_eq!(cleaned(&"ä".repeat(200)).chars().count(), 80);
        assert_eq!(cleaned("mail to jane@example.com now"), "mail to * now");
    }

    #[test]
    fn kinds_of_every_dialect() {
        for (told, word) in [("2", "server"), ("SPAN_KIND_CLIENT", "client"), ("producer", "producer"), ("0", ""), ("", ""), ("9", "")] {
            assert_eq!(kind_word(told), word);
        }
    }
}
