use crate::{
    audits::resource_accuracy::{ResourceAccuracy, budget::Budget, say, spoil, view::Usages},
    model::{
        audit::{Judgement, Rule},
        evidence::Evidence,
        name::Name,
        outcome::{Finding, Status},
        rig::Rig,
        units::Share,
        usage::Measure,
    },
    usage::close,
};
use serde::Deserialize;

/// Between two stamps of its own a source counts as many CPU-seconds as the kernel does.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CpuClosure {
    /// How far it may be off.
    budget: Budget,
    /// A difference of no more than this share of a core decides nothing, and is a warning.
    slight: Share,
}

impl Rule<ResourceAccuracy> for CpuClosure {
    const NAME: &'static str = "cpu_closure";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        super::claims(rig, |rig, c| super::served(rig, c) && c.measure == Measure::Cpu)
    }

    fn judge(&self, view: &Usages<'_>, subject: &Name) -> Judgement {
        let told = view.told(subject)?;
        let known = view.known_cpu(told.claim)?;
        let cpus = view.cpus(told.claim)?;
        let from = super::keys([told.key.clone(), known.key(), view.machine(told.claim)?.key.clone()]);
        let expected = format!("what the kernel counts between the same instants, within {}", self.budget);
        if told.samples() == 0 {
            return Ok(say::no_samples(told, expected, from));
        }
        if told.claim.rate() && told.samples() < say::FEWEST_LEVELS {
            let why = format!("{} samples of a gauge leave open what was used between them", told.samples());
            return Ok(say::cannot_tell(why, expected, told.samples(), from).settled_by(say::LONGER));
        }
        let Some(closure) = close(&told.curve, |at, age| known.bounds(told, at, age)).filter(|c| c.over_s() >= say::LEAST_S) else {
            let why = format!("two samples of {subject} at least {} s apart do not lie within what was looked at", say::LEAST_S);
            return Ok(say::cannot_tell(why, expected, told.samples(), from).settled_by(say::LONGER));
        };
        let budget = self.budget.at(closure.known.value);
        let cores = Share(closure.surely_off() / closure.over_s());
        // As it is read it must fit, and what the stamps leave open must not be more than what may be off.
        let status = match say::three(closure.surely_off(), closure.off().abs(), budget) {
            Status::Pass if closure.known.unsure() > budget => Status::Inconclusive,
            Status::Fail if cores.0 <= self.slight.0 => Status::Warn,
            status => status,
        };
        let observed = format!(
            "{subject} counts {} where {} counts {} within {:.1} s",
            say::cpu(closure.claimed),
            known.who,
            say::cpu(closure.known.value),
            closure.over_s()
        );
        let mut because = vec![];
        if matches!(status, Status::Fail | Status::Warn) {
            because.extend(say::factor(closure.claimed, closure.known.value, cpus));
            because.extend((view.kernel(&told.claim.workload)?.restarts() > 0).then(|| "it was begun anew meanwhile (RES-18)".to_owned()));
        }
        if status == Status::Warn {
            let missed = if closure.off() < 0.0 { "; whoever reads processes misses the last of those that end between two readings" } else { "" };
            because.push(format!("that is {cores} of a core{missed}"));
        }
        if closure.known.unsure() > budget {
            because.push(format!("what its stamps leave open is ±{}, more than what is allowed", say::cpu(closure.known.unsure())));
        }
        Ok(Finding {
            margin: Some(if status == Status::Warn { (self.slight.0 - cores.0) / self.slight.0 } else { (budget - closure.off().abs()) / budget }),
            because,
            from,
            ..say::finding(status, say::off(&closure, "CPU-s", told.samples()), observed, expected)
        }
        .settled_by(say::LONGER))
    }

    fn spoil(&self, _: &ResourceAccuracy, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        spoil::scale(rig, subject, copy, 2.0);
    }
}
