//! One rig, three engines behind the Prometheus API: the same audit says the same of each, and `init` drafts the same for each.
#![allow(clippy::disallowed_methods, reason = "runs the binary and reads what it wrote")]

use crate::{
    rig::{Audited, Gateway, QUIET, REQUESTS, Rig, rigcheck},
    stack::{NotUp, or_skip},
};
use std::{collections::BTreeMap, fs};

/// The engines, as parts of the stack and as sources of the spec.
const ENGINES: [&str; 3] = ["prometheus", "prometheus3", "victoria"];
/// Rules that judge histograms, and whose words are the same whenever the same was counted.
const OF_HISTOGRAMS: [&str; 6] = ["LAT-02", "LAT-03", "LAT-04", "LAT-05", "LAT-06", "LAT-08"];

/// All engines anew, with the gateway as it is now for a target: none remembers another one.
fn add_engines(rig: &mut Rig) -> Result<(), NotUp> {
    for engine in ENGINES {
        rig.stack.down(engine);
        rig.stack.add(&[engine, "--targets", "gateway", "--interval", "1s"])?;
    }
    Ok(())
}

/// The rig's spec with all engines as sources; every claim is then made by each of them.
fn spec(rig: &Rig, case: &str) -> String {
    let more: Vec<String> = ENGINES[1..].iter().map(|engine| format!("  {engine}: {{kind: prometheus, url: {}}}\n", rig.stack.url(engine))).collect();
    let more = more.concat();
    rig.spec(case).replace("  jaeger: {", &format!("{more}  jaeger: {{"))
}

/// What is said of each claim of an engine: (rule, claim) to status and words.
fn said(audited: &Audited, engine: &str) -> BTreeMap<(String, String), (String, String)> {
    let of_it = |subject: &str| subject.strip_prefix(engine).and_then(|rest| rest.strip_prefix(':')).map(str::to_owned);
    let outcomes = audited.outcomes().into_iter().filter_map(|(rule, subject, status, outcome)| {
        let words = outcome["observed"].as_str().unwrap_or_default().replace(&format!("{engine}:"), "ENGINE:");
        Some(((rule.to_owned(), of_it(subject)?), (status.to_owned(), words)))
    });
    outcomes.collect()
}

/// The same is said of all engines, in the same words; returns it.
fn agreed(audited: &Audited) -> BTreeMap<(String, String), (String, String)> {
    let [first, others @ ..] = ENGINES.map(|engine| said(audited, engine));
    for (engine, other) in ENGINES[1..].iter().zip(&others) {
        assert_eq!(&first, other, "prometheus and {engine} differ\n{}", audited.trouble());
    }
    for rule in OF_HISTOGRAMS {
        assert!(first.keys().any(|(r, _)| r == rule), "{rule} judges no histogram: {:?}", first.keys());
    }
    first
}

#[test]
fn three_engines_that_scrape_one_gateway_get_the_same_outcomes() {
    let name = "three_engines_that_scrape_one_gateway_get_the_same_outcomes";
    let up = Rig::start(Gateway::REPAIRED, "1s").and_then(|mut rig| add_engines(&mut rig).map(|()| rig));
    let Some(mut rig) = or_skip(name, up) else { return };

    let clean = rig.audit_spec("clean", &spec(&rig, &format!("audit: {{requests: {REQUESTS}}}")), &[]);
    println!("{}", clean.trouble());
    agreed(&clean);
    assert!(clean.rules("no_data").is_empty() && clean.failed_not_for_noise().is_empty(), "{}", clean.trouble());
    if clean.busy <= QUIET {
        assert_eq!((clean.code, clean.verdict()), (0, "ready"), "{}", clean.trouble());
    }

    for (fault, rule) in [("metric-in-ms", "LAT-08"), ("pinned-buckets", "LAT-06")] {
        let faulty = rig.replace_gateway(Gateway { faults: fault.to_owned(), ..Gateway::REPAIRED }).and_then(|()| add_engines(&mut rig));
        if or_skip(name, faulty).is_none() {
            return;
        }
        let audited = rig.audit_spec(fault, &spec(&rig, "audit: {requests: 120}"), &[]);
        println!("{fault}: {}", audited.trouble());
        let failed = agreed(&audited).into_iter().filter(|((r, _), (status, _))| r == rule && status == "fail").count();
        assert!(failed > 0 || audited.busy > QUIET && audited.found(rule), "{fault}: {}", audited.trouble());
        assert_eq!(audited.code, 1, "{fault}: {}", audited.trouble());
    }
}

#[test]
fn init_drafts_the_same_claims_from_each_engine() {
    let name = "init_drafts_the_same_claims_from_each_engine";
    let up = Rig::start(Gateway::REPAIRED, "1s").and_then(|mut rig| add_engines(&mut rig).map(|()| rig));
    let Some(rig) = or_skip(name, up) else { return };
    rig.use_it();
    let mut claims = BTreeMap::new();
    for engine in ENGINES {
        let shown = format!("{}/api/v1/query?nocache=1&query=gateway_ttft_seconds_count", rig.stack.url(engine));
        let until = std::time::Instant::now() + std::time::Duration::from_secs(30);
        while !rig.get(&shown).contains("rigcheck-truth") {
            assert!(std::time::Instant::now() < until, "{engine} does not show the gateway's metrics");
            std::thread::sleep(std::time::Duration::from_millis(200));
        }
        let folder = rig.stack.dir().join(format!("init-{engine}"));
        fs::create_dir_all(&folder).expect("a folder");
        let out =
            rigcheck(&folder).args(["init", "--named-only", "--target", rig.stack.url("gateway"), "--prometheus", rig.stack.url(engine)]).output();
        let out = out.expect("the binary");
        assert_eq!(out.status.code(), Some(0), "{engine}: {}", String::from_utf8_lossy(&out.stderr));
        let spec = fs::read_to_string(folder.join("rigcheck.yaml")).expect("a spec");
        let claims_of = spec.lines().filter(|l| l.starts_with("  ttft: ") || l.starts_with("  total: ")).collect::<Vec<_>>().join("\n");
        assert!(claims_of.contains("gateway_ttft_seconds") && claims_of.contains("gateway_request_duration_seconds"), "{engine}:\n{spec}");
        claims.insert(claims_of, engine);
    }
    assert_eq!(claims.len(), 1, "{claims:?}");
}
