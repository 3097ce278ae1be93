//! What is new since an earlier run, in words.

use crate::{
    report::{Comparison, Kind, Report, Shift, phrases},
    scoring::Verdict,
};

/// The comparison with an earlier run.
pub struct Against<'r> {
    /// The comparison.
    pub comparison: &'r Comparison,
    /// `2 new (1 failure, 1 unknown), 1 resolved since run 01J… of 2027-01-15 08:00:00 UTC`.
    pub lead: String,
    /// What must not be overlooked: what is compared with what, and that the verdict stands whatever is new.
    pub warnings: Vec<String>,
}

/// `None` where nothing was compared.
pub fn of(report: &Report) -> Option<Against<'_>> {
    let comparison = report.against.as_ref()?;
    let mut warnings: Vec<String> = comparison.doubts.clone();
    let verdict = report.assessment.verdict;
    if comparison.gates && verdict != Verdict::Ready {
        let ends = "--fail-on-new: how this command ends tells only what is new";
        warnings.insert(0, format!("{ends}; the verdict is {} all the same", verdict.words()));
    }
    Some(Against { comparison, lead: lead(comparison), warnings })
}

impl Against<'_> {
    /// `LAT-14 access_log:total: was PASS, is FAIL`.
    pub fn line(shift: &Shift) -> String {
        let (_, rule, subject) = &shift.of;
        let of = if subject.as_str().is_empty() { String::new() } else { format!(" {subject}") };
        format!("{rule}{of}: was {}, is {}", shift.was, shift.is)
    }
}

fn lead(c: &Comparison) -> String {
    let kinds = [(Kind::Failure, "failure"), (Kind::Unknown, "unknown"), (Kind::Waived, "waived failure"), (Kind::Warning, "warning")];
    let of = |kind: Kind| c.new.iter().filter(|s| s.kind == kind).count() as u64;
    let parts: Vec<_> = kinds.iter().filter(|(k, _)| of(*k) > 0).map(|(k, one)| phrases::count(of(*k), one)).collect();
    let new = if parts.is_empty() { "nothing is new".to_owned() } else { format!("{} new ({})", c.new.len(), parts.join(", ")) };
    let when = c.started;
    let run = if c.run.as_str().is_empty() { "a run that recorded no beginning".to_owned() } else { format!("run {} of {when}", c.run) };
    format!("{new}, {} resolved since {run}", c.resolved.len())
}
