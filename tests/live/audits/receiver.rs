//! No trace store: the gateway's OpenTelemetry SDK sends its spans to the auditor itself.

use crate::{
    rig::{Gateway, QUIET, REQUESTS, Rig},
    stack::or_skip,
};
use std::collections::BTreeSet;

#[test]
fn spans_that_a_vendors_sdk_exports_are_received_and_judged() {
    let name = "spans_that_a_vendors_sdk_exports_are_received_and_judged";
    let Some(rig) = or_skip(name, Rig::bare(Gateway::REPAIRED)) else { return };
    let audited = rig.audit("receiver", REQUESTS);
    let trouble = audited.trouble();
    audited.stands();
    // Every trace has come, each with a span for the request and an event for its first token.
    for rule in ["LAT-02", "LAT-13"] {
        assert_eq!(audited.statuses(rule, "otlp"), BTreeSet::from(["pass"]), "{rule}: {trouble}");
    }
    // Both run on this machine's clock.
    for (rule, source) in [("LAT-14", "otlp"), ("LAT-18", "access_log"), ("LAT-19", "otlp")] {
        let statuses = audited.statuses(rule, source);
        assert!(!statuses.is_empty() && (audited.busy > QUIET || !statuses.contains("fail")), "{rule} {source}: {trouble}");
    }
}
