use super::{counted, parts};
use crate::{
    audits::config_match::{ConfigMatch, spoil, view::Compared},
    model::{
        audit::{Judgement, Rule},
        environment::PartKind,
        evidence::{Evidence, Gap, Unknown},
        name::{Name, name},
        outcome::{Finding, Status},
        rig::Rig,
    },
};
use serde::Deserialize;

/// All that goes with the size has one ratio to the reference.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OneScale {}

impl Rule<ConfigMatch> for OneScale {
    const NAME: &'static str = "one_scale";

    fn judge(&self, view: &Compared<'_>, _: &Name) -> Judgement {
        let all = parts(view.rig, None);
        let sized = |part: &&Name| view.rig.environment.as_ref().and_then(|e| e.parts.get(*part)) != Some(&PartKind::Prometheus);
        for part in all.iter().filter(sized) {
            view.whole(part)?;
        }
        let members = view.members();
        let (from, expected) = (view.keys(&all), "every member at the ratio of its group");
        let off: Vec<&String> = view.comparison.scales.iter().flat_map(|s| &s.off).collect();
        let ratios = view.comparison.scales.iter().map(|s| format!("{} × {}", s.group, (s.ratio * 1e3).round() / 1e3)).collect::<Vec<_>>();
        if let Some(first) = off.first() {
            let who = match off.len() - 1 {
                0 => format!("{first} is"),
                more => format!("{first} and {more} more are"),
            };
            let observed = format!("{who} not at the ratio of the group ({})", ratios.join(", "));
            let rows = view.comparison.rows.iter().filter(|row| off.contains(&&row.path()));
            let because = rows.map(|row| super::told(&row)).collect();
            return Ok(Finding { because, ..counted(Status::Fail, "members off", off.len(), members, observed, expected, from) });
        }
        let unknown = view.members_not_known();
        if let Some(row) = unknown.first() {
            return Err(view.not_known(&row.part.clone(), &unknown));
        }
        if members == 0 {
            let key = view.key_there(all.first().unwrap_or(&name("")));
            return Err(Unknown::new(key, Gap::NotConfigured("no fact that goes with the size is known on both sides".into())));
        }
        let observed = if ratios.is_empty() { "all the same size".to_owned() } else { ratios.join(", ") };
        Ok(counted(Status::Pass, "members off", 0, members, observed, expected, from))
    }

    fn spoil(&self, audit: &ConfigMatch, rig: &Rig, _: &Name, copy: &mut Evidence) {
        spoil::off_scale(audit, rig, copy);
    }
}
