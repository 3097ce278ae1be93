//! The report for a browser: one file that loads nothing, works without scripts, in light, dark and on paper.
//! askama escapes every text; the only markup that passes is the charts', drawn by us.

mod bars;
mod ids;
mod words;

use super::{
    Report, Style,
    chart::{self, Drawn},
    clean,
    comparison::Beside,
    outline::{Against, CaseView, Outline},
    phrases,
};
use crate::{
    model::{chart::Chart, waiver::WaiverState},
    scoring::Verdict,
};
use askama::Template;
use bars::{Bar, StepBar};
use std::collections::BTreeSet;

#[derive(Template)]
#[template(path = "report.html", whitespace = "minimize")]
struct Page<'r> {
    report: &'r Report,
    outline: &'r Outline<'r>,
    run: Option<&'r str>,
    score: Bar,
    steps: Vec<StepBar<'r>>,
    cards: Vec<Card<'r>>,
}

/// A case as a card.
struct Card<'r> {
    view: &'r CaseView<'r>,
    bar: Option<Bar>,
    charts: Vec<Figure<'r>>,
}

struct Figure<'r> {
    chart: &'r Chart,
    drawn: Drawn,
}

/// The report as one HTML file.
pub fn render(report: &Report, style: &Style) -> String {
    let outline = Outline::of(report);
    let threshold = report.header.gate.threshold;
    let card = |(nth, view): (usize, &'_ CaseView<'_>)| -> (Option<Bar>, Vec<Drawn>) {
        let bar = view.score.and_then(|s| s.score).map(|i| Bar::of(i, threshold));
        (bar, view.judged.charts.iter().enumerate().map(|(at, c)| chart::draw(c, &format!("{nth}-{at}"))).collect())
    };
    let drawn: Vec<_> = outline.cases.iter().enumerate().map(card).collect();
    let cards = outline.cases.iter().zip(drawn).map(|(view, (bar, drawn))| Card {
        view,
        bar,
        charts: view.judged.charts.iter().zip(drawn).map(|(chart, drawn)| Figure { chart, drawn }).collect(),
    });
    let page = Page {
        report,
        outline: &outline,
        run: style.run.as_deref(),
        score: Bar::of(report.assessment.score, threshold),
        steps: bars::steps(report),
        cards: cards.collect(),
    };
    let ids = report.cases.iter().flat_map(|c| &c.case.rules).map(|r| r.id.as_str()).filter(|id| id.contains('-')).collect();
    clean::document(&ids::whole(&page.render().expect("writing to a string does not fail"), &ids))
}

impl Page<'_> {
    fn title(&self) -> String {
        format!("{}: {}", self.report.header.rig, self.report.assessment.verdict.words())
    }
    fn meaning(&self) -> String {
        phrases::meaning(self.report)
    }
    fn tone(&self) -> &'static str {
        match self.report.assessment.verdict {
            Verdict::Ready => "good",
            Verdict::ReadyWithWaivers => "mind",
            Verdict::NotReady => "bad",
            Verdict::Indeterminate => "open",
        }
    }
    fn started(&self) -> String {
        self.report.header.started.to_string()
    }
    fn gathering_ended(&self) -> Option<String> {
        self.report.as_of.map(|at| at.to_string())
    }
    /// Was anything judged at all? Silence is no good news.
    fn judged(&self) -> bool {
        self.report.assessment.rules_in_scope > 0
    }
    fn blockers(&self) -> usize {
        self.outline.blockers().count()
    }
    fn unknown_rules(&self) -> usize {
        self.outline.rules().filter(|r| r.subjects.is_empty() || r.subjects.iter().any(|s| s.outcome.status.unknown())).count()
    }
    fn accepted(&self) -> usize {
        self.outline.waivers.iter().filter(|w| w.state == WaiverState::Holds).count()
    }
    fn untested(&self) -> usize {
        self.report.rules_out_of_scope() + self.outline.unmeasured.len()
    }
    fn besides(&self) -> impl Iterator<Item = &Beside> {
        self.cards.iter().flat_map(|card| &card.charts).filter_map(|figure| figure.drawn.beside.as_ref())
    }
    fn compares(&self) -> bool {
        self.besides().next().is_some()
    }
    /// Each once: what rows are marked with is the same in all of them.
    fn beside_rules(&self) -> BTreeSet<String> {
        self.besides().flat_map(Beside::rules).collect()
    }
    /// Did any source say what it is?
    fn servers(&self) -> bool {
        self.report.answers.iter().any(|a| a.server.is_some())
    }
    fn watched(&self, answer: &usize) -> bool {
        self.report.watched.contains(answer)
    }
    fn notes(&self) -> Vec<&String> {
        self.report.notices.iter().chain(self.report.cases.iter().flat_map(|c| &c.notes)).collect()
    }
}
