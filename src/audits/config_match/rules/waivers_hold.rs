use super::{counted, parts};
use crate::{
    audits::config_match::{ConfigMatch, spoil, view::Compared},
    model::{
        audit::{Judgement, Rule},
        comparison::WaiverStands,
        evidence::{Evidence, Gap, Unknown},
        fact_waiver::FactWaiverState as State,
        name::Name,
        outcome::{Finding, Status},
        rig::Rig,
    },
};
use serde::Deserialize;

/// Each accepted difference is still the one that was accepted.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WaiversHold {}

impl Rule<ConfigMatch> for WaiversHold {
    const NAME: &'static str = "waivers_hold";

    fn judge(&self, view: &Compared<'_>, _: &Name) -> Judgement {
        let (all, stands) = (parts(view.rig, None), &view.comparison.waivers);
        let of = |states: &[State]| stands.iter().filter(|w| states.contains(&w.state)).collect::<Vec<&WaiverStands>>();
        let (expected, from) = ("both values and the end as they were signed", view.keys(&all));
        let says = |waivers: &[&WaiverStands]| waivers.iter().map(|w| format!("{}: {}: {}", w.fact, w.state.word(), w.says)).collect::<Vec<_>>();
        let finding = |status, waivers: &[&WaiverStands], observed: String| {
            let finding = counted(status, "waivers", waivers.len(), stands.len(), observed, expected, from.clone());
            Finding { because: says(waivers), ..finding }
        };
        if stands.is_empty() {
            return Ok(finding(Status::NotApplicable, &[], "no difference is waived".into()));
        }
        let broken = of(&[State::Expired, State::Outgrown]);
        if let Some(first) = broken.first() {
            return Ok(finding(Status::Fail, &broken, format!("the waiver of {} {}", first.fact, verb(first.state))));
        }
        if let Some(unknown) = of(&[State::Unknown]).first() {
            let key = view.key_there(all.first().unwrap_or(&Name::default()));
            return Err(Unknown::new(key, Gap::NotConfigured(format!("the waiver of {}: {}", unknown.fact, unknown.says))));
        }
        let odd = of(&[State::Expiring, State::Unused, State::Stale]);
        match odd.first() {
            Some(first) => Ok(finding(Status::Warn, &odd, format!("the waiver of {} {}", first.fact, verb(first.state)))),
            None => Ok(finding(Status::Pass, &[], format!("all {} cover what they were signed for", stands.len()))),
        }
    }

    fn spoil(&self, audit: &ConfigMatch, rig: &Rig, _: &Name, copy: &mut Evidence) {
        spoil::outgrow(audit, rig, copy);
    }
}

fn verb(state: State) -> &'static str {
    match state {
        State::Active => "holds",
        State::Expiring => "ends soon",
        State::Expired => "has expired",
        State::Outgrown => "was signed for other values",
        State::Unused => "covers no difference",
        State::Stale => "fits no fact",
        State::Unknown => "cannot be looked at",
    }
}
