//! The report for a pull request: verdict first, a table of what needs attention, details to unfold. It fits the comment
//! of any forge, and no text of the world in it becomes markup, a link or a mention.

pub(super) mod text;

use super::{
    Report,
    grid::Grid,
    outline::{Against, Outline, RuleView},
    phrases,
};
use crate::model::{chart::Chart, outcome::Status};
use std::fmt::Write as _;
use text::{code, inline};

/// GitHub takes 65 536 characters in a comment; the rest is room for what a job writes around the report.
const MOST: usize = 60 * 1024;
/// Kept for the sentence that something was left out.
const RESERVE: usize = 512;

/// The report as Markdown.
pub fn render(report: &Report) -> String {
    let outline = Outline::of(report);
    let mut page = Page::default();
    head(report, &outline, &mut page);
    against(&outline, &mut page);
    attention(&outline, &mut page);
    for rule in outline.rules().filter(|r| r.subjects.is_empty() || r.subjects.iter().any(|s| !s.outcome.status.fine())) {
        page.push(&details(rule));
    }
    for chart in outline.cases.iter().flat_map(|case| &case.judged.charts) {
        if let Some(grid) = Grid::of(chart) {
            page.push(&table(chart, &grid));
        }
    }
    page.push(&waivers(&outline));
    page.push(&not_tested(&outline));
    page.finish(&foot(report, &outline))
}

/// Blocks until the page is full; what does not fit is counted.
#[derive(Default)]
struct Page {
    out: String,
    left_out: u64,
}

impl Page {
    fn push(&mut self, block: &str) {
        if self.out.len() + block.len() + RESERVE > MOST {
            self.left_out += 1;
        } else {
            self.out.push_str(block);
        }
    }
    fn finish(mut self, foot: &str) -> String {
        if self.out.len() + foot.len() + RESERVE <= MOST {
            self.out.push_str(foot);
        }
        if self.left_out > 0 {
            let left = phrases::count(self.left_out, "part");
            let _ = writeln!(self.out, "\n{left} of this report did not fit here: the other formats have all of it.");
        }
        self.out
    }
}

fn head(report: &Report, outline: &Outline<'_>, page: &mut Page) {
    let h = &outline.headline;
    page.push(&format!("## {} {}: {}\n\n", h.verdict.glyph(), h.verdict.words(), inline(&h.because)));
    if let Some(interrupted) = &h.interrupted {
        page.push(&format!("**INTERRUPTED**: {}\n\n", inline(interrupted)));
    }
    page.push(&format!(
        "{} Score **{}** (needs {}), coverage **{}** (needs {}).\n\n",
        phrases::meaning(report),
        h.score,
        h.threshold,
        h.coverage,
        h.coverage_needed
    ));
    let mut facts = vec![("scope", h.scope.join(", "))];
    facts.extend(h.range.iter().map(|range| ("range", range.clone())));
    if let Some(changed) = &h.changed {
        facts.push(("changed", format!("{}: {}", changed.lead, changed.few().0.join(", "))));
    }
    facts.extend(report.header.remark.iter().map(|remark| ("remark", remark.clone())));
    facts.extend(outline.flips.iter().map(|flips| ("what would flip this", flips.clone())));
    for (label, fact) in facts {
        page.push(&format!("- **{label}**: {}\n", inline(&fact)));
    }
    page.push("\n");
}

fn against(outline: &Outline<'_>, page: &mut Page) {
    let Some(against) = &outline.against else { return };
    page.push(&format!("### New since that run\n\n{}.\n\n", inline(&against.lead)));
    for warning in &against.warnings {
        page.push(&format!("**Mind**: {}.\n\n", inline(warning)));
    }
    let c = against.comparison;
    for (word, shift) in c.new.iter().map(|s| ("new", s)).chain(c.resolved.iter().map(|s| ("resolved", s))) {
        page.push(&format!("- **{word}** {}\n", inline(&Against::line(shift))));
    }
    page.push("\n");
}

fn attention(outline: &Outline<'_>, page: &mut Page) {
    let mut rows = vec![];
    for rule in outline.rules() {
        if rule.subjects.is_empty() {
            rows.push(row(rule, rule.status, "the rig", "no outcome was recorded for it", false));
        }
        let (bad, _) = rule.worst_first();
        rows.extend(bad.iter().map(|s| row(rule, s.outcome.status, s.name(), &s.sentence(), s.outcome.waived())));
    }
    if rows.is_empty() {
        return page.push(if outline.rules().next().is_some() { "Every rule in scope passed.\n\n" } else { "Nothing was judged.\n\n" });
    }
    page.push("| | Rule | Of | Observed |\n|---|---|---|---|\n");
    for row in &rows {
        page.push(row);
    }
    page.push("\n");
}

