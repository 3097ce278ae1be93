//! `rigcheck trace` as a user runs it.

use super::{recorded::SPEC, rigcheck};
use crate::{
    sources::{
        jaeger::fake::{Manner, request, serve},
        traced_act::{sent, trace},
    },
    traces::sample::{ID, gateway},
};
use rigcheck::{
    model::{
        act::{Act, Api, Destination, LoadAct, Traced},
        event::Recorder,
        evidence::{Fact, Origin, Seen},
        key::{Key, Payload, Query, Spans, World},
        name,
        payload::{self, SpanRow},
        rows::Rows,
        units::{Span, Wall},
    },
    spec::{self, Exec, Options},
    store::Shelf,
};
use std::{fs, path::Path};

const RUN: &str = "01JTESTTESTTESTTESTTESTTE1";

/// A run of which only the spans were recorded.
fn record(folder: &Path, id: &str, source: &str, spans: Vec<SpanRow>) {
    let at = folder.join("rigcheck.yaml");
    fs::write(&at, SPEC).unwrap();
    let loaded = spec::load(&at, &Options { checks_dir: None, env: &|_| None, exec: Exec::Refused }).unwrap();
    let writer = Shelf::of(folder).begin(&name(id), &loaded.profile).unwrap();
    let act = LoadAct {
        name: name("controlled"),
        to: Destination::Target,
        api: Api::Chat,
        model: "m".into(),
        path: "/v1/chat/completions".into(),
        stream: true,
        per_kilosecond: 15_000,
        max_tokens: 16,
        planted: false,
        traced: Traced::All,
    };
    let key = Key { world: World::Live, source: name(source), query: Query::Spans(Spans { of: Act::Load(act) }) };
    let payload = Payload::Spans(payload::Spans { traces: 1, spans: Rows::inline(spans), ..payload::Spans::default() });
    let seen = Seen { payload, covered: Span { from: Wall(1), to: Wall(2) }, origin: Origin::default(), notes: vec![], partial: None };
    writer.keep(&Fact { key, answer: Ok(seen.into()) }).unwrap();
    writer.finish().unwrap();
}

#[test]
fn a_recorded_trace_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    record(folder.path(), RUN, "jaeger", gateway());
    let older: Vec<_> = gateway().into_iter().map(|s| SpanRow { trace_id: "11".repeat(16), start_ns: s.start_ns - 1_000_000_000, ..s }).collect();
    record(folder.path(), "01JTESTTESTTESTTESTTESTTE0", "jaeger", older);
    let last = rigcheck(folder.path(), &["trace", "last"]).ends(0);
    assert!(last.out.starts_with(&format!("Trace {ID} (run {RUN}, from jaeger)\n")), "{}", last.out);
    assert!(last.out.contains("… http send ×60") && last.out.contains("longest gap 6.10 ms"), "{}", last.out);
    let by_id = rigcheck(folder.path(), &["trace", &ID.to_uppercase(), "--run", "latest"]).ends(0);
    assert_eq!(by_id.out, last.out);
    let older = rigcheck(folder.path(), &["trace", &"11".repeat(16)]).ends(0);
    assert!(older.out.contains("run 01JTESTTESTTESTTESTTESTTE0"), "{}", older.out);
    let not_there = rigcheck(folder.path(), &["trace", &"11".repeat(16), "--run", RUN]).ends(2);
    assert!(not_there.err.contains("without `--run` it is looked for in every run and in the trace stores"), "{}", not_there.err);
    // The store of the spec does not answer: said, with where else it was looked for.
    let nowhere = rigcheck(folder.path(), &["trace", &"22".repeat(16)]).ends(2);
    assert!(nowhere.err.contains("2 runs in") && nowhere.err.contains("jaeger did not tell: unreachable"), "{}", nowhere.err);
}

