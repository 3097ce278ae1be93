//! What of a span is kept: an allow-list of attributes, each only in the form that its meaning has, so that a prompt or
//! an address that someone put into one of them does not get through either.

use super::skew::Skew;
use crate::model::payload::SpanRow;
use std::fmt;

/// Longest text that is kept of a name or an attribute.
const LONGEST: usize = 80;

/// Methods of HTTP (RFC 9110, RFC 5789).
const METHODS: &[&str] = &["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "HTTP"];
/// Well-known values of `gen_ai.operation.name` (OpenTelemetry's semantic conventions).
const OPERATIONS: &[&str] =
    &["chat", "create_agent", "embeddings", "execute_tool", "generate_content", "invoke_agent", "retrieval", "text_completion"];
/// What ASGI instrumentation adds to the name of a server span.
const PARTS: &[&str] = &["http send", "http receive", "websocket send", "websocket receive"];

/// What values an attribute may have.
#[derive(Clone, Copy)]
enum Form {
    Number,
    /// One of these.
    Of(&'static [&'static str]),
    Text,
}

const ALLOWED: [(&str, Form); 12] = [
    ("asgi.event.type", Form::Of(&["http.request", "http.response.start", "http.response.body", "http.disconnect"])),
    ("gen_ai.response.time_to_first_chunk", Form::Number),
    ("gen_ai.server.time_to_first_token", Form::Number),
    ("gen_ai.latency.time_to_first_token", Form::Number),
    ("gen_ai.operation.name", Form::Of(OPERATIONS)),
    ("http.route", Form::Text),
    ("http.request.method", Form::Of(METHODS)),
    ("http.response.status_code", Form::Number),
    ("http.status_code", Form::Number),
    ("http.method", Form::Of(METHODS)),
    (SCOPE, Form::Text),
    ("rigcheck.stage", Form::Text),
];
/// The instrumentation scope's name is a field of its own in OTLP and a tag in Jaeger's legacy JSON.
const SCOPE: &str = SpanRow::SCOPE;

/// Builds the row of one span.
pub struct Keeper {
    row: SpanRow,
}

impl Keeper {
    /// A span of a trace, reported by a service.
    pub fn new(trace_id: String, span_id: String, parent_id: Option<String>, service: &str) -> Keeper {
        Keeper { row: SpanRow { trace_id, span_id, parent_id, service: cleaned(service), ..SpanRow::default() } }
    }
    /// Goes on with a row that was begun before all was known.
    pub fn of(row: SpanRow) -> Keeper {
        Keeper { row }
    }
    /// Who reported it.
    pub fn service(&mut self, service: &str) {
        self.row.service = cleaned(service);
    }
    /// Its name, kind and whether it failed.
    pub fn named(&mut self, name: &str, kind: &str, error: bool) {
        self.row.name = name_of(name);
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
    /// Of the trace state only the threshold of a sampler that samples by probability, `th` of the member `ot`
    /// (OpenTelemetry's specification of TraceState): up to 14 hexadecimal digits.
    pub fn trace_state(&mut self, state: &str) {
        let ours = state.split(',').find_map(|member| member.trim().strip_prefix("ot="));
        let threshold = ours.and_then(|ot| ot.split(';').find_map(|field| field.strip_prefix("th:")));
        if let Some(threshold) = threshold.filter(|t| (1..=14).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_hexdigit())) {
            self.row.attributes.insert(SpanRow::THRESHOLD.to_owned(), threshold.to_ascii_lowercase());
        }
    }
    /// What the store says of clock skew, as numbers.
    pub fn skew(&mut self, skew: Skew) {
        for (key, told) in [(SpanRow::SKEW, skew.calculated), (SpanRow::MOVED, skew.moved)] {
            if let Some(difference) = told {
                self.row.attributes.insert(key.to_owned(), difference.map(|ms| ms.to_string()).unwrap_or_default());
            }
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
            Form::Of(words) => words.contains(&text).then(|| text.to_owned()),
            Form::Text => Some(without_ids(&cleaned(text))),
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

/// Names of code have at most so many words.
const WORDS: usize = 2;

/// What is kept of a span's name: method, path and ASGI's part; the operation of a model; or words of code
/// (`provider call`). Anything else may be somebody's text.
fn name_of(name: &str) -> String {
    let name = cleaned(name);
    let (first, rest) = name.split_once(' ').unwrap_or((&name, ""));
    if METHODS.contains(&first) {
        let path = rest.split(' ').next().filter(|p| p.starts_with('/')).map(without_ids);
        let part = PARTS.iter().find(|part| rest.ends_with(**part));
        return [Some(first), path.as_deref(), part.copied()].into_iter().flatten().collect::<Vec<_>>().join(" ");
    }
    if OPERATIONS.contains(&first) {
        return first.to_owned();
    }
    if PARTS.contains(&name.as_str()) {
        return name;
    }
    let of_code = |word: &str| word.len() <= 40 && word.bytes().all(|b| b.is_ascii_alphabetic() || b"._:-".contains(&b));
    if name.split(' ').count() <= WORDS && name.split(' ').all(of_code) { name } else { String::new() }
}

/// A path without the segments that look like an id or a token.
fn without_ids(path: &str) -> String {
    const DIGITS: usize = 4;
    let looks_like_id = |piece: &str| piece.bytes().filter(u8::is_ascii_digit).count() >= DIGITS;
    path.split('/').map(|piece| if looks_like_id(piece) { "*" } else { piece }).collect::<Vec<_>>().join("/")
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
    fn a_name_is_code_or_nothing() {
        for (name, kept) in [
            ("POST /v1/chat/completions http send", "POST /v1/chat/completions http send"),
            ("POST /users/8372451/tok-9f8e7d6c5b4a/chat", "POST /users/*/*/chat"),
            ("GET", "GET"),
            ("POST tell me about my illness", "POST"),
            ("chat gpt-4o tell me", "chat"),
            ("http receive", "http receive"),
            ("provider call", "provider call"),
            ("tell me about my illness", ""),
            ("tok-9f8e7d6c5b4a", ""),
            ("jane@example.com", ""),
        ] {
            assert_eq!(name_of(name), kept, "{name}");
        }
    }

    #[test]
    fn kinds_of_every_dialect() {
        for (told, word) in [("2", "server"), ("SPAN_KIND_CLIENT", "client"), ("producer", "producer"), ("0", ""), ("", ""), ("9", "")] {
            assert_eq!(kind_word(told), word);
        }
    }
}
