use super::{counted, parts};
use crate::{
    audits::config_match::{ConfigMatch, spoil, view::Compared},
    model::{
        audit::{Judgement, Rule},
        environment::PartKind,
        evidence::{Evidence, Gap, Unknown},
        name::Name,
        outcome::{Finding, Status},
        payload::FactValue,
        rig::Rig,
        snapshot::of_part,
    },
};
use serde::Deserialize;

/// No setting of the database waits for a restart.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PendingRestart {}

/// Settings that wait, by PostgreSQL's own list.
const FACT: &str = "pending_restart";

impl Rule<ConfigMatch> for PendingRestart {
    const NAME: &'static str = "pending_restart";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        parts(rig, Some(PartKind::Postgres))
    }

    fn judge(&self, view: &Compared<'_>, subject: &Name) -> Judgement {
        let from = vec![of_part(subject)];
        let Some(FactValue::Set(waiting)) = view.value(subject, FACT)? else {
            return Err(Unknown::new(of_part(subject), Gap::Malformed(format!("{subject}: `{FACT}` is no list of settings"))));
        };
        let expected = "no setting waits for a restart";
        let observed = match waiting.first() {
            None => "none waits".to_owned(),
            Some(first) if waiting.len() == 1 => format!("{first} waits"),
            Some(first) => format!("{first} and {} more wait", waiting.len() - 1),
        };
        let status = if waiting.is_empty() { Status::Pass } else { Status::Fail };
        let because = waiting.iter().map(|setting| format!("{setting} has another value in the server's files than in the server")).collect();
        Ok(Finding { because, ..counted(status, "settings", waiting.len(), 1, observed, expected, from) })
    }

    fn spoil(&self, _: &ConfigMatch, _: &Rig, subject: &Name, copy: &mut Evidence) {
        spoil::set(subject, FACT, FactValue::Set(["shared_buffers".to_owned()].into()), copy);
    }
}
