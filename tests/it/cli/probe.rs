//! `rigcheck plan --probe` on the reference rig: a right mapping, and each wrong one by name with what was seen instead.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use super::{Ran, rigcheck};
use rigcheck::reference::{
    faults::{Fault, by_name},
    rig::ReferenceRig,
};
use serde_json::Value;
use std::fs;

const ROUTE: &str = "match: {route: /v1/chat/completions}";
const TOTAL: &str = "duration: {field: duration_ms, unit: ms}";

/// What a probe of the reference rig said, by a spec that is changed as given.
struct Probed {
    ran: Ran,
    said: Value,
    requests_in_log: usize,
}

fn probed(fault: Option<&Fault>, change: impl FnOnce(String) -> String) -> Probed {
    let folder = tempfile::tempdir().unwrap();
    let rig = ReferenceRig::start(folder.path(), fault, 240).unwrap();
    fs::write(folder.path().join("rigcheck.yaml"), change(rig.spec())).unwrap();
    let ran = rigcheck(folder.path(), &["plan", "--probe", "--output", "json"]);
    let said = serde_json::from_str(&ran.out).unwrap_or_else(|e| panic!("{e}\n{}\n{}", ran.out, ran.err));
    let requests_in_log = fs::read_to_string(folder.path().join("access.jsonl")).unwrap_or_default().lines().count();
    assert!(!folder.path().join(".rigcheck").exists(), "a probe records nothing");
    tokio::runtime::Runtime::new().unwrap().block_on(rig.stop());
    Probed { ran, said, requests_in_log }
}

/// The same with one text of the spec replaced.
fn replaced(from: &str, to: &str) -> Probed {
    probed(None, |spec| {
        assert!(spec.contains(from), "{spec}");
        spec.replace(from, to)
    })
}

impl Probed {
    fn row(&self, source: &str, claim: &str) -> &Value {
        let rows = self.said["probe"]["rows"].as_array().unwrap();
        let found = rows.iter().find(|r| r["source"] == source && r["claim"] == claim);
        found.unwrap_or_else(|| panic!("no {source} {claim} in {:#}", self.said))
    }
    /// The row is proven wrong, says this, and the probe ends with 1.
    #[track_caller]
    fn wrong(&self, source: &str, claim: &str, says: &[&str]) {
        let row = self.row(source, claim);
        assert_eq!(row["state"], "wrong", "{row:#}");
        let text = format!("{} {}", row["beside"].as_str().unwrap(), row["says"]);
        for part in says {
            assert!(text.contains(part), "no {part} in {row:#}");
        }
        assert_eq!(self.ran.code, 1, "{:#}", self.said);
    }
}

#[test]
fn a_right_mapping_appears_everywhere_once() {
    let probed = probed(None, |spec| spec);
    let rows = probed.said["probe"]["rows"].as_array().unwrap();
    let claims: Vec<String> = rows.iter().map(|r| format!("{}:{}", r["source"].as_str().unwrap(), r["claim"].as_str().unwrap())).collect();
    for claim in
        ["load:request", "truth:emitted ttft", "scrape:total", "scrape:ttft", "scrape:inter_chunk", "access_log:total", "otlp:total", "otlp:ttft"]
    {
        assert!(claims.contains(&claim.to_owned()), "no {claim} in {claims:?}");
    }
    assert!(rows.iter().all(|r| r["state"] == "right"), "{:#}", probed.said);
    assert_eq!(probed.said["probe"]["vantage"].as_array().unwrap().len(), 1, "{:#}", probed.said);
    assert_eq!((probed.said["schema"].as_str(), probed.said["probe"]["rows"][0]["appeared"].as_str()), (Some("rigcheck.plan/1"), Some("sent")));
    assert_eq!(probed.requests_in_log, 1, "one request, and no other");
    assert!(probed.ran.err.contains("Sends 1 request to http://127.0.0.1:") && probed.ran.err.contains("model rigcheck-truth"), "{}", probed.ran.err);
    let counted = probed.row("scrape", "total")["instances"].as_array().unwrap();
    assert!(counted.len() == 1 && counted[0].as_str().unwrap().starts_with("127.0.0.1:"), "{counted:?}");
    // A busy machine may hold up 20 connections; nothing else ends it otherwise.
    let settled = probed.said["probe"]["vantage"].as_array().unwrap().iter().all(|v| v["state"] == "right");
    assert_eq!(probed.ran.code, if settled { 0 } else { 3 }, "{:#}", probed.said);
}

