//! Every rule of a case, for `--verbose`.

use super::page::columns;
use crate::{
    model::outcome::{Outcome, Proof},
    report::{
        clean,
        outline::{CaseView, RuleView},
    },
};
use comfy_table::{ColumnConstraint, ContentArrangement, Table, Width, presets};

/// A table of all rules in scope and their subjects, to the width.
pub fn rules(case: &CaseView<'_>, width: usize) -> String {
    let mut table = Table::new();
    table
        .load_style(presets::UTF8_FULL_CONDENSED.with_rounded_corners())
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(u16::try_from(width).unwrap_or(u16::MAX))
        .force_no_tty()
        .set_header(["status", "rule", "of", "observed", "expected", "margin", "counts"]);
    // Names are read as wholes, or broken where their parts meet; sentences may wrap.
    let names = case.rules.iter().flat_map(|r| &r.subjects).map(|s| subject_name(s.outcome.subject.as_str()));
    let longest = names.map(|n| n.lines().map(columns).max().unwrap_or(0)).max().unwrap_or(0);
    let name = Width::Fixed(u16::try_from(longest.clamp(2, 32)).unwrap_or(32) + 2);
    table.set_constraints([ColumnConstraint::ContentWidth, ColumnConstraint::LowerBoundary(Width::Fixed(20)), ColumnConstraint::LowerBoundary(name)]);
    for rule in &case.rules {
        let title = format!("{} {} ({}{})", rule.spec.id, rule.spec.title, rule.spec.weight.word(), mark(rule));
        if rule.subjects.is_empty() {
            let status = format!("{} {}", rule.status.glyph(), rule.status.word());
            table.add_row(cells([status, title.clone(), String::new(), "nothing was recorded".into(), String::new(), String::new(), String::new()]));
        }
        for (nth, subject) in rule.subjects.iter().enumerate() {
            let o = subject.outcome;
            let waived = if o.waived() { " (waived)" } else { "" };
            table.add_row(cells([
                format!("{} {}{waived}", o.status.glyph(), o.status.word()),
                if nth == 0 { title.clone() } else { String::new() },
                subject_name(o.subject.as_str()),
                subject.observed() + &subject.settles().map(|s| format!("; {s}")).unwrap_or_default(),
                subject.expected().unwrap_or_default().to_owned(),
                o.finding.as_ref().and_then(|f| f.margin).filter(|m| m.is_finite()).map(|m| format!("{:+.0} %", m * 100.0)).unwrap_or_default(),
                counts(o),
            ]));
        }
    }
    table.to_string()
}

fn mark(rule: &RuleView<'_>) -> String {
    match &rule.unscored {
        Some(why) => format!(", {why}"),
        None if rule.spec.blocker => ", blocker".into(),
        None => String::new(),
    }
}

/// How much it counts, and whether it was shown here that it can fail.
fn counts(o: &Outcome) -> String {
    let proof = o.proof.map(|p| if p == Proof::Fires { " proven" } else { " silent" }).unwrap_or_default();
    o.strength.map(|s| format!("{:.2}{proof}", s.least())).unwrap_or_default()
}

/// `access_log:total`; a long one on two lines.
fn subject_name(subject: &str) -> String {
    const WHOLE: usize = 18;
    let subject = clean::line(subject);
    match subject.split_once(':') {
        Some((source, of)) if columns(&subject) > WHOLE => format!("{source}:\n{of}"),
        _ => subject,
    }
}

/// Cleaned; only the name has a line break of ours.
fn cells(texts: [String; 7]) -> [String; 7] {
    let name = clean::document(&texts[2]);
    let mut cleaned = texts.map(|t| clean::line(&t));
    cleaned[2] = name;
    cleaned
}
