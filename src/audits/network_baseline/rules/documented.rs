use super::endpoints;
use crate::{
    audits::network_baseline::{NetworkBaseline, Ways, say, spoil},
    model::{
        audit::{Judgement, Rule},
        evidence::Evidence,
        name::Name,
        outcome::{Figure, Finding, Status},
        payload::FactValue,
        rig::Rig,
        units::Ms,
    },
};
use serde::Deserialize;

const DAY: f64 = 86_400_000.0;

/// The baseline is written down, and recent.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Documented {
    /// An older record is a warning ...
    warn: Ms,
    /// ... and an even older one a failure.
    fail: Ms,
}

impl Rule<NetworkBaseline> for Documented {
    const NAME: &'static str = "documented";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        endpoints(rig)
    }

    fn judge(&self, view: &Ways<'_>, subject: &Name) -> Judgement {
        let expected = format!("recorded, at most {:.0} days ago ({:.0} is a failure)", self.warn.0 / DAY, self.fail.0 / DAY);
        if view.cx.rig.network.as_ref().is_none_or(|network| network.reference.is_none()) {
            let way = view.way(subject)?;
            let figure = Figure::exact("age", 0.0, 0, "days");
            let observed = "no record of the way is named that these figures could be laid beside";
            let finding = say::finding(Status::Warn, figure, observed, expected);
            let remedy = Some(
                "record it where it is as it should be, `rigcheck network record --as production`, and name it: `network: {reference: production}`"
                    .into(),
            );
            return say::of(way, Finding { remedy, ..finding });
        }
        view.there(subject)?;
        let recording = view.recording()?;
        let age = view.cx.as_of.0.saturating_sub(recording.as_of.0) as f64 / 1e3;
        let status = if age < -DAY { Status::Fail } else { say::two_limits(age, self.warn.0, self.fail.0) };
        let who = match (&recording.accepted, recording.measured()) {
            (Some((by, _, why)), _) => format!(", accepted by {by}: {why}"),
            (None, true) => format!(", measured on {}", recording.host),
            (None, false) => format!(", as {} says", recording.by),
        };
        let ahead = if age < -DAY { ", which has not come yet: correct it, or the clock that wrote it" } else { "" };
        let observed = format!("{} is of {}{who}{ahead}", recording.name, recording.as_of);
        let figure = Figure::exact("age", age / DAY, 1, "days");
        let finding = say::finding(status, figure, observed, expected);
        Ok(Finding { from: vec![view.recording_key()], margin: say::margin(age, self.fail.0), ..finding })
    }

    fn spoil(&self, _: &NetworkBaseline, rig: &Rig, _: &Name, copy: &mut Evidence) {
        spoil::recording(rig, copy, |table| table.put("as_of", FactValue::Micros(0), ""));
    }
}
