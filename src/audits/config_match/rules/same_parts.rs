use super::counted;
use crate::{
    audits::config_match::{ConfigMatch, spoil, view::Compared},
    model::{
        audit::{Judgement, Rule},
        environment::{PartKind, SNAPSHOT},
        evidence::{Evidence, Gap, Unknown},
        name::{Name, name},
        outcome::{Finding, Status},
        rig::Rig,
    },
};
use serde::Deserialize;

/// The reference has no part that is not looked at here.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SameParts {}

impl Rule<ConfigMatch> for SameParts {
    const NAME: &'static str = "same_parts";

    fn judge(&self, view: &Compared<'_>, _: &Name) -> Judgement {
        let key = view.key_there(&name(SNAPSHOT));
        if view.there.is_empty() {
            return Err(Unknown::new(key, Gap::NoBaseline(format!("{} does not tell its parts", view.comparison.there.name))));
        }
        let here = view.rig.environment.as_ref().map(|e| &e.parts);
        let missing: Vec<(&Name, &PartKind)> = view.there.iter().filter(|(part, _)| here.is_none_or(|h| !h.contains_key(*part))).collect();
        let expected = "every part of the reference is looked at here";
        let (status, observed) = match missing.first() {
            None => (Status::Pass, format!("all {} parts are looked at", view.there.len())),
            Some((first, _)) if missing.len() == 1 => (Status::Fail, format!("`{first}` is not looked at here")),
            Some((first, _)) => (Status::Fail, format!("`{first}` and {} more are not looked at here", missing.len() - 1)),
        };
        let because = missing.iter().map(|(part, kind)| format!("{} has `{part}` ({kind})", view.comparison.there.name)).collect();
        Ok(Finding { because, ..counted(status, "parts", missing.len(), view.there.len(), observed, expected, vec![key]) })
    }

    fn spoil(&self, _: &ConfigMatch, rig: &Rig, _: &Name, copy: &mut Evidence) {
        spoil::another_part(rig, copy);
    }
}
