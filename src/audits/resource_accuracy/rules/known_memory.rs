use crate::{
    audits::resource_accuracy::{ResourceAccuracy, say, spoil, view::Usages},
    model::{
        audit::{Judgement, Rule},
        evidence::Evidence,
        name::Name,
        outcome::{Figure, Finding, Status},
        payload::{Burned, CgroupMemory},
        rig::Rig,
        units::{Count, Share},
        usage::Measure,
    },
};
use serde::Deserialize;

/// A source shows memory that we touched and kept, and not much more.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownMemory {
    /// How far it may be off, as a share of what was touched.
    relative: Share,
    /// KiB of each CPU that the kernel may not have charged yet.
    batch_kib: Count,
}

/// Fewest samples.
const FEWEST: usize = 3;

impl Rule<ResourceAccuracy> for KnownMemory {
    const NAME: &'static str = "known_memory";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        super::claims(rig, |rig, c| super::burnt(rig, c) && c.measure.memory() && c.measure != Measure::Cache)
    }

    fn judge(&self, view: &Usages<'_>, subject: &Name) -> Judgement {
        let told = view.told(subject)?;
        let got = view.burned()?;
        let burned = got.value;
        let from = vec![told.key.clone(), got.key.clone()];
        let tolerance =
            (self.relative.0 * burned.touched_bytes as f64).max(self.batch_kib.0 as f64 * 1024.0 * f64::from(burned.crowding.cores.max(1)));
        let expected = format!("what the burn touched and kept, within {}", say::bytes(tolerance));
        if told.samples() == 0 {
            return Ok(say::no_samples(told, expected, from));
        }
        let (kept, touched) = (burned.kept_bytes() as f64, burned.touched_bytes as f64);
        if kept + tolerance < touched {
            let why = format!("of {} that the burn touched only {} stayed in memory", say::bytes(touched), say::bytes(kept));
            return Ok(say::cannot_tell(why, expected, told.samples(), from)
                .settled_by("let the machine have memory to spare, so that nothing is swapped out"));
        }
        let (started, held) = burned.span();
        let levels = told.levels.within(started, held);
        let Some(value) = levels.median().filter(|_| levels.len() >= FEWEST) else {
            let why = format!("{} samples of {subject} lie within the burn; {FEWEST} are the least", levels.len());
            return Ok(say::cannot_tell(why, expected, levels.len() as u64, from).settled_by(say::LONGER));
        };
        let beyond = beside(burned, told.claim.measure);
        // What the process took for itself meanwhile is resident, too.
        let most = burned.samples.iter().map(|s| s.rss_bytes).max().unwrap_or_default();
        let (low, high) = (touched - tolerance, (kept.max(touched) + burned.rss_before as f64).max(most as f64) + beyond + tolerance);
        // Caches are in it, too, and only the control group's own files say how much they are.
        let open = told.claim.measure == Measure::MemoryUsage && burned.cgroup.iter().all(|reading| reading.memory.is_none());
        let status = match value {
            v if v < low => Status::Fail,
            v if v > high && open => Status::Inconclusive,
            v if v > high => Status::Fail,
            _ => Status::Pass,
        };
        let observed =
            format!("{subject} shows {} while the burn kept {}, in the middle of {} samples", say::bytes(value), say::bytes(kept), levels.len());
        let mut because = vec![];
        if status == Status::Fail {
            because.push(format!("from {} to {} would be right", say::bytes(low.max(0.0)), say::bytes(high)));
            because.extend((value > high).then(|| "caches, another process or the same bytes twice are in it".to_owned()));
        }
        let figure = Figure { name: told.claim.measure.title().into(), value, lo: value, hi: value, n: levels.len() as u64, unit: "bytes".into() };
        let room = (value - low).min(high - value) / tolerance;
        Ok(Finding { margin: Some(room), because, from, ..say::finding(status, figure, observed, expected) }
            .settled_by("name a working set: usage has caches in it, of which nothing is known here"))
    }

    fn spoil(&self, _: &ResourceAccuracy, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        spoil::samples(rig, subject, copy, |_, sample| sample.1 = 2.0 * sample.1 + 64e6);
    }
}

/// What is charged besides what a process has resident: by the control group's own files, where they were read.
fn beside(burned: &Burned, measure: Measure) -> f64 {
    let of = |memory: &CgroupMemory| match measure {
        Measure::MemoryUsage => memory.usage,
        Measure::WorkingSet => memory.working_set,
        _ => memory.anon,
    };
    let more = burned.cgroup.iter().filter_map(|reading| reading.memory.as_ref()).map(|m| of(m).saturating_sub(m.anon));
    more.max().unwrap_or_default() as f64
}
