use super::{against_itself, kernel, kernels};
use crate::{
    audits::no_interference::{
        NoInterference,
        calibrated::{Calibrated, medians},
        say, spoil,
        view::Quiet,
    },
    model::{
        audit::{Judgement, Rule},
        evidence::{Evidence, Got},
        name::Name,
        outcome::{Figure, Finding, Status},
        payload::{Calibration, CalibrationHost},
        rig::Rig,
        units::{Count, Share},
    },
    stats::{
        Answer,
        rounds::{DRAWS, FEWEST_ROUNDS, between, middle},
    },
};
use serde::Deserialize;

/// The CPU time of a small fixed load is what it was in earlier runs: it is still the same machine.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SameMachine {
    /// By how much it may differ.
    within: Share,
}

/// Draws are the same for the same evidence.
const SEED: u64 = 17;

impl Rule<NoInterference> for SameMachine {
    const NAME: &'static str = "same_machine";

    fn subjects(&self, _: &Rig) -> Vec<Name> {
        kernels()
    }

    fn judge(&self, view: &Quiet<'_>, subject: &Name) -> Judgement {
        let now = view.calibration()?;
        let earlier: Vec<Got<'_, Calibration>> = view.earlier_calibrations().filter(|then| alike(&then.value.host, &now.value.host)).collect();
        let from: Vec<_> = [now.key.clone()].into_iter().chain(earlier.iter().map(|then| then.key.clone())).collect();
        let expected = format!("within {} of what it was in earlier runs", self.within);
        let n = earlier.len() as u64;
        let Some(last) = earlier.first() else {
            let why = "no earlier run of this rig on this host has such a calibration: the next run compares with this one";
            let figure = Figure::exact("earlier runs", 0.0, 0, "");
            return Ok(say::from(from, say::finding(Status::NotApplicable, figure, why, expected)));
        };
        if last.value.host.cpu != now.value.host.cpu || last.value.host.cpus != now.value.host.cpus {
            let told = |host: &CalibrationHost| format!("{} of {}", Count(u64::from(host.cpus)).of("CPU"), host.cpu);
            let observed = format!("different machine: it has {} now and had {} then", told(&now.value.host), told(&last.value.host));
            let figure = Figure::exact("earlier runs", n as f64, n, "");
            return Ok(say::from(from, say::finding(Status::Fail, figure, observed, expected)));
        }
        let of = |calibration: &Calibration| Calibrated::of(calibration, kernel(subject)).cpu;
        let rounds = |all: &[Vec<f64>]| medians(all).into_iter().map(|m| vec![m]).collect::<Vec<_>>();
        let (here, there) = (rounds(&of(now.value)), rounds(&earlier.iter().flat_map(|then| of(then.value)).collect::<Vec<_>>()));
        let Some(ratio) = between(&here, &there, middle, |now, then| now / then, DRAWS, SEED) else {
            let why = format!("{} rounds now and {} then; {FEWEST_ROUNDS} of each are the least", here.len(), there.len());
            return Ok(say::cannot_tell(why, expected, n, from).settled_by("run more of it: `audit: {rounds: 5}`"));
        };
        let answer = ratio.within(1.0 - self.within.0, 1.0 + self.within.0);
        let trusted = against_itself::answer(&Calibrated::of(now.value, kernel(subject)).cpu, self.within.0);
        let status = match answer {
            Answer::Fail if trusted == Some(Answer::Fail) => Status::Inconclusive,
            answer => say::status(answer),
        };
        let apart = |ratio: f64| 100.0 * (ratio - 1.0);
        let bounds = if answer == Answer::Fail { ratio.interval998 } else { ratio.interval95 };
        let word = if status == Status::Fail { "different machine: " } else { "" };
        let observed = format!(
            "{word}the CPU time of {subject} is {:+.1} % off {} ({:+.1} % … {:+.1} %)",
            apart(ratio.value),
            Count(n).of("earlier run"),
            apart(bounds.0),
            apart(bounds.1)
        );
        let mut because = vec![];
        if status == Status::Fail {
            because.push("another type of instance, a CPU that is too hot, used-up credits, or a neighbour on the same core or caches".into());
        }
        if trusted == Some(Answer::Fail) {
            because.push("it differs from itself in this run already: no comparison is to be trusted".into());
        }
        let figure =
            Figure { name: "shift".into(), value: apart(ratio.value), lo: apart(bounds.0), hi: apart(bounds.1), n: ratio.rounds, unit: "%".into() };
        let finding = Finding {
            margin: say::margin((ratio.value - 1.0).abs(), self.within.0),
            because,
            settles_at: say::settles(answer),
            ..say::finding(status, figure, observed, expected)
        };
        Ok(say::from(from, finding).settled_by("run more rounds, when nothing else runs: `audit: {rounds: 10}`"))
    }

    fn spoil(&self, _: &NoInterference, _: &Rig, subject: &Name, copy: &mut Evidence) {
        spoil::earlier(copy);
        spoil::runs(copy, subject, |_, run| run.cpu_ms *= 1.5);
    }
}

/// May two calibrations be compared: the same loads in the same build, under one host's name?
fn alike(then: &CalibrationHost, now: &CalibrationHost) -> bool {
    then.loads == now.loads && then.optimised == now.optimised && then.name == now.name
}
