use super::{counted, parts, told};
use crate::{
    audits::config_match::{
        ConfigMatch, spoil,
        view::{Compared, open},
    },
    model::{
        audit::{Judgement, Rule},
        comparison::{Class, Dimension, Row},
        evidence::Evidence,
        name::Name,
        outcome::{Finding, Status},
        rig::Rig,
    },
};
use serde::Deserialize;

/// Nothing of one dimension differs by more than is expected of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agreement {
    /// Which.
    dimension: Dimension,
}

/// Differences that a finding lists.
const LISTED: usize = 12;

impl Rule<ConfigMatch> for Agreement {
    const NAME: &'static str = "agreement";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        parts(rig, None)
    }

    fn judge(&self, view: &Compared<'_>, subject: &Name) -> Judgement {
        view.whole(subject)?;
        let rows: Vec<&Row> = view.rows(subject).filter(|row| row.dimension == self.dimension).collect();
        let known = rows.iter().filter(|row| row.class != Class::Unknown).count();
        let expected =
            if self.dimension == Dimension::Resources { "the same, or scaled as all else of its group" } else { "the same, or an equivalent" };
        let (word, from) = (self.dimension.word(), view.keys([subject]));
        let finding = |status, n, observed| counted(status, "differences", n, known, observed, expected, from.clone());
        let differing: Vec<&Row> = rows.iter().copied().filter(|row| row.class.differs()).collect();
        if let Some(first) = differing.first() {
            let more = if differing.len() > 1 { format!("; {} more", differing.len() - 1) } else { String::new() };
            let observed = format!("{} is {} here and {} in {}{more}", first.path(), first.here.text, first.there.text, view.comparison.there.name);
            let because = differing.iter().take(LISTED).map(told).collect();
            return Ok(Finding { because, ..finding(Status::Fail, differing.len(), observed) });
        }
        // Where nothing could be compared, what nobody must know is missing, too.
        let unknown: Vec<&Row> = rows.iter().copied().filter(|row| open(row) || known == 0).collect();
        if !unknown.is_empty() {
            return Err(view.not_known(subject, &unknown));
        }
        if rows.is_empty() {
            let observed = format!("neither side has facts of {word} at {subject}");
            return Ok(finding(Status::NotApplicable, 0, observed));
        }
        let count = |class| rows.iter().filter(|row| row.class == class).count();
        let (scaled, waived, equivalent) = (count(Class::Scaled), count(Class::Waived), count(Class::Equivalent));
        let shares = [(count(Class::Identical), "identical"), (equivalent, "equivalent"), (scaled, "scaled"), (waived, "accepted")];
        let shares: Vec<String> = shares.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
        let observed = format!("of {known} facts of {word} {}", shares.join(", "));
        let because = rows.iter().filter(|row| row.class == Class::Waived).take(LISTED).map(told).collect();
        let status = if waived > 0 { Status::Warn } else { Status::Pass };
        Ok(Finding { because, ..finding(status, waived, observed) })
    }

    fn spoil(&self, audit: &ConfigMatch, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        spoil::differ(audit, rig, subject, copy, |row, _| row.dimension == self.dimension);
    }
}
