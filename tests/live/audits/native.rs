//! Prometheus scrapes and stores native histograms; an audit by them finds what an audit by classic ones finds, and what it
//! counts is what Prometheus itself says of the same series.
#![allow(clippy::disallowed_methods, reason = "writes a spec and Prometheus' configuration, and waits for it")]

use crate::{
    rig::{Audited, QUIET, REQUESTS, Rig, Turn},
    stack::{NotUp, Stack, or_skip},
};
use rigcheck::reference::{faults::ALL, rig::ReferenceRig};
use serde_json::Value;
use std::{
    collections::BTreeSet,
    fs,
    thread::sleep,
    time::{Duration, Instant},
};

const TOTAL: &str = "rigcheck_mock_request_duration_seconds";

/// The reference endpoint, whose page of native histograms a Prometheus scrapes.
struct Native {
    part: &'static str,
    stack: Stack,
    rig: ReferenceRig,
    asks: tokio::runtime::Runtime,
}

impl Native {
    /// `part` is the Prometheus: 2 or 3.
    fn start(part: &'static str, fault: Option<&str>) -> Result<Native, NotUp> {
        let _turn = Turn::take(1);
        let fault = fault.map(|wanted| ALL.iter().find(|f| f.name == wanted).expect("a fault of that name"));
        let folder = tempfile::tempdir().expect("a folder").keep();
        let rig = ReferenceRig::start(&folder, fault, REQUESTS).expect("a free port");
        let target = format!("mock={}", rig.url().trim_start_matches("http://"));
        let stack = Stack::up(&[part, "--targets", &target, "--interval", "1s"])?;
        let config = &stack.part(part).files["config"];
        let text = fs::read_to_string(config).expect("the configuration that `up` wrote");
        let asks = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let url = stack.url(part).to_owned();
        // Prometheus 3 scrapes them where its configuration says so; 2 knows no such word, and does it by a flag of `up`.
        let taken = ["scrape_native_histograms: true, ", ""].into_iter().any(|word| {
            let job = format!("job_name: \"mock\", {word}metrics_path: /metrics/native,");
            fs::write(config, text.replace("job_name: \"mock\",", &job)).expect("a file of ours");
            asks.block_on(async { reqwest::Client::new().post(format!("{url}/-/reload")).send().await }).is_ok_and(|r| r.status().is_success())
        });
        assert!(taken, "Prometheus takes no new configuration");
        let native = Native { part, stack, rig, asks };
        let until = Instant::now() + Duration::from_secs(30);
        let scraped = |said: &Value| {
            let target = &said["data"]["activeTargets"][0];
            target["scrapeUrl"].as_str().is_some_and(|u| u.ends_with("/metrics/native")) && target["health"] == "up"
        };
        while !scraped(&native.json("/api/v1/targets", &[])) {
            assert!(Instant::now() < until, "the page of native histograms is not scraped");
            sleep(Duration::from_millis(200));
        }
        Ok(native)
    }

    fn json(&self, path: &str, query: &[(&str, &str)]) -> Value {
        let asked = reqwest::Client::new().get(format!("{}{path}", self.stack.url(self.part))).query(query);
        self.asks.block_on(async { asked.send().await?.json().await }).expect("JSON")
    }

    /// One number of an instant query.
    fn number(&self, query: &str) -> f64 {
        let said = self.json("/api/v1/query", &[("query", query)]);
        let value = said["data"]["result"][0]["value"][1].as_str();
        value.and_then(|v| v.parse().ok()).unwrap_or_else(|| panic!("no number: {said}"))
    }

    fn audit(&self) -> Audited {
        let spec = self.rig.spec().replace("/metrics,", "/metrics/native,");
        // What the case of the traces sends afterwards would be in the histograms that Prometheus is asked about.
        let others = ["rigcheck_mock_inter_chunk", "GRANULARITY_TRACE", "RESOURCE_ACCURACY"];
        let left_out = |line: &&str| others.iter().any(|other| line.contains(other));
        let spec: String = spec.lines().filter(|l| !left_out(l)).flat_map(|l| [l, "\n"]).collect();
        let spec = spec.replace("\nsources:\n", &format!("\nsources:\n  prometheus: {{url: {}}}\n", self.stack.url(self.part)));
        let folder = self.stack.dir().join("audit");
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join("rigcheck.yaml"), spec).expect("a file");
        Rig::audit_by(&Turn::take(1), &folder)
    }
}

