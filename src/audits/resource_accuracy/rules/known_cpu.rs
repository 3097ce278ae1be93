use crate::{
    audits::resource_accuracy::{ResourceAccuracy, budget::Budget, say, spoil, view::Usages},
    model::{
        audit::{Judgement, Rule},
        evidence::Evidence,
        name::Name,
        outcome::{Finding, Status},
        rig::Rig,
        usage::Measure,
    },
    usage::close,
};
use serde::Deserialize;

/// A source shows the CPU time of a known load as what it really was.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownCpu {
    /// How far it may be off.
    budget: Budget,
}

impl Rule<ResourceAccuracy> for KnownCpu {
    const NAME: &'static str = "known_cpu";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        super::claims(rig, |rig, c| super::burnt(rig, c) && c.measure == Measure::Cpu)
    }

    fn judge(&self, view: &Usages<'_>, subject: &Name) -> Judgement {
        let told = view.told(subject)?;
        let known = view.known_cpu(told.claim)?;
        let from = vec![told.key.clone(), known.key()];
        let expected = format!("what the burn really used, within {}", self.budget);
        if told.samples() == 0 {
            return Ok(say::no_samples(told, expected, from));
        }
        if told.claim.rate() && told.samples() < say::FEWEST_LEVELS {
            let why = format!("{} samples of a gauge leave open what was used between them", told.samples());
            return Ok(say::cannot_tell(why, expected, told.samples(), from).settled_by(say::LONGER));
        }
        let Some(closure) = close(&told.curve, |at, age| known.bounds(told, at, age)).filter(|c| c.over_s() >= say::LEAST_S) else {
            let why = format!("two samples of {subject} at least {} s apart do not lie within the burn", say::LEAST_S);
            return Ok(say::cannot_tell(why, expected, told.samples(), from).settled_by(say::LONGER));
        };
        let budget = self.budget.at(closure.known.value);
        let status = say::three(closure.surely_off(), closure.perhaps_off(), budget);
        let observed = format!(
            "{subject} counts {} of a burn that used {} within {:.1} s",
            say::cpu(closure.claimed),
            say::cpu(closure.known.value),
            closure.over_s()
        );
        let because =
            say::factor(closure.claimed, closure.known.value, f64::from(view.burned()?.value.crowding.cores)).filter(|_| status == Status::Fail);
        Ok(Finding {
            margin: Some((budget - closure.off().abs()) / budget),
            because: because.into_iter().collect(),
            from,
            ..say::finding(status, say::off(&closure, "CPU-s", told.samples()), observed, expected)
        }
        .settled_by(say::LONGER))
    }

    fn spoil(&self, _: &ResourceAccuracy, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        spoil::scale(rig, subject, copy, 2.0);
    }
}
