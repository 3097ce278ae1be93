//! The report for code scanning: SARIF 2.1.0. Every result stands at the line of the spec that states the expectation.
//!
//! Kinds as the standard means them: what fails or warns is `fail` (a blocker an error, another rule a warning, a warning a
//! note), what could not be told `open`, what a person has to look at `review`, what is out of scope `notApplicable`. The
//! verdict is a result of its own, so that a run that judged nothing is no clean one. A waiver that holds is a suppression;
//! one that lapsed, was outgrown, is not needed or lapses soon is a result at its line of the spec.

mod results;
mod shape;

use super::{Report, clean, outline::Outline, phrases};
use crate::model::case::RuleSpec;
use shape::{Base, Configuration, Driver, Id, Invocation, Log, Message, Notification, Rule, RuleProperties, Run, Summary, Tool};

/// What paths are relative to.
const ROOT: &str = "%SRCROOT%";
/// Id of the result that is the verdict.
const VERDICT: &str = "verdict";

/// Id of the results that are waivers to look at.
const WAIVER: &str = "waiver";

/// The report as SARIF.
pub fn render(report: &Report) -> String {
    let outline = Outline::of(report);
    let (h, a) = (&report.header, &report.assessment);
    let finite = |x: f64| x.is_finite().then_some(x);
    let rules = rules(&outline);
    let run = Run {
        automation_details: Id { id: clean::line(&format!("rigcheck/{}/{}", h.rig, h.run)) },
        original_uri_base_ids: [(ROOT, Base { description: message("the root of the repository that holds the spec, or its folder") })].into(),
        invocations: [invocation(report)],
        results: results::of(report, &outline, &rules),
        column_kind: "unicodeCodePoints",
        properties: Summary {
            verdict: a.verdict.words(),
            because: clean::line(&a.because),
            score_lo: finite(a.score.lo),
            score_hi: finite(a.score.hi),
            coverage: finite(a.coverage),
            rig: clean::line(h.rig.as_str()),
            run: clean::line(h.run.as_str()),
            profile: clean::line(&h.profile),
            checks: clean::line(&h.checks),
        },
        tool: Tool { driver: Driver { name: "rigcheck", version: clean::line(h.tool.trim_start_matches("rigcheck ")), rules } },
    };
    let log = Log { schema: "https://json.schemastore.org/sarif-2.1.0.json", version: "2.1.0", runs: [run] };
    serde_json::to_string_pretty(&log).expect("structs of texts and numbers become JSON") + "\n"
}

fn message(text: impl AsRef<str>) -> Message {
    Message { text: clean::line(text.as_ref()) }
}

/// The verdict's and the waivers', then those of the cases, each once.
fn rules(outline: &Outline<'_>) -> Vec<Rule> {
    let mut rules = vec![Rule {
        id: VERDICT.into(),
        short_description: message("May the numbers from this rig be trusted?"),
        full_description: message(
            "What the gate of the spec makes of all rules: no blocker fails, enough could be judged, and the score is high enough.",
        ),
        help: message("Mend what fails or could not be told; the result says what would flip it."),
        default_configuration: Configuration { level: "error" },
        properties: RuleProperties { tags: vec![], weight: "critical", blocker: true },
    }];
    rules.push(Rule {
        id: WAIVER.into(),
        short_description: message("Is every waiver needed, and does it still hold?"),
        full_description: message(
            "A waiver that has lapsed or was outgrown hides nothing any more; one that nothing needs would hide the next failure.",
        ),
        help: message("Mend the cause, renew the waiver with a new reason and end, or remove it."),
        default_configuration: Configuration { level: results::level(false) },
        properties: RuleProperties { tags: vec![], weight: "normal", blocker: false },
    });
    for case in &outline.cases {
        for spec in &case.case.rules {
            if !rules.iter().any(|r| r.id == spec.id.as_str()) {
                rules.push(rule(spec, &case.case.category));
            }
        }
    }
    rules
}

fn rule(spec: &RuleSpec, category: &str) -> Rule {
    let parts = [
        ("Method", &spec.method),
        ("Formula", &spec.formula),
        ("Blind spots", &spec.blind_spots),
        ("Remedy", &spec.remedy),
        ("Source", &spec.source),
    ];
    let help: Vec<_> = parts.iter().filter(|(_, text)| !text.is_empty()).map(|(label, text)| format!("{label}: {}", clean::line(text))).collect();
    Rule {
        id: spec.id.to_string(),
        short_description: message(&spec.title),
        full_description: message(&spec.why),
        help: Message { text: help.join("\n\n") },
        default_configuration: Configuration { level: results::level(spec.blocks()) },
        properties: RuleProperties { tags: vec![clean::line(category)], weight: spec.weight.word(), blocker: spec.blocks() },
    }
}

fn invocation(report: &Report) -> Invocation {
    let started = report.header.started;
    let time = |at: crate::model::units::Wall| if at.0 > 0 { phrases::rfc3339(at) } else { String::new() };
    let mut said: Vec<Notification> = vec![];
    if report.interrupted {
        said.push(Notification { level: "error", message: message("the run was cut short") });
    }
    said.extend(report.notices.iter().map(|text| Notification { level: "note", message: message(text) }));
    Invocation {
        execution_successful: !report.interrupted,
        start_time_utc: time(started),
        end_time_utc: report.as_of.map(time).unwrap_or_default(),
        tool_execution_notifications: said,
    }
}
