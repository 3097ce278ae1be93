use crate::{
    audits::resource_accuracy::{ResourceAccuracy, say, spoil, view::Usages},
    model::{
        audit::{Judgement, Rule},
        evidence::Evidence,
        name::{Name, name},
        outcome::{Figure, Finding, Status},
        payload::{Sample, Track},
        rig::Rig,
        units::{Count, Share, Wall},
        usage::Measure,
    },
    usage::Curve,
};
use serde::Deserialize;

/// A CPU quota does not hold a workload back unseen.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Throttling {
    /// This share of throttled periods is a warning ...
    warn: Share,
    /// ... and this one a failure.
    fail: Share,
    /// Fewest periods that tell.
    periods: Count,
}

impl Rule<ResourceAccuracy> for Throttling {
    const NAME: &'static str = "throttling";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        rig.served().filter(|(_, w)| super::here(w)).map(|(n, _)| n.clone()).collect()
    }

    fn judge(&self, view: &Usages<'_>, subject: &Name) -> Judgement {
        let kernel = view.kernel(subject)?;
        let mut from = vec![kernel.key.clone()];
        let expected = format!("at most {} of the periods throttled, and a source that tells of it", self.warn);
        let (periods, throttled) = (kernel.counter(Measure::Periods), kernel.counter(Measure::ThrottledPeriods));
        // Version 1 of control groups counts no periods where there is no quota.
        if periods.is_empty() || periods.total() <= 0.0 && kernel.usual(Measure::CpuLimit).is_none() {
            let why = match kernel.usual(Measure::CpuLimit) {
                Some(_) => "the kernel tells a quota and no periods of it".to_owned(),
                None => format!("{subject} has no CPU quota of its own"),
            };
            if kernel.usual(Measure::CpuLimit).is_some() {
                return Ok(say::cannot_tell(why, expected, 0, from).settled_by("let rigcheck read `cpu.stat` of its control group"));
            }
            return Ok(say::not_applicable(why, expected, kernel.cpu.len() as u64, from));
        }
        let (all, held) = (periods.total().round(), throttled.total().round());
        if all < self.periods.0 as f64 {
            let why = format!("{subject} ran in {all} periods of its quota; {} are the least that tell", self.periods);
            return Ok(say::cannot_tell(why, expected, all as u64, from).settled_by(say::LONGER));
        }
        let share = Share(held / all);
        let tells: Vec<_> = view.rig.usage_of(subject).filter(|c| matches!(c.measure, Measure::ThrottledPeriods | Measure::Throttled)).collect();
        let (mut because, mut blind, mut silent) = (vec![], None, None);
        let seconds = kernel.counter(Measure::Throttled).total();
        if held > 0.0 {
            because.push(format!("it waited {seconds:.2} s for the next period"));
        }
        for claim in &tells {
            let told = view.told(&claim.subject())?;
            from.push(told.key.clone());
            if told.samples() == 0 {
                silent = Some(format!("no sample of {} came, which is to tell of it", claim.subject()));
            }
            let known = if claim.measure == Measure::Throttled { kernel.counter(Measure::Throttled) } else { throttled.clone() };
            if hides(&told.curve, &known) {
                blind = Some(format!("{} does not show it", claim.subject()));
            }
        }
        if tells.is_empty() && share.0 > self.warn.0 {
            because.push("no source tells of it: means below the quota look as if there were CPU to spare".into());
        }
        let status = match share.0 {
            s if s > self.fail.0 || blind.is_some() => Status::Fail,
            _ if silent.is_some() => Status::Inconclusive,
            s if s > self.warn.0 => Status::Warn,
            _ => Status::Pass,
        };
        because.extend(blind);
        because.extend(silent);
        let observed = format!("{subject} was throttled in {held} of {all} periods ({share})");
        let figure = Figure::exact("throttled periods", 100.0 * share.0, all as u64, "%");
        Ok(Finding {
            margin: Some((self.fail.0 - share.0) / self.fail.0),
            because,
            from: super::keys(from),
            ..say::finding(status, figure, observed, expected)
        }
        .settled_by("look whether the series is there under these labels"))
    }

    /// A quota that is used up in each second period.
    fn spoil(&self, _: &ResourceAccuracy, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        spoil::kernel(rig, subject, copy, |tracks| {
            let stamps: Vec<Wall> = tracks.tracks.first().map(|t| t.samples.iter().map(|s| s.0).collect()).unwrap_or_default();
            for (measure, each) in [(Measure::Periods, 10.0), (Measure::ThrottledPeriods, 5.0), (Measure::Throttled, 0.2)] {
                tracks.tracks.retain(|t| t.claim.as_str() != measure.word());
                let first = stamps.first().map_or(0.0, |s| s.seconds());
                let samples = stamps.iter().map(|at| Sample(*at, each * (at.seconds() - first))).collect();
                tracks.tracks.push(Track { claim: name(measure.word()), labels: [].into(), samples });
            }
        });
    }
}

/// Does a claim show less than half of what the kernel counts between its own stamps, where that is more than a handful?
fn hides(claimed: &Curve, known: &Curve) -> bool {
    let Some((a, b)) = claimed.span().zip(known.span()).map(|(a, b)| (a.0.max(b.0), a.1.min(b.1))) else { return false };
    let inside = claimed.within(a, b);
    let Some((a, b)) = inside.span() else { return false };
    let (shown, counted) = (claimed.rose(a, b).unwrap_or_default(), known.rose(a, b).unwrap_or_default());
    let handful = if known.total() > 10.0 { 10.0 } else { 1.0 };
    counted >= handful && shown < 0.5 * counted
}
