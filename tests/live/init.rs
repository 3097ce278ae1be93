//! `rigcheck init` on the example gateway: what it writes is audited as it is, and means what the spec of a person means.
#![allow(clippy::disallowed_methods, reason = "runs the binary and reads what it wrote")]

use crate::{
    rig::{Audited, Gateway, REQUESTS, Rig, Turn, rigcheck},
    stack::or_skip,
};
use std::{collections::BTreeSet, fs};

/// Rules with an outcome, whatever it is.
fn in_scope(audited: &Audited) -> BTreeSet<&str> {
    audited.outcomes().into_iter().map(|o| o.0).collect()
}

#[test]
fn a_draft_is_audited_like_the_spec_of_a_person() {
    let Some(rig) = or_skip("a_draft_is_audited_like_the_spec_of_a_person", Rig::start(Gateway::REPAIRED, "1s")) else { return };
    rig.use_it();
    let (prometheus, jaeger) = (rig.stack.url("prometheus"), rig.stack.url("jaeger"));

    let folder = rig.stack.dir().join("init");
    fs::create_dir_all(&folder).expect("a folder");
    let log = rig.stack.part("gateway").files["access_log"].display().to_string();
    let provider = rig.provider();
    let named = ["--target", rig.stack.url("gateway"), "--prometheus", prometheus, "--jaeger", jaeger, "--log", &log, "--truth", &provider];
    let run = |args: &[&str]| {
        let out = rigcheck(&folder).args(args).output().expect("the binary");
        let (said, err) = (String::from_utf8_lossy(&out.stdout).into_owned(), String::from_utf8_lossy(&out.stderr).into_owned());
        assert_eq!(out.status.code(), Some(0), "{args:?}\n{said}\n{err}");
        format!("{said}{err}")
    };
    run(&[&["init", "--named-only", "--rig", "fastapi-gateway"], named.as_slice()].concat());
    let spec = fs::read_to_string(folder.join("rigcheck.yaml")).expect("a spec");
    for claim in [
        "\n  ttft: {histogram: gateway_ttft_seconds, unit: s, match: {model: rigcheck-truth, route: /api/v1/chat/completions}}\n",
        "\n  total: {histogram: gateway_request_duration_seconds, unit: s, match: {model: rigcheck-truth, route: /api/v1/chat/completions}}\n",
        "\n  chat: {path: /api/v1/chat/completions, model: rigcheck-truth, max_tokens: 64}\n",
    ] {
        assert!(spec.contains(claim), "no {claim} in\n{spec}");
    }
    let validated = run(&["validate"]);
    assert!(validated.contains("is sound.") && !validated.contains("warning"), "{validated}\n{spec}");

    let drafted = Rig::audit_by(&Turn::take(1), &folder);
    // A draft selects no cases, which is all of them.
    let both = format!("{}  PERF_INFRA_MONITORING_GRANULARITY_TRACE_003: {{}}\n", rig.spec(&format!("audit: {{requests: {REQUESTS}}}")));
    let written = rig.audit_spec("by-hand", &both, &[]);
    assert_eq!(in_scope(&drafted), in_scope(&written), "{}{}", drafted.trouble(), written.trouble());
    drafted.stands();
    written.stands();
}
