//! Spans that a collector writes to a file.
#![allow(clippy::disallowed_methods, reason = "writes what a collector would write")]

use super::{
    super::traced_act::{BEGAN, QUICK, act, open_slot, sent, spans, trace},
    TIME,
    export::{gzip, span_of},
};
use rigcheck::{
    model::{
        Gap, Question as _, Seen,
        audit::Effort,
        key::Spans,
        name,
        payload::{self, SpanRow},
        source::{ActState, Source as _, Timing},
    },
    sources::otlp::OtlpFiles,
};
use std::{
    fs::{self, File, OpenOptions},
    future::{Future, ready},
    io::Write as _,
    path::Path,
    time::Duration,
};

fn line(n: usize, service: &str) -> String {
    format!("{}\n", serde_json::to_string(&span_of(&trace(n), sent(n), service)).unwrap())
}

fn append(path: &Path, text: &str) {
    OpenOptions::new().append(true).create(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
}

/// Asks about an act of `count` requests: `during` runs once it watches, `after` when the act is over.
async fn run(path: &Path, count: usize, within: Duration, during: impl FnOnce(), after: impl Future<Output = ()>) -> Result<Seen, Gap> {
    let source = OtlpFiles::new(name("traces"), path.into(), "gateway".into()).with_pace(QUICK);
    assert_eq!((source.timing(&spans()), source.waits()), (Timing::Watch, QUICK.waits()));
    let (slot, state, mut ready) = open_slot(within);
    let query = spans();
    let mut asked = source.ask(&query, Effort::default(), &slot);
    let watching = async { ready.wait_for(|r| *r).await.map(drop).unwrap() };
    tokio::select! {
        answer = &mut asked => return answer,
        () = watching => {}
    }
    let played = async {
        during();
        state.send_replace(ActState::Done(act(count)));
        after.await;
    };
    let (answer, ()) = tokio::join!(tokio::time::timeout_at(slot.deadline.into(), asked), played);
    answer.expect("answers before the deadline")
}

fn picked(seen: &Seen) -> payload::Spans {
    assert_eq!(seen.partial, None);
    Spans::pick(&seen.payload).unwrap().clone()
}

#[tokio::test]
async fn only_what_is_appended_is_read_and_of_others_nothing_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("traces.jsonl");
    // What was there before is not even read: it is broken, and its last line is still being written.
    fs::write(&path, format!("no JSON\n{}{}", line(0, "gateway"), &line(1, "gateway")[..40])).unwrap();
    let skipped = fs::metadata(&path).unwrap().len();
    let during = || {
        append(&path, &line(1, "gateway")[40..]);
        for n in 0..4 {
            append(&path, &line(n, "gateway"));
        }
        append(&path, &line(3, "gateway"));
        append(&path, "{\"resourceMetrics\":[]}\n{}\n");
        append(&path, &line(0, "another"));
        append(&path, &serde_json::to_string(&span_of("ffff0000000000000000000000000001", sent(1), "gateway")).unwrap());
        append(&path, "\n");
    };
    let seen = run(&path, 4, TIME, during, ready(())).await.unwrap();
    let found = picked(&seen);
    assert_eq!((found.traces, found.spans.len(), found.foreign, found.truncated), (4, 4, 1, 0));
    assert_eq!(seen.notes, Vec::<String>::new());
    assert_eq!(seen.origin.request, format!("read {} from byte {skipped}, 10 lines", path.display()));
    let rows: Vec<SpanRow> = found.spans.iter().collect();
    assert!(rows.iter().enumerate().all(|(n, row)| row.trace_id == trace(n) && row.service == "gateway" && row.kind == "server"));
    let text = serde_json::to_string(&seen).unwrap();
    for planted in ["jane", "planted", "ffff0000"] {
        assert!(!text.contains(planted), "{planted} in {text}");
    }
}

#[tokio::test]
async fn a_file_may_come_late_grow_by_halves_and_end_without_a_line_end() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("traces.jsonl");
    let after = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let second = line(1, "gateway");
        append(&path, &line(0, "gateway"));
        append(&path, &second[..99]);
        tokio::time::sleep(Duration::from_millis(500)).await;
        append(&path, &second[99..]);
        append(&path, line(2, "gateway").trim_end());
    };
    let seen = run(&path, 3, TIME, || (), after).await.unwrap();
    assert_eq!(picked(&seen).traces, 3);
}

#[tokio::test]
async fn rotation_as_the_collector_does_it_and_packing_lose_and_double_nothing() {
    for packed in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("traces.jsonl");
        fs::write(&path, line(9, "gateway")).unwrap();
        let during = || append(&path, &line(0, "gateway"));
        let after = async {
            tokio::time::sleep(Duration::from_millis(400)).await;
            append(&path, &line(1, "gateway"));
            let rotated = dir.path().join("traces-2026-05-01T12-00-00.123.jsonl");
            if packed {
                fs::write(rotated.with_extension("jsonl.gz"), gzip(&fs::read(&path).unwrap())).unwrap();
                fs::remove_file(&path).unwrap();
            } else {
                fs::rename(&path, rotated).unwrap();
            }
            append(&path, &line(2, "gateway"));
        };
        let seen = run(&path, 3, TIME, during, after).await.unwrap();
        let found = picked(&seen);
        assert_eq!((found.traces, found.spans.len()), (3, 3), "packed: {packed}");
    }
}

