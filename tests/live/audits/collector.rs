//! A collector between the gateway and the trace store: passing everything on, or sampling.
#![allow(clippy::disallowed_methods, reason = "writes what a real collector exports to a file, as its file exporter does")]

use crate::{
    rig::{Audited, Gateway, QUIET, REQUESTS, Rig},
    stack::or_skip,
};
use axum::{Router, body::Bytes, extract::State, http::header::CONTENT_TYPE, routing::post};
use std::{
    collections::BTreeSet,
    fs::OpenOptions,
    io::Write as _,
    path::{Path, PathBuf},
};

#[test]
fn a_collector_that_passes_everything_on_leaves_the_rig_ready_and_its_file_has_every_trace() {
    let name = "a_collector_that_passes_everything_on_leaves_the_rig_ready_and_its_file_has_every_trace";
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("traces.jsonl");
    let to = written_to(&file);
    let Some(rig) = or_skip(name, Rig::collected(Gateway::REPAIRED, &["--copy", &to])) else { return };
    let traces = format!("sources:\n  traces: {{kind: otlp, path: {}, service: gateway, claims: [total, ttft]}}\n", file.display());
    let spec = rig.spec(&format!("audit: {{requests: {REQUESTS}}}")).replace("sources:\n", &traces);
    let audited = rig.audit_spec("passed-on", &spec, &[]);
    let trouble = audited.trouble();
    assert!(audited.rules("no_data").is_empty() && audited.rules("error").is_empty(), "{trouble}");
    assert!(audited.failed_not_for_noise().is_empty(), "{trouble}");
    for source in ["jaeger", "traces"] {
        for rule in ["LAT-02", "LAT-13"] {
            assert_eq!(audited.statuses(rule, source), BTreeSet::from(["pass"]), "{rule} {source}: {trouble}");
        }
    }
    if audited.busy <= QUIET {
        assert_eq!((audited.code, audited.verdict()), (0, "ready"), "{trouble}");
    }
}

#[test]
fn a_tail_sampler_that_drops_long_streams_is_found_and_said_to() {
    let name = "a_tail_sampler_that_drops_long_streams_is_found_and_said_to";
    let Some(rig) = or_skip(name, Rig::collected(Gateway::REPAIRED, &["--sampling", "tail", "--keep", "500"])) else { return };
    let audited = rig.audit("tail", REQUESTS);
    let because = missing_traces(&audited);
    assert!(because.contains("longer ones are missing, not an even sample: median"), "{because}\n{}", audited.trouble());
    assert!(because.contains("a tail sampler"), "{because}");
    assert!(!because.contains("sampling rate"), "{because}");
}

#[test]
fn a_tenth_of_the_traces_by_id_is_found_and_said_to_be_independent_of_how_long_they_last() {
    let name = "a_tenth_of_the_traces_by_id_is_found_and_said_to_be_independent_of_how_long_they_last";
    let Some(rig) = or_skip(name, Rig::collected(Gateway::REPAIRED, &["--sampling", "head"])) else { return };
    let audited = rig.audit("head", REQUESTS);
    let because = missing_traces(&audited);
    assert!(because.contains("a sampling rate near"), "{because}\n{}", audited.trouble());
    assert!(because.contains("how long a request lasts makes no difference"), "{because}");
}

/// Why LAT-02 finds traces missing; nothing else of the rig has lost anything.
fn missing_traces(audited: &Audited) -> String {
    let trouble = audited.trouble();
    assert_eq!(audited.statuses("LAT-02", "jaeger"), BTreeSet::from(["fail"]), "{trouble}");
    assert_eq!(audited.statuses("LAT-02", "access_log"), BTreeSet::from(["pass"]), "{trouble}");
    assert_eq!((audited.code, audited.verdict()), (1, "not_ready"), "{trouble}");
    let found = audited.outcomes().into_iter().find(|o| o.0 == "LAT-02" && o.1 == "jaeger").expect("an outcome");
    found.3["because"].to_string()
}

/// Receives what a collector exports as OTLP-JSON and appends each export as a line, which is what its `file` exporter writes,
/// by the same marshaller. That exporter is not in the collector that is installed for these tests.
fn written_to(file: &Path) -> String {
    async fn export(State(file): State<PathBuf>, body: Bytes) -> ([(axum::http::HeaderName, &'static str); 1], &'static str) {
        let mut to = OpenOptions::new().create(true).append(true).open(file).expect("a file of ours");
        to.write_all(&[&body[..], b"\n"].concat()).expect("room");
        ([(CONTENT_TYPE, "application/json")], "{}")
    }
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.set_nonblocking(true).expect("a socket");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let app = Router::new().route("/v1/traces", post(export)).with_state(file.to_owned());
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async { axum::serve(tokio::net::TcpListener::from_std(listener).expect("a listener"), app).await })
    });
    url
}
