//! The shape of a log's lines: format, and which field holds what. Values are looked at and forgotten; only names of fields,
//! numbers of lines and units leave this file.

use super::nginx_lines;
use crate::{
    sources::access_log::{line::Reader, value::Raw},
    spec::{
        draft::{
            found::{Field, LogFormat, LogShape, Timed},
            unit_word,
        },
        settings,
    },
};
use serde_json::Value;
use std::collections::BTreeMap;

/// Share of lines that must be of one format, and share of a field's values that must fit.
const MOST: f64 = 0.8;
/// Objects nested deeper hold nothing that a spec would name.
const DEPTH: usize = 3;

/// Words of parts of a request in the names of fields.
const PARTS: [&str; 10] = ["upstream", "queue", "ttft", "first", "connect", "wait", "inter_", "itl", "tpot", "per_"];

/// Looks at lines.
pub fn of(lines: &[&str]) -> LogShape {
    let lines: Vec<&str> = lines.iter().map(|l| l.trim()).filter(|l| !l.is_empty()).collect();
    let json: Vec<Value> = lines.iter().filter_map(|l| serde_json::from_str(&l[l.find('{')?..]).ok()).filter(Value::is_object).collect();
    let most = |n: usize| n as f64 >= MOST * lines.len() as f64;
    if lines.is_empty() {
        return empty(0, LogFormat::Empty);
    }
    if most(json.len()) {
        let mut columns = Columns::default();
        for line in &json {
            columns.add("", line, 0);
        }
        return confirmed(columns.shape(json.len(), LogFormat::Json), &lines);
    }
    if let Some((format, rows)) = nginx_lines::read(&lines).filter(|(_, rows)| most(rows.len())) {
        let mut columns = Columns::default();
        for (name, value) in rows.iter().flatten() {
            columns.put(name, Value::from(value.as_str()));
        }
        return confirmed(columns.shape(rows.len(), LogFormat::Nginx(format)), &lines);
    }
    let uvicorn = lines.iter().filter(|l| l.contains(" - \"") && l.contains(" HTTP/1")).count();
    empty(lines.len(), if most(uvicorn) { LogFormat::Uvicorn } else { LogFormat::Unknown })
}

/// The shape as far as an audit would read these lines by it: what its reader does not find is not proposed.
fn confirmed(mut shape: LogShape, lines: &[&str]) -> LogShape {
    let Some(id) = &shape.id else { return shape };
    let timed = |timed: &Option<Timed>| timed.as_ref().map(|t| settings::Field { field: t.name.clone(), unit_ms: 1.0 });
    let as_written = settings::AccessLog {
        from: settings::LogPlace::Stdin,
        format: match &shape.format {
            LogFormat::Nginx(format) => settings::LogFormat::Nginx(format.clone()),
            _ => settings::LogFormat::JsonLines,
        },
        id: id.name.clone(),
        at: shape.at.as_ref().map(|f| f.name.clone()),
        status: shape.status.as_ref().map(|f| f.name.clone()),
        total: timed(&shape.total),
        ttft: timed(&shape.ttft),
        inter_chunk: timed(&shape.inter_chunk),
    };
    let said = Reader::new(&as_written).map(|reader| lines.iter().filter_map(|line| reader.read(line.as_bytes()).ok()).collect::<Vec<_>>());
    let said = said.unwrap_or_default();
    if (said.len() as f64) < MOST * lines.len() as f64 {
        return empty(lines.len(), LogFormat::Unknown);
    }
    let timed = |which: usize| said.iter().any(|s| s.durations[which].is_some());
    shape.id = shape.id.filter(|_| said.iter().any(|s| s.id.is_some()));
    shape.at = shape.at.filter(|_| said.iter().any(|s| s.at.is_some()));
    shape.status = shape.status.filter(|_| said.iter().any(|s| s.status.is_some()));
    shape.total = shape.total.filter(|_| timed(0));
    shape.ttft = shape.ttft.filter(|_| timed(1));
    shape.inter_chunk = shape.inter_chunk.filter(|_| timed(2));
    shape
}

