use crate::{
    audits::resource_accuracy::{ResourceAccuracy, say, spoil, view::Usages},
    model::{
        audit::{Judgement, Rule},
        evidence::Evidence,
        name::{Name, name},
        outcome::{Figure, Finding, Status},
        payload::{Sample, Track},
        rig::Rig,
        units::{Share, Wall},
        usage::Measure,
        workload::{Found, HOST},
    },
};
use serde::Deserialize;

/// Workloads do not wait for a CPU: what waits is slow, however little CPU it uses.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pressure {
    /// This share of the time is a warning ...
    warn: Share,
    /// ... and this one a failure.
    fail: Share,
}

impl Rule<ResourceAccuracy> for Pressure {
    const NAME: &'static str = "pressure";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        rig.workloads.iter().filter(|(_, w)| super::here(w)).map(|(n, _)| n.clone()).collect()
    }

    fn judge(&self, view: &Usages<'_>, subject: &Name) -> Judgement {
        let kernel = view.kernel(subject)?;
        let (began, ended, act) = view.acted()?;
        let from = super::keys([kernel.key.clone(), act]);
        let expected = format!("somebody of it waits for a CPU at most {} of the time", self.warn);
        let waited = kernel.counter(Measure::Waiting).within(began, ended);
        let stretch = waited.span().filter(|(a, b)| b.seconds() - a.seconds() >= say::LEAST_S);
        let Some((first, last)) = stretch else {
            let process = view.rig.workloads.get(subject).is_some_and(|w| matches!(w.found, Found::Pid(_) | Found::Port(_) | Found::Process(_)));
            if process && kernel.counter(Measure::Waiting).is_empty() {
                let why = format!("{subject} is found as a process, of which the kernel tells no pressure; the machine's is judged");
                return Ok(say::not_applicable(why, expected, kernel.cpu.len() as u64, from));
            }
            let why = format!("the kernel tells no CPU pressure of {subject} for at least {} s", say::LEAST_S);
            return Ok(say::cannot_tell(why, expected, waited.len() as u64, from).settled_by("boot with `psi=1`, and look longer than a few seconds"));
        };
        let over = last.seconds() - first.seconds();
        let share = Share(waited.rose(first, last).unwrap_or_default() / over);
        let status = match share.0 {
            s if s > self.fail.0 => Status::Fail,
            s if s > self.warn.0 => Status::Warn,
            _ => Status::Pass,
        };
        let observed = format!("{share} of {over:.1} s somebody of {subject} waited for a CPU");
        let figure = Figure::exact("waiting", 100.0 * share.0, waited.len() as u64, "%");
        Ok(Finding { margin: Some((self.fail.0 - share.0) / self.fail.0), from, ..say::finding(status, figure, observed, expected) })
    }

    fn spoil(&self, _: &ResourceAccuracy, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        let of = if subject.as_str().is_empty() { name(HOST) } else { subject.clone() };
        spoil::kernel(rig, &of, copy, |tracks| {
            let stamps: Vec<Wall> = tracks.tracks.first().map(|t| t.samples.iter().map(|s| s.0).collect()).unwrap_or_default();
            tracks.tracks.retain(|t| t.claim.as_str() != Measure::Waiting.word());
            let samples = stamps.iter().map(|at| Sample(*at, 0.5 * at.seconds())).collect();
            tracks.tracks.push(Track { claim: name(Measure::Waiting.word()), labels: [].into(), samples });
        });
    }
}