#[test]
fn a_clock_is_asked_too() {
    let probed = probed(None, |spec| {
        let url = spec.split("target: {url: ").nth(1).and_then(|rest| rest.split(',').next()).unwrap().to_owned();
        spec.replacen("sources:\n", &format!("sources:\n  clock: {{header: {{url: {url}/metrics}}}}\n"), 1)
    });
    let row = probed.row("clock", "clock");
    assert_eq!((row["appeared"].as_str(), row["state"].as_str()), (Some("told"), Some("right")), "{row:#}");
    assert!(row["beside"].as_str().unwrap().ends_with("off ours"), "{row:#}");
}

#[test]
fn another_route_is_named_with_the_one_that_rose() {
    let probed = replaced(ROUTE, "match: {route: /v2/chat}");
    probed.wrong(
        "scrape",
        "total",
        &["no series `rigcheck_mock_request_duration_seconds{route=\\\"/v2/chat\\\"}`", "write `match: {route: /v1/chat/completions}`"],
    );
    probed.wrong("scrape", "ttft", &["write `match: {route: /v1/chat/completions}`"]);
}

/// Following "write `match: {model: …}`" would send an audit's whole load to a model that somebody pays for.
#[test]
fn another_model_than_the_one_that_is_sent_is_named_with_both_ends() {
    let probed = replaced(ROUTE, "match: {model: gpt-house}");
    probed.wrong("scrape", "total", &["asks for the model `rigcheck-truth` (`target.chat.model`)", "`metrics.total.match` names `gpt-house`"]);
    assert!(!probed.row("scrape", "total")["says"].to_string().contains("write `match"), "{:#}", probed.said);
}

#[test]
fn another_metric_is_named_with_the_one_that_rose() {
    let probed = replaced("rigcheck_mock_request_duration_seconds", "http_request_duration_seconds");
    probed.wrong("scrape", "total", &["write `total: {histogram: rigcheck_mock_request_duration_seconds, unit: s, match: {"]);
}

#[test]
fn a_wrong_unit_is_named_with_the_right_one() {
    let metric = replaced("rigcheck_mock_request_duration_seconds, unit: s", "rigcheck_mock_request_duration_seconds, unit: ms");
    metric.wrong("scrape", "total", &["1/1000 of it: unit s, not ms", "write `unit: s`"]);
    let log = replaced(TOTAL, "duration: {field: duration_ms, unit: s}");
    log.wrong("access_log", "total", &["1000 times as large: unit ms, not s", "write `unit: ms` instead of `unit: s`"]);
    let fault = probed(by_name("metric-in-ms"), |spec| spec);
    fault.wrong("scrape", "total", &["1000 times as large: unit ms, not s", "write `unit: ms`"]);
}

#[test]
fn a_wrong_id_field_is_named_with_the_one_that_holds_the_id() {
    replaced("id: request_id", "id: req_id").wrong("access_log", "total", &["write `id: request_id`"]);
}

#[test]
fn a_wrong_service_is_named_with_the_one_that_the_trace_is_of() {
    replaced("service: rigcheck-mock", "service: gatewya").wrong("otlp", "total", &["write `service: rigcheck-mock`"]);
}

#[test]
fn a_model_that_goes_elsewhere_is_named() {
    let elsewhere = rigcheck::reference::mock_llm::Mock::start(rigcheck::reference::mock_llm::MockSettings::default()).unwrap();
    let url = elsewhere.url();
    let probed = probed(None, |spec| {
        let truth = spec.lines().find(|l| l.trim_start().starts_with("truth:")).unwrap().to_owned();
        spec.replace(&truth, &format!("  truth: {{url: {url}}}"))
    });
    probed.wrong("truth", "emission log", &["not by this model", "sources.truth.url"]);
}

#[test]
fn a_metric_of_another_quantity_is_named() {
    let swapped = replaced("rigcheck_mock_ttft_seconds", "rigcheck_mock_request_duration_seconds");
    swapped.wrong("scrape", "ttft", &["is the client's total time"]);
}

