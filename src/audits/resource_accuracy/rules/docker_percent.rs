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
        usage::{Measure, SYSTEM_CPU, Told},
    },
    stats::{Slope, theil_sen},
    usage::Levels,
};
use serde::Deserialize;

/// Docker's percentage is what the clock says, as far as the kernel lets it: its denominator is what the kernel counts, which leaves out
/// what the hypervisor took away, and what a kernel that counts by ticks misses.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DockerPercent {
    /// How far they may be apart once that is put right, as a share; more to put right is a warning.
    residual: Share,
}

/// Docker's own word for its factor.
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
        let expected = format!("the cores of wall-clock time, within {} once what the kernel does not count is put right", self.residual);
        if told.samples() == 0 {
            return Ok(say::no_samples(told, expected, from));
        }
        let online = Levels::of(&of(told.tracks, ONLINE)).median();
        let (cpus, steal) = (machine.usual(Measure::CpuLimit).filter(|n| *n >= 1.0), machine.counter(Measure::Steal));
        let stretch = told.curve.span().zip(steal.span()).map(|(a, b)| (a.0.max(b.0), a.1.min(b.1)));
        let found = stretch.filter(|(a, b)| b.seconds() - a.seconds() >= say::LEAST_S).and_then(|(a, b)| {
            let (from, to) = told.curve.within(a, b).span()?;
            let pace = |tracks| pace(&of(tracks, SYSTEM_CPU), from, to);
            let (docker, kernel) = ((pace(told.tracks)?, online?), (pace(machine.tracks)?, cpus?));
            Some((from, to, told.curve.rose(from, to)?, steal.rose(from, to)?, docker, kernel))
        });
        let Some((first, last, used, stolen, (docker, online), (kernel, cpus))) = found.filter(|f| f.4.1 >= 1.0) else {
            let why = format!(
                "Docker tells no {SYSTEM_CPU} and {ONLINE} for at least {} s, or the kernel no {SYSTEM_CPU}, CPUs and steal, or not evenly",
                say::LEAST_S
            );
            return Ok(say::cannot_tell(why, expected, told.samples(), from).settled_by(say::LONGER));
        };
        if used < 0.05 {
            let why = format!("{} used {} only: no percentage to compare", told.claim.workload, say::cpu(used));
            return Ok(say::not_applicable(why, expected, told.samples(), from));
        }
        let wall = last.seconds() - first.seconds();
        // What Docker's formula makes of it, and what it is.
        let (shown, cores) = (used / wall / docker.value * online, used / wall);
        // What is in none of the figures that are added up: stolen, or counted nowhere.
        let missing = (1.0 - kernel.value / cpus).max(0.0);
        let steal = (stolen / (wall * cpus)).clamp(0.0, 1.0);
        let lost = (missing - steal).max(0.0);
        let off = online / docker.value * kernel.value / cpus - 1.0;
        let unsure = half(&docker) + half(&kernel) + (TICKS_S + 2.0 * told.clock_us() as f64 / 1e6 * cpus) / (wall * cpus);
        let status = match say::three((off.abs() - unsure).max(0.0), off.abs() + unsure, self.residual.0) {
            Status::Pass if missing > self.residual.0 => Status::Warn,
            status => status,
        };
        let observed = format!(
            "by Docker's formula {subject} is {:.1} % of a core where wall-clock time says {:.1} %; of the time of all CPUs {} was stolen and {} counted nowhere",
            100.0 * shown,
            100.0 * cores,
            Share(steal),
            Share(lost)
        );
        let because = match status {
            Status::Warn => {
                let missing = Share(missing);
                let too_high =
                    format!("Docker divides by what the kernel counts, where {missing} is missing: its percentages are that much too high");
                let ticks = "a kernel that counts CPU time by ticks misses work that begins and ends between two of them";
                [Some(too_high), (lost > steal).then(|| ticks.to_owned())].into_iter().flatten().collect()
            }
            Status::Fail => vec![format!(
                "its time of all CPUs rises by {:.3} s a second on {online} CPUs, the kernel's by {:.3} s on {cpus}",
                docker.value, kernel.value
            )],
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
            let system = name(SYSTEM_CPU);
            for sample in tracks.tracks.iter_mut().filter(|t| t.claim == system).flat_map(|t| &mut t.samples) {
                sample.1 /= 2.0;
            }
        });
    }
}

/// How fast the time of all CPUs rises, in cores. Docker reads it after the container's figures and their stamp, once in a while long
/// after it: one sample at an end would move the whole of it, so the middle of all slopes is taken.
fn pace(samples: &[Sample], from: Wall, to: Wall) -> Option<Slope> {
    let inside = samples.iter().filter(|s| s.0 >= from && s.0 <= to);
    let (x, y): (Vec<f64>, Vec<f64>) = inside.map(|s| ((s.0.0 - from.0) as f64 / 1e6, s.1)).unzip();
    theil_sen(&x, &y, (to.seconds() - from.seconds()) / 2.0).filter(|pace| pace.lo95 > 0.0)
}

/// How far off it may be, as a share of it.
fn half(pace: &Slope) -> f64 {
    (pace.hi95 - pace.value) / pace.value
}

fn of(tracks: &Tracks, word: &str) -> Vec<Sample> {
    let word = name(word);
    tracks.of(&word).flat_map(|t| t.samples.iter().copied()).filter(|s| s.0 > Wall(0)).collect()
}
