use crate::{
    audits::resource_accuracy::{ResourceAccuracy, say, spoil, view::Usages},
    model::{
        audit::{Judgement, Rule},
        evidence::Evidence,
        name::Name,
        outcome::{Figure, Finding, Status},
        rig::Rig,
        units::{Ms, Wall},
        usage::Measure,
    },
    usage::lag,
};
use serde::Deserialize;

/// A source's samples stand at the time at which they were taken: what happened shows when it happened.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SampleTimes {
    /// The lag that passes.
    pass: Ms,
    /// The lag that fails.
    fail: Ms,
}

impl Rule<ResourceAccuracy> for SampleTimes {
    const NAME: &'static str = "sample_times";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        super::claims(rig, |rig, c| super::burnt(rig, c) && c.measure == Measure::Cpu)
    }

    fn judge(&self, view: &Usages<'_>, subject: &Name) -> Judgement {
        let told = view.told(subject)?;
        let burned = view.burned()?;
        let known = view.known_cpu(told.claim)?;
        let from = vec![told.key.clone(), burned.key.clone()];
        let expected = format!("no more than {} late or early", self.pass);
        if told.samples() == 0 {
            return Ok(say::no_samples(told, expected, from));
        }
        let Some(found) = lag(&told.curve, |at: Wall| known.curve.at(at)) else {
            let why = format!("too few samples of {subject} lie within the burn to tell how late they are");
            return Ok(say::cannot_tell(why, expected, told.samples(), from).settled_by(say::LONGER));
        };
        let doubt = told.clock_us() as f64 / 1e6;
        // A level is the mean since the sample before it: half a step of that is no lag.
        let half = told.step_s().unwrap_or_default() / 2.0;
        let (pass, fail) = (self.pass.0 / 1e3, self.fail.0 / 1e3);
        let status = if found.at_least() - doubt > fail {
            Status::Fail
        } else if found.best_s.abs() <= pass && found.at_most() + doubt <= pass + half {
            Status::Pass
        } else {
            Status::Inconclusive
        };
        let side = if found.best_s < 0.0 { "early" } else { "late" };
        let observed = format!(
            "{subject} shows the burn {} {side} (between {:+} and {:+})",
            Ms(1e3 * found.best_s.abs()),
            Ms(1e3 * found.low_s),
            Ms(1e3 * found.high_s)
        );
        let figure = Figure {
            name: "lag".into(),
            value: 1e3 * found.best_s,
            lo: 1e3 * (found.low_s - doubt),
            hi: 1e3 * (found.high_s + doubt),
            n: found.n,
            unit: "ms".into(),
        };
        let because = if status == Status::Fail { vec!["a clock is off, or what is scraped was taken earlier and kept".to_owned()] } else { vec![] };
        Ok(Finding { margin: Some((fail - found.best_s.abs()) / fail), because, from, ..say::finding(status, figure, observed, expected) }
            .settled_by(say::LONGER))
    }

    fn spoil(&self, _: &ResourceAccuracy, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        spoil::later(rig, subject, copy, 3_000_000);
    }
}
