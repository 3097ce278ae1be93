//! Cases, rules and outcomes.

use super::{Score, finite};
use crate::{
    model::{
        capability::Capability,
        chart::Chart,
        event::OutOfScope,
        outcome::{Figure, Proof, Status},
        waiver::WaiverState,
    },
    report::{
        grid::Grid,
        outline::{Asked, CaseView, RuleView, SubjectView},
    },
};
use serde::Serialize;

/// One case.
#[derive(Serialize)]
pub struct Case<'r> {
    id: &'r str,
    category: &'r str,
    title: &'r str,
    question: &'r str,
    weight: &'static str,
    /// `null` where nothing of it is in scope.
    score: Option<Score>,
    coverage: Option<f64>,
    rules: Vec<Rule<'r>>,
    out_of_scope: Vec<Out<'r>>,
    /// Unscored truths about this case; those about the run are the document's `notices`.
    notes: &'r [String],
    /// What its sources say, side by side.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tables: Vec<Table<'r>>,
}

#[derive(Serialize)]
struct Table<'r> {
    id: &'r str,
    title: &'r str,
    head: Vec<String>,
    rows: Vec<Vec<String>>,
}

#[derive(Serialize)]
struct Rule<'r> {
    id: &'r str,
    title: &'r str,
    weight: &'static str,
    blocker: bool,
    /// `false`: newer than the edition of the checks that the spec chose; it counts for nothing.
    scored: bool,
    /// Of its worst subject.
    status: Status,
    remedy: &'r str,
    outcomes: Vec<Outcome<'r>>,
}

#[derive(Serialize)]
struct Outcome<'r> {
    /// Empty where the rule has one for the whole rig.
    subject: &'r str,
    status: Status,
    figure: Option<Number<'r>>,
    observed: Option<&'r str>,
    expected: Option<&'r str>,
    /// Distance from the limit in units of the limit: positive inside.
    margin: Option<f64>,
    because: &'r [String],
    rows: Option<u64>,
    /// The number of rows that would settle an inconclusive one.
    settles_at: Option<u64>,
    strength: Option<Strength>,
    /// Does the rule fail on its own seeded fault, on this rig? `null` where that was not tried.
    proven: Option<bool>,
    unknown: Option<Unknown<'r>>,
    error: Option<&'r str>,
    waiver: Option<Waiver>,
    /// What to do about it; empty where there is nothing to do.
    action: &'r str,
    evidence: Vec<Evidence>,
}

#[derive(Serialize)]
struct Number<'r> {
    name: &'r str,
    value: Option<f64>,
    lo: Option<f64>,
    hi: Option<f64>,
    n: u64,
    unit: &'r str,
}

#[derive(Serialize)]
struct Strength {
    least: Option<f64>,
    origin: Option<f64>,
    freshness: Option<f64>,
    rows: Option<f64>,
    control: Option<f64>,
}

#[derive(Serialize)]
struct Unknown<'r> {
    gap: &'static str,
    detail: &'r str,
    asked: String,
}

#[derive(Serialize)]
struct Waiver {
    /// Index into the waivers of the spec.
    index: usize,
    state: WaiverState,
}

#[derive(Serialize)]
struct Evidence {
    asked: String,
    /// The exact request; `null` if it was never asked.
    request: Option<String>,
    /// Index into `answers`.
    answer: Option<usize>,
}

#[derive(Serialize)]
struct Out<'r> {
    rule: &'r str,
    title: &'r str,
    weight: &'static str,
    missing: &'r [Capability],
    deselected: bool,
    bring_in: Vec<&'static str>,
}

impl<'r> Case<'r> {
    /// A case of the outline.
    pub fn of(view: &'r CaseView<'_>) -> Case<'r> {
        let case = view.case;
        Case {
            id: case.id.as_str(),
            category: &case.category,
            title: &case.title,
            question: &case.question,
            weight: case.weight.word(),
            score: view.score.and_then(|s| s.score).map(Score::from),
            coverage: view.score.and_then(|s| finite(s.coverage)),
            rules: view.rules.iter().map(Rule::of).collect(),
            out_of_scope: view.judged.out_of_scope.iter().map(Out::of).collect(),
            notes: &view.judged.notes,
            tables: view.judged.charts.iter().filter_map(Table::of).collect(),
        }
    }
}

impl<'r> Table<'r> {
    fn of(chart: &'r Chart) -> Option<Table<'r>> {
        let Grid { head, rows } = Grid::of(chart)?;
        Some(Table { id: &chart.id, title: &chart.title, head, rows })
    }
}

impl<'r> Rule<'r> {
    fn of(view: &'r RuleView<'_>) -> Rule<'r> {
        let spec = view.spec;
        Rule {
            id: spec.id.as_str(),
            title: &spec.title,
            weight: spec.weight.word(),
            blocker: spec.blocks(),
            scored: !spec.newer,
            status: view.status,
            remedy: &spec.remedy,
            outcomes: view.subjects.iter().map(Outcome::of).collect(),
        }
    }
}

impl<'r> Outcome<'r> {
    fn of(view: &'r SubjectView<'_>) -> Outcome<'r> {
        let o = view.outcome;
        let finding = o.finding.as_ref();
        Outcome {
            subject: o.subject.as_str(),
            status: o.status,
            figure: finding.map(|f| Number::of(&f.figure)),
            observed: finding.map(|f| f.observed.as_str()),
            expected: finding.map(|f| f.expected.as_str()),
            margin: finding.and_then(|f| f.margin).and_then(finite),
            because: finding.map_or(&[], |f| &f.because),
            rows: finding.map(|f| f.rows),
            settles_at: finding.and_then(|f| f.settles_at),
            strength: o.strength.map(|s| Strength {
                least: finite(s.least()),
                origin: finite(s.origin),
                freshness: finite(s.freshness),
                rows: finite(s.rows),
                control: finite(s.control),
            }),
            proven: o.proof.map(|p| p == Proof::Fires),
            unknown: o.unknown.as_ref().map(|u| Unknown { gap: u.gap.word(), detail: u.gap.detail(), asked: u.key.to_string() }),
            error: o.error.as_deref(),
            waiver: o.waiver.map(|(index, state)| Waiver { index, state }),
            action: &view.action,
            evidence: view.from.iter().map(Evidence::of).collect(),
        }
    }
}

impl<'r> Number<'r> {
    fn of(f: &'r Figure) -> Number<'r> {
        Number { name: &f.name, value: finite(f.value), lo: finite(f.lo), hi: finite(f.hi), n: f.n, unit: &f.unit }
    }
}

impl Evidence {
    fn of(asked: &Asked<'_>) -> Evidence {
        let request = asked.answered.map(|(_, a)| a.request.clone()).filter(|r| !r.is_empty());
        Evidence { asked: asked.key.to_string(), request, answer: asked.answered.map(|(at, _)| at) }
    }
}

impl<'r> Out<'r> {
    fn of(out: &'r OutOfScope) -> Out<'r> {
        Out {
            rule: out.rule.as_str(),
            title: &out.title,
            weight: out.weight.word(),
            missing: &out.missing,
            deselected: out.deselected,
            bring_in: out.missing.iter().map(|c| c.how()).collect(),
        }
    }
}
