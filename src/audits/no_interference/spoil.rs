//! Negative controls: changes to a copy of the evidence that a rule must notice.

use super::{calibrate, loads, quiet};
use crate::model::{
    evidence::Evidence,
    key::World,
    name::{Name, name},
    payload::{CalibrationRun, IdleWindow},
    workload::NOISE,
};

/// Changes the window of this run.
pub fn window(copy: &mut Evidence, change: impl FnOnce(&mut IdleWindow)) {
    copy.alter(&name(NOISE), &quiet(), change);
}

/// Changes each run of a load; also told is the number of its round.
pub fn runs(copy: &mut Evidence, kernel: &Name, mut change: impl FnMut(usize, &mut CalibrationRun)) {
    copy.alter(&name(NOISE), &loads(), |calibration| {
        for (n, round) in calibration.rounds.iter_mut().enumerate() {
            round.runs.iter_mut().filter(|run| run.kernel.word() == kernel.as_str()).for_each(|run| change(n, run));
        }
    });
}

/// Changes every other run of a load in each round.
pub fn each_second_run(copy: &mut Evidence, kernel: &Name, mut change: impl FnMut(&mut CalibrationRun)) {
    copy.alter(&name(NOISE), &loads(), |calibration| {
        for round in &mut calibration.rounds {
            let of = round.runs.iter_mut().filter(|run| run.kernel.word() == kernel.as_str());
            of.skip(1).step_by(2).for_each(&mut change);
        }
    });
}

/// Where there is no earlier run, this one's calibration stands for it.
pub fn earlier(copy: &mut Evidence) {
    let there = calibrate(World::Earlier(1));
    if !matches!(copy.raw(&there), Some(Ok(_)))
        && let Some(Ok(now)) = copy.raw(&calibrate(World::Live)).cloned()
    {
        copy.put(there, Ok(now));
    }
}
