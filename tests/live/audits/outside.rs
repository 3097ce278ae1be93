//! What goes wrong outside the gateway: what does not answer is NO DATA, and never makes a rig ready.

use crate::{
    rig::{Audited, Gateway, QUIET, REQUESTS, Rig},
    stack::or_skip,
};
use std::collections::BTreeSet;

/// Requests of audits that are about silence, not about figures.
const FEW: u64 = 120;

#[test]
fn stores_that_are_down_are_no_data_and_indeterminate() {
    let name = "stores_that_are_down_are_no_data_and_indeterminate";
    let Some(rig) = or_skip(name, Rig::start(Gateway::REPAIRED, "1s")) else { return };
    rig.kill("prometheus");
    rig.kill("jaeger");
    let audited = rig.audit("no-stores", REQUESTS);
    silent(&audited, "prometheus", &["LAT-02", "LAT-03", "LAT-04", "LAT-05", "LAT-06", "LAT-08"]);
    silent(&audited, "jaeger", &["LAT-01", "LAT-02", "LAT-08", "LAT-10", "LAT-13", "LAT-14", "LAT-15", "LAT-16", "LAT-17"]);
    for part in ["prometheus", "jaeger"] {
        assert!(audited.text.contains(rig.stack.url(part)), "the report names who did not answer: {}", audited.text);
    }
    // The page that was read directly has the same histograms, and they are judged; so is the log.
    assert_eq!(audited.statuses("LAT-02", "scrape"), BTreeSet::from(["pass"]), "{}", audited.trouble());
    assert_eq!(audited.statuses("LAT-02", "access_log"), BTreeSet::from(["pass"]), "{}", audited.trouble());
}

/// A part is silent: its subjects of these rules have no data, nothing of it passes or fails, and the verdict says so.
fn silent(audited: &Audited, source: &str, rules: &[&str]) {
    let trouble = audited.trouble();
    for rule in rules {
        assert_eq!(audited.statuses(rule, source), BTreeSet::from(["no_data"]), "{rule}: {trouble}");
    }
    let spoke = audited.outcomes().into_iter().filter(|o| o.1.starts_with(source) && o.2 != "no_data").count();
    assert_eq!(spoke, 0, "{trouble}");
    assert!(audited.rules("error").is_empty(), "{trouble}");
    assert!(audited.verdict() != "ready" && audited.code != 0, "{trouble}");
    // What a busy machine makes fail outranks what could not be told.
    if audited.busy <= QUIET {
        assert_eq!((audited.code, audited.verdict()), (3, "indeterminate"), "{trouble}");
    }
    assert!(audited.report["score"]["lo"].as_f64() < audited.report["score"]["hi"].as_f64().map(|hi| hi - 0.1), "{trouble}");
    assert!(audited.text.contains("NO DATA"), "{}", audited.text);
}

#[test]
fn a_gateway_that_stops_in_the_middle_is_never_ready() {
    let name = "a_gateway_that_stops_in_the_middle_is_never_ready";
    let Some(rig) = or_skip(name, Rig::start(Gateway::REPAIRED, "1s")) else { return };
    let audited = rig.audit_meanwhile("stopped", FEW, || {
        rig.wait_for_answers(40);
        rig.kill("gateway");
    });
    let trouble = audited.trouble();
    assert!([1, 3].contains(&audited.code) && audited.verdict() != "ready", "{trouble}");
    assert!(audited.rules("error").is_empty(), "{trouble}");
    // What was sent and what was answered is told, with the reason.
    assert!(audited.text.to_lowercase().contains("refused") || audited.text.contains("requests in a row failed"), "{}", audited.text);
    // A page that cannot be read any more says nothing of how it ended.
    assert!(!audited.statuses("LAT-02", "scrape").contains("pass"), "{trouble}");
}

#[test]
fn a_scrape_interval_longer_than_the_act_is_waited_for() {
    let name = "a_scrape_interval_longer_than_the_act_is_waited_for";
    let Some(rig) = or_skip(name, Rig::start(Gateway::REPAIRED, "15s")) else { return };
    let audited = rig.audit("slow-scrapes", FEW);
    let trouble = audited.trouble();
    // The last scrape before and the first one after bracket the load, however far apart they are: counts close.
    assert_eq!(audited.statuses("LAT-02", "prometheus"), BTreeSet::from(["pass"]), "{trouble}");
    assert!(audited.rules("error").is_empty(), "{trouble}");
    // 120 requests cannot show that fewer than 1 % are cut short: not ready, and it says how many would.
    assert!(audited.rules("inconclusive").contains("LAT-10"), "{trouble}");
    assert!(audited.verdict() != "ready" && audited.code != 0, "{trouble}");
    if audited.busy <= QUIET {
        assert_eq!((audited.code, audited.verdict()), (3, "indeterminate"), "{trouble}");
    }
}
