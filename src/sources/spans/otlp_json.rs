//! OTLP as JSON, leniently: enums as numbers or names, numbers as text, ids as hex or base64, with and without the
//! `result` that Jaeger's gateway wraps around it, one document or a stream of several. Events are looked through for secrets as
//! they stream by; links and whatever else a span carries are not even read into memory.

use super::{
    keeper::{Keeper, kind_word},
    list::{each, first},
    read::Read,
    resource::Resource,
    secrets::{Events, Glance},
    skew::{Skew, WARNINGS},
    texts::{self, Hears},
};
use crate::{model::payload::SpanRow, traces::normal_id};
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;

/// Why a body is no OTLP.
#[derive(Debug, PartialEq, Eq)]
pub enum NotOtlp {
    /// It is no JSON; where it stopped being it, never what stands there.
    NoJson(String),
    /// It is JSON of another kind.
    Other,
    /// It has more spans than are taken from one document.
    TooMany,
    /// It is an error that the gateway reports in its own envelope.
    Error {
        /// HTTP status inside the envelope, 0 if untold.
        status: u64,
        /// Does it say that there are no traces? Jaeger answers a search without result so.
        none_found: bool,
        /// Does it dislike the number of traces that was asked for?
        depth: bool,
    },
}

/// Every span of a body, and how many spans had no valid id.
pub fn read_json(body: &[u8]) -> Result<(Vec<SpanRow>, u64), NotOtlp> {
    let (mut read, mut any) = (Read::default(), false);
    for chunk in serde_json::Deserializer::from_slice(body).into_iter::<Chunk>() {
        let chunk = chunk.map_err(|e| match e.classify() {
            serde_json::error::Category::Data => NotOtlp::Other,
            _ => NotOtlp::NoJson(format!("line {}, column {}", e.line(), e.column())),
        })?;
        if let Some(error) = chunk.error {
            return Err(error.into());
        }
        let wrapped = chunk.result.map(|r| r.resource_spans.unwrap_or_default());
        let Some(Resources(spans)) = wrapped.or(chunk.resource_spans) else { return Err(NotOtlp::Other) };
        any = true;
        read.join(spans);
    }
    match any {
        true if read.too_many => Err(NotOtlp::TooMany),
        true => Ok((read.rows, read.without_id)),
        false => Err(NotOtlp::Other),
    }
}

impl Span {
    /// Its row, without what its resource and scope tell.
    fn row(&self) -> Option<SpanRow> {
        let parent = normal_id(&self.parent, 8);
        let mut keeper = Keeper::new(normal_id(&self.trace, 16)?, normal_id(&self.id, 8)?, parent, "");
        keeper.named(&self.name, kind_word(&self.kind), ["2", "STATUS_CODE_ERROR"].contains(&self.status.code.as_str()));
        keeper.lasting(self.start_time_unix_nano, self.end_time_unix_nano);
        for attribute in &self.attributes {
            if attribute.key == WARNINGS {
                keeper.skew(attribute.value.list().skew);
            } else if let Some(text) = attribute.value.text() {
                keeper.attribute(&attribute.key, &text);
            } else {
                keeper.list(&attribute.key, attribute.value.list().glance);
            }
        }
        keeper.list("status.message", self.status.message);
        keeper.events(&self.events.held);
        keeper.trace_state(&self.state);
        Some(keeper.row())
    }
}

/// The spans of a list of resources.
#[derive(Default)]
struct Resources(Read);

impl<'de> Deserialize<'de> for Resources {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let mut read = Read::default();
        each(d, |ResourceSpans { resource, scope_spans: Scopes(mut spans) }| {
            spans.all(|span| span.resource(&resource.attributes));
            read.join(spans);
        })?;
        Ok(Resources(read))
    }
}

/// The spans of a list of scopes.
#[derive(Default)]
struct Scopes(Read);

impl<'de> Deserialize<'de> for Scopes {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let mut read = Read::default();
        each(d, |ScopeSpans { scope, spans: Listed(mut spans) }| {
            spans.all(|span| span.scope(&scope.name));
            read.join(spans);
        })?;
        Ok(Scopes(read))
    }
}

/// A list of spans.
#[derive(Default)]
struct Listed(Read);

impl<'de> Deserialize<'de> for Listed {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let mut read = Read::default();
        each(d, |span: Span| read.take(span.row()))?;
        Ok(Listed(read))
    }
}

/// Attributes beyond this number are read past: OpenTelemetry's own limit is 128 for a span (`OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT`).
const MOST_ATTRIBUTES: usize = 1_000;

fn attributes<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<Attribute>, D::Error> {
    first(d, MOST_ATTRIBUTES)
}