fn empty(lines: usize, format: LogFormat) -> LogShape {
    LogShape { lines, format, id: None, at: None, status: None, total: None, ttft: None, inter_chunk: None }
}

/// The values of each field.
#[derive(Default)]
struct Columns(BTreeMap<String, Vec<Value>>);

impl Columns {
    fn add(&mut self, path: &str, value: &Value, depth: usize) {
        match value {
            Value::Object(fields) if depth < DEPTH => {
                for (key, value) in fields {
                    // A key with anything else in it is data, not a name.
                    if key.len() <= 64 && key.chars().all(|c| c.is_ascii_alphanumeric() || "_-@.".contains(c)) {
                        self.add(&if path.is_empty() { key.clone() } else { format!("{path}.{key}") }, value, depth + 1);
                    }
                }
            }
            _ if matches!(Raw::of(Some(value)), Raw::Text(_)) => self.put(path, value.clone()),
            _ => {}
        }
    }
    fn put(&mut self, name: &str, value: Value) {
        self.0.entry(name.to_owned()).or_default().push(value);
    }

    fn shape(&self, lines: usize, format: LogFormat) -> LogShape {
        LogShape {
            id: self.id(),
            at: self.field(&["ts", "timestamp", "time", "@timestamp", "at", "time_iso8601", "msec", "asctime", "datetime", "time_local"], |v| {
                Raw::of(Some(v)).wall().is_some()
            }),
            status: self.field(&["status", "status_code", "http_status", "statuscode", "response_status", "http.status_code", "code"], |v| {
                Raw::of(Some(v)).status().is_some()
            }),
            total: self.timed(&["duration", "latency", "elapsed", "request_time", "response_time", "total_time", "took", "process_time"], &PARTS),
            ttft: self.timed(&["ttft", "time_to_first", "first_token", "first_chunk", "first_byte"], &["upstream", "queue"]),
            inter_chunk: self.timed(&["inter_chunk", "inter_token", "itl", "tpot"], &["upstream"]),
            lines,
            format,
        }
    }

    /// The field with this name (or ending in it) whose values fit; earlier names first.
    fn field(&self, names: &[&str], fits: impl Fn(&Value) -> bool) -> Option<Field> {
        let named = |name: &str| self.0.iter().find(|(field, values)| is_named(field, name) && mostly(values, &fits));
        names.iter().find_map(|name| named(name)).map(|(field, _)| Field { name: field.clone(), why: "by its name".into() })
    }

    /// The id: the names that we send it by, then the trace's; else what looks like an id.
    fn id(&self) -> Option<Field> {
        // A number is a counter, and never what a client sent.
        let text = |v: &Value| !v.is_number() && Raw::of(Some(v)).text().is_some();
        let names = [
            "request_id",
            "x_request_id",
            "http_x_request_id",
            "requestid",
            "x_requestid",
            "req_id",
            "trace_id",
            "traceid",
            "oteltraceid",
            "traceparent",
            "http_traceparent",
            "correlation_id",
        ];
        self.field(&names, text).or_else(|| {
            let mut like = self
                .0
                .iter()
                .filter(|(name, values)| !flat(name).contains("span") && mostly(values, |v| Raw::of(Some(v)).text().is_some_and(like_id)));
            // One id for all lines is a process's or a host's, not a request's.
            let (name, _) = like.find(|(_, values)| values.len() < 3 || values.iter().any(|v| v != &values[0]))?;
            Some(Field { name: name.clone(), why: "because its values look like ids".into() })
        })
    }

    /// The field with one of these words in its name, and none of the others, whose values are numbers.
    fn timed(&self, names: &[&str], others: &[&str]) -> Option<Timed> {
        let own = |field: &str, name: &str| flat(field).contains(name) && !others.iter().any(|o| flat(field).contains(o));
        let number = |v: &Value| Raw::of(Some(v)).number().is_ok_and(|n| n.is_some());
        let found = names.iter().find_map(|name| self.0.iter().find(|(field, values)| own(field, name) && mostly(values, number)))?;
        let (name, values) = found;
        let (unit, why) = unit(name, values);
        Some(Timed { name: name.clone(), unit, why })
    }
}

