use super::endpoints;
use crate::{
    audits::network_baseline::{
        NetworkBaseline, Ways,
        beside::{Off, off},
        say, spoil,
        view::There,
    },
    model::{
        audit::{Judgement, Rule},
        evidence::{Evidence, Gap, Unknown},
        name::Name,
        outcome::Finding,
        rig::Rig,
        units::{Margin, Ms, Share},
    },
    stats::{Answer, rounds::FEWEST_ROUNDS},
};
use serde::Deserialize;

/// A round trip takes as long as in the reference.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LikeReferenceRtt {
    /// By how much the median may differ.
    p50: Margin,
    /// By how much the value that 95 % are below may differ.
    p95: Margin,
}

impl Rule<NetworkBaseline> for LikeReferenceRtt {
    const NAME: &'static str = "like_reference_rtt";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        endpoints(rig)
    }

    fn judge(&self, view: &Ways<'_>, subject: &Name) -> Judgement {
        let way = view.whole(subject)?;
        let there = view.there(subject)?;
        let other = match &there {
            There::Measured(other) => other.got.key.clone(),
            There::Declared(_) => view.recording_key(),
        };
        let expected = format!(
            "the median within {} or {}, 95 % within {} or {}, whichever is more",
            self.p50.absolute, self.p50.relative, self.p95.absolute, self.p95.relative
        );
        let wanted = match &there {
            There::Measured(_) => [true, true],
            There::Declared(declared) => [declared.p50.is_some(), declared.p95.is_some()],
        };
        let least = &view.audit.least;
        let compared = [("median", 0.5, self.p50), ("95 %", 0.95, self.p95)].into_iter().zip(wanted).filter(|(_, wanted)| *wanted);
        let found: Option<Vec<(&str, Off)>> = compared.map(|((what, q, margin), _)| Some((what, off(way, &there, q, margin, least)?))).collect();
        let Some(found) = found.filter(|found| !found.is_empty()) else {
            let why = match &there {
                There::Measured(other) => format!(
                    "{} clean handshakes in {} rounds here and {} in {} there; {} in {FEWEST_ROUNDS} rounds are the least of each",
                    way.n(),
                    way.rounds.len(),
                    other.n(),
                    other.rounds.len(),
                    least.p95
                ),
                There::Declared(_) => "no round trip is declared, or there are too few to bound ours".to_owned(),
            };
            return say::both(way, other.clone(), say::cannot_tell(why, expected, way.n(), vec![]).settled_by(say::MORE));
        };
        let answer = found.iter().map(|(_, off)| off.answer).reduce(say::worse_answer).unwrap_or(Answer::Unclear { settles_at: None });
        // What decides is shown: the percentile with the worst answer, as a share of its margin.
        let badly = |off: &Off| (off.answer == Answer::Fail, off.answer != Answer::Pass, off.by.abs() / off.margin.max(1e-9));
        let worst = found.iter().map(|(_, off)| off).max_by(|a, b| badly(a).partial_cmp(&badly(b)).unwrap_or(core::cmp::Ordering::Equal));
        let Some(worst) = worst else { return Err(Unknown::new(way.got.key.clone(), Gap::Truncated("nothing to compare".into()))) };
        let told: Vec<String> = found
            .iter()
            .map(|(what, o)| format!("{what} {:+} off ({:+} … {:+}, margin {})", Ms(o.by), Ms(o.bounds.0), Ms(o.bounds.1), Ms(o.margin)))
            .collect();
        let word = match answer {
            Answer::Pass => "equivalent",
            Answer::Fail => "different",
            Answer::Unclear { .. } => "not to be told apart, and not to be called alike",
        };
        let mut because = vec![say::proves(way)];
        if let (Some(ttft), Some(by)) = (view.cx.rig.network.as_ref().and_then(|n| n.ttft), found.first().map(|(_, off)| off.by)) {
            let share = |trips: f64| Share(trips * by / ttft.0.max(1e-9));
            because.push(format!(
                "of a TTFT of {ttft} that is {:+} on a standing connection and {:+} on a new one (3 round trips)",
                share(1.0),
                share(3.0)
            ));
        }
        let figure = say::ms("off the reference", worst.by, worst.bounds, way.n());
        let finding = Finding {
            margin: say::margin(worst.by.abs(), worst.margin),
            because,
            settles_at: say::settles(answer),
            ..say::finding(say::status(answer), figure, format!("{word}: {}", told.join("; ")), expected)
        };
        say::both(
            way,
            other,
            finding.settled_by(
                "measure more rounds, here and in the reference: `audit: {rounds: 20, connects: 1600}`; the number that settles it counts rounds",
            ),
        )
    }

    fn spoil(&self, _: &NetworkBaseline, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        spoil::slower(rig, subject, copy, 3_000);
    }
}
