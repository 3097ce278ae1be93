//! What must hold of each reader, whatever the bytes. Each fuzz target (`fuzz/`) calls one of these; the tests here feed them
//! all seeds and whatever proptest makes, so that they are compiled and hold without a fuzzer.

use rigcheck::{
    model::{
        payload::{Part, Series, SpanRow, network::LookupEnd},
        rig::HistogramOf,
        units::Wall,
    },
    sources::{
        exposition::{Format, lost_by_lax_reader, parse},
        internals::{claimed, durations, events, followed, resolved, spans_of_jaeger, spans_of_json, spans_of_protobuf, stored, tracked},
    },
    spec::{
        Exec, Options, load_text,
        settings::{AccessLog, Field, LogFormat, LogPlace},
    },
};
use std::{collections::BTreeMap, path::Path};

/// A metrics page, in both formats: what is read names a line that is there, and no line is doubted twice.
pub fn exposition(page: &[u8]) {
    let lines = (page.split_inclusive(|b| *b == b'\n').count() as u64).max(1);
    for format in [Format::Text, Format::OpenMetrics] {
        let read = parse(page, format);
        assert!(read.samples().all(|s| (1..=lines).contains(&s.line) && !s.name.is_empty()));
        assert!(read.doubts.iter().all(|d| d.line <= lines) && read.doubtful_lines <= lines);
        assert!(read.damage("some_metric").is_none_or(|d| d.line <= lines));
        let _ = lost_by_lax_reader(page, &read);
        of_claim(page, Some(format));
    }
}

/// A page in protobuf, of which a claim wants `t_seconds`: values can be recorded, and exemplars have whole ids.
pub fn metrics_protobuf(page: &[u8]) {
    of_claim(page, None);
}

fn of_claim(page: &[u8], format: Option<Format>) {
    let read = claimed(&page.to_vec().into(), format, &claim());
    assert!(read.values.iter().all(|v| v.is_finite()), "{read:?}");
    recordable(&read.unfolded);
    assert!(read.exemplars.iter().all(|e| hex(&e.trace_id, 32) && e.value.is_finite() && !e.le.is_nan()), "{read:?}");
}

/// Stored samples of `t_seconds` in an answer of Prometheus: values can be recorded, or it is told what the answer is.
pub fn prometheus_json(body: &[u8]) {
    match stored(body, "t_seconds") {
        Ok(series) => recordable(&series),
        Err(why) => assert!(!why.is_empty()),
    }
}

/// What of a page is asked for.
pub fn claim() -> HistogramOf {
    HistogramOf { metric: "t_seconds".into(), labels: BTreeMap::new(), unit_ms: 1e3, exemplars: true }
}

fn recordable(series: &[Series]) {
    for one in series {
        assert!(!matches!(one.part, Part::Bucket(le) if le.is_nan()) && one.samples.iter().all(|s| s.1.is_finite()), "{one:?}");
    }
}

/// A stream of events: however the reads split it, the events are the same. The first byte says the sizes of two reads, which
/// take turns.
pub fn sse(input: &[u8]) {
    let Some((sizes, bytes)) = input.split_first() else { return };
    let sizes = [usize::from(sizes & 15) + 1, (usize::from(sizes >> 4) + 1).pow(2)];
    let (mut pieces, mut rest) = (vec![], bytes);
    for size in sizes.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (piece, after) = rest.split_at((*size).min(rest.len()));
        pieces.push(piece);
        rest = after;
    }
    assert_eq!(events(&pieces), events(&[bytes]));
}

/// OTLP in JSON: ids are whole, names are short, lengths are finite.
pub fn otlp_json(body: &[u8]) {
    rows(spans_of_json(body));
}

/// OTLP in protobuf: the same.
pub fn otlp_protobuf(body: &[u8]) {
    rows(spans_of_protobuf(body));
}

/// The JSON of Jaeger's web page: the same.
pub fn jaeger_json(body: &[u8]) {
    rows(spans_of_jaeger(body));
}

