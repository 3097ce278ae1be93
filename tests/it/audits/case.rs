//! Binds a case from the very file that ships, so that thresholds under test are the real ones.

use rigcheck::{
    audits,
    model::{
        audit::{AnyCase, Context, Judgement},
        case::{Case, RuleSpec, Weight},
        evidence::Evidence,
        node::Node,
        outcome::{Finding, Status},
        rig::Rig,
        units::Wall,
    },
};
use serde_json::Value;
use std::collections::BTreeMap;

const LATENCY: &str = include_str!("../../../checks/observability/latency_accuracy.yaml");
const TRACES: &str = include_str!("../../../checks/observability/trace_granularity.yaml");
const NOISE: &str = include_str!("../../../checks/fidelity/no_interference.yaml");
const NETWORK: &str = include_str!("../../../checks/fidelity/network_baseline.yaml");
const RESOURCES: &str = include_str!("../../../checks/observability/resource_accuracy.yaml");

/// The case of latencies.
pub fn bound() -> Box<dyn AnyCase> {
    bind(shipped())
}

/// The case of traces.
pub fn of_traces() -> Box<dyn AnyCase> {
    bind(read(TRACES))
}

/// The case of idle noise.
pub fn of_noise() -> Box<dyn AnyCase> {
    bind(read(NOISE))
}

/// The case of ways to endpoints.
pub fn of_network() -> Box<dyn AnyCase> {
    bind(read(NETWORK))
}

/// The case of resources.
pub fn of_resources() -> Box<dyn AnyCase> {
    bind(read(RESOURCES))
}

fn bind(case: Case) -> Box<dyn AnyCase> {
    let entry = audits::ALL.iter().find(|a| a.name == case.audit.as_str()).unwrap();
    (entry.bind)(case).unwrap_or_else(|bad| panic!("{bad:?}"))
}

/// The case of latencies as its file has it.
pub fn shipped() -> Case {
    read(LATENCY)
}

fn read(file: &str) -> Case {
    let yaml: Value = serde_yaml::from_str(file).unwrap();
    let text = |v: &Value, key: &str| v[key].as_str().unwrap_or_else(|| panic!("{key} in {v}")).to_owned();
    let weight = |v: &Value| serde_json::from_value::<Weight>(v["weight"].clone()).unwrap();
    let (audit, params) = yaml["audit"].as_object().unwrap().iter().next().unwrap();
    let rules = yaml["rules"].as_array().unwrap().iter().map(|r| RuleSpec {
        id: text(r, "id").as_str().into(),
        judge: text(r, "judge").as_str().into(),
        title: text(r, "title"),
        requires: serde_json::from_value(r["requires"].clone()).unwrap(),
        weight: weight(r),
        blocker: r["blocker"].as_bool().unwrap(),
        params: Node::from(r["params"].clone()),
        n_min: r["n_min"].as_u64().unwrap(),
        ttl: text(r, "ttl").parse().unwrap(),
        deselected: false,
        newer: false,
        proven_by: r.get("proven_by").map(|names| serde_json::from_value(names.clone()).unwrap()).unwrap_or_default(),
        why: text(r, "why"),
        method: text(r, "method"),
        formula: text(r, "formula"),
        blind_spots: text(r, "blind_spots"),
        remedy: text(r, "remedy"),
        source: text(r, "source"),
    });
    Case {
        id: text(&yaml, "id").as_str().into(),
        category: text(&yaml, "category"),
        title: text(&yaml, "title"),
        question: text(&yaml, "question"),
        prerequisites: serde_json::from_value(yaml["prerequisites"].clone()).unwrap(),
        expected: text(&yaml, "expected"),
        weight: weight(&yaml),
        audit: audit.as_str().into(),
        params: Node::from(params.clone()),
        rules: rules.collect(),
    }
}

/// What was said of each rule and subject.
pub type Said = BTreeMap<(String, String), Judgement>;

pub fn judge(case: &dyn AnyCase, rig: &Rig, evidence: &Evidence) -> Said {
    let judged = case.judge(&Context { rig, evidence, as_of: Wall(super::evidence::BEGAN).plus_us(600_000_000) });
    judged
        .findings
        .into_iter()
        .map(|(i, subject, said)| ((case.case().rules[i].id.to_string(), subject.to_string()), said.expect("no rule may panic")))
        .collect()
}

/// `None` is "no data".
pub fn status(judgement: &Judgement) -> Option<Status> {
    judgement.as_ref().ok().map(|f| f.status)
}

pub fn finding<'s>(said: &'s Said, rule: &str, subject: &str) -> &'s Finding {
    said[&(rule.to_owned(), subject.to_owned())].as_ref().unwrap_or_else(|u| panic!("{rule} {subject}: {u:?}"))
}

/// Rules (each once) with a subject in this status.
pub fn rules_with(said: &Said, wanted: Status) -> Vec<String> {
    let mut rules: Vec<_> = said.iter().filter(|(_, j)| status(j) == Some(wanted)).map(|((rule, _), _)| rule.clone()).collect();
    rules.dedup();
    rules
}

/// Everything that is not a pass, for messages of tests.
pub fn shown(said: &Said) -> String {
    let open = said.iter().filter(|(_, j)| status(j) != Some(Status::Pass));
    open.map(|((rule, subject), j)| match j {
        Ok(f) => format!("{rule} {subject} {}: {} | expected {} | because {:?} | {}\n", f.status.word(), f.observed, f.expected, f.because, f.figure),
        Err(u) => format!("{rule} {subject} NO DATA: {} {}\n", u.key, u.gap),
    })
    .collect()
}
