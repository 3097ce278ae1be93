//! The report for a terminal: verdict first, then what decides it, what could not be told, and what to do.

mod findings;
mod grid;
pub(super) mod page;
mod table;

use super::{
    Report, Style,
    outline::{Against, ChangedLine, Outline},
};
use crate::scoring::Verdict;
use page::{Ink, Page, piece};

/// The report as text.
pub fn render(report: &Report, style: &Style) -> String {
    let outline = Outline::of(report);
    let mut page = Page::new(style.width, style.color);
    headline(&mut page, report, &outline, style);
    against(&mut page, &outline);
    findings::blockers(&mut page, &outline, style.verbose);
    findings::unknowns(&mut page, &outline, style.verbose);
    findings::waivers(&mut page, &outline);
    findings::cases(&mut page, &outline, style.verbose);
    findings::not_tested(&mut page, &outline);
    notes(&mut page, report);
    if style.verbose {
        unused_gaps(&mut page, report);
    }
    footer(&mut page, &outline, style);
    page.finish()
}

fn headline(page: &mut Page, report: &Report, outline: &Outline<'_>, style: &Style) {
    let h = &outline.headline;
    let head: Vec<_> = h.run.iter().chain(&report.header.remark).map(String::as_str).collect();
    if !head.is_empty() {
        page.flow(0, 2, &[piece(head.join(" · "), Ink::Dim)]);
        page.blank();
    }
    if let Some(interrupted) = &h.interrupted {
        page.flow(0, 13, &[piece("INTERRUPTED", Ink::Mind), piece(interrupted, Ink::Plain).after(2)]);
        page.blank();
    }
    let score = format!("score {} (needs {})", h.score, h.threshold);
    let coverage = format!("coverage {} (needs {})", h.coverage, h.coverage_needed);
    page.flow(
        0,
        2,
        &[
            piece(h.verdict.words(), verdict_ink(h.verdict)).whole(),
            piece(&h.because, Ink::Plain).after(3),
            piece(score, Ink::Plain).after(3).whole(),
            piece(coverage, Ink::Plain).after(3).whole(),
        ],
    );
    if let Some(range) = &h.range {
        page.pair(0, 8, "range", range);
    }
    page.pair(0, 8, "scope", &h.scope.join(", "));
    if let Some(changed) = &h.changed {
        changed_line(page, changed, style.verbose);
    }
    if let Some(proven) = &h.proven {
        page.pair(0, 8, "proven", proven);
    }
    page.pair(0, 8, "from", &h.from.join(" · "));
    page.pair(0, 8, "sent", &h.sent.join(" · "));
}

fn changed_line(page: &mut Page, changed: &ChangedLine, verbose: bool) {
    let (few, more) = changed.few();
    let (shown, rest) = if verbose { (changed.all.as_slice(), 0) } else { (few, more.len()) };
    let rest = if rest > 0 { format!(" and {rest} more (--verbose)") } else { String::new() };
    let label = if changed.quiet { Ink::Dim } else { Ink::Mind };
    let text = format!("{}: {}{rest}", changed.lead, shown.join(", "));
    page.flow(0, 8, &[piece("changed", label), piece(text, Ink::Plain)]);
}

/// What is new, and what is resolved, since the run that was named.
fn against(page: &mut Page, outline: &Outline<'_>) {
    let Some(against) = &outline.against else { return };
    page.heading("NEW SINCE THAT RUN");
    page.flow(0, 2, &[piece(&against.lead, Ink::Plain)]);
    for warning in &against.warnings {
        page.flow(0, 2, &[piece("!", Ink::Mind), piece(warning, Ink::Bold)]);
    }
    let c = against.comparison;
    let listed = c.new.iter().map(|s| ("+ new", Ink::Bad, s)).chain(c.resolved.iter().map(|s| ("- resolved", Ink::Good, s)));
    for (word, ink, shift) in listed {
        page.flow(
            2,
            14,
            &[piece(format!("{word:<10}"), ink), piece(Against::line(shift), Ink::Plain).after(2), piece(format!("({})", shift.title), Ink::Dim)],
        );
    }
}

fn verdict_ink(verdict: Verdict) -> Ink {
    match verdict {
        Verdict::Ready => Ink::Good,
        Verdict::ReadyWithWaivers => Ink::Mind,
        Verdict::NotReady => Ink::Bad,
        Verdict::Indeterminate => Ink::Open,
    }
}

fn notes(page: &mut Page, report: &Report) {
    let of_cases = report.cases.iter().flat_map(|c| &c.notes);
    let all: Vec<&String> = report.notices.iter().chain(of_cases).collect();
    if !all.is_empty() {
        page.heading("NOTES");
        for note in all {
            page.flow(0, 2, &[piece("·", Ink::Dim), piece(note, Ink::Plain)]);
        }
    }
}

/// Questions without a whole answer, needed by a rule or not.
fn unused_gaps(page: &mut Page, report: &Report) {
    let gaps = report.gaps();
    if !gaps.is_empty() {
        page.heading("WITHOUT A WHOLE ANSWER");
        for group in gaps {
            let keys: Vec<_> = group.keys.iter().map(ToString::to_string).collect();
            page.flow(0, 2, &[piece("·", Ink::Dim), piece(format!("{} ({})", group.gap, keys.join(", ")), Ink::Plain)]);
        }
    }
}

fn footer(page: &mut Page, outline: &Outline<'_>, style: &Style) {
    page.blank();
    if let Some(flips) = &outline.flips {
        page.flow(0, 2, &[piece("What would flip this:", Ink::Bold), piece(format!("{flips}."), Ink::Plain)]);
    }
    page.flow(0, 2, &[piece("Own cost:", Ink::Dim), piece(format!("{}.", outline.headline.own), Ink::Plain)]);
    if !style.files.is_empty() {
        page.flow(0, 2, &[piece("Report:", Ink::Dim), piece(style.files.join(", "), Ink::Plain)]);
    }
    if let Some(run) = &style.run {
        page.flow(0, 2, &[piece("Run:", Ink::Dim), piece(run, Ink::Plain)]);
    }
}
