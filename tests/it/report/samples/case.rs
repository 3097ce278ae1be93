//! A case of five rules, its outcomes and the questions on which they rest.

use rigcheck::model::{
    act::{Act, Api, Destination, LoadAct, Traced},
    case::{Case, RuleSpec, Weight},
    event::CaseJudged,
    evidence::{Gap, Unknown},
    key::{Histogram, Key, LogLines, Perform, Query, Spans, When, World},
    name::name,
    node::{At, Node, Value},
    outcome::{Figure, Finding, Outcome, Status, Strength},
    units::Ms,
};

pub fn act() -> Act {
    Act::Load(LoadAct {
        name: name("controlled"),
        to: Destination::Target,
        api: Api::Chat,
        model: "rigcheck-truth".into(),
        path: "/v1/chat/completions".into(),
        stream: true,
        per_kilosecond: 15_000,
        max_tokens: 64,
        planted: true,
        traced: Traced::All,
    })
}

pub fn key(source: &str, query: impl Into<Query>) -> Key {
    Key { world: World::Live, source: name(source), query: query.into() }
}

pub fn load() -> Key {
    key("load", Perform { act: act() })
}
pub fn log() -> Key {
    key("access_log", LogLines { when: When::During(act()) })
}
pub fn histogram() -> Key {
    key("prometheus", Histogram { claim: name("total"), when: When::During(act()) })
}
pub fn spans() -> Key {
    key("jaeger", Spans { of: act() })
}

pub fn rule(id: &str, title: &str, weight: Weight, blocker: bool) -> RuleSpec {
    RuleSpec {
        id: name(id),
        judge: name("any"),
        title: title.into(),
        requires: vec![],
        weight,
        blocker,
        params: Node { at: At::default(), value: Value::Null },
        n_min: 200,
        ttl: Ms(86_400_000.0),
        deselected: false,
        newer: false,
        proven_by: vec![],
        why: "A constant offset hides in every average and in every correlation; only a paired equivalence test sees it.".into(),
        method: "20 % trimmed mean of client minus source, matched by trace id, with a block-jackknife error".into(),
        formula: String::new(),
        blind_spots: "a bias that both sides share (LAT-01 finds it)".into(),
        remedy: "Compare where each clock starts and stops.".into(),
        source: "Yuen 1974 (trimmed means), Schuirmann 1987 (equivalence)".into(),
    }
}

pub fn rules() -> Vec<RuleSpec> {
    vec![
        rule("LAT-01", "Figures agree with the known truth", Weight::Critical, true),
        rule("LAT-02", "Every request is in every source, once", Weight::Critical, true),
        rule("LAT-05", "Quantiles are resolved", Weight::Normal, false),
        rule("LAT-09", "Spans nest and add up", Weight::Important, false),
        rule("LAT-14", "Client and server agree on each request", Weight::Critical, true),
    ]
}

pub fn outcome(spec: &RuleSpec, subject: &str, status: Status) -> Outcome {
    Outcome {
        rule: spec.id.clone(),
        subject: name(subject),
        title: spec.title.clone(),
        weight: spec.weight,
        blocker: spec.blocker,
        status,
        finding: None,
        unknown: None,
        error: None,
        strength: None,
        proof: None,
        remedy: spec.remedy.clone(),
        waiver: None,
    }
}

pub fn judged(spec: &RuleSpec, subject: &str, status: Status, observed: &str, expected: &str, figure: Figure, from: Vec<Key>) -> Outcome {
    let strength = Strength { origin: 1.0, freshness: 1.0, rows: 1.0, control: 1.0 };
    Outcome {
        finding: Some(Finding {
            status,
            figure,
            observed: observed.into(),
            expected: expected.into(),
            margin: Some(if status == Status::Pass { 0.8 } else { -0.3 }),
            because: vec![],
            rows: 240,
            settles_at: (status == Status::Inconclusive).then_some(900),
            remedy: None,
            from,
        }),
        strength: status.value().map(|_| strength),
        ..outcome(spec, subject, status)
    }
}

pub fn figure(name: &str, value: f64, half: f64, unit: &str) -> Figure {
    Figure { name: name.into(), value, lo: value - half, hi: value + half, n: 240, unit: unit.into() }
}

pub fn no_data(spec: &RuleSpec, subject: &str, key: Key, gap: Gap) -> Outcome {
    Outcome { unknown: Some(Unknown::new(key, gap)), ..outcome(spec, subject, Status::NoData) }
}

/// All rules of the case pass.
pub fn passing() -> CaseJudged {
    let rules = rules();
    let from = || vec![load(), log()];
    let pass = |at: usize, subject: &str, observed: &str, expected: &str, f: Figure| {
        judged(&rules[at], subject, Status::Pass, observed, expected, f, from())
    };
    let outcomes = vec![
        pass(0, "load", "the client is off by +0.4 ms (95 % bounds 0.2 … 0.6)", "within ±9.6 ms", figure("bias", 0.4, 0.2, "ms")),
        pass(1, "access_log:total", "240 of 240 requests have one line", "all of them, once", Figure::exact("matched share", 100.0, 240, "%")),
        pass(1, "prometheus:total", "the count rose by 240", "240", Figure::exact("count", 240.0, 240, "requests")),
        pass(2, "prometheus:total", "p95 lies in a bucket 0.45 … 0.5 s wide (10 %)", "at most 25 %", Figure::exact("width", 10.0, 240, "%")),
        pass(3, "", "240 traces add up to within 1 ms", "within 5 ms", figure("residual", 0.6, 0.1, "ms")),
        pass(
            4,
            "access_log:total",
            "access log is off by +1.2 ms (95 % bounds 0.9 … 1.5)",
            "within ±9.6 ms (2 % of the median, 480 ms)",
            figure("bias", 1.2, 0.3, "ms"),
        ),
        pass(
            4,
            "jaeger:total",
            "traces are off by +0.8 ms (95 % bounds 0.5 … 1.1)",
            "within ±9.6 ms (2 % of the median, 480 ms)",
            figure("bias", 0.8, 0.3, "ms"),
        ),
    ];
    CaseJudged {
        case: Case {
            id: name("PERF_INFRA_MONITORING_LATENCY_ACCURACY_001"),
            category: "PERF_INFRA_MONITORING".into(),
            title: "Latency figures agree across load tool, log, metrics and traces".into(),
            question: "If the dashboard says 480 ms, was it 480 ms?".into(),
            prerequisites: vec![],
            expected: "Figures of one request agree within hop and measuring error; clocks are bounded.".into(),
            weight: Weight::Critical,
            audit: name("latency_accuracy"),
            params: Node { at: At::default(), value: Value::Null },
            rules,
        },
        outcomes,
        out_of_scope: vec![],
        charts: vec![],
        notes: vec!["The gateway's own median is 480 ms; all margins follow from it.".into()],
    }
}

pub fn set(case: &mut CaseJudged, rule: &str, subject: &str, change: impl FnOnce(&mut Outcome)) {
    change(case.outcomes.iter_mut().find(|o| o.rule.as_str() == rule && o.subject.as_str() == subject).unwrap());
}
