use super::{kernel, kernels};
use crate::{
    audits::no_interference::{NoInterference, calibrated::medians, say, spoil, view::Quiet},
    model::{
        audit::{Judgement, Rule},
        evidence::Evidence,
        name::Name,
        outcome::{Figure, Finding},
        rig::Rig,
        units::Share,
    },
    stats::{
        Answer, Between,
        rounds::{DRAWS, between, middle},
    },
};
use serde::Deserialize;

/// A small fixed load does not differ from itself: else no comparison is to be trusted.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgainstItself {
    /// By how much the two halves may differ.
    within: Share,
}

const SEED: u64 = 29;

impl Rule<NoInterference> for AgainstItself {
    const NAME: &'static str = "against_itself";

    fn subjects(&self, _: &Rig) -> Vec<Name> {
        kernels()
    }

    fn judge(&self, view: &Quiet<'_>, subject: &Name) -> Judgement {
        let calibration = view.calibration()?;
        let from = vec![calibration.key.clone()];
        let of = view.calibrated(kernel(subject))?;
        let expected = format!("each second run within {} of the others", self.within);
        let Some(ratio) = halves(&of.cpu) else {
            let why = format!("{} runs in {} rounds cannot be laid beside themselves", of.runs(), of.cpu.len());
            return Ok(say::cannot_tell(why, expected, of.runs(), from).settled_by("run more of it: `audit: {rounds: 5, runs: 30}`"));
        };
        let answer = ratio.within(1.0 - self.within.0, 1.0 + self.within.0);
        let apart = |ratio: f64| 100.0 * (ratio - 1.0);
        let bounds = if answer == Answer::Fail { ratio.interval998 } else { ratio.interval95 };
        let observed = format!(
            "each second run of {subject} takes {:+.2} % of CPU time more than the others ({:+.2} % … {:+.2} %)",
            apart(ratio.value),
            apart(bounds.0),
            apart(bounds.1)
        );
        let figure = Figure {
            name: "between halves".into(),
            value: apart(ratio.value),
            lo: apart(bounds.0),
            hi: apart(bounds.1),
            n: of.runs(),
            unit: "%".into(),
        };
        let finding = Finding {
            margin: say::margin((ratio.value - 1.0).abs(), self.within.0),
            settles_at: say::settles(answer),
            ..say::finding(say::status(answer), figure, observed, expected)
        };
        Ok(say::from(from, finding).settled_by("run more of it, when nothing else runs: `audit: {rounds: 10, runs: 60}`"))
    }

    fn spoil(&self, _: &NoInterference, _: &Rig, subject: &Name, copy: &mut Evidence) {
        spoil::each_second_run(copy, subject, |run| run.cpu_ms *= 1.5);
    }
}

/// Does it differ from itself? `None` where too little was run.
pub fn answer(cpu: &[Vec<f64>], within: f64) -> Option<Answer> {
    halves(cpu).map(|ratio| ratio.within(1.0 - within, 1.0 + within))
}

/// Every other run of each round beside those between them, as a ratio of medians.
fn halves(rounds: &[Vec<f64>]) -> Option<Between> {
    let half = |of: usize| {
        let halves: Vec<Vec<f64>> = rounds.iter().map(|round| round.iter().skip(of).step_by(2).copied().collect()).collect();
        medians(&halves).into_iter().map(|m| vec![m]).collect::<Vec<_>>()
    };
    between(&half(1), &half(0), middle, |second, first| second / first, DRAWS, SEED)
}
