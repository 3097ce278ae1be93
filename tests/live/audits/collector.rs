//! A collector between the gateway and the trace store that passes everything on; `tests/faults` has those that sample.
#![allow(clippy::disallowed_methods, reason = "writes what a real collector exports to a file, as its file exporter does")]

use crate::{
    rig::{Gateway, REQUESTS, Rig},
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
fn a_collector_that_passes_everything_on_harms_nothing_and_its_file_has_every_trace() {
    let name = "a_collector_that_passes_everything_on_harms_nothing_and_its_file_has_every_trace";
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("traces.jsonl");
    let to = written_to(&file);
    let Some(rig) = or_skip(name, Rig::collected(Gateway::REPAIRED, &["--copy", &to])) else { return };
    let traces = format!("sources:\n  traces: {{kind: otlp, path: {}, service: gateway, claims: [total, ttft]}}\n", file.display());
    let spec = rig.spec(&format!("audit: {{requests: {REQUESTS}}}")).replace("sources:\n", &traces);
    let audited = rig.audit_spec("passed-on", &spec, &[]);
    let trouble = audited.trouble();
    audited.stands();
    for source in ["jaeger", "traces"] {
        for rule in ["LAT-02", "LAT-13"] {
            assert_eq!(audited.statuses(rule, source), BTreeSet::from(["pass"]), "{rule} {source}: {trouble}");
        }
    }
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
