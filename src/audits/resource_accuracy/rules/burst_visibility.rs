use crate::{
    audits::resource_accuracy::{ResourceAccuracy, say, spoil, view::Usages},
    model::{
        audit::{Judgement, Rule},
        evidence::Evidence,
        name::Name,
        outcome::{Figure, Finding, Status},
        rig::Rig,
        units::{Ms, Share, Wall},
        usage::Measure,
        workload::HOST,
    },
    usage::{Burst, bursts, refresh},
};
use serde::Deserialize;

/// Short bursts of CPU use show in a source's samples, and do not drown in their means.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BurstVisibility {
    /// The share of a burst's height that must show, in the worst phase.
    share: Share,
}

/// So long after its beginning a load goes on as it does.
const SETTLED_US: i64 = 2_000_000;
/// One is an event, several are how it runs.
const SEVERAL: usize = 2;

impl Rule<ResourceAccuracy> for BurstVisibility {
    const NAME: &'static str = "burst_visibility";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        super::claims(rig, |rig, c| super::served(rig, c) && c.measure == Measure::Cpu)
    }

    fn judge(&self, view: &Usages<'_>, subject: &Name) -> Judgement {
        let told = view.told(subject)?;
        let kernel = view.kernel(&told.claim.workload)?;
        let (began, ended, act) = view.acted()?;
        let from = super::keys([told.key.clone(), kernel.key.clone(), act]);
        let expected = format!("samples that show {} of a burst's height in the worst phase", self.share);
        if told.samples() == 0 {
            return Ok(say::no_samples(told, expected, from));
        }
        if kernel.cpu.within(began, ended).len() < 20 {
            let why = "the kernel's curve does not cover the load".to_owned();
            return Ok(say::cannot_tell(why, expected, kernel.cpu.len() as u64, from).settled_by(say::LONGER));
        }
        // The first requests make connections and load what they need: once, and not what is measured.
        let found = bursts(&kernel.cpu, began.plus_us(SETTLED_US), ended);
        let Some(shortest) = found.iter().min_by(|a, b| a.length_s().total_cmp(&b.length_s())) else {
            let why = format!("{} had no burst: nothing of at least 300 ms was twice its usual use and 0.25 cores above it", told.claim.workload);
            return Ok(say::not_applicable(why, expected, told.samples(), from));
        };
        let used = |a: Wall, b: Wall| kernel.cpu.rose(a, b).is_none_or(|rose| rose > 0.02 * (b.seconds() - a.seconds()));
        let Some(step) = refresh(&told.curve, used).map(|r| r.usual_s).or_else(|| told.step_s()).filter(|s| *s > 0.0) else {
            return Ok(say::cannot_tell(format!("{subject} has one sample"), expected, told.samples(), from).settled_by(say::LONGER));
        };
        let shown = |length: f64| (length / (2.0 * step)).min(1.0);
        let (share, best) = (shown(shortest.length_s()), shown(shortest.length_s() + 0.1));
        let status = match (share >= self.share.0, best < self.share.0) {
            (true, _) => Status::Pass,
            (_, true) if found.len() >= SEVERAL => Status::Fail,
            (_, true) => Status::Warn,
            _ => Status::Inconclusive,
        };
        let observed = format!(
            "{subject} changes each {}; of the shortest of {} bursts, {} long, {} show",
            Ms(1e3 * step),
            found.len(),
            Ms(1e3 * shortest.length_s()),
            Share(share)
        );
        let because = if status == Status::Pass { vec![] } else { told_of(shortest, began, self.share) };
        let figure = Figure {
            name: "visible share".into(),
            value: 100.0 * share,
            lo: 100.0 * share,
            hi: 100.0 * best,
            n: found.len() as u64,
            unit: "%".into(),
        };
        let found =
            Finding { margin: Some((share - self.share.0) / self.share.0), because, from, ..say::finding(status, figure, observed, expected) };
        Ok(found.settled_by("look longer, so that more bursts tell how long they are"))
    }

    /// The kernel saw two bursts of 0.4 s that no sample of the source can show.
    fn spoil(&self, _: &ResourceAccuracy, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        let Some(claim) = rig.usage_claim(subject) else { return };
        let of = if rig.workloads.contains_key(&claim.workload) { claim.workload.clone() } else { HOST.into() };
        spoil::kernel(rig, &of, copy, |tracks| {
            for track in tracks.tracks.iter_mut().filter(|t| t.claim.as_str() == Measure::Cpu.word()) {
                let (Some(first), Some(last)) = (track.samples.first().map(|s| s.0), track.samples.last().map(|s| s.0)) else { continue };
                let third = (last.0 - first.0) / 3;
                for sample in &mut track.samples {
                    let since = |n: i64| (sample.0.0 - first.0 - n * third).clamp(0, 400_000) as f64 / 1e6;
                    sample.1 += 20.0 * (since(1) + since(2));
                }
            }
        });
        // A source that is read each 3 s.
        spoil::series(rig, subject, copy, |track| {
            let mut next = i64::MIN;
            track.samples.retain(|s| {
                let keep = s.0.0 >= next;
                next = if keep { s.0.0 + 3_000_000 } else { next };
                keep
            });
        });
    }
}

fn told_of(burst: &Burst, began: Wall, share: Share) -> Vec<String> {
    let at = burst.from.seconds() - began.seconds();
    vec![
        format!(
            "{:.1} s after the load began it used {:.2} cores for {}, and {:.2} usually",
            at,
            burst.level,
            Ms(1e3 * burst.length_s()),
            burst.usual
        ),
        format!("a sample each {} would show {share}", Ms(1e3 * burst.length_s() / (2.0 * share.0))),
    ]
}
