use super::{counted, parts, told};
use crate::{
    audits::config_match::{
        ConfigMatch, spoil,
        view::{Compared, open},
    },
    model::{
        audit::{Judgement, Rule},
        comparison::{Class, Row},
        evidence::Evidence,
        name::Name,
        outcome::{Finding, Status},
        rig::Rig,
    },
};
use serde::Deserialize;

/// Nothing differs that makes it another kind of thing.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoBlocking {}

impl Rule<ConfigMatch> for NoBlocking {
    const NAME: &'static str = "no_blocking";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        parts(rig, None)
    }

    fn judge(&self, view: &Compared<'_>, subject: &Name) -> Judgement {
        view.whole(subject)?;
        let rows: Vec<&Row> = view.rows(subject).collect();
        let known = rows.iter().filter(|row| row.class != Class::Unknown).count();
        let of = |class| rows.iter().copied().filter(|row| row.class == class).collect::<Vec<_>>();
        let (expected, from) = ("no difference that blocks", view.keys([subject]));
        let blocking = of(Class::Blocking);
        if let Some(first) = blocking.first() {
            let observed = format!("{} is {} here and {} in {}", first.path(), first.here.text, first.there.text, view.comparison.there.name);
            let finding = counted(Status::Fail, "differences", blocking.len(), known, observed, expected, from);
            return Ok(Finding { because: blocking.iter().map(told).collect(), ..finding });
        }
        let unknown: Vec<&Row> = rows.iter().copied().filter(|row| row.key && open(row) || known == 0).collect();
        if !unknown.is_empty() {
            return Err(view.not_known(subject, &unknown));
        }
        let waived: Vec<&Row> = of(Class::Waived).into_iter().filter(|row| row.raw == Class::Blocking).collect();
        let (status, observed) = match waived.len() {
            0 => (Status::Pass, format!("none among {known} facts")),
            n => (Status::Warn, format!("{n} among {known} facts, for which somebody answers")),
        };
        let finding = counted(status, "differences", waived.len(), known, observed, expected, from);
        Ok(Finding { because: waived.iter().map(told).collect(), ..finding })
    }

    fn spoil(&self, audit: &ConfigMatch, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        spoil::differ(audit, rig, subject, copy, |_, blocks| blocks);
    }
}