impl From<GatewayError> for NotOtlp {
    fn from(error: GatewayError) -> NotOtlp {
        let message = error.message.to_ascii_lowercase();
        NotOtlp::Error { status: error.http_code, none_found: message.contains("no traces found"), depth: message.contains("search depth") }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Chunk {
    result: Option<TracesData>,
    #[serde(alias = "resource_spans")]
    resource_spans: Option<Resources>,
    error: Option<GatewayError>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TracesData {
    #[serde(alias = "resource_spans")]
    resource_spans: Option<Resources>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct GatewayError {
    #[serde(alias = "http_code", deserialize_with = "or_default")]
    http_code: u64,
    #[serde(deserialize_with = "or_default")]
    message: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct ResourceSpans {
    #[serde(deserialize_with = "or_default")]
    resource: Told,
    #[serde(alias = "scope_spans", deserialize_with = "or_default")]
    scope_spans: Scopes,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Told {
    #[serde(deserialize_with = "resource")]
    attributes: Resource,
}

fn resource<'de, D: Deserializer<'de>>(d: D) -> Result<Resource, D::Error> {
    let mut resource = Resource::default();
    each(d, |Attribute { key, value }| match value.text() {
        Some(text) => resource.attribute(&key, &text),
        None => resource.list(&key, value.list().glance),
    })?;
    Ok(resource)
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct ScopeSpans {
    #[serde(deserialize_with = "or_default")]
    scope: Scope,
    #[serde(deserialize_with = "or_default")]
    spans: Listed,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Scope {
    #[serde(deserialize_with = "or_default")]
    name: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Span {
    #[serde(rename = "traceId", alias = "trace_id", deserialize_with = "or_default")]
    trace: String,
    #[serde(rename = "spanId", alias = "span_id", deserialize_with = "or_default")]
    id: String,
    #[serde(rename = "parentSpanId", alias = "parent_span_id", deserialize_with = "or_default")]
    parent: String,
    #[serde(rename = "traceState", alias = "trace_state", deserialize_with = "or_default")]
    state: String,
    #[serde(deserialize_with = "or_default")]
    name: String,
    #[serde(deserialize_with = "number_or_text")]
    kind: String,
    #[serde(alias = "start_time_unix_nano", deserialize_with = "nanoseconds")]
    start_time_unix_nano: u64,
    #[serde(alias = "end_time_unix_nano", deserialize_with = "nanoseconds")]
    end_time_unix_nano: u64,
    #[serde(deserialize_with = "attributes")]
    attributes: Vec<Attribute>,
    #[serde(deserialize_with = "texts::all")]
    events: Events,
    #[serde(deserialize_with = "or_default")]
    status: Status,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Status {
    #[serde(deserialize_with = "number_or_text")]
    code: String,
    #[serde(deserialize_with = "texts::all")]
    message: Glance,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Attribute {
    #[serde(deserialize_with = "or_default")]
    key: String,
    #[serde(deserialize_with = "or_default")]
    value: Value,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Value {
    #[serde(rename = "stringValue", alias = "string_value")]
    string: Option<String>,
    #[serde(rename = "intValue", alias = "int_value")]
    int: Option<NumberOrText>,
    #[serde(rename = "doubleValue", alias = "double_value")]
    double: Option<NumberOrText>,
    #[serde(rename = "boolValue", alias = "bool_value")]
    bool: Option<bool>,
    #[serde(rename = "arrayValue", alias = "array_value", deserialize_with = "texts::all")]
    array: List,
    #[serde(rename = "kvlistValue", alias = "kvlist_value", deserialize_with = "texts::all")]
    map: List,
}

/// A value of many texts: only warnings and secrets are looked for in it.
#[derive(Clone, Copy, Default)]
struct List {
    skew: Skew,
    glance: Glance,
}

impl Hears for List {
    fn hear(&mut self, text: &str) {
        self.skew.hear(text);
        self.glance.hear(text);
    }
    fn join(&mut self, part: List) {
        self.skew.join(part.skew);
        self.glance.join(part.glance);
    }
    fn under(&mut self, key: &str) {
        self.glance.under(key);
    }
}

impl Value {
    fn text(&self) -> Option<Cow<'_, str>> {
        let number = |n: &Option<NumberOrText>| n.as_ref().map(|n| Cow::Owned(n.text()));
        let text = self.string.as_deref().map(Cow::Borrowed);
        text.or_else(|| number(&self.int)).or_else(|| number(&self.double)).or_else(|| self.bool.map(|b| Cow::Owned(b.to_string())))
    }
    fn list(&self) -> List {
        let mut list = self.array;
        list.join(self.map);
        list
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum NumberOrText {
    Number(serde_json::Number),
    Text(String),
}

impl NumberOrText {
    fn text(&self) -> String {
        match self {
            NumberOrText::Number(n) => n.to_string(),
            NumberOrText::Text(t) => t.clone(),
        }
    }
}

/// Nothing there, or `null`, which stands for any field's default in JSON of protobuf (some SDKs write it for a message that is
/// not set).
fn or_default<'de, T: Deserialize<'de> + Default, D: Deserializer<'de>>(d: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(d)?.unwrap_or_default())
}

fn number_or_text<'de, D: Deserializer<'de>>(d: D) -> Result<String, D::Error> {
    Ok(Option::<NumberOrText>::deserialize(d)?.map(|n| n.text()).unwrap_or_default())
}

fn nanoseconds<'de, D: Deserializer<'de>>(d: D) -> Result<u64, D::Error> {
    let Some(number) = Option::<NumberOrText>::deserialize(d)? else { return Ok(0) };
    number.text().parse().map_err(|_| serde::de::Error::custom("a time is no whole number of nanoseconds"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the SDK of Rust writes what is not set, and then everything else.
    #[test]
    fn null_is_a_default_wherever_it_stands() {
        let ids = r#""traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"b7ad16e11da03bfa""#;
        let rest = r#""traceState":null,"parentSpanId":null,"name":null,"kind":null,"startTimeUnixNano":null,"endTimeUnixNano":null,"status":null"#;
        let whole = |resource: &str, scope: &str, span: &str| {
            format!(
                r#"{{"result":null,"error":null,"resourceSpans":[{{"resource":{resource},"scopeSpans":[{{"scope":{scope},"spans":[{span}]}}]}}]}}"#
            )
        };
        let plain = read_json(whole("{}", "{}", &format!("{{{ids}}}")).as_bytes()).unwrap();
        assert_eq!(plain.0.len(), 1);
        for attributes in ["null", "[]", r#"[{"key":null,"value":null}]"#, r#"[{"key":"a","value":{"stringValue":null,"arrayValue":null}}]"#] {
            let span = format!(r#"{{{ids},{rest},"attributes":{attributes}}}"#);
            for (resource, scope) in [("null", "null"), (r#"{"attributes":null}"#, r#"{"name":null}"#)] {
                assert_eq!(read_json(whole(resource, scope, &span).as_bytes()), Ok(plain.clone()), "{span}");
            }
        }
        assert_eq!(read_json(br#"{"resourceSpans":[{"scopeSpans":null},{"scopeSpans":[{"spans":null}]}]}"#), Ok((vec![], 0)));
    }

    #[test]
    fn reads_both_ways_of_writing_enums_ids_and_numbers() {
        let numeric = r#"{"result":{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"gw"}}]},
            "scopeSpans":[{"scope":{"name":"asgi"},"spans":[{"traceId":"0AF7651916CD43DD8448EB211C80319C","spanId":"b7ad16e11da03bfa","traceState":"x=jane,ot=rv:1;th:E6","name":"a","kind":2,
            "startTimeUnixNano":"1700000000000000001","endTimeUnixNano":"1700000000000000003","status":{"code":2},
            "attributes":[{"key":"http.status_code","value":{"intValue":"500"}}]}]}]}]}}"#;
        let named = r#"{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"gw"}}]},
            "scopeSpans":[{"scope":{"name":"asgi"},"spans":[{"traceId":"CvdlGRbNQ92ESOshHIAxnA==","spanId":"t60W4R2gO/o=","traceState":"ot=th:e6","name":"a","kind":"SPAN_KIND_SERVER",
            "startTimeUnixNano":1700000000000000001,"endTimeUnixNano":1700000000000000003,"status":{"code":"STATUS_CODE_ERROR"},
            "attributes":[{"key":"http.status_code","value":{"intValue":500}}]}]}]}]}"#;
        let (one, bad) = read_json(numeric.as_bytes()).unwrap();
        let (two, _) = read_json(named.as_bytes()).unwrap();
        assert_eq!(one, two);
        assert_eq!((bad, one.len(), one[0].end_ns - one[0].start_ns, one[0].kind.as_str(), one[0].error), (0, 1, 2, "server", true));
        // e6 followed by zeros is 230/256 of 2^56.
        assert!((one[0].probability().unwrap() - 26.0 / 256.0).abs() < 1e-12);
        let (streamed, _) = read_json(format!("{numeric}\n{named}\n").as_bytes()).unwrap();
        assert_eq!(streamed.len(), 2);
    }

    #[test]
    fn resource_and_scope_may_come_after_their_spans() {
        let late = br#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"1","spanId":"1"}],"scope":{"name":"asgi"}}],
            "resource":{"attributes":[{"key":"host.name","value":{"stringValue":"h"}},{"key":"service.name","value":{"stringValue":"gw"}}]}}]}"#;
        let (rows, _) = read_json(late).unwrap();
        assert_eq!((rows[0].service.as_str(), rows[0].attributes["otel.scope.name"].as_str()), ("gw", "asgi"));
    }

    #[test]
    fn tells_empty_from_not_there_from_nonsense() {
        assert_eq!(read_json(br#"{"result":{}}"#), Ok((vec![], 0)));
        assert_eq!(read_json(br#"{"detail":"Not Found"}"#), Err(NotOtlp::Other));
        assert_eq!(read_json(b""), Err(NotOtlp::Other));
        assert_eq!(read_json(b"[1]"), Err(NotOtlp::Other));
        assert!(matches!(read_json(b"<html>"), Err(NotOtlp::NoJson(_))));
        let none = br#"{"error":{"httpCode":404,"message":"No traces found"}}"#;
        assert_eq!(read_json(none), Err(NotOtlp::Error { status: 404, none_found: true, depth: false }));
        let no_id = br#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"","spanId":"01"}]}]}]}"#;
        assert_eq!(read_json(no_id), Ok((vec![], 1)));
    }
}
