use crate::{
    audits::resource_accuracy::{ResourceAccuracy, kernel::Kernel, say, spoil, told::Told, view::Usages},
    model::{
        audit::{Judgement, Rule},
        evidence::Evidence,
        name::Name,
        outcome::{Figure, Finding, Status},
        rig::Rig,
        units::{Count, Share},
        usage::{Measure, UsageClaim},
    },
};
use serde::Deserialize;

/// No figure is beyond what is physically there, and a limit that is shown is the one that holds.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PhysicalLimits {
    /// How far a window may be above its limit.
    above: Share,
    /// So many windows in a row are no chance.
    windows: Count,
    /// How far a limit that is shown may be from the one that holds.
    limit: Share,
}

/// What the stamps of one window leave open, CPU-s.
const WINDOW_S: f64 = 0.05;

impl Rule<ResourceAccuracy> for PhysicalLimits {
    const NAME: &'static str = "physical_limits";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        super::or_all(rig, judged)
    }

    fn judge(&self, view: &Usages<'_>, subject: &Name) -> Judgement {
        let told = view.told(subject)?;
        if !judged(view.rig, told.claim) {
            return Ok(say::not_applicable(
                format!("{subject} has no physical limit that is known here"),
                "a figure",
                told.samples(),
                vec![told.key.clone()],
            ));
        }
        let machine = view.machine(told.claim)?;
        let own = if view.burnt(&told.claim.workload) { machine } else { view.kernel(&told.claim.workload)? };
        let from = super::keys([told.key.clone(), machine.key.clone(), own.key.clone()]);
        if told.samples() == 0 {
            return Ok(say::no_samples(told, "a figure", from));
        }
        if own.tracks.tracks.is_empty() {
            let why = format!("the kernel tells nothing of {}", told.claim.workload);
            return Ok(
                say::cannot_tell(why, "a figure below its limit", told.samples(), from).settled_by("look whether it runs while the audit does")
            );
        }
        let limit_of =
            if told.claim.measure == Measure::Cpu || told.claim.measure == Measure::CpuLimit { Measure::CpuLimit } else { Measure::MemoryLimit };
        let Some(most) = machine.usual(limit_of).filter(|most| *most > 0.0) else {
            let why = format!("the kernel does not tell the machine's {}", limit_of.title());
            return Ok(say::cannot_tell(why, "a figure below it", told.samples(), from).settled_by("run rigcheck on a Linux machine, with /proc"));
        };
        let limit = own.usual(limit_of).filter(|l| *l > 0.0 && *l < most);
        if told.claim.measure == limit_of {
            return Ok(Finding { from, ..self.shown(told, limit, most) });
        }
        let found = if limit_of == Measure::CpuLimit { self.cpu(told, limit.unwrap_or(most)) } else { self.memory(told, limit.unwrap_or(most)) };
        if found.status == Status::Pass
            && told.claim.measure == Measure::Cpu
            && let Some(sum) = self.sum(view, told, machine)?
        {
            return Ok(Finding { from, ..sum });
        }
        Ok(Finding { from, ..found })
    }

    fn spoil(&self, _: &ResourceAccuracy, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        let limit = rig.usage_claim(subject).is_some_and(|c| matches!(c.measure, Measure::CpuLimit | Measure::MemoryLimit));
        // Beyond every machine; of a limit something that is none.
        spoil::samples(rig, subject, copy, |n, sample| sample.1 = if limit { 0.37 } else { sample.1 * 1e9 + n as f64 * 1e15 });
    }
}

fn judged(rig: &Rig, claim: &UsageClaim) -> bool {
    let of_burn = super::burnt(rig, claim) && (claim.measure == Measure::Cpu || claim.measure.memory());
    let kinds = claim.measure == Measure::Cpu || claim.measure.memory() || matches!(claim.measure, Measure::CpuLimit | Measure::MemoryLimit);
    of_burn || super::served(rig, claim) && kinds
}