#[test]
fn an_audit_by_native_histograms_agrees_with_prometheus_2() {
    agrees("an_audit_by_native_histograms_agrees_with_prometheus_2", "prometheus");
}

#[test]
fn an_audit_by_native_histograms_agrees_with_prometheus_3() {
    agrees("an_audit_by_native_histograms_agrees_with_prometheus_3", "prometheus3");
}

fn agrees(name: &str, part: &'static str) {
    let Some(native) = or_skip(name, Native::start(part, None)) else { return };
    let audited = native.audit();
    let trouble = audited.trouble();
    for source in ["prometheus", "scrape"] {
        for rule in ["LAT-02", "LAT-05"] {
            assert_eq!(audited.statuses(rule, source), BTreeSet::from(["pass"]), "{rule} {source}: {trouble}");
        }
        for rule in ["LAT-03", "LAT-04", "LAT-06"] {
            let statuses = audited.statuses(rule, source);
            assert!(statuses == BTreeSet::from(["pass"]) || audited.busy > QUIET, "{rule} {source}: {trouble}");
        }
    }
    assert!(!audited.rules("fail").contains("LAT-02") && audited.rules("error").is_empty(), "{trouble}");

    // What was recorded is what Prometheus says of the same series.
    let evidence = fs::read_to_string(audited.run().join("evidence.jsonl")).expect("evidence");
    let recorded = evidence.lines().filter_map(|l| stored(&serde_json::from_str(l).expect("JSON"))).collect::<Vec<_>>();
    assert_eq!(recorded.len(), 2, "one by Prometheus, one by the page");
    for ours in recorded {
        assert_eq!(ours["schema"], 5);
        let last = |s: &Value| s["samples"].as_array().and_then(|s| s.last()?[1].as_f64()).expect("a sample");
        let parts = ours["series"].as_array().expect("series");
        let one = |part: &str| last(parts.iter().find(|s| s["part"] == part).expect("a part"));
        assert!((one("count") - native.number(&format!("histogram_count({TOTAL})"))).abs() < 0.5);
        assert!((one("sum") - native.number(&format!("histogram_sum({TOTAL})"))).abs() < 1e-9);
        let mut edges: Vec<(f64, f64)> = parts.iter().filter_map(|s| Some((s["part"]["bucket"].as_f64()?, last(s)))).collect();
        edges.sort_by(|a, b| a.0.total_cmp(&b.0));
        for q in [0.1, 0.5, 0.9, 0.99] {
            let theirs = native.number(&format!("histogram_quantile({q}, {TOTAL})"));
            let at = edges.iter().position(|e| e.1 >= q * one("count")).expect("a bucket");
            assert!(edges[at - 1].0 <= theirs && theirs <= edges[at].0, "p{q} is {theirs}, ours lies in {:?}", &edges[at - 1..=at]);
        }
        // Observations between two edges, as Prometheus interpolates them: at edges it does not have to.
        for edge in edges.iter().step_by(5) {
            let theirs = native.number(&format!("histogram_fraction(0, {}, {TOTAL})", edge.0));
            assert!((theirs * one("count") - edge.1).abs() < 0.01, "up to {}: {theirs} of {}, ours {}", edge.0, one("count"), edge.1);
        }
    }
}

/// The recorded answer on the total's histogram, wherever in the line it stands.
fn stored(value: &Value) -> Option<Value> {
    match value {
        Value::Object(fields) if fields.get("metric").is_some_and(|m| m == TOTAL) && fields.contains_key("series") => Some(value.clone()),
        Value::Object(fields) => fields.values().find_map(stored),
        Value::Array(items) => items.iter().find_map(stored),
        _ => None,
    }
}

#[test]
#[ignore = "a minute and a half: `make faults`"]
fn faults_are_found_in_native_histograms() {
    let name = "faults_are_found_in_native_histograms";
    for (fault, rule) in [("lost-worker", "LAT-02"), ("background-task", "LAT-03")] {
        let Some(native) = or_skip(name, Native::start("prometheus", Some(fault))) else { return };
        let audited = native.audit();
        let trouble = audited.trouble();
        for source in ["prometheus", "scrape"] {
            let found = audited.statuses(rule, source);
            assert!(found.contains("fail") || audited.busy > QUIET && found.contains("inconclusive"), "{fault}, {source}: {trouble}");
        }
        assert!(audited.verdict() != "ready", "{fault}: {trouble}");
    }
}
