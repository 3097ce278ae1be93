use crate::{
    audits::resource_accuracy::{ResourceAccuracy, say, spoil, view::Usages},
    model::{
        audit::{Judgement, Rule},
        evidence::Evidence,
        name::Name,
        outcome::{Figure, Finding, Status},
        rig::Rig,
        units::Share,
        usage::Measure,
    },
};
use serde::Deserialize;

/// Who only watches takes little of the machine that it watches.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LightObservers {
    /// This share of a core is a warning ...
    warn: Share,
    /// ... and this one a failure.
    fail: Share,
}

/// Ticks of the kernel at both ends, CPU-s.
const TICKS_S: f64 = 0.02;

impl Rule<ResourceAccuracy> for LightObservers {
    const NAME: &'static str = "light_observers";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        rig.workloads.iter().filter(|(_, w)| w.observer).map(|(n, _)| n.clone()).collect()
    }

    fn judge(&self, view: &Usages<'_>, subject: &Name) -> Judgement {
        let kernel = view.kernel(subject)?;
        let from = vec![kernel.key.clone()];
        let expected = format!("at most {} of a core", self.fail);
        let n = kernel.cpu.len() as u64;
        let Some((first, last)) = kernel.cpu.span().filter(|(a, b)| b.seconds() - a.seconds() >= say::LEAST_S) else {
            let why = format!("the kernel's curve of {subject} is shorter than {} s", say::LEAST_S);
            return Ok(say::cannot_tell(why, expected, n, from).settled_by(say::LONGER));
        };
        let over = last.seconds() - first.seconds();
        let (share, unsure) = (kernel.cpu.total() / over, TICKS_S / over);
        let status = match say::three((share - unsure).max(0.0), share + unsure, self.fail.0) {
            Status::Pass if share > self.warn.0 => Status::Warn,
            status => status,
        };
        let observed = format!("{subject} takes {} of a core", Share(share));
        let figure = Figure {
            name: "share of a core".into(),
            value: 100.0 * share,
            lo: 100.0 * (share - unsure).max(0.0),
            hi: 100.0 * (share + unsure),
            n,
            unit: "%".into(),
        };
        Ok(Finding { margin: Some((self.fail.0 - share) / self.fail.0), from, ..say::finding(status, figure, observed, expected) }
            .settled_by(say::LONGER))
    }

    fn spoil(&self, _: &ResourceAccuracy, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        spoil::kernel(rig, subject, copy, |tracks| {
            for sample in tracks.tracks.iter_mut().filter(|t| t.claim.as_str() == Measure::Cpu.word()).flat_map(|t| &mut t.samples) {
                sample.1 += 0.5 * sample.0.seconds();
            }
        });
    }
}
