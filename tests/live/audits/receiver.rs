//! No trace store: the gateway's OpenTelemetry SDK sends its spans to the auditor itself.

use crate::{
    rig::{Audited, Gateway, QUIET, REQUESTS, Rig},
    stack::or_skip,
};
use std::collections::BTreeSet;

#[test]
fn spans_that_a_vendors_sdk_exports_are_received_and_judged() {
    let name = "spans_that_a_vendors_sdk_exports_are_received_and_judged";
    let Some(rig) = or_skip(name, Rig::bare(Gateway::REPAIRED)) else { return };
    let audited = Audited::until_ready(|nth| rig.audit_calmly(&format!("receiver-{nth}"), REQUESTS));
    let trouble = audited.trouble();
    assert!(audited.rules("no_data").is_empty() && audited.rules("error").is_empty(), "{trouble}");
    assert!(audited.failed_not_for_noise().is_empty(), "{trouble}");
    // Every trace has come, each with a span for the request and an event for its first token.
    for rule in ["LAT-02", "LAT-13"] {
        assert_eq!(audited.statuses(rule, "otlp"), BTreeSet::from(["pass"]), "{rule}: {trouble}");
    }
    // Both run on this machine's clock.
    for rule in ["LAT-18", "LAT-19"] {
        assert!(!audited.rules("fail").contains(rule), "{trouble}");
    }
    if audited.busy <= QUIET {
        assert_eq!(audited.statuses("LAT-18", "access_log"), BTreeSet::from(["pass"]), "{trouble}");
        assert_eq!(audited.statuses("LAT-19", "otlp"), BTreeSet::from(["pass"]), "{trouble}");
        assert_eq!((audited.code, audited.verdict()), (0, "ready"), "{trouble}");
        assert_eq!(audited.statuses("LAT-14", "otlp"), BTreeSet::from(["pass"]), "{trouble}");
    }
}
