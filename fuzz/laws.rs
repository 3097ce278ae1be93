//! What must hold of each reader, whatever the bytes. Each fuzz target calls one of these; `cargo test` feeds all seeds to
//! them (`tests/it/hostile`), so that they compile and hold without nightly.

use rigcheck::{
    model::payload::SpanRow,
    sources::{
        exposition::{Format, lost_by_lax_reader, parse},
        fuzzing::{durations, events, spans_of_json, spans_of_protobuf},
    },
    spec::{
        Exec, Options, load_text,
        settings::{AccessLog, Field, LogFormat, LogPlace},
    },
};
use std::path::Path;

/// A metrics page, in both formats: what is read names a line that is there, and no line is doubted twice.
pub fn exposition(page: &[u8]) {
    let lines = (page.split_inclusive(|b| *b == b'\n').count() as u64).max(1);
    for format in [Format::Text, Format::OpenMetrics] {
        let read = parse(page, format);
        assert!(read.samples().all(|s| (1..=lines).contains(&s.line) && !s.name.is_empty()));
        assert!(read.doubts.iter().all(|d| d.line <= lines) && read.doubtful_lines <= lines);
        assert!(read.damage("some_metric").is_none_or(|d| d.line <= lines));
        let _ = lost_by_lax_reader(page, &read);
    }
}

/// A stream of events: however the reads split it, the events are the same. The first byte is the size of the reads.
pub fn sse(input: &[u8]) {
    let Some((size, bytes)) = input.split_first() else { return };
    let pieces: Vec<&[u8]> = bytes.chunks(usize::from(*size).max(1)).collect();
    assert_eq!(events(&pieces), events(&[bytes]));
}

/// OTLP in JSON: ids are of full length, names are short, lengths are finite.
pub fn otlp_json(body: &[u8]) {
    rows(spans_of_json(body).map(|(rows, _)| rows));
}

/// OTLP in protobuf: the same.
pub fn otlp_protobuf(body: &[u8]) {
    rows(spans_of_protobuf(body).map(|(rows, _)| rows));
}

fn rows(read: Result<Vec<SpanRow>, String>) {
    for row in read.into_iter().flatten() {
        assert!(row.trace_id.len() == 32 && row.span_id.len() == 16 && row.parent_id.as_ref().is_none_or(|p| p.len() == 16), "{row:?}");
        assert!(row.name.chars().count() <= 200 && row.length_ms().is_finite(), "{row:?}");
    }
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
        if let Ok(said) = durations(&settings, line) {
            assert!(said.iter().flatten().all(|ms| ms.is_finite() && *ms >= 0.0), "{said:?}");
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
            assert!(problems.list.iter().filter(|p| p.at.file > 0).all(|p| problems.files.bytes(p.at).is_some()));
            assert!(problems.render(true).contains("error"));
        }
    }
}
