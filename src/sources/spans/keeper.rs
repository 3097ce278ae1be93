//! What of a span is kept: an allow-list of attributes, each only in the form that its meaning has, so that a prompt or
//! an address that someone put into one of them does not get through either.

use super::{
    known::{DATABASES, LANGUAGES, METHODS, NAMED_BY_USERS, NAMES, OPENINFERENCE_KINDS, OPERATIONS, PARTS, PROVIDERS, RPC_SYSTEMS},
    resource::Resource,
    secrets::{Glance, Held},
    skew::Skew,
};
use crate::{kept::secrets, model::payload::SpanRow};

/// Longest text that is kept of a name or an attribute.
const LONGEST: usize = 80;

/// What values an attribute may have.
#[derive(Clone, Copy)]
enum Form {
    Number,
    /// One of these, in whatever case.
    Of(&'static [&'static str]),
    /// Words of code.
    Code,
    Text,
}

const ALLOWED: [(&str, Form); 24] = [
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
    ("gen_ai.system", Form::Of(PROVIDERS)),
    ("gen_ai.provider.name", Form::Of(PROVIDERS)),
    ("rpc.system", Form::Of(RPC_SYSTEMS)),
    ("rpc.system.name", Form::Of(RPC_SYSTEMS)),
    ("rpc.service", Form::Code),
    ("rpc.method", Form::Code),
    ("llm.request.type", Form::Of(&["chat", "completion", "embedding", "rerank", "unknown"])),
    ("db.system", Form::Of(DATABASES)),
    ("db.system.name", Form::Of(DATABASES)),
    ("openinference.span.kind", Form::Of(OPENINFERENCE_KINDS)),
    ("traceloop.span.kind", Form::Of(&["workflow", "task", "agent", "tool", "unknown"])),
    (SpanRow::LANGUAGE, Form::Of(LANGUAGES)),
];
/// What a resource tells of the SDK.
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
    pub fn attribute(&mut self, key: &str, text: &str) {
        self.keep(key, text);
        self.held(|held| held.note("", key, secrets::of(key, text)));
    }
    /// Looks at what is no single text, or no attribute; nothing of it is kept.
    pub fn list(&mut self, key: &str, glance: Glance) {
        self.held(|held| held.note("", key, glance.at(key)));
    }
    /// What its events have that looks like a secret; nothing else of them is looked at.
    pub fn events(&mut self, found: &Held) {
        self.held(|held| held.join(found));
    }
    /// Looks at a text that is no attribute: of what went wrong.
    pub fn said(&mut self, what: &str, text: &str) {
        self.held(|held| held.note("", what, secrets::of(what, text)));
    }
    /// What its resource tells of all its spans.
    pub fn resource(&mut self, resource: &Resource) {
        self.service(&resource.service);
        self.keep(SpanRow::LANGUAGE, &resource.language);
        if let Some(instance) = resource.instance() {
            self.row.attributes.insert(SpanRow::INSTANCE.to_owned(), instance.to_owned());
        }
        self.held(|held| held.join(&resource.held));
    }
    fn held(&mut self, note: impl FnOnce(&mut Held)) {
        let mut held = Held(std::mem::take(&mut self.row.secrets));
        note(&mut held);
        self.row.secrets = held.0;
    }
    fn keep(&mut self, key: &str, text: &str) {
        if let Some((key, form)) = ALLOWED.iter().find(|(allowed, _)| *allowed == key)
            && let Some(text) = form.admit(text)
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
            self.keep(SCOPE, name);
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
            Form::Of(words) => words.iter().any(|word| word.eq_ignore_ascii_case(text)).then(|| text.to_owned()),
            Form::Code => is_code(text, LONGEST).then(|| text.to_owned()),
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

/// Names of code have at most so many words, of so many letters.
const WORDS: usize = 2;
const LONGEST_WORD: usize = 40;

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
    if OPERATIONS.contains(&first) || NAMED_BY_USERS.contains(&first) {
        return first.to_owned();
    }
    if PARTS.contains(&name.as_str()) {
        return name;
    }
    if is_code(&name, LONGEST_WORD) || NAMES.contains(&name.as_str()) { name } else { String::new() }
}

/// Few words of letters, with a version among them at most (`oauth2`, `v1beta`): digits make an id.
fn is_code(text: &str, longest: usize) -> bool {
    const DIGITS: usize = 3;
    let of_code = |word: &str| {
        let digits = word.bytes().filter(u8::is_ascii_digit).count();
        let begins = digits == 0 || word.starts_with(|c: char| c.is_ascii_alphabetic());
        word.len() <= longest && begins && digits <= DIGITS && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"._:-".contains(&b))
    };
    text.split(' ').count() <= WORDS && text.split(' ').all(of_code)
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
        keeper.attribute("http.response.status_code", "200");
        keeper.attribute("gen_ai.response.time_to_first_chunk", "0.25");
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
    fn known_values_are_kept_and_nothing_else() {
        let kept = |key: &str, value: &str| {
            let mut keeper = Keeper::of(SpanRow::default());
            keeper.attribute(key, value);
            keeper.row().attributes.get(key).cloned()
        };
        for (key, value) in [
            ("gen_ai.system", "AWS"),
            ("gen_ai.provider.name", "aws.bedrock"),
            ("rpc.system", "aws-api"),
            ("rpc.service", "Bedrock Runtime"),
            ("rpc.service", "google.ai.generativelanguage.v1beta.GenerativeService"),
            ("rpc.method", "InvokeModelWithResponseStream"),
            ("db.system", "postgresql"),
            ("openinference.span.kind", "LLM"),
            ("traceloop.span.kind", "workflow"),
            ("telemetry.sdk.language", "python"),
        ] {
            assert_eq!(kept(key, value).as_deref(), Some(value), "{key}");
            for other in ["jane@example.com", "tell me about my illness", "tok-9f8e7d6c5b4a", ""] {
                assert_eq!(kept(key, other).filter(|text| !text.is_empty()), None, "{key}");
            }
        }
        assert_eq!(kept("db.system", "janes-database"), None);
    }

    #[test]
    fn a_resource_leaves_a_digest() {
        let mut resource = Resource::default();
        for (key, text) in [("service.name", "gateway"), ("host.name", "janes-laptop"), ("process.pid", "4711"), ("telemetry.sdk.language", "go")] {
            resource.attribute(key, text);
        }
        let mut keeper = Keeper::of(SpanRow::default());
        keeper.resource(&resource);
        let row = keeper.row();
        assert_eq!(row.service, "gateway");
        assert_eq!(row.attributes.keys().collect::<Vec<_>>(), [SpanRow::INSTANCE, "telemetry.sdk.language"]);
        assert!(row.attributes[SpanRow::INSTANCE].len() == 8 && !format!("{row:?}").contains("jane"), "{row:?}");
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
            ("Received Proxy Server Request", "Received Proxy Server Request"),
            ("Received My Secret Request", ""),
            ("execute_guardrail janes filter", "execute_guardrail"),
            ("Bedrock Runtime.ConverseStream", "Bedrock Runtime.ConverseStream"),
            ("oauth2 token", "oauth2 token"),
            ("s3.get", "s3.get"),
            ("user 8372", ""),
            ("user u8372", ""),
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
