use crate::{
    audits::resource_accuracy::{ResourceAccuracy, kernel::Kernel, say, spoil, told::Told, view::Usages},
    model::{
        audit::{Judgement, Rule},
        evidence::Evidence,
        name::Name,
        outcome::{Figure, Finding, Status},
        rig::Rig,
        units::{Count, Ms, Share, Wall},
        usage::Measure,
    },
    stats::{median, quantile},
    usage::Levels,
};
use serde::Deserialize;

/// A source's memory figure is the kernel's of the same definition: usage with caches is no working set.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LikeForLikeMemory {
    /// How far it may be off, as a share.
    relative: Share,
    /// KiB of each CPU that the kernel may not have charged yet.
    batch_kib: Count,
    /// The kernel may tell a figure that is so old.
    growth: Ms,
}

/// This share of the samples must fit for a pass.
const MOST: f64 = 0.95;
/// Fewest samples.
const FEWEST: usize = 3;

impl Rule<ResourceAccuracy> for LikeForLikeMemory {
    const NAME: &'static str = "like_for_like_memory";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        super::claims(rig, |rig, c| super::served(rig, c) && c.measure.memory())
    }

    fn judge(&self, view: &Usages<'_>, subject: &Name) -> Judgement {
        let told = view.told(subject)?;
        let kernel = view.kernel(&told.claim.workload)?;
        let cpus = view.cpus(told.claim)?;
        let from = super::keys([told.key.clone(), kernel.key.clone(), view.machine(told.claim)?.key.clone()]);
        let title = told.claim.measure.title();
        let expected = format!(
            "the kernel's {title} at the same instants, within {} or {} KiB of each CPU, and what it grew within {}",
            self.relative, self.batch_kib, self.growth
        );
        if told.samples() == 0 {
            return Ok(say::no_samples(told, expected, from));
        }
        let known = kernel.levels(told.claim.measure);
        if known.is_empty() {
            let why = format!("the kernel tells no {title} of {}", told.claim.workload);
            let remedy = "find the workload by its `container`, `label` or `cgroup`: a control group tells caches, a process only what is resident";
            return Ok(say::cannot_tell(why, expected, told.samples(), from).settled_by(remedy));
        }
        let beside = self.beside(told, &known, cpus);
        if beside.len() < FEWEST {
            let why = format!("{} samples of {subject} lie within what was looked at; {FEWEST} are the least", beside.len());
            return Ok(say::cannot_tell(why, expected, beside.len() as u64, from).settled_by(say::LONGER));
        }
        let shares: Vec<f64> = beside.iter().map(|b| b.off.abs() / b.budget).collect();
        let (middle, most) = (median(&shares).unwrap_or_default(), quantile(&shares, MOST).unwrap_or_default());
        let status = say::three(middle, most, 1.0);
        let of = |f: fn(&Beside) -> f64| median(&beside.iter().map(f).collect::<Vec<_>>()).unwrap_or_default();
        let (claimed, value) = (of(|b| b.claimed), of(|b| b.claimed - b.off));
        let observed = format!(
            "{subject} shows {} where the kernel has {} of {title}, in the middle of {} samples",
            say::bytes(claimed),
            say::bytes(value),
            beside.len()
        );
        let mut because = vec![];
        if status != Status::Pass {
            because.extend(self.other(told, kernel, cpus));
            if because.is_empty() {
                because.extend(factor(claimed, value));
            }
        }
        let offs: Vec<f64> = beside.iter().map(|b| b.off).collect();
        let bound = |q| quantile(&offs, q).unwrap_or_default();
        let figure =
            Figure { name: "difference".into(), value: bound(0.5), lo: bound(0.05), hi: bound(0.95), n: beside.len() as u64, unit: "bytes".into() };
        let found = Finding { margin: Some(1.0 - middle), because, from, ..say::finding(status, figure, observed, expected) };
        Ok(found.settled_by("look while its memory is steady"))
    }

    fn spoil(&self, _: &ResourceAccuracy, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        spoil::samples(rig, subject, copy, |_, sample| sample.1 = 2.0 * sample.1 + 64e6);
    }
}

struct Beside {
    claimed: f64,
    off: f64,
    budget: f64,
}

impl LikeForLikeMemory {
    /// Each sample beside the kernel's figure at its stamp.
    fn beside(&self, told: &Told<'_>, known: &Levels, cpus: f64) -> Vec<Beside> {
        let floor = self.batch_kib.0 as f64 * 1024.0 * cpus;
        let window = (self.growth.0 * 1e3) as i64 + told.clock_us();
        let one = |(at, claimed): (Wall, f64)| {
            let value = known.at(at)?;
            let (least, most) = known.around(at, window)?;
            Some(Beside { claimed, off: claimed - value, budget: (self.relative.0 * value).max(floor) + (most - least) })
        };
        told.levels.points().filter_map(one).collect()
    }
    /// Which other definition of the kernel's it shows.
    fn other(&self, told: &Told<'_>, kernel: &Kernel<'_>, cpus: f64) -> Option<String> {
        let words = |measure| match measure {
            Measure::MemoryUsage => "all that is charged, caches included",
            Measure::WorkingSet => "usage without file pages that were not used lately",
            Measure::Rss => "anonymous pages only",
            _ => "file pages only",
        };
        let others = [Measure::MemoryUsage, Measure::WorkingSet, Measure::Rss, Measure::Cache].into_iter().filter(|m| *m != told.claim.measure);
        let mut fitting = others.filter(|m| {
            let beside = self.beside(told, &kernel.levels(*m), cpus);
            let shares: Vec<f64> = beside.iter().map(|b| b.off.abs() / b.budget).collect();
            median(&shares).is_some_and(|middle| middle <= 1.0)
        });
        fitting.next().map(|m| format!("it is the kernel's {}: {}", m.title(), words(m)))
    }
}

fn factor(claimed: f64, known: f64) -> Option<String> {
    if known <= 0.0 {
        return None;
    }
    let ratio = claimed / known;
    let usual = [
        (0.0, "nothing at all"),
        (2.0, "twice as much: what is added up counts twice"),
        (0.5, "half of it: one of two parts is missing"),
        (1024.0, "1024 times as much: bytes, read as KiB"),
        (1.0 / 1024.0, "1/1024 of it: KiB, read as bytes"),
    ];
    usual.iter().find(|(factor, _)| (ratio - factor).abs() <= 0.04 * factor).map(|(_, words)| format!("it is {words}"))
}