#[tokio::test]
async fn a_document_that_is_written_anew_is_read_whole_even_if_it_is_longer_than_before() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("traces.json");
    let whole = |of: std::ops::Range<usize>| {
        let all = of.map(|n| serde_json::to_value(span_of(&trace(n), sent(n), "gateway")).unwrap()["resourceSpans"][0].clone());
        serde_json::to_string_pretty(&serde_json::json!({"resourceSpans": all.collect::<Vec<_>>()})).unwrap()
    };
    fs::write(&path, whole(20..22)).unwrap();
    // The same file, cut and written anew, longer than it was.
    let seen = run(&path, 5, TIME, || fs::write(&path, whole(0..5)).unwrap(), ready(())).await.unwrap();
    assert_eq!(picked(&seen).traces, 5);
}

#[tokio::test]
async fn a_folder_of_files_is_named_by_a_star() {
    let dir = tempfile::tempdir().unwrap();
    let during = || {
        for n in 0..3 {
            append(&dir.path().join(format!("traces-{n}.json")), &line(n, "gateway"));
        }
        append(&dir.path().join("else.txt"), "no traces\n");
    };
    let seen = run(&dir.path().join("*.json"), 3, TIME, during, ready(())).await.unwrap();
    assert_eq!(picked(&seen).traces, 3);
    let folder = run(dir.path(), 3, TIME, || (), ready(())).await;
    assert!(matches!(&folder, Err(Gap::NotConfigured(t)) if t.contains("is a folder") && t.contains("/*.jsonl")), "{folder:?}");
}

#[tokio::test]
async fn what_cannot_be_read_makes_the_answer_partial_and_names_the_place() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("traces.jsonl");
    // An export that was cut off by a crash, then the collector went on.
    let during = || {
        append(&path, &line(0, "gateway")[..80]);
        append(&path, "\n");
        append(&path, &line(1, "gateway"));
        append(&path, "\u{1}\u{2}(zstd)\n");
    };
    let seen = run(&path, 1, TIME, during, ready(())).await.unwrap();
    assert_eq!(Spans::pick(&seen.payload).unwrap().traces, 1);
    let Some(Gap::Malformed(why)) = &seen.partial else { panic!("{:?}", seen.partial) };
    assert!(why.contains("2 of 3 exports could not be read, first traces.jsonl:1 (is no OTLP-JSON), traces.jsonl:3"), "{why}");
    assert!(why.contains("without `compression`"), "{why}");
}

#[tokio::test]
async fn a_file_without_our_traces_says_what_it_has() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("traces.jsonl");
    let seen = run(&path, 2, TIME, || append(&path, &line(0, "proxy")), ready(())).await.unwrap();
    let found = picked(&seen);
    assert_eq!((found.traces, found.elsewhere.as_slice()), (0, ["proxy".to_owned()].as_slice()));
    assert!(
        seen.notes[0].contains("1 exports with 1 spans were written since the load began, 1 of them of other services than `gateway`"),
        "{:?}",
        seen.notes
    );
}

#[tokio::test]
async fn no_file_is_a_gap_and_not_an_empty_answer() {
    let dir = tempfile::tempdir().unwrap();
    let answer = run(&dir.path().join("traces.jsonl"), 2, TIME, || (), ready(())).await;
    assert!(matches!(&answer, Err(Gap::Unreachable(t)) if t.contains("no such file")), "{answer:?}");
    let empty = dir.path().join("empty.jsonl");
    File::create(&empty).unwrap();
    assert_eq!(picked(&run(&empty, 2, TIME, || (), ready(())).await.unwrap()).traces, 0);
}

#[tokio::test]
async fn what_still_arrives_at_the_deadline_is_partial() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("traces.jsonl");
    let after = async {
        for n in 0..6 {
            append(&path, &line(n, "gateway"));
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    };
    let seen = run(&path, 50, Duration::from_secs(2), || (), after).await.unwrap();
    let said = |t: &str| t.contains("of 50 traces") && t.contains("the last new span came");
    assert!(matches!(&seen.partial, Some(Gap::TooLate(t)) if said(t)), "{:?}", seen.partial);
    assert!(seen.covered.from.0 == BEGAN);
    // Nothing came, and it could not be told whether it would.
    let empty = dir.path().join("empty.jsonl");
    File::create(&empty).unwrap();
    let seen = run(&empty, 50, Duration::from_millis(900), || (), ready(())).await.unwrap();
    assert!(matches!(&seen.partial, Some(Gap::TooLate(t)) if t.contains("no span of ours came for")), "{:?}", seen.partial);
}
