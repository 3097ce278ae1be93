//! Hand-built runs, as events: what the report is a fold of.

mod case;
mod run;

pub use case::{figure, histogram, log, no_data, set};
pub use run::Run;

use super::charts::charts;
use super::loosened::{self, change};
use case::{judged, load, outcome, passing, rule, spans};
use rigcheck::model::{
    capability::Capability,
    case::{RuleSpec, Weight},
    change::{Changed, What},
    chart::ChartKind,
    event::{CaseJudged, OutOfScope},
    evidence::Gap,
    name::{Name, name},
    outcome::{Figure, Outcome, Status},
    units::Wall,
    waiver::{Range, Waiver, WaiverState},
};
use run::START;

const DAY: i64 = 86_400_000_000;

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

/// Everything passes.
pub fn ready() -> Run {
    Run::of(passing())
}

/// The access log rounds to whole seconds: a blocker fails, a bucket is wide.
pub fn blocked() -> Run {
    let mut case = passing();
    coarse_log(&mut case);
    case.out_of_scope = vec![];
    case.charts = charts();
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

pub fn waiver(rule: &str, of: Option<&str>, holds: Option<(f64, f64)>, days: i64) -> Waiver {
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

/// Something of everything: beside the waivers a source that does not answer, and rules that are out of scope.
pub fn rich() -> Run {
    let mut run = waived();
    let gap = Gap::Unreachable("http://jaeger.staging:16686: connection refused".into());
    let case = &mut run.cases[0];
    let unknown = no_data(&case.case.rules[4].clone(), "jaeger:total", spans(), gap.clone());
    set(case, "LAT-14", "jaeger:total", |o| *o = unknown);
    out_of_scope(case);
    Run { jaeger: Some(gap), notices: vec!["Foreign traffic made up 0 % of the requests during the load.".into()], ..run }
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
    const EVIL: &str = "<script>alert(1)</script>\u{1b}[2J\u{1b}]0;owned\u{7}\nREADY   score 1.00\r\u{202e}txt\"'><img src=http://evil/x onerror=y>]]> | `rm` ```x``` @all #1 [a](javascript:b) **c** &lt; \\ www.evil.example $d$\u{fffe}";
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
        let (ChartKind::Ecdf { lines, .. } | ChartKind::Difference { lines, .. }) = &mut chart.kind else { continue };
        lines[0].name = EVIL.into();
        lines[0].points.push((f64::NAN, f64::INFINITY));
    }
    run.header.rig = name(EVIL);
    run.header.vantage = EVIL.into();
    run.header.remark = Some(EVIL.into());
    run.header.changed = vec![change(Changed::Rule(name(EVIL)), What::Param(EVIL.into()), EVIL, EVIL, true)];
    run.notices = vec![EVIL.into()];
    run.jaeger = Some(Gap::Malformed(EVIL.into()));
    run
}

/// The spec selects nothing that this rig could be judged by.
pub fn nothing_in_scope() -> Run {
    let mut case = passing();
    case.outcomes.clear();
    case.out_of_scope = case.case.rules.iter().map(out_of_traces).collect();
    Run::of(case)
}

fn out_of_traces(spec: &RuleSpec) -> OutOfScope {
    let missing = vec![Capability::Traces];
    OutOfScope { rule: spec.id.clone(), title: spec.title.clone(), weight: spec.weight, missing, deselected: false }
}

/// The samples with their names.
pub fn all() -> Vec<(&'static str, Run)> {
    vec![
        ("ready", ready()),
        ("blocked", blocked()),
        ("unreachable", unreachable()),
        ("waived", waived()),
        ("loosened", loosened::loosened()),
        ("interrupted", interrupted()),
        ("empty", empty()),
    ]
}
