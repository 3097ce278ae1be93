//! nginx before the gateway: its log is a further witness of total times, and what it holds back is found.

use crate::{
    rig::{Audited, Gateway, QUIET, REQUESTS, Rig},
    stack::{NotUp, or_skip},
};
use std::collections::BTreeSet;

/// An audit of the rig through nginx, whose log claims the total time: `$request_time` ends when the last byte is sent.
/// `$upstream_header_time` is the time to the headers, which is no time to a first token, so that it claims nothing.
fn through(folder: &str, buffering: &str) -> Result<Audited, NotUp> {
    let mut rig = Rig::start(Gateway::REPAIRED, "1s")?;
    let gateway = rig.stack.url("gateway").to_owned();
    rig.stack.add(&["front", "--upstream", &gateway, "--buffering", buffering])?;
    let front = rig.stack.part("front");
    let log = format!(
        "sources:\n  nginx_log:\n    kind: access_log\n    path: {}\n    id: request_id\n    at: ts\n    status: status\n    duration: {{field: request_time, unit: s}}\n",
        front.files["access_log"].display()
    );
    let spec = rig.spec(&format!("audit: {{requests: {REQUESTS}}}"));
    let spec = spec.replace("sources:\n", &log).replace(&format!("target:\n  url: {gateway}\n"), &format!("target:\n  url: {}\n", front.url));
    assert!(spec.contains(&front.url), "{spec}");
    let audited = rig.audit_spec(folder, &spec, &[]);
    Ok(audited)
}

#[test]
fn nginx_that_passes_streams_on_is_one_more_witness_and_the_rig_is_ready() {
    let name = "nginx_that_passes_streams_on_is_one_more_witness_and_the_rig_is_ready";
    let Some(audited) = or_skip(name, through("unbuffered", "off")) else { return };
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

#[test]
fn nginx_that_holds_streams_back_is_found_at_the_first_token_and_its_own_total_agrees() {
    let name = "nginx_that_holds_streams_back_is_found_at_the_first_token_and_its_own_total_agrees";
    let Some(audited) = or_skip(name, through("buffered", "on")) else { return };
    let trouble = audited.trouble();
    // The gateway's own sources all tell when the gateway sent the first token, which is not when the client got it.
    for source in ["access_log:ttft", "jaeger:ttft"] {
        assert_eq!(audited.statuses("LAT-14", source), BTreeSet::from(["fail"]), "{source}: {trouble}");
    }
    assert_eq!((audited.code, audited.verdict()), (1, "not_ready"), "{trouble}");
    assert_eq!(audited.statuses("LAT-02", "nginx_log"), BTreeSet::from(["pass"]), "{trouble}");
    if audited.busy <= QUIET {
        assert_eq!(audited.statuses("LAT-14", "nginx_log:total"), BTreeSet::from(["pass"]), "{trouble}");
    }
}
