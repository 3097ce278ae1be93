//! nginx before the gateway: its log is a further witness of total times; `tests/faults` has one that holds streams back.

use crate::{
    rig::{Audited, Gateway, REQUESTS, Rig},
    stack::{NotUp, or_skip},
};
use std::collections::BTreeSet;

fn audited() -> Result<Audited, NotUp> {
    let mut rig = Rig::start(Gateway::REPAIRED, "1s")?;
    let gateway = rig.stack.url("gateway").to_owned();
    rig.stack.add(&["front", "--upstream", &gateway, "--buffering", "off"])?;
    let spec = rig.through_front(&rig.spec(&format!("audit: {{requests: {REQUESTS}}}")));
    Ok(rig.audit_spec("unbuffered", &spec, &[]))
}

#[test]
fn nginx_that_passes_streams_on_is_one_more_witness() {
    let name = "nginx_that_passes_streams_on_is_one_more_witness";
    let Some(audited) = or_skip(name, audited()) else { return };
    let trouble = audited.trouble();
    audited.stands();
    for log in ["nginx_log", "access_log"] {
        assert_eq!(audited.statuses("LAT-02", log), BTreeSet::from(["pass"]), "{trouble}");
        assert_eq!(audited.statuses("LAT-13", log), BTreeSet::from(["pass"]), "{trouble}");
    }
    assert!(!audited.statuses("LAT-14", "nginx_log:total").is_empty(), "{trouble}");
}