#[test]
fn of_several_sources_the_one_with_most_spans_tells_it() {
    let folder = tempfile::tempdir().unwrap();
    record(folder.path(), RUN, "otlp", gateway()[..4].to_vec());
    let run = folder.path().join(format!(".rigcheck/runs/{RUN}.rig"));
    let few = fs::read_to_string(run.join("evidence.jsonl")).unwrap();
    fs::remove_dir_all(&run).unwrap();
    record(folder.path(), RUN, "jaeger", gateway());
    let all = fs::read_to_string(run.join("evidence.jsonl")).unwrap();
    fs::write(run.join("evidence.jsonl"), few + &all).unwrap();
    let last = rigcheck(folder.path(), &["trace", "last"]).ends(0);
    assert!(last.out.contains("from jaeger)") && last.out.contains("73 spans"), "{}", last.out);
}

#[test]
fn where_nothing_was_recorded_it_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let last = rigcheck(folder.path(), &["trace", "last"]).ends(2);
    assert!(last.err.contains("there is no run in") && last.err.contains("--file FILE"), "{}", last.err);
    let id = rigcheck(folder.path(), &["trace", ID]).ends(2);
    assert!(id.err.contains("no rigcheck.yaml names a trace store"), "{}", id.err);
    for text in ["xyz", "", "0", "00000000000000000000000000000000", "0af7651916cd43dd8448eb211c80319c00"] {
        let none = rigcheck(folder.path(), &["trace", text]).ends(2);
        assert!(none.err.contains("is no trace id"), "{text}: {}", none.err);
    }
    let run = rigcheck(folder.path(), &["trace", "last", "--run", "nope"]).ends(2);
    assert!(run.err.contains("there is no run `nope`"), "{}", run.err);
}

#[test]
fn a_file_needs_no_spec() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("saved.json");
    let span = r#"{"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"b7ad16e11da03bfa","name":"POST /chat","kind":2,"startTimeUnixNano":"1000000","endTimeUnixNano":"9000000"}"#;
    fs::write(&file, format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{span}]}}]}}]}}"#)).unwrap();
    let html = folder.path().join("out.html");
    let to = format!("html:{}", html.display());
    let ran = rigcheck(folder.path(), &["trace", "last", "--file", "saved.json", "-o", &to, "-o", "json"]).ends(0);
    let json: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((json["schema"].as_str(), json["waterfall"]["total_ms"].as_f64()), (Some("rigcheck.trace/1"), Some(8.0)));
    assert_eq!(json["trace_id"], ID);
    let page = fs::read_to_string(&html).unwrap();
    assert!(page.contains("<svg") && page.ends_with("</html>\n") && !page.contains("http://") && !page.contains("src="), "{page}");
    for (args, says) in [
        (&["--file", "none.json"][..], "there is no such file"),
        (&["--file", "."], "not the name of a file"),
        (&["--file", "saved.json", "--run", "latest"], "cannot be used with"),
        (&["--file", "saved.json", "-o", "yaml"], "there are human, json, html"),
        (&["--file", "saved.json", "-o", "json", "-o", "human"], "only one can go to standard output"),
        (&["--file", "saved.json", "-o", "html:no/such/folder.html"], "no/such/folder.html"),
    ] {
        let ran = rigcheck(folder.path(), &[&["trace", "last"], args].concat()).ends(2);
        assert!(ran.err.contains(says), "{args:?}: {}", ran.err);
    }
    let other = rigcheck(folder.path(), &["trace", &"22".repeat(16), "--file", "saved.json"]).ends(2);
    assert!(other.err.contains("has no span of trace 2222"), "{}", other.err);
}

/// A stranger's trace is shown, and nothing of it is written anywhere.
#[tokio::test(flavor = "multi_thread")]
async fn a_trace_of_others_is_asked_from_the_store_and_not_kept() {
    let (url, _) = serve(request(&trace(1), sent(1)), Manner::default()).await;
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("rigcheck.yaml"), SPEC.replace("jaeger: {url: http://127.0.0.1:9", &format!("jaeger: {{url: {url}"))).unwrap();
    let ran = tokio::task::spawn_blocking(move || {
        let ran = rigcheck(folder.path(), &["trace", &trace(1)]).ends(0);
        let there: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(there, ["rigcheck.yaml"]);
        ran
    });
    let ran = ran.await.unwrap();
    assert!(ran.out.contains(&format!("(jaeger, {url}, Jaeger API v3)")) && ran.out.contains("2 spans"), "{}", ran.out);
}
