use super::{counted, parts};
use crate::{
    audits::config_match::{ConfigMatch, spoil, view::Compared},
    model::{
        audit::{Judgement, Rule},
        environment::PartKind,
        evidence::Evidence,
        name::Name,
        outcome::Status,
        payload::FactValue,
        rig::Rig,
        snapshot::of_part,
    },
};
use serde::Deserialize;

/// As many workers run as the server was asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkersAsAsked {}

/// Live workers, and those that were asked for.
const FACTS: [&str; 2] = ["process.workers", "process.workers_asked"];

impl Rule<ConfigMatch> for WorkersAsAsked {
    const NAME: &'static str = "workers_as_asked";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        parts(rig, Some(PartKind::Workload))
    }

    fn judge(&self, view: &Compared<'_>, subject: &Name) -> Judgement {
        let [live, asked] = FACTS.map(|fact| view.value(subject, fact));
        let from = vec![of_part(subject)];
        let expected = "as many live workers as were asked for";
        let (Some(FactValue::Count(live)), Some(FactValue::Count(asked))) = (live?, asked?) else {
            let observed = format!("{subject} is no server of which rigcheck knows how workers are asked for");
            return Ok(counted(Status::NotApplicable, "workers", 0, 1, observed, expected, from));
        };
        let status = if live == asked { Status::Pass } else { Status::Fail };
        let observed = format!("{live} of {asked} workers run");
        Ok(counted(status, "workers", usize::try_from(*live).unwrap_or(0), 1, observed, expected, from))
    }

    fn spoil(&self, _: &ConfigMatch, _: &Rig, subject: &Name, copy: &mut Evidence) {
        spoil::set(subject, FACTS[0], FactValue::Count(1_000_003), copy);
    }
}
