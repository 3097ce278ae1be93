//! The gateway as most teams run it: what the report says of it is true, and nothing is missing. A stranger uses it meanwhile.
#![allow(clippy::disallowed_methods, reason = "reads the log of the gateway")]

use crate::{
    files::holding,
    rig::{Gateway, QUIET, REQUESTS, Rig},
    stack::or_skip,
};
use serde_json::{Value, json};
use std::{collections::BTreeSet, fs};

const PROMPT: &str = "the-strangers-own-words";
const ADDRESS: &str = "jane.doe@example.com";

#[test]
fn the_common_gateway_is_not_ready_for_the_right_reasons_and_strangers_stay_private() {
    let name = "the_common_gateway_is_not_ready_for_the_right_reasons_and_strangers_stay_private";
    let Some(rig) = or_skip(name, Rig::start(Gateway::COMMON, "1s")) else { return };
    let audited = rig.audit_meanwhile("common", REQUESTS, || {
        rig.wait_for_answers(20);
        stranger(&rig);
    });
    let trouble = audited.trouble();
    assert!(audited.verdict() != "ready" && audited.code != 0, "{trouble}");
    if audited.busy <= QUIET {
        assert_eq!((audited.code, audited.verdict()), (1, "not_ready"), "{trouble}");
    }

    // Its first tokens come up to 42 ms late, since Nagle's algorithm holds them back behind the headers; its quantiles lie
    // in buckets 150 % wide. All else is as it should be.
    assert!(audited.found("LAT-05") && audited.found("LAT-14"), "{trouble}");
    assert!(audited.failed_not_for_noise().is_subset(&BTreeSet::from(["LAT-05", "LAT-14"])), "{trouble}");
    for subject in ["access_log:ttft", "jaeger:ttft"] {
        assert!(audited.busy > QUIET || audited.statuses("LAT-14", subject) == BTreeSet::from(["fail"]), "{trouble}");
    }
    for subject in ["access_log:total", "jaeger:total"] {
        assert!(audited.busy > QUIET || !audited.statuses("LAT-14", subject).contains("fail"), "{trouble}");
    }
    for subject in ["prometheus:ttft", "scrape:ttft", "prometheus:total", "scrape:total"] {
        assert_eq!(audited.statuses("LAT-05", subject), BTreeSet::from(["fail"]), "{trouble}");
    }
    assert!(audited.rules("no_data").is_empty() && audited.rules("error").is_empty(), "{trouble}");
    assert!(audited.text.contains("of them one per SSE chunk"), "{}", audited.text);
    // Its background tasks end after their requests, which Jaeger takes for another clock: told, and no fault.
    let told = serde_json::to_string(&audited.report["cases"]).expect("JSON");
    assert!(told.contains("Jaeger warns of clock skew in ") && !told.contains("web page shows"), "{told}");
    assert!(audited.statuses("LAT-19", "jaeger").is_disjoint(&BTreeSet::from(["fail", "warn"])), "{trouble}");

    agrees_with_the_rig(&rig, &audited.report);
    for planted in [PROMPT, ADDRESS, "hello-from-a-header"] {
        let found = holding(&audited.folder, planted);
        assert!(found.is_empty(), "`{planted}` is in {found:?}");
    }
    assert!(!holding(&audited.folder, "LAT-14").is_empty(), "the search itself finds nothing");
}

/// A request of somebody else, with things in it that are nobody's business. Its id is a name.
fn stranger(rig: &Rig) {
    let body = json!({"model": "rigcheck-truth", "stream": true, "user": ADDRESS, "messages": [{"role": "user", "content": PROMPT}]});
    let url = format!("{}/api/v1/chat/completions?who={ADDRESS}", rig.stack.url("gateway"));
    let text = rig.block_on(async {
        let sent = reqwest::Client::new().post(url).header("x-request-id", ADDRESS).header("x-team", "hello-from-a-header").json(&body).send();
        sent.await.expect("an answer").text().await.expect("a stream")
    });
    assert!(text.contains("[DONE]"), "{text}");
    let log = fs::read_to_string(&rig.stack.part("gateway").files["access_log"]).expect("a log");
    assert!(log.contains(ADDRESS), "the stranger's line is in the log that is read");
}

/// The counts of the report beside what Jaeger and the metrics page themselves say.
fn agrees_with_the_rig(rig: &Rig, report: &Value) {
    let sent = REQUESTS + 20;
    let answers = serde_json::to_string(&report["cases"]).expect("JSON");
    assert!(answers.contains(&format!("one line for each of the {sent} requests")), "{answers}");
    assert!(answers.contains(&format!("one trace for each of the {sent} requests")), "{answers}");
    // Ours and the stranger's.
    let page = rig.get(&rig.stack.part("gateway").metrics_url());
    let count = page.lines().filter(|l| l.starts_with("gateway_ttft_seconds_count")).filter_map(|l| l.rsplit(' ').next()?.parse::<f64>().ok());
    assert!((count.sum::<f64>() - (sent + 1) as f64).abs() < 0.5, "{page}");
    let traces: Value = serde_json::from_str(&rig.get(&format!("{}/api/traces?service=gateway&limit=2000", rig.stack.url("jaeger")))).expect("JSON");
    assert_eq!(traces["data"].as_array().expect("traces").len() as u64, sent + 1);
}
