//! One trace by its id, wherever it lies.

use super::{
    jaeger::fake::{Manner, Presence, request, serve},
    traced_act::{connection, sent, trace},
};
use rigcheck::{
    model::{Gap, name, units::Ms},
    sources::trace::{Found, Wanted, ask, in_file},
    spec::settings::SourceSettings,
    traces::{marked_trace, trace_number},
};
use std::{fs, path::Path};

fn jaeger(url: &str) -> SourceSettings {
    SourceSettings::Jaeger { connection: connection(url), service: "gateway".into(), settle: Ms(100.0) }
}

async fn asked(url: &str, id: &str) -> Result<Option<Found>, Gap> {
    ask(&name("jaeger"), &jaeger(url), trace_number(id).unwrap()).await
}

#[tokio::test]
async fn jaeger_is_asked_by_either_api() {
    for v3 in [Presence::There, Presence::NotFound, Presence::WebPage, Presence::OtherJson] {
        let (url, _) = serve(request(&trace(1), sent(1)), Manner { v3, ..Manner::default() }).await;
        let found = asked(&url, &trace(1)).await.unwrap().unwrap();
        let names: Vec<_> = found.spans.iter().map(|span| span.name.as_str()).collect();
        assert_eq!(names, ["POST /v1/chat/completions", "POST /v1/chat/completions http send"]);
        assert!(found.at.starts_with(&url), "{}", found.at);
        assert_eq!(asked(&url, &trace(2)).await.unwrap(), None, "a stranger's, or dropped");
    }
}

#[tokio::test]
async fn what_is_no_jaeger_is_no_answer() {
    let nothing = Presence::NotFound;
    let (url, _) = serve(vec![], Manner { v3: nothing, legacy: nothing, ..Manner::default() }).await;
    let gap = asked(&url, &trace(1)).await.unwrap_err();
    assert!(matches!(&gap, Gap::Malformed(why) if why.contains("no Jaeger query service answers here")), "{gap}");
    let gap = asked("http://127.0.0.1:9", &trace(1)).await.unwrap_err();
    assert!(matches!(&gap, Gap::Unreachable(why) if why.contains("sources.jaeger")), "{gap}");
    let (url, _) = serve(vec![], Manner { v3: Presence::Status(401), ..Manner::default() }).await;
    assert!(matches!(asked(&url, &trace(1)).await.unwrap_err(), Gap::Denied(_)));
}

/// An export with one span of a trace.
fn export(id: u128, span: u64, start_ns: u64) -> String {
    let span = format!(
        r#"{{"traceId":"{id:032x}","spanId":"{span:016x}","name":"auth","kind":1,"startTimeUnixNano":"{start_ns}","endTimeUnixNano":"{}"}}"#,
        start_ns + 5
    );
    format!(r#"{{"resourceSpans":[{{"resource":{{"attributes":[]}},"scopeSpans":[{{"spans":[{span}]}}]}}]}}"#)
}

fn looked(path: &Path, wanted: Wanted) -> (usize, String) {
    let found = in_file(path, wanted).unwrap().unwrap();
    (found.spans.len(), found.spans[0].trace_id.clone())
}

#[test]
fn a_file_is_read_with_its_rotated_siblings() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("traces.jsonl");
    let (ours, theirs) = (marked_trace(7), 0xffff_u128);
    let metrics = r#"{"resourceMetrics":[{"a":1}]}"#;
    fs::write(folder.path().join("traces.jsonl.1"), export(ours, 1, 100) + "\n").unwrap();
    fs::write(&path, [export(theirs, 2, 900), metrics.into(), "nonsense".into(), export(ours, 3, 120), export(ours + 1, 4, 110)].join("\n")).unwrap();
    let of = |id: u128| format!("{id:032x}");
    assert_eq!(looked(&path, Wanted::Id(ours)), (2, of(ours)));
    assert_eq!(looked(&path, Wanted::Id(theirs)), (1, of(theirs)));
    assert_eq!(looked(&path, Wanted::Newest), (2, of(ours)), "a request of ours before a stranger's that is newer");
    let found = in_file(&path, Wanted::Id(ours)).unwrap().unwrap();
    assert_eq!(found.notes.len(), 1, "the document that cannot be read is told: {:?}", found.notes);
    assert_eq!(in_file(&path, Wanted::Id(5)).unwrap(), None);
    fs::write(&path, export(theirs, 2, 900)).unwrap();
    fs::remove_file(folder.path().join("traces.jsonl.1")).unwrap();
    assert_eq!(looked(&path, Wanted::Newest), (1, of(theirs)));
}

#[test]
fn what_jaegers_page_saves_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trace.json");
    let span = r#"{"traceID":"7b","spanID":"2","operationName":"auth","references":[],"startTime":1000,"duration":5,"tags":[],"processID":"p1"}"#;
    fs::write(
        &path,
        format!("{{\n  \"data\": [{{\"traceID\":\"7b\",\"spans\":[{span}],\n \"processes\":{{\"p1\":{{\"serviceName\":\"gateway\"}}}}}}]\n}}\n"),
    )
    .unwrap();
    let found = in_file(&path, Wanted::Newest).unwrap().unwrap();
    assert_eq!((found.spans[0].service.as_str(), found.spans[0].name.as_str(), found.spans[0].start_ns), ("gateway", "auth", 1_000_000));
}

#[test]
fn what_is_no_file_of_traces_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    fs::write(&path, "hello\nworld\n").unwrap();
    let gap = in_file(&path, Wanted::Newest).unwrap_err();
    assert!(matches!(&gap, Gap::Malformed(why) if why.contains("OTLP-JSON")), "{gap}");
    assert!(matches!(in_file(&folder.path().join("none"), Wanted::Newest), Err(Gap::Unreachable(_))));
    fs::write(&path, "").unwrap();
    assert_eq!(in_file(&path, Wanted::Newest).unwrap(), None);
}
