//! Hand-built runs, as events: what the report is a fold of.

use rigcheck::model::{
    case::{Case, RuleSpec, Weight},
    chart::ChartKind,
    event::{Answered, CaseJudged, Event, Gate, Header, OutOfScope, OwnCost, Sent, Stamped, Step},
    evidence::{Gap, Unknown},
    key::{Act, Api, Destination, Histogram, Key, LoadAct, LogLines, Perform, Query, RoundTrip, Spans, When, World},
    name::{Name, name},
    node::{At, Node, Value},
    outcome::{Figure, Finding, Outcome, Status, Strength},
    rig::{Capability, SourceInfo},
    source::Cost,
    units::{Ms, Share, Wall},
    waiver::{Range, Waiver, WaiverState},
};
use rigcheck::report::Report;

/// 2027-01-15 08:00 UTC.
const START: i64 = 1_800_000_000_000_000;
const DAY: i64 = 86_400_000_000;

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

fn rule(id: &str, title: &str, weight: Weight, blocker: bool) -> RuleSpec {
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
        proven_by: vec![],
        why: "A constant offset hides in every average and in every correlation; only a paired equivalence test sees it.".into(),
        method: "20 % trimmed mean of client minus source, matched by trace id, with a block-jackknife error".into(),
        formula: String::new(),
        blind_spots: "a bias that both sides share (LAT-01 finds it)".into(),
        remedy: "Compare where each clock starts and stops.".into(),
        source: "Yuen 1974 (trimmed means), Schuirmann 1987 (equivalence)".into(),
    }
}

fn rules() -> Vec<RuleSpec> {
    vec![
        rule("LAT-01", "Figures agree with the known truth", Weight::Critical, true),
        rule("LAT-02", "Every request is in every source, once", Weight::Critical, true),
        rule("LAT-05", "Quantiles are resolved", Weight::Normal, false),
        rule("LAT-09", "Spans nest and add up", Weight::Important, false),
        rule("LAT-14", "Client and server agree on each request", Weight::Critical, true),
    ]
}

fn outcome(spec: &RuleSpec, subject: &str, status: Status) -> Outcome {
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
        remedy: spec.remedy.clone(),
        waiver: None,
    }
}

fn judged(spec: &RuleSpec, subject: &str, status: Status, observed: &str, expected: &str, figure: Figure, from: Vec<Key>) -> Outcome {
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
            from,
        }),
        strength: status.value().map(|_| strength),
        ..outcome(spec, subject, status)
    }
}

fn figure(name: &str, value: f64, half: f64, unit: &str) -> Figure {
    Figure { name: name.into(), value, lo: value - half, hi: value + half, n: 240, unit: unit.into() }
}

pub fn no_data(spec: &RuleSpec, subject: &str, key: Key, gap: Gap) -> Outcome {
    Outcome { unknown: Some(Unknown::new(key, gap)), ..outcome(spec, subject, Status::NoData) }
}

