use super::{counted, parts};
use crate::{
    audits::config_match::{
        ConfigMatch, spoil,
        view::{Compared, open},
    },
    model::{
        audit::{Judgement, Rule},
        comparison::Row,
        evidence::Evidence,
        name::Name,
        outcome::{Figure, Finding, Status},
        rig::Rig,
        units::Share,
    },
};
use serde::Deserialize;

/// What must be known of a part is known on both sides.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coverage {
    /// Below this share it fails.
    least: Share,
}

impl Rule<ConfigMatch> for Coverage {
    const NAME: &'static str = "coverage";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        parts(rig, None)
    }

    fn judge(&self, view: &Compared<'_>, subject: &Name) -> Judgement {
        view.whole(subject)?;
        let wanted: Vec<&Row> = view.rows(subject).filter(|row| row.wanted).collect();
        let unknown: Vec<&Row> = wanted.iter().copied().filter(open).collect();
        let (all, known) = (wanted.len(), wanted.len() - unknown.len());
        let (expected, from) = (format!("at least {} of them, best all", self.least), view.keys([subject]));
        let status = match known as f64 {
            _ if all == 0 => Status::NotApplicable,
            _ if known == all => Status::Pass,
            known if known >= self.least.0 * all as f64 => Status::Warn,
            _ => Status::Fail,
        };
        let observed = format!("{known} of {all} facts that must be known are known on both sides");
        let share = if all == 0 { 0.0 } else { known as f64 / all as f64 * 100.0 };
        let because = unknown.iter().map(|row| format!("{}: {}", row.path(), row.because)).collect();
        let figure = Figure::exact("known share", share, all as u64, "%");
        Ok(Finding { figure, because, ..counted(status, "unknown", unknown.len(), all, observed, &expected, from) })
    }

    fn spoil(&self, _: &ConfigMatch, _: &Rig, subject: &Name, copy: &mut Evidence) {
        spoil::blind(subject, copy);
    }
}
