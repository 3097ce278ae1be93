//! The sections below the headline.

use super::{
    grid,
    page::{Ink, Page, piece},
    table,
};
use crate::{
    model::{
        chart::ChartKind,
        outcome::{Outcome, Status},
        waiver::WaiverState,
    },
    report::{
        comparison,
        grid::Grid,
        outline::{CaseView, NotTested, Outline, RuleView, SubjectView},
    },
};

/// Where the text of a rule begins.
const BODY: usize = 8;
/// Width of its labels.
const LABEL: usize = 10;
/// Columns that a table of all rules needs: in fewer its sentences stand one letter above the other.
const TABLE: usize = 100;
/// Requests listed for one subject, unless all are asked for.
const FEW: usize = 3;

/// Failing blockers, each with all that is known about it.
pub fn blockers(page: &mut Page, outline: &Outline<'_>, verbose: bool) {
    let rules: Vec<_> = outline.blockers().collect();
    if rules.is_empty() {
        return;
    }
    page.heading(if rules.len() == 1 { "BLOCKER" } else { "BLOCKERS" });
    for rule in rules {
        title(page, Status::Fail, rule);
        let failing: Vec<_> = rule.subjects.iter().filter(|s| s.fails()).collect();
        if rule.subjects.len() > 1 {
            page.pair(BODY, LABEL, "fails for", &format!("{} of {} subjects", failing.len(), rule.subjects.len()));
        }
        for subject in &failing {
            subject_block(page, subject, verbose);
        }
        for remedy in rule.actions() {
            page.pair(BODY, LABEL, "do", remedy);
        }
    }
}

fn title(page: &mut Page, status: Status, rule: &RuleView<'_>) {
    page.flow(
        0,
        BODY,
        &[
            piece(format!("{} {}", status.glyph(), status.word()), ink(status)),
            piece(rule.spec.id.as_str(), Ink::Bold).after(2),
            piece(&rule.spec.title, Ink::Plain).after(2),
        ],
    );
}

fn subject_block(page: &mut Page, subject: &SubjectView<'_>, verbose: bool) {
    if !subject.outcome.subject.as_str().is_empty() {
        page.pair(BODY, LABEL, "of", subject.name());
    }
    page.pair(BODY, LABEL, "observed", &subject.observed());
    if let Some(expected) = subject.expected() {
        page.pair(BODY, LABEL, "expected", expected);
    }
    for because in subject.because() {
        page.pair(BODY, LABEL, "because", because);
    }
    let mut requests: Vec<String> = vec![];
    for asked in &subject.from {
        let request = asked.request();
        if !requests.contains(&request) {
            requests.push(request);
        }
    }
    from(page, &requests, verbose);
}

fn from(page: &mut Page, requests: &[String], verbose: bool) {
    let shown = if verbose { requests.len() } else { FEW.min(requests.len()) };
    for (at, request) in requests[..shown].iter().enumerate() {
        page.pair(BODY, LABEL, if at == 0 { "from" } else { "" }, request);
    }
    if shown < requests.len() {
        page.pair(BODY, LABEL, "", &format!("and {} more (--verbose lists them)", requests.len() - shown));
    }
}

/// What could not be told, by cause.
pub fn unknowns(page: &mut Page, outline: &Outline<'_>, verbose: bool) {
    if outline.causes.is_empty() {
        return;
    }
    page.heading("UNKNOWN");
    for cause in &outline.causes {
        let head = format!("{} {}", cause.status.glyph(), cause.status.word());
        page.flow(0, BODY, &[piece(head, ink(cause.status)), piece(&cause.why, Ink::Plain).after(2)]);
        for hit in &cause.hits {
            let blocker = match (hit.blocker, hit.unscored) {
                (true, _) => " (blocker)",
                (_, true) => " (not scored)",
                _ => "",
            };
            let of = if hit.subjects.is_empty() { String::new() } else { format!(" — {}", hit.subjects.join(", ")) };
            page.flow(BODY, BODY + LABEL, &[piece(hit.rule, Ink::Bold), piece(format!("{}{blocker}{of}", hit.title), Ink::Plain).after(2)]);
            if let Some(found) = &hit.found {
                page.flow(BODY + LABEL, BODY + LABEL, &[piece(found, Ink::Plain)]);
            }
        }
        from(page, &cause.requests, verbose);
        if !cause.advice.is_empty() {
            page.pair(BODY, LABEL, "do", &cause.advice);
        }
    }
}

