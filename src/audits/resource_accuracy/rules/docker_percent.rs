use crate::{
    audits::resource_accuracy::{ResourceAccuracy, say, spoil, view::Usages},
    model::{
        audit::{Judgement, Rule},
        evidence::Evidence,
        name::{Name, name},
        outcome::{Figure, Finding, Status},
        payload::{Sample, Tracks},
        rig::Rig,
        units::{Share, Wall},
        usage::{Measure, Told},
    },
    stats::{Slope, theil_sen},
    usage::{Curve, Levels},
};
use serde::Deserialize;

/// Docker's percentage is what wall-clock time says: its denominator leaves out what the hypervisor took away.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DockerPercent {
    /// How far they may be apart once that is put right, as a share; more to put right is a warning.
    residual: Share,
}

/// Docker's own words for its denominator and factor.
const SYSTEM: &str = "system_cpu";
const ONLINE: &str = "online_cpus";
/// The denominator is counted in ticks of 10 ms, seven kinds of them.
const TICKS_S: f64 = 0.07;

impl Rule<ResourceAccuracy> for DockerPercent {
    const NAME: &'static str = "docker_percent";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        super::claims(rig, |_, c| c.told == Told::Own && c.measure == Measure::Cpu)
    }

    fn judge(&self, view: &Usages<'_>, subject: &Name) -> Judgement {
        let told = view.told(subject)?;
        let machine = view.machine(told.claim)?;
        let from = super::keys([told.key.clone(), machine.key.clone()]);
        let expected = format!("the cores of wall-clock time, within {} once steal is taken out", self.residual);
        if told.samples() == 0 {
            return Ok(say::no_samples(told, expected, from));
        }
        let system = Curve::counter(&of(told.tracks, SYSTEM));
        let online = Levels::of(&of(told.tracks, ONLINE)).median();
        let steal = machine.counter(Measure::Steal);
        let stretch = told.curve.span().zip(steal.span()).map(|(a, b)| (a.0.max(b.0), a.1.min(b.1)));
        let found = stretch.filter(|(a, b)| b.seconds() - a.seconds() >= say::LEAST_S).and_then(|(a, b)| {
            let (from, to) = told.curve.within(a, b).span()?;
            Some((from, to, told.curve.rose(from, to)?, pace(&system.within(from, to))?, steal.rose(from, to)?, online?))
        });
        let Some((first, last, used, pace, stolen, cpus)) = found.filter(|f| f.3.lo95 > 0.0 && f.5 >= 1.0) else {
            let why = format!("Docker tells no {SYSTEM} and {ONLINE} for at least {} s, or not evenly, or the kernel no steal", say::LEAST_S);
            return Ok(say::cannot_tell(why, expected, told.samples(), from).settled_by(say::LONGER));
        };
        if used < 0.05 {
            let why = format!("{} used {} only: no percentage to compare", told.claim.workload, say::cpu(used));
            return Ok(say::not_applicable(why, expected, told.samples(), from));
        }
        let wall = last.seconds() - first.seconds();
        let (shown, cores) = (used / wall / pace.value * cpus, used / wall);
        let share = (stolen / (wall * cpus)).clamp(0.0, 0.99);
        let off = cpus * (1.0 - share) / pace.value - 1.0;
        let unsure = (pace.hi95 - pace.value) / pace.value + (TICKS_S + 2.0 * told.clock_us() as f64 / 1e6 * cpus) / (wall * cpus);
        let status = match say::three((off.abs() - unsure).max(0.0), off.abs() + unsure, self.residual.0) {
            Status::Pass if share > self.residual.0 => Status::Warn,
            status => status,
        };
        let observed = format!(
            "by Docker's formula {subject} is {:.1} % of a core where wall-clock time says {:.1} %, with {} of steal",
            100.0 * shown,
            100.0 * cores,
            Share(share)
        );
        let because = match status {
            Status::Warn => vec![format!("Docker's denominator leaves steal out: its percentage is {} too high", Share(1.0 / (1.0 - share) - 1.0))],
            Status::Fail => vec![format!("its time of all CPUs rose by {:.3} s a second on {cpus} CPUs, over {wall:.1} s", pace.value)],
            _ => vec![],
        };
        let figure = Figure {
            name: "residual".into(),
            value: 100.0 * off,
            lo: 100.0 * (off - unsure),
            hi: 100.0 * (off + unsure),
            n: told.samples(),
            unit: "%".into(),
        };
        let margin = (self.residual.0 - off.abs()) / self.residual.0;
        Ok(Finding { margin: Some(margin), because, from, ..say::finding(status, figure, observed, expected) }.settled_by(say::LONGER))
    }

    fn spoil(&self, _: &ResourceAccuracy, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        spoil::tracks(rig, subject, copy, |tracks, _| {
            let system = name(SYSTEM);
            for sample in tracks.tracks.iter_mut().filter(|t| t.claim == system).flat_map(|t| &mut t.samples) {
                sample.1 /= 2.0;
            }
        });
    }
}

/// How fast Docker's time of all CPUs rises, in cores. Docker reads it after the container's figures and their stamp, once in a while by
/// half a second: one sample at an end would move the whole of it, so the middle of all slopes is taken.
fn pace(system: &Curve) -> Option<Slope> {
    let (from, to) = system.span()?;
    let (x, y): (Vec<f64>, Vec<f64>) = system.points().iter().map(|&(at, used)| ((at - from.0) as f64 / 1e6, used)).unzip();
    theil_sen(&x, &y, (to.seconds() - from.seconds()) / 2.0)
}

fn of(tracks: &Tracks, word: &str) -> Vec<Sample> {
    let word = name(word);
    tracks.of(&word).flat_map(|t| t.samples.iter().copied()).filter(|s| s.0 > Wall(0)).collect()
}