#[test]
fn a_page_that_did_not_see_the_request_could_not_be_told() {
    // Another process of the same kind: what it counts is not what the target serves.
    let other = rigcheck::reference::mock_llm::Mock::start(rigcheck::reference::mock_llm::MockSettings::default()).unwrap();
    let url = other.url();
    let probed = probed(None, |spec| {
        let page = spec.lines().find(|l| l.trim_start().starts_with("scrape:")).unwrap().to_owned();
        spec.replace(&page, &format!("  scrape: {{url: {url}/metrics, interval: 1s}}"))
    });
    let row = probed.row("scrape", "total");
    assert_eq!((row["state"].as_str(), probed.ran.code), (Some("doubtful"), 3), "{:#}", probed.said);
    assert!(row["says"].to_string().contains("another replica or worker"), "{row:#}");
    assert_eq!(probed.row("access_log", "total")["state"], "right", "{:#}", probed.said);
}

#[test]
fn without_a_target_there_is_nothing_to_probe_and_too_little_is_allowed_by_name() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("rigcheck.yaml"), "version: 1\nrig: x\nsources: {scrape: {url: http://127.0.0.1:9/metrics}}\n").unwrap();
    let none = rigcheck(folder.path(), &["plan", "--probe"]).ends(2);
    assert!(none.err.contains("nothing to probe"), "{}", none.err);
    let small = "version: 1\nrig: x\ntarget: {url: http://127.0.0.1:9, chat: {path: /c, model: m, max_tokens: 64}, allow: {requests: 5, tokens: 70, rate: 1/s}}\n";
    fs::write(folder.path().join("rigcheck.yaml"), small).unwrap();
    let refused = rigcheck(folder.path(), &["plan", "--probe"]).ends(2);
    assert!(refused.err.contains("target.allow") && refused.err.contains("70 tokens"), "{}", refused.err);
}

#[test]
fn a_target_that_does_not_answer_is_no_answer_and_is_asked_once() {
    let folder = tempfile::tempdir().unwrap();
    let spec = "version: 1\nrig: x\ntarget: {url: http://127.0.0.1:9, chat: {path: /c, model: m, max_tokens: 64}, allow: {requests: 5, tokens: 7k, rate: 1/s}}\n";
    fs::write(folder.path().join("rigcheck.yaml"), spec).unwrap();
    let ran = rigcheck(folder.path(), &["plan", "--probe"]).ends(3);
    assert!(ran.out.contains("refused") && ran.out.contains("could not be confirmed"), "{}\n{}", ran.out, ran.err);
}

#[test]
fn a_path_that_is_not_there_is_a_wrong_mapping() {
    let probed = replaced("chat: {path: /v1/chat/completions", "chat: {path: /v9/chat");
    probed.wrong("load", "request", &["status 404", "target.chat.path"]);
    assert_eq!(probed.row("load", "request")["beside"], "status 404", "said once");
    assert_eq!(probed.said["probe"]["vantage"].as_array().unwrap().len(), 0, "nothing can be settled from where it fails: {:#}", probed.said);
    assert_eq!(probed.said["probe"]["rows"].as_array().unwrap().len(), 1, "{:#}", probed.said);
}

#[test]
fn people_are_told_what_one_request_cannot_show_and_no_secret_that_the_spec_names_in_a_metric() {
    let folder = tempfile::tempdir().unwrap();
    let rig = ReferenceRig::start(folder.path(), None, 240).unwrap();
    fs::write(folder.path().join("rigcheck.yaml"), rig.spec()).unwrap();
    let right = rigcheck(folder.path(), &["plan", "--probe"]).out;
    assert!(right.contains("\nOne request shows one replica: 127.0.0.1:") && right.ends_with("probe again until each was seen.\n"), "{right}");

    fs::write(folder.path().join("tenant"), "s3cret-of-tenant").unwrap();
    fs::write(folder.path().join("rigcheck.yaml"), rig.spec().replace(ROUTE, "match: {tenant: \"${file:tenant}\"}")).unwrap();
    for output in ["human", "json"] {
        for args in [&["plan", "--output", output][..], &["plan", "--probe", "--output", output]] {
            let ran = rigcheck(folder.path(), args);
            assert!(!ran.out.contains("s3cret") && !ran.err.contains("s3cret"), "{}{}", ran.out, ran.err);
            assert!(args.len() == 3 || ran.out.contains("tenant=") && ran.out.contains("***"), "{}", ran.out);
        }
    }
    tokio::runtime::Runtime::new().unwrap().block_on(rig.stop());
}