/// The unit of a field: the end of its name, nginx's own, else by the size of its values.
fn unit(name: &str, values: &[Value]) -> (&'static str, String) {
    let flat = flat(name);
    if let Some(unit) = flat.rsplit(['_', '.']).next().and_then(unit_word) {
        return (unit, format!("in {unit} by its name"));
    }
    // `durationMs`, `elapsedMillis`.
    let camel = [("Millis", "ms"), ("Ms", "ms"), ("Micros", "us"), ("Nanos", "ns"), ("Seconds", "s"), ("Sec", "s")];
    if let Some((_, unit)) = camel.into_iter().find(|(end, _)| name.ends_with(end)) {
        return (unit, format!("in {unit} by its name"));
    }
    if name == "request_time" {
        return ("s", "in s, as nginx writes it".into());
    }
    let mut numbers: Vec<f64> = values.iter().filter_map(|v| Raw::of(Some(v)).number().ok()?).map(|n| n.value).filter(|v| *v > 0.0).collect();
    numbers.sort_by(f64::total_cmp);
    let median = numbers.get(numbers.len() / 2).copied().unwrap_or(0.0);
    // Responses of language models take from a tenth of a second to minutes.
    let unit = match median {
        m if m < 60.0 => "s",
        m if m < 6e5 => "ms",
        m if m < 6e8 => "us",
        _ => "ns",
    };
    (unit, format!("in {unit} by the size of its values only, which is a guess"))
}

fn mostly(values: &[Value], fits: impl Fn(&Value) -> bool) -> bool {
    !values.is_empty() && values.iter().filter(|v| fits(v)).count() as f64 >= MOST * values.len() as f64
}

fn flat(name: &str) -> String {
    name.to_lowercase().replace(['-', '@'], "_")
}

fn is_named(field: &str, name: &str) -> bool {
    let (field, name) = (flat(field), flat(name));
    field == name || field.ends_with(&format!(".{name}"))
}