fn row(rule: &RuleView<'_>, status: Status, of: &str, says: &str, waived: bool) -> String {
    let waived = if waived { ", waived" } else { "" };
    let blocker = if rule.spec.blocks() { " (blocker)" } else { "" };
    let unscored = if rule.spec.newer { ", not scored" } else { "" };
    let id = inline(rule.spec.id.as_str());
    format!(
        "| {} {}{waived}{unscored} | {id}{blocker} {} | {} | {} |\n",
        status.glyph(),
        status.word(),
        inline(&rule.spec.title),
        inline(of),
        inline(says)
    )
}

fn details(rule: &RuleView<'_>) -> String {
    let id = text::html(rule.spec.id.as_str());
    let mut out = format!("<details><summary>{} {id}</summary>\n\n{}\n\n", rule.status.word(), inline(&rule.spec.why));
    for subject in rule.subjects.iter().filter(|s| !s.outcome.status.fine()) {
        let _ = writeln!(out, "- **{}** {}: {}", subject.outcome.status.word(), inline(subject.name()), inline(&subject.sentence()));
        for because in subject.because() {
            let _ = writeln!(out, "  - because {}", inline(because));
        }
        if let Some(settles) = subject.settles() {
            let _ = writeln!(out, "  - {}", inline(&settles));
        }
        for asked in subject.from.iter().take(3) {
            let _ = writeln!(out, "  - from {}", code(&asked.request()));
        }
        if !subject.action.is_empty() {
            let _ = writeln!(out, "  - **do**: {}", inline(&subject.action));
        }
    }
    out.push_str("\n</details>\n\n");
    out
}

fn table(chart: &Chart, grid: &Grid) -> String {
    let mut out = format!("<details><summary>{}</summary>\n\n{}\n\n", text::html(&chart.title), inline(&chart.caption));
    let row = |cells: &[String]| format!("| {} |\n", cells.iter().map(|cell| inline(cell)).collect::<Vec<_>>().join(" | "));
    if grid.rows.is_empty() {
        out.push_str("There is nothing to show.\n");
    } else {
        out += &row(&grid.head);
        let _ = writeln!(out, "|{}", "---|".repeat(grid.head.len()));
        grid.rows.iter().for_each(|cells| out += &row(cells));
    }
    out + "\n</details>\n\n"
}

fn waivers(outline: &Outline<'_>) -> String {
    if outline.waivers.is_empty() {
        return String::new();
    }
    let mut out = String::from("<details><summary>Waivers</summary>\n\n");
    for line in &outline.waivers {
        let w = line.waiver;
        let of = if line.subject.is_empty() { w.rule.to_string() } else { format!("{} {}", w.rule, line.subject) };
        let (of, says) = (inline(&of), inline(&line.says.join(" · ")));
        let until = format!("{}, until {}", inline(&w.owner), inline(&w.expires_text));
        let _ = writeln!(out, "- **{}** {of}: {says}. Reason: {} ({until})", line.word, inline(&w.reason));
    }
    if let Some(matter) = &outline.waivers_matter {
        let _ = writeln!(out, "\nAll in all: {}.", inline(matter));
    }
    out.push_str("\n</details>\n\n");
    out
}

fn not_tested(outline: &Outline<'_>) -> String {
    if outline.not_tested.is_empty() && outline.unmeasured.is_empty() {
        return String::new();
    }
    let mut out = String::from("<details><summary>Not tested</summary>\n\n");
    for group in &outline.not_tested {
        let _ = writeln!(out, "- {}: {}", inline(&group.ids().join(", ")), inline(&group.bring_in));
    }
    for u in &outline.unmeasured {
        let _ = writeln!(out, "- {}: {}; {}", u.quantity.title(), inline(u.why), inline(&u.bring_in));
    }
    out.push_str("\n</details>\n\n");
    out
}

fn foot(report: &Report, outline: &Outline<'_>) -> String {
    let h = &outline.headline;
    let run = h.run.as_deref().map(|run| format!("{} · ", inline(run))).unwrap_or_default();
    let id = if report.header.run.as_str().is_empty() { String::new() } else { format!(" · run {}", code(report.header.run.as_str())) };
    format!("{run}{}{id}\n\n<!-- rigcheck -->\n", inline(&h.from.join(" · ")))
}