fn rows(read: Result<(Vec<SpanRow>, u64), String>) {
    for row in read.into_iter().flat_map(|(rows, _)| rows) {
        assert!(hex(&row.trace_id, 32) && hex(&row.span_id, 16) && row.parent_id.as_ref().is_none_or(|p| hex(p, 16)), "{row:?}");
        assert!(row.name.chars().count() <= 80 && row.length_ms().is_finite(), "{row:?}");
        // Of what looks like a secret only a plain key is told, of few.
        let plain = |key: &str| key.len() <= 100 && key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-*".contains(&b));
        assert!(row.secrets.len() <= 20 && row.secrets.iter().all(|(key, _)| plain(key)), "{row:?}");
        assert!(row.attributes.get(SpanRow::INSTANCE).is_none_or(|digest| hex(digest, 8)), "{row:?}");
        // What a store warns of is kept as a number, or as the fact that it told none.
        let told = [SpanRow::SKEW, SpanRow::MOVED].map(|key| row.attributes.get(key).map_or("", String::as_str));
        assert!(told.iter().all(|ms| ms.is_empty() || ms.parse().is_ok_and(f64::is_finite)), "{row:?}");
    }
}

fn hex(id: &str, digits: usize) -> bool {
    id.len() == digits && id.bytes().all(|b| b.is_ascii_hexdigit())
}

/// chronyd's reply: finite bounds, the lower one first, or it is told what it is instead.
pub fn chrony(reply: &[u8]) {
    match tracked(reply) {
        Ok(told) => assert!(told.readings.iter().all(|r| r.lo_ms.is_finite() && r.hi_ms.is_finite() && r.lo_ms <= r.hi_ms), "{told:?}"),
        Err(why) => assert!(!why.is_empty()),
    }
}

/// ptp4l's replies: finite bounds, the lower one first, or it is told what they are instead.
pub fn ptp(replies: &[u8]) {
    for now in [Wall(0), Wall(1_795_685_548_000_000), Wall(i64::MAX)] {
        match followed(replies, now) {
            Ok(told) => assert!(told.readings.iter().all(|r| r.lo_ms.is_finite() && r.hi_ms.is_finite() && r.lo_ms <= r.hi_ms), "{told:?}"),
            Err(why) => assert!(!why.is_empty()),
        }
    }
}

/// A nameserver's datagram: few addresses of known classes and few printable names, or it is no answer to the question.
pub fn dns(datagram: &[u8]) {
    let Some(LookupEnd::Answered(answers)) = resolved(datagram) else { return };
    assert!(answers.addresses.len() <= 64 && answers.cnames.len() <= 16, "{answers:?}");
    assert!(answers.cnames.iter().all(|name| !name.chars().any(char::is_control)), "{answers:?}");
    assert_eq!(answers.classes.is_empty(), answers.addresses.is_empty(), "{answers:?}");
}

const NGINX: &str = r#"$remote_addr - $remote_user [$time_local] "$request" $status $request_time $upstream_header_time $request_id"#;

/// A line of an access log, JSON and nginx: durations are finite and not negative, or the line is bad.
pub fn access_log(line: &[u8]) {
    let field = |name: &str| Some(Field { field: name.into(), unit_ms: 1e3 });
    let settings = |format, id: &str, at: &str, total, ttft| AccessLog {
        from: LogPlace::Stdin,
        format,
        id: id.into(),
        at: Some(at.into()),
        status: Some("status".into()),
        total: field(total),
        ttft: field(ttft),
        inter_chunk: None,
    };
    let json = settings(LogFormat::JsonLines, "id", "ts", "total", "time.first");
    let nginx = settings(LogFormat::Nginx(NGINX.into()), "request_id", "time_local", "request_time", "upstream_header_time");
    for settings in [json, nginx] {
        match durations(&settings, line) {
            Ok(said) => assert!(said.iter().flatten().all(|ms| ms.is_finite() && *ms >= 0.0), "{said:?}"),
            Err(why) => assert!(!why.is_empty()),
        }
    }
}

/// A spec: a rig or problems, never both and never neither, and every problem can be shown and lies in the text.
pub fn spec(text: &[u8]) {
    let Ok(text) = std::str::from_utf8(text) else { return };
    let env = |name: &str| (name == "MODEL").then(|| "rigcheck-truth".to_owned());
    match load_text(text, "rigcheck.yaml", Path::new("/nowhere"), &Options { checks_dir: None, env: &env, exec: Exec::Refused }) {
        Ok(loaded) => assert!(!loaded.summary().is_empty()),
        Err(problems) => {
            assert!(!problems.is_empty());
            for problem in problems.list.iter().filter(|p| p.at.file > 0) {
                let bytes = problems.files.bytes(problem.at);
                assert!(bytes.is_some_and(|b| b.start <= b.end && b.end <= text.len()), "{:?} is outside of {text:?}", problem.at);
            }
            assert!(problems.render(true).contains("error") && problems.to_string().contains("error"));
        }
    }
}