/// Accepted failures and waivers that do nothing.
pub fn waivers(page: &mut Page, outline: &Outline<'_>) {
    if outline.waivers.is_empty() {
        return;
    }
    page.heading("WAIVERS");
    for line in &outline.waivers {
        let (glyph, ink) = match line.state {
            WaiverState::Holds => ("~", Ink::Mind),
            WaiverState::Lapsed | WaiverState::Outgrown => ("✗", Ink::Bad),
            WaiverState::Unused => ("–", Ink::Dim),
        };
        page.flow(
            0,
            BODY,
            &[
                piece(format!("{glyph} {}", line.word), ink),
                piece(line.waiver.rule.as_str(), Ink::Bold).after(2),
                piece(line.subject, Ink::Plain),
                piece(line.says.join(" · "), Ink::Plain).after(2),
            ],
        );
        page.pair(BODY, LABEL, "reason", &format!("{} ({}, until {})", line.waiver.reason, line.waiver.owner, line.waiver.expires_text));
    }
    if let Some(matter) = &outline.waivers_matter {
        page.flow(0, 2, &[piece(capitalised(matter), Ink::Plain), piece(".", Ink::Plain).after(0)]);
    }
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|c| c.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// Every case with its counts, and what is neither a blocker nor a pass.
pub fn cases(page: &mut Page, outline: &Outline<'_>, verbose: bool) {
    for case in &outline.cases {
        page.blank();
        let mut pieces = vec![piece(case.case.id.as_str(), Ink::Bold), piece(&case.score_text, Ink::Plain).after(3).whole()];
        pieces.extend(case.counts.iter().enumerate().map(|(nth, c)| piece(c, Ink::Plain).after(if nth == 0 { 3 } else { 2 }).whole()));
        if !verbose && !case.rules.is_empty() {
            pieces.push(piece("(--verbose lists them)", Ink::Dim).after(3).whole());
        }
        page.flow(0, 2, &pieces);
        if verbose {
            page.flow(2, 2, &[piece(&case.case.question, Ink::Plain)]);
            let width = page.width();
            if width < TABLE {
                listed(page, case, |_| true);
            } else {
                page.block(&table::rules(case, width));
            }
        } else {
            listed(page, case, needs_attention);
        }
        if verbose || case.rules.iter().any(|rule| !rule.status.fine()) {
            tables(page, case, verbose);
        }
    }
}

/// The tables of a case: what its sources say, side by side. Two whole environments are for a page of their own.
fn tables(page: &mut Page, case: &CaseView<'_>, verbose: bool) {
    for chart in &case.judged.charts {
        if let ChartKind::Comparison(of) = &chart.kind {
            let see = "(--output html:FILE lays them side by side)";
            page.flow(2, 4, &[piece(&chart.title, Ink::Bold), piece(comparison::headline(of), Ink::Plain).after(2), piece(see, Ink::Dim)]);
        }
    }
    for (chart, grid) in case.judged.charts.iter().filter_map(|chart| Some((chart, Grid::of(chart)?))) {
        page.flow(2, 2, &[piece(&chart.title, Ink::Bold), piece(&chart.caption, Ink::Dim).after(2)]);
        let width = page.width();
        page.block(&grid::lines(&grid, width, verbose));
    }
}

/// One entry for each rule with its subjects that are wanted, and what to do about it.
fn listed(page: &mut Page, case: &CaseView<'_>, wanted: impl Fn(&Outcome) -> bool) {
    for rule in &case.rules {
        let subjects: Vec<_> = rule.subjects.iter().filter(|s| wanted(s.outcome)).collect();
        for alike in subjects.chunk_by(|a, b| a.outcome.status == b.outcome.status) {
            let status = alike[0].outcome.status;
            let said = |s: &SubjectView<'_>| {
                let of = if s.outcome.subject.as_str().is_empty() { String::new() } else { format!("{}: ", s.name()) };
                let expected = s.expected().map(|e| format!(", expected {e}")).unwrap_or_default();
                format!("{of}{}{expected}", s.observed())
            };
            let title = rule.unscored.as_ref().map_or_else(|| rule.spec.title.clone(), |why| format!("{} ({why})", rule.spec.title));
            let mut head = vec![
                piece(format!("{} {}", status.glyph(), status.word()), ink(status)),
                piece(rule.spec.id.as_str(), Ink::Bold).after(2),
                piece(title, Ink::Plain).after(2),
            ];
            if let [only] = alike {
                head.push(piece(said(only), Ink::Plain).after(3));
            }
            page.flow(2, 10, &head);
            for subject in alike.iter().filter(|_| alike.len() > 1) {
                page.flow(10, 12, &[piece(said(subject), Ink::Plain)]);
            }
        }
        if subjects.iter().any(|s| s.fails()) && !rule.blocks() {
            for remedy in rule.actions() {
                page.pair(10, 4, "do", remedy);
            }
            page.flow(10, 10, &[piece(format!("rigcheck explain {}", rule.spec.id), Ink::Dim)]);
        }
    }
}

/// Failures that do not block and warnings; blockers, waived ones and unknowns have their sections.
fn needs_attention(outcome: &Outcome) -> bool {
    match outcome.status {
        Status::Fail => !outcome.blocker && !outcome.waived(),
        Status::Warn => true,
        _ => false,
    }
}

/// What is out of scope, and what would bring it in.
pub fn not_tested(page: &mut Page, outline: &Outline<'_>) {
    if outline.not_tested.is_empty() && outline.unmeasured.is_empty() {
        return;
    }
    let all: usize = outline.not_tested.iter().map(|n| n.rules.len()).sum();
    if all > 0 {
        page.heading(&format!("NOT TESTED ({} out of scope, without a share of the score)", crate::report::phrases::count(all as u64, "rule")));
    } else {
        page.heading("NOT TESTED");
    }
    for group in &outline.not_tested {
        page.flow(0, 4, &[piece("–", Ink::Dim), piece(NotTested::ids(group).join(", "), Ink::Bold), piece(&group.bring_in, Ink::Plain).after(2)]);
    }
    for u in &outline.unmeasured {
        let said = format!("{}; {}", u.why, u.bring_in);
        page.flow(0, 4, &[piece("–", Ink::Dim), piece(format!("{}:", u.quantity.title()), Ink::Bold), piece(said, Ink::Plain)]);
    }
}

/// Colour of a status.
pub fn ink(status: Status) -> Ink {
    match status {
        Status::Pass => Ink::Good,
        Status::Warn => Ink::Mind,
        Status::Fail | Status::Error => Ink::Bad,
        Status::Inconclusive | Status::NoData | Status::ManualPending => Ink::Open,
        Status::Skipped | Status::NotApplicable => Ink::Dim,
    }
}
