//! nginx before the gateway: its log is a further witness of total times; `tests/faults` has one that holds streams back.

use crate::{
    rig::{Audited, Gateway, QUIET, REQUESTS, Rig},
    stack::{NotUp, or_skip},
};
use std::collections::BTreeSet;

fn audited() -> Result<Audited, NotUp> {
    let mut rig = Rig::start(Gateway::REPAIRED, "1s")?;
    let gateway = rig.stack.url("gateway").to_owned();
    rig.stack.add(&["front", "--upstream", &gateway, "--buffering", "off"])?;
    let spec = rig.through_front(&rig.spec(&format!("audit: {{requests: {REQUESTS}}}")));
    Ok(Audited::until_ready(|nth| rig.audit_spec(&format!("unbuffered-{nth}"), &spec, &[])))
}

#[test]
fn nginx_that_passes_streams_on_is_one_more_witness_and_the_rig_is_ready() {
    let name = "nginx_that_passes_streams_on_is_one_more_witness_and_the_rig_is_ready";
    let Some(audited) = or_skip(name, audited()) else { return };
    let trouble = audited.trouble();
    assert!(audited.rules("no_data").is_empty() && audited.rules("error").is_empty(), "{trouble}");
    assert!(audited.failed_not_for_noise().is_empty(), "{trouble}");
    for log in ["nginx_log", "access_log"] {
        assert_eq!(audited.statuses("LAT-02", log), BTreeSet::from(["pass"]), "{trouble}");
        assert_eq!(audited.statuses("LAT-13", log), BTreeSet::from(["pass"]), "{trouble}");
    }
    if audited.busy <= QUIET {
        assert_eq!((audited.code, audited.verdict()), (0, "ready"), "{trouble}");
        assert_eq!(audited.statuses("LAT-14", "nginx_log:total"), BTreeSet::from(["pass"]), "{trouble}");
    }
}