/// 32 hex digits (a trace id), a UUID, a ULID, or a `traceparent`.
pub fn like_id(text: &str) -> bool {
    let hex = |t: &str| t.bytes().all(|b| b.is_ascii_hexdigit());
    let uuid = || text.split('-').map(str::len).eq([8, 4, 4, 4, 12]) && hex(&text.replace('-', ""));
    let parent = || text.split('-').map(str::len).eq([2, 32, 16, 2]) && hex(&text.replace('-', ""));
    let ulid = || {
        text.len() == 26
            && text.starts_with(|c| ('0'..='7').contains(&c))
            && text.contains(|c: char| c.is_ascii_uppercase())
            && text.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
    };
    text.len() == 32 && hex(text) || uuid() || parent() || ulid()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(text: &str) -> LogShape {
        of(&text.lines().collect::<Vec<_>>())
    }
    fn names(shape: &LogShape) -> [String; 6] {
        let field = |f: &Option<Field>| f.as_ref().map_or("-".into(), |f| f.name.clone());
        let timed = |t: &Option<Timed>| t.as_ref().map_or("-".into(), |t| format!("{} {}", t.name, t.unit));
        [field(&shape.id), field(&shape.at), field(&shape.status), timed(&shape.total), timed(&shape.ttft), timed(&shape.inter_chunk)]
    }

    #[test]
    fn fields_of_json_lines() {
        let common = r#"{"ts": "2026-11-26T02:23:47.717+00:00", "request_id": "abc", "trace_id": "7bac0629ca64890a3f4a0df5162b464b", "status": 200, "duration_ms": 458.2, "ttft_ms": 157.3}"#;
        assert_eq!(names(&shape(common)), ["request_id", "ts", "status", "duration_ms ms", "ttft_ms ms", "-"]);
        let nested = r#"INFO {"http": {"status_code": 200}, "otelTraceID": "7bac0629ca64890a3f4a0df5162b464b", "elapsedMillis": 12, "upstream_time_ms": 11, "timestamp": 1714564800.5}"#;
        assert_eq!(names(&shape(nested)), ["otelTraceID", "timestamp", "http.status_code", "elapsedMillis ms", "-", "-"]);
        let bare = "{\"latency\": 0.412, \"ref\": \"01JDM7Z0K3T9V6Q2W8X4Y5B1CD\"}\n{\"latency\": 0.611, \"ref\": \"01JDM7Z0K3T9V6Q2W8X4Y5B1CE\"}";
        let bare = shape(bare);
        assert_eq!(names(&bare), ["ref", "-", "-", "latency s", "-", "-"]);
        assert!(bare.total.unwrap().why.contains("which is a guess"));
        assert_eq!(shape("{\"latency\": 412}").total.unwrap().unit, "ms");
        assert_eq!(names(&shape(r#"{"msg": "done", "latency_s": "0.4"}"#)), ["-", "-", "-", "latency_s s", "-", "-"]);
    }

    #[test]
    fn values_are_read_as_an_audit_reads_them() {
        // Headers as lists of one value, as Caddy and Envoy log them; `-` and nothing are no values.
        let listed = r#"{"headers": {"x-request-id": ["abc"]}, "status": 200, "duration_ms": 4, "trace_id": "-"}"#;
        assert_eq!(names(&shape(listed)), ["headers.x-request-id", "-", "status", "duration_ms ms", "-", "-"]);
        let several = r#"{"x-request-id": ["abc", "def"], "duration_ms": 4}"#;
        assert_eq!(names(&shape(several)), ["-", "-", "-", "duration_ms ms", "-", "-"]);
        assert_eq!(names(&shape(r#"{"request_id": 17, "duration_ms": 4}"#))[0], "-", "a counter");
    }

    #[test]
    fn a_format_is_proposed_only_if_an_audit_can_read_the_lines_by_it() {
        // At the escaped quote a guess takes the agent apart otherwise than nginx's format does.
        let line =
            r#"203.0.113.9 - - [26/Nov/2026:02:23:47 +0000] "POST /v1 HTTP/1.1" 200 512 "-" "c\"d e" 0.458 "7bac0629ca64890a3f4a0df5162b464b""#;
        assert_eq!(shape(line).format, LogFormat::Unknown);
    }

    #[test]
    fn lines_of_nginx_and_uvicorn() {
        let combined = r#"203.0.113.9 - jane [26/Nov/2026:02:23:47 +0000] "POST /v1/chat/completions HTTP/1.1" 200 512 "-" "curl/8""#;
        let plain = shape(combined);
        assert!(matches!(&plain.format, LogFormat::Nginx(f) if f.ends_with("\"$http_user_agent\"")), "{plain:?}");
        assert_eq!(names(&plain), ["-", "time_local", "status", "-", "-", "-"]);
        let timed = shape(&format!("{combined} rt=0.458 urt=0.457 \"7bac0629ca64890a3f4a0df5162b464b\""));
        let LogFormat::Nginx(format) = &timed.format else { panic!("{timed:?}") };
        assert!(format.ends_with("rt=$request_time urt=$upstream_response_time \"$http_x_request_id\""), "{format}");
        assert_eq!(names(&timed), ["http_x_request_id", "time_local", "status", "request_time s", "-", "-"]);
        assert!(!format!("{timed:?}").contains("jane"));
        assert_eq!(shape(r#"INFO:     127.0.0.1:5000 - "POST /v1/chat/completions HTTP/1.1" 200 OK"#).format, LogFormat::Uvicorn);
        assert_eq!(shape("jane asked for something\n\n").format, LogFormat::Unknown);
        assert_eq!(shape("\n").format, LogFormat::Empty);
    }

    #[test]
    fn ids_by_their_look() {
        for id in ["7bac0629ca64890a3f4a0df5162b464b", "0b9e3c1a-7a52-4f0e-9a3c-2f1f0c7d6e5b", "01JDM7Z0K3T9V6Q2W8X4Y5B1CD"] {
            assert!(like_id(id), "{id}");
        }
        assert!(like_id("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
        for other in ["", "gateway", "b7ad6b7169203331", "2026-11-26T02:23:47", "12345678901234567890123456"] {
            assert!(!like_id(other), "{other}");
        }
    }
}
