use super::{kernel, kernels};
use crate::{
    audits::no_interference::{
        NoInterference,
        calibrated::{Calibrated, spread, variation},
        say, spoil,
        view::Quiet,
    },
    model::{
        audit::{Judgement, Rule},
        evidence::Evidence,
        name::Name,
        outcome::{Finding, Status},
        payload::CalibrationKernel,
        rig::Rig,
        units::Share,
    },
    stats::median,
};
use serde::Deserialize;

/// A small fixed load takes the same time again and again.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Repeatable {
    /// How far the medians of rounds may lie apart.
    between: Share,
    /// Standard deviation over mean that runs of a round may have.
    within: Share,
    /// By how much the clock may be ahead of the CPU time of a load that never waits: more is time that was taken away, however evenly.
    taken: Share,
}

impl Rule<NoInterference> for Repeatable {
    const NAME: &'static str = "repeatable";

    fn subjects(&self, _: &Rig) -> Vec<Name> {
        kernels()
    }

    fn judge(&self, view: &Quiet<'_>, subject: &Name) -> Judgement {
        let calibration = view.calibration()?;
        let from = vec![calibration.key.clone()];
        let of = Calibrated::of(calibration.value, kernel(subject));
        let expected = format!(
            "rounds at most {} apart, at most {} of variation within them, and the clock at most {} ahead of the CPU time",
            self.between, self.within, self.taken
        );
        let (Some((sure, apart)), Some(usual)) = (spread(&of.wall), usual_variation(&of.wall)) else {
            let why =
                format!("{} runs in {} rounds say nothing of how it repeats; 6 runs in each of 2 rounds are the least", of.runs(), of.wall.len());
            return Ok(say::cannot_tell(why, expected, of.runs(), from).settled_by("run more of it: `audit: {rounds: 5, runs: 30}`"));
        };
        let all = variation(&of.wall.concat()).unwrap_or_default();
        let middle = |rounds: &[Vec<f64>]| median(&rounds.concat()).unwrap_or_default();
        let ratio = middle(&of.wall) / middle(&of.cpu).max(1e-9);
        // Whoever waits for an answer is off its CPU meanwhile.
        let taken = kernel(subject) != CalibrationKernel::Loopback && ratio > 1.0 + self.taken.0;
        let status = if sure > self.between.0 || usual > self.within.0 || taken {
            Status::Fail
        } else if apart > self.between.0 {
            Status::Inconclusive
        } else if all > self.within.0 {
            Status::Warn
        } else {
            Status::Pass
        };
        let cpu = spread(&of.cpu).zip(usual_variation(&of.cpu));
        let steady = cpu.is_some_and(|((sure, _), usual)| sure <= self.between.0 && usual <= self.within.0);
        let verdict = match (status, steady) {
            (Status::Fail, true) => "disturbed: ",
            (Status::Fail, false) => "not repeatable: ",
            _ => "",
        };
        let observed = format!(
            "{verdict}{subject} took {:.2} ms by the clock; its {} rounds lie {} apart, runs within them vary by {}",
            middle(&of.wall),
            of.wall.len(),
            Share(apart),
            Share(usual)
        );
        let mut because = vec![];
        if let Some(((_, apart), usual)) = cpu {
            because.push(format!("its CPU time is {:.2} ms; rounds lie {} apart, runs vary by {}", middle(&of.cpu), Share(apart), Share(usual)));
        }
        because.push(format!("the clock says {ratio:.2} times its CPU time; it was preempted {} times in {} runs", of.preempted, of.runs()));
        match (status, steady) {
            (Status::Fail, true) => because.push(
                "the CPU does the same work in the same time, and is taken away: something else runs here, or on the host of this guest".into(),
            ),
            (Status::Fail, false) => {
                because.push("the CPU time itself moves: the clock frequency, or a neighbour that shares caches or a core's other thread".into());
            }
            (Status::Warn, _) => because.push(format!("a few runs are far off: all runs together vary by {}", Share(all))),
            _ => {}
        }
        let figure = say::share("between rounds", apart, of.runs());
        let figure = crate::model::outcome::Figure { lo: 100.0 * sure, ..figure };
        let finding = Finding { margin: say::margin(apart, self.between.0), because, ..say::finding(status, figure, observed, expected) };
        Ok(say::from(from, finding).settled_by("run more of it: `audit: {rounds: 10, runs: 60}`"))
    }

    fn spoil(&self, _: &NoInterference, _: &Rig, subject: &Name, copy: &mut Evidence) {
        spoil::runs(copy, subject, |round, run| run.wall_ms *= if round % 2 == 0 { 1.0 } else { 2.0 });
    }
}

/// The variation that half of the rounds stay below: one round with an outlier is no habit.
fn usual_variation(rounds: &[Vec<f64>]) -> Option<f64> {
    median(&rounds.iter().map(|round| variation(round)).collect::<Option<Vec<_>>>()?)
}
