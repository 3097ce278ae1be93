//! The report for Prometheus: the last run as a metrics page, OpenMetrics 1.0.0. A job writes it where node_exporter's
//! textfile collector or a static web server picks it up.
//!
//! Everything is a gauge, the verdict included, in the shape of a state set (one series per state, 1 for the one that holds):
//! Prometheus keeps no other types, and the text parser of the textfile collector and of `promtool check metrics` refuses a
//! page that names `stateset` or `info`.
//!
//! A job that died leaves its last page behind, with its last good verdict: `docs/reports.md` has the alerts on age and absence.

use super::{Report, clean, outline::Outline};
use crate::{
    model::{case::RuleSpec, event::CaseJudged, outcome::Status},
    scoring::Verdict,
};
use std::fmt::Write as _;

/// The page.
pub fn render(report: &Report) -> String {
    let (a, h) = (&report.assessment, &report.header);
    let rig = [("rig", h.rig.as_str())];
    let mut page = Page::default();
    page.family("rigcheck_run", "", "The run that this page is about, always 1.");
    let about = [("run", h.run.as_str()), ("profile", &h.profile), ("checks", &h.checks), ("tool", &h.tool)];
    page.sample(&[&rig[..], &about].concat(), 1.0);
    // The page of a run that recorded no beginning must not look fresh.
    let ended = report.as_of.unwrap_or(h.started);
    if ended.0 > 0 {
        page.family("rigcheck_last_run_timestamp_seconds", "seconds", "When the run had gathered its evidence, or began if it did not get that far.");
        page.sample(&rig, ended.seconds());
    }
    page.family("rigcheck_run_complete", "", "Did the run come to its end?");
    page.sample(&rig, flag(!report.interrupted));
    page.family("rigcheck_verdict", "", "The verdict: 1 for the one that holds.");
    for verdict in Verdict::ALL {
        page.sample(&[rig[0], ("verdict", verdict.key())], flag(a.verdict == verdict));
    }
    page.family("rigcheck_score_ratio", "ratio", "Both ends of the score, 0 to 1.");
    page.sample(&[rig[0], ("end", "lo")], a.score.lo);
    page.sample(&[rig[0], ("end", "hi")], a.score.hi);
    page.family("rigcheck_coverage_ratio", "ratio", "Weighted share of the rules in scope that could be judged.");
    page.sample(&rig, a.coverage);
    page.family("rigcheck_gate_ratio", "ratio", "What the verdict needs, at least.");
    page.sample(&[rig[0], ("of", "score")], h.gate.threshold);
    page.sample(&[rig[0], ("of", "coverage")], h.gate.coverage);
    rules(report, &mut page);
    waivers(report, &mut page);
    if let Some(c) = &report.against {
        page.family("rigcheck_new", "", "Outcomes that are worse than in the run that this one was compared with.");
        page.sample(&rig, c.new.len() as f64);
        page.family("rigcheck_resolved", "", "Outcomes that are better than in the run that this one was compared with.");
        page.sample(&rig, c.resolved.len() as f64);
    }
    if report.as_of.is_some() {
        let own = &report.own;
        for (name, unit, help, value) in [
            ("rigcheck_own_cpu_seconds", "seconds", "CPU time that rigcheck itself used.", own.cpu_s),
            ("rigcheck_own_memory_peak_bytes", "bytes", "Resident memory of rigcheck itself at its peak.", own.peak_mib * 1_048_576.0),
            ("rigcheck_own_queries", "", "Queries to sources, without the load.", own.cost.queries as f64),
            ("rigcheck_own_read_bytes", "bytes", "What sources answered.", own.cost.bytes as f64),
            ("rigcheck_own_gathering_seconds", "seconds", "Wall time of gathering.", own.wall.0 / 1e3),
        ] {
            page.family(name, unit, help);
            page.sample(&rig, value);
        }
    }
    page.out.push_str("# EOF\n");
    page.out
}

fn rules(report: &Report, page: &mut Page) {
    let (rig, mut listed) = (report.header.rig.as_str(), false);
    for judged in &report.cases {
        for (rule, subject, status, waived) in judged.in_scope().flat_map(|rule| of_rule(judged, rule)) {
            if !std::mem::replace(&mut listed, true) {
                page.family("rigcheck_rule", "", "What was found about each subject of each rule: one series, of the status that holds, always 1.");
            }
            let of = [("rig", rig), ("case", judged.case.id.as_str()), ("rule", rule.id.as_str()), ("subject", subject)];
            let of = [&of[..], &[("blocker", yes(rule.blocks())), ("scored", yes(!rule.newer)), ("waived", yes(waived))]].concat();
            page.sample(&[&of[..], &[("status", status.key())]].concat(), 1.0);
        }
    }
}

/// Each subject of a rule; one nameless where a rule in scope has no outcome.
fn of_rule<'r>(judged: &'r CaseJudged, rule: &'r RuleSpec) -> Vec<(&'r RuleSpec, &'r str, Status, bool)> {
    let found: Vec<_> = judged.of_rule(rule).map(|o| (rule, o.subject.as_str(), o.status, o.waived())).collect();
    if found.is_empty() { vec![(rule, "", Status::Error, false)] } else { found }
}

/// Waivers by what they do: a gauge for an alert before one lapses, and after.
fn waivers(report: &Report, page: &mut Page) {
    page.family("rigcheck_waivers", "", "Waivers of the spec by what they do to the failures of the run.");
    for (state, many) in Outline::of(report).waivers_by_state() {
        page.sample(&[("rig", report.header.rig.as_str()), ("state", state)], many as f64);
    }
}

fn flag(holds: bool) -> f64 {
    f64::from(u8::from(holds))
}

fn yes(holds: bool) -> &'static str {
    if holds { "yes" } else { "no" }
}

/// A page in the making: one family after the other.
#[derive(Default)]
struct Page {
    out: String,
    name: &'static str,
}

impl Page {
    fn family(&mut self, name: &'static str, unit: &str, help: &str) {
        self.name = name;
        let _ = writeln!(self.out, "# TYPE {name} gauge");
        if !unit.is_empty() {
            let _ = writeln!(self.out, "# UNIT {name} {unit}");
        }
        let _ = writeln!(self.out, "# HELP {name} {help}");
    }
    /// A number that does not exist is no sample.
    fn sample(&mut self, labels: &[(&str, &str)], value: f64) {
        if value.is_finite() {
            let labels: Vec<_> = labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
            let _ = writeln!(self.out, "{}{{{}}} {value}", self.name, labels.join(","));
        }
    }
}

fn escaped(text: &str) -> String {
    clean::line(text).replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