/// All rules of the case pass.
fn passing() -> CaseJudged {
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

fn coarse_log(case: &mut CaseJudged) {
    let spec = case.case.rules[4].clone();
    let mut bad = judged(
        &spec,
        "access_log:total",
        Status::Fail,
        "access log is off by +311 ms (95 % bounds 287 … 334) over 240 matched requests",
        "within ±9.6 ms (2 % of the median, 480 ms)",
        figure("bias", 311.0, 23.5, "ms"),
        vec![load(), log()],
    );
    let finding = bad.finding.as_mut().unwrap();
    finding.because = vec!["every logged duration is a multiple of 1000 ms".into(), "the offset is the same in all 20 blocks of the run".into()];
    bad.remedy = "Log durations with millisecond resolution.".into();
    set(case, "LAT-14", "access_log:total", |o| *o = bad);
    let wide = judged(
        &case.case.rules[2].clone(),
        "prometheus:total",
        Status::Warn,
        "p95 lies in a bucket 0.5 … 1 s wide (100 %)",
        "at most 25 %",
        Figure::exact("width", 100.0, 240, "%"),
        vec![histogram()],
    );
    set(case, "LAT-05", "prometheus:total", |o| *o = wide);
}

fn header() -> Header {
    let source = |kind: &str, place: &str| SourceInfo { kind: name(kind), place: place.into() };
    Header {
        run: name("01JD0000000000000000000000"),
        tool: "rigcheck 0.1.0".into(),
        rig: name("staging-eu"),
        vantage: "loadgen-1".into(),
        checks: "2027.1".into(),
        profile: "8f14e45fceea167a".into(),
        started: Wall(START),
        remark: None,
        gate: Gate::default(),
        waivers: vec![],
        sources: [
            (name("access_log"), source("access_log", "logs/access.jsonl")),
            (name("jaeger"), source("jaeger", "http://jaeger.staging:16686")),
            (name("load"), source("load", "http://gw.staging:8000")),
            (name("prometheus"), source("prometheus", "http://prometheus.staging:9090")),
        ]
        .into(),
        cases_known: 1,
    }
}

const QUERY: &str = "http://prometheus.staging:9090/api/v1/query?query=http_request_duration_seconds_bucket%7Bhandler%3D%22%2Fv1%2Fchat%2Fcompletions%22%7D%5B40s%5D&time=1800000020.000";

fn answered(key: Key, request: &str, server: Option<&str>, gap: Option<Gap>) -> Answered {
    let digest = gap.is_none().then(|| rigcheck::model::evidence::digest(request.as_bytes()));
    Answered { key, took: Ms(212.0), retries: 0, gap, request: request.into(), server: server.map(Into::into), digest, notes: vec![] }
}

/// A run in the making.
pub struct Run {
    pub header: Header,
    pub cases: Vec<CaseJudged>,
    pub jaeger: Option<Gap>,
    pub notices: Vec<String>,
    /// Cut after so many events.
    pub cut: Option<usize>,
}

impl Run {
    fn of(case: CaseJudged) -> Run {
        Run { header: header(), cases: vec![case], jaeger: None, notices: vec![], cut: None }
    }

    pub fn events(&self) -> Vec<Stamped> {
        let step =
            |title: &str, s: f64, requests: u64| Step { title: title.into(), asks: vec![], lasting: Ms(s * 1e3), requests, tokens: requests * 90 };
        let mut events = vec![
            Event::Began(self.header.clone()),
            Event::Planned { steps: vec![step("round trip", 1.0, 0), step("controlled load", 17.0, 240), step("read back", 3.0, 0)] },
            Event::StepBegan { step: 0 },
            Event::Answered(answered(key("load", RoundTrip {}), "tcp gw.staging:8000", None, None)),
            Event::StepEnded { step: 0, took: Ms(210.0), says: "round trip 0.10 ms".into(), ok: true },
            Event::StepBegan { step: 1 },
            Event::Sent(Sent {
                requests: 240,
                warmup: 0,
                failed: 0,
                cut_off: 0,
                tokens_allowed: 21_600,
                tokens_used: 14_112,
                planted: true,
                lag_p99: Ms(0.3),
                stalled: Share(0.0),
                target: "http://gw.staging:8000".into(),
            }),
            Event::Answered(answered(load(), "POST http://gw.staging:8000/v1/chat/completions (240 times)", None, None)),
            Event::StepEnded { step: 1, took: Ms(16_300.0), says: "240 requests, 0 failed, schedule lag p99 0.30 ms".into(), ok: true },
            Event::StepBegan { step: 2 },
            Event::Answered(answered(log(), "logs/access.jsonl:1-240", None, None)),
            Event::Answered(answered(histogram(), QUERY, Some("Prometheus 3.5.0"), None)),
            Event::Answered(answered(
                spans(),
                "http://jaeger.staging:16686/api/v3/traces?query.service_name=gateway",
                Some("Jaeger 2.4.0"),
                self.jaeger.clone(),
            )),
            Event::StepEnded {
                step: 2,
                took: Ms(1_900.0),
                says: if self.jaeger.is_some() { "240 log lines · jaeger: unreachable".into() } else { "240 log lines · 240 traces".into() },
                ok: self.jaeger.is_none(),
            },
        ];
        events.extend(self.notices.iter().map(|text| Event::Notice { text: text.clone() }));
        let own = OwnCost { cpu_s: 0.31, peak_mib: 41.0, cost: Cost { queries: 6, bytes: 1_240_000 }, wall: Ms(18_600.0) };
        events.push(Event::Gathered { as_of: Wall(START + 19_000_000), own, interrupted: false });
        events.extend(self.cases.iter().map(|c| Event::Judged(Box::new(c.clone()))));
        events.push(Event::Ended);
        events.truncate(self.cut.unwrap_or(events.len()));
        let stamped = events.into_iter().enumerate();
        // The steps begin at 0.1 s, 0.4 s and 17 s.
        let after = |seq: usize| match seq {
            0..=1 => 0.0,
            2 => 100.0,
            3..=4 => 310.0,
            5 => 400.0,
            6..=8 => 16_700.0,
            9 => 17_000.0,
            _ => 18_900.0,
        };
        stamped.map(|(seq, event)| Stamped { seq: seq as u64, after: Ms(after(seq)), event }).collect()
    }

    pub fn report(&self) -> Report {
        Report::of(&self.events())
    }
}

/// Everything passes.
pub fn ready() -> Run {
    Run::of(passing())
}

/// The access log rounds to whole seconds: a blocker fails, a bucket is wide.
pub fn blocked() -> Run {
    let mut case = passing();
    coarse_log(&mut case);
    case.out_of_scope = vec![];
    case.charts = super::charts::charts();
    let mut run = Run::of(case);
    run.header.remark = Some("fault seeded: coarse-log (the access log rounds to whole seconds)".into());
    run
}

/// Jaeger does not answer.
pub fn unreachable() -> Run {
    let gap = Gap::Unreachable("http://jaeger.staging:16686: connection refused".into());
    let mut case = passing();
    let rules = case.case.rules.clone();
    set(&mut case, "LAT-14", "jaeger:total", |o| *o = no_data(&rules[4], "jaeger:total", spans(), gap.clone()));
    set(&mut case, "LAT-09", "", |o| *o = no_data(&rules[3], "", spans(), gap.clone()));
    let unsettled = judged(
        &rules[2],
        "prometheus:total",
        Status::Inconclusive,
        "the width is 24 % (95 % bounds 19 … 29)",
        "at most 25 %",
        figure("width", 24.0, 5.0, "%"),
        vec![histogram()],
    );
    set(&mut case, "LAT-05", "prometheus:total", |o| *o = unsettled);
    let broken = Outcome { error: Some("index out of bounds".into()), ..outcome(&rules[0], "load", Status::Error) };
    set(&mut case, "LAT-01", "load", |o| *o = broken);
    out_of_scope(&mut case);
    Run { jaeger: Some(gap), notices: vec!["Foreign traffic made up 0 % of the requests during the load.".into()], ..Run::of(case) }
}

fn out_of_scope(case: &mut CaseJudged) {
    let out = |id: &str, title: &str, missing: Vec<Capability>, deselected: bool| {
        let mut spec = rule(id, title, Weight::Normal, false);
        spec.requires.clone_from(&missing);
        (spec.clone(), OutOfScope { rule: spec.id, title: spec.title, weight: spec.weight, missing, deselected })
    };
    for (spec, why) in [
        out("LAT-11", "Exemplars point at their traces", vec![Capability::Exemplars], false),
        out("LAT-12", "The histogram's exemplars are in the right bucket", vec![Capability::Exemplars], false),
        out("LAT-15", "Gaps between chunks agree", vec![Capability::Streaming, Capability::Traces], false),
        out("LAT-10", "Clocks are bounded", vec![], true),
    ] {
        case.case.rules.push(spec);
        case.out_of_scope.push(why);
    }
}

fn range(rule: &str, lo: f64, hi: f64) -> Range {
    Range { figure: if rule == "LAT-09" { "residual" } else { "bias" }.into(), unit: "ms".into(), lo, hi }
}

fn waiver(rule: &str, of: Option<&str>, holds: Option<(f64, f64)>, days: i64) -> Waiver {
    Waiver {
        rule: name(rule),
        of: of.map(Name::from),
        holds: holds.map(|(lo, hi)| range(rule, lo, hi)),
        reason: "millisecond logging ships in 4.2".into(),
        owner: "sre-gateway".into(),
        expires: Wall(START + days * DAY + 3_600_000_000),
        expires_text: jiff::Timestamp::from_microsecond(START + days * DAY + 3_600_000_000).unwrap().strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string(),
    }
}

/// The failing blocker is waived, one waiver has lapsed, one is outgrown, one is not needed.
pub fn waived() -> Run {
    let mut case = passing();
    coarse_log(&mut case);
    set(&mut case, "LAT-05", "prometheus:total", |o| (o.status, o.waiver) = (Status::Fail, Some((1, WaiverState::Lapsed))));
    set(&mut case, "LAT-14", "access_log:total", |o| o.waiver = Some((0, WaiverState::Holds)));
    set(&mut case, "LAT-09", "", |o| (o.status, o.waiver) = (Status::Fail, Some((2, WaiverState::Outgrown))));
    let mut run = Run::of(case);
    run.header.gate.threshold = 0.45;
    run.header.waivers = vec![
        waiver("LAT-14", Some("access_log"), Some((250.0, 350.0)), 41),
        waiver("LAT-05", None, None, -3),
        waiver("LAT-09", None, Some((0.0, 0.5)), 7),
        waiver("LAT-02", None, None, 100),
    ];
    run
}

/// Ended by Ctrl-C during the load, and killed before anything was judged.
pub fn interrupted() -> Run {
    Run { cut: Some(8), ..ready() }
}

/// Not even a beginning.
pub fn empty() -> Run {
    Run { cut: Some(0), cases: vec![], ..ready() }
}

/// A name, a message and a request that try to steer terminal and browser.
pub fn hostile() -> Run {
    const EVIL: &str = "<script>alert(1)</script>\u{1b}[2J\u{1b}]0;owned\u{7}\nREADY   score 1.00\r\u{202e}txt\"'><img src=http://evil/x onerror=y>";
    let mut run = blocked();
    let case = &mut run.cases[0];
    case.case.title = EVIL.into();
    case.case.question = EVIL.into();
    case.case.rules[4].title = EVIL.into();
    case.case.rules[4].why = EVIL.into();
    case.notes = vec![EVIL.into()];
    for outcome in &mut case.outcomes {
        outcome.remedy = EVIL.into();
        if let Some(finding) = &mut outcome.finding {
            finding.observed = EVIL.into();
            finding.expected = EVIL.into();
            finding.because = vec![EVIL.into()];
            finding.figure.value = f64::NAN;
            finding.figure.name = EVIL.into();
            finding.margin = Some(f64::INFINITY);
        }
    }
    let unknown = no_data(&case.case.rules[3].clone(), EVIL, spans(), Gap::Malformed(EVIL.into()));
    set(case, "LAT-09", "", |o| *o = unknown);
    for chart in &mut case.charts {
        (chart.title, chart.caption, chart.x, chart.y) = (EVIL.into(), EVIL.into(), EVIL.into(), EVIL.into());
        let (ChartKind::Ecdf { lines, .. } | ChartKind::Difference { lines, .. }) = &mut chart.kind;
        lines[0].name = EVIL.into();
        lines[0].points.push((f64::NAN, f64::INFINITY));
    }
    run.header.rig = name(EVIL);
    run.header.vantage = EVIL.into();
    run.header.remark = Some(EVIL.into());
    run.notices = vec![EVIL.into()];
    run.jaeger = Some(Gap::Malformed(EVIL.into()));
    run
}

/// The samples with their names.
pub fn all() -> Vec<(&'static str, Run)> {
    vec![
        ("ready", ready()),
        ("blocked", blocked()),
        ("unreachable", unreachable()),
        ("waived", waived()),
        ("interrupted", interrupted()),
        ("empty", empty()),
    ]
}