impl PhysicalLimits {
    fn cpu(&self, told: &Told<'_>, cores: f64) -> Finding {
        let slack = WINDOW_S + cores * 2.0 * told.clock_us() as f64 / 1e6;
        let windows: Vec<(f64, f64)> = told.curve.points().windows(2).map(|w| ((w[1].0 - w[0].0) as f64 / 1e6, w[1].1 - w[0].1)).collect();
        let over = |(s, used): &(f64, f64)| *used > cores * (1.0 + self.above.0) * s + slack;
        let highest = windows.iter().filter(|(s, _)| *s > 0.5).map(|(s, used)| used / s).fold(0.0, f64::max);
        let expected = format!("no {} windows in a row above {cores} cores by more than {}", self.windows, self.above);
        let observed = format!("{} shows at most {highest:.2} cores", told.claim.subject());
        self.in_a_row(&windows, over, highest, "cores", observed, expected)
    }
    fn memory(&self, told: &Told<'_>, limit: f64) -> Finding {
        let levels: Vec<f64> = told.levels.points().map(|p| p.1).collect();
        let highest = levels.iter().copied().fold(0.0, f64::max);
        let expected = format!("no {} samples in a row above {} by more than {}", self.windows, say::bytes(limit), self.above);
        let observed = format!("{} shows at most {}", told.claim.subject(), say::bytes(highest));
        self.in_a_row(&levels, |v| *v > limit * (1.0 + self.above.0), highest, "bytes", observed, expected)
    }
    fn in_a_row<T>(&self, all: &[T], over: impl Fn(&T) -> bool, highest: f64, unit: &str, observed: String, expected: String) -> Finding {
        let (mut row, mut longest) = (0_u64, 0_u64);
        for one in all {
            row = if over(one) { row + 1 } else { 0 };
            longest = longest.max(row);
        }
        let figure = Figure::exact("highest", highest, all.len() as u64, unit);
        if all.is_empty() {
            return say::cannot_tell("one sample is no window", expected, 0, vec![]).settled_by(say::LONGER);
        }
        let status = if longest >= self.windows.0 { Status::Fail } else { Status::Pass };
        let because = if longest > 0 { vec![format!("{longest} in a row lie above")] } else { vec![] };
        Finding { because, ..say::finding(status, figure, observed, expected) }
    }
    /// A limit that is shown. What has none may show none, or the machine's.
    fn shown(&self, told: &Told<'_>, limit: Option<f64>, machine: f64) -> Finding {
        let n = told.levels.len() as u64;
        let value = told.levels.median().unwrap_or_default();
        let memory = told.claim.measure == Measure::MemoryLimit;
        let words = |v: f64| if memory { say::bytes(v) } else { format!("{v:.2} cores") };
        let near = |of: f64| (value - of).abs() <= self.limit.0 * of;
        let expected = limit.map_or_else(|| "no limit, or the machine's".to_owned(), |l| format!("the kernel's limit, {}", words(l)));
        let observed = format!("{} shows a limit of {}", told.claim.subject(), words(value));
        let right = limit.map_or(value <= 0.0 || value >= machine * (1.0 - self.limit.0), near);
        let because = match (right, limit) {
            (false, Some(_)) if near(machine) => vec!["it is the host's: a share of it hides how near the limit is".to_owned()],
            (false, Some(_)) if value <= 0.0 || value > machine => vec!["it shows none where there is one".to_owned()],
            _ => vec![],
        };
        let figure = Figure::exact("limit", value, n, if memory { "bytes" } else { "cores" });
        Finding { because, ..say::finding(if right { Status::Pass } else { Status::Fail }, figure, observed, expected) }
    }
    /// All workloads that the same source tells of together use no more than the machine did. `None` where that holds, or where
    /// the kernel itself counts them twice because one lies within another.
    fn sum(&self, view: &Usages<'_>, told: &Told<'_>, machine: &Kernel<'_>) -> Result<Option<Finding>, crate::model::evidence::Unknown> {
        let Some((first, last)) = told.curve.span().zip(machine.cpu.span()).map(|(a, b)| (a.0.max(b.0), a.1.min(b.1))) else { return Ok(None) };
        if view.burnt(&told.claim.workload) || view.is_machine(&told.claim.workload) || last.seconds() - first.seconds() < say::LEAST_S {
            return Ok(None);
        }
        let own = view.kernel(&told.claim.workload)?.cpu.rose(first, last).unwrap_or_default();
        let shown = told.curve.within(first, last).total() - told.curve.within(first, last).points().first().map_or(0.0, |p| p.1);
        // Who shows no more than the kernel counts of it is not to blame.
        if shown <= own * (1.0 + self.above.0) + 2.0 * WINDOW_S {
            return Ok(None);
        }
        let (mut claimed, mut known, mut seen) = (0.0, 0.0, vec![]);
        for other in std::iter::once(told).chain(view.answered().filter(|o| o.claim.source == told.claim.source && o.claim.measure == Measure::Cpu)) {
            let of = &other.claim.workload;
            // One claim of each workload; those that are missing make the sum smaller, which excuses nothing.
            if seen.contains(&of) || view.burnt(of) || view.is_machine(of) {
                continue;
            }
            let (Ok(kernel), Some((a, b))) = (view.kernel(of), other.curve.within(first, last).span()) else { continue };
            seen.push(of);
            claimed += other.curve.rose(a, b).unwrap_or_default();
            known += kernel.cpu.rose(a, b).unwrap_or_default();
        }
        let busy = machine.cpu.rose(first, last).unwrap_or_default();
        let most = busy * (1.0 + self.above.0) + 2.0 * WINDOW_S;
        if seen.len() < 2 || claimed <= most || known > most {
            return Ok(None);
        }
        let observed = format!(
            "all {} workloads of {} together show {} where the machine used {}",
            seen.len(),
            told.claim.source,
            say::cpu(claimed),
            say::cpu(busy)
        );
        let figure = Figure::exact("sum of workloads", claimed, told.samples(), "CPU-s");
        let because = vec!["something is counted in several of them".to_owned()];
        Ok(Some(Finding { because, ..say::finding(Status::Fail, figure, observed, "no more than the machine used") }))
    }
}
