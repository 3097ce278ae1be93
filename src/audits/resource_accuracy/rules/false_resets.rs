use crate::{
    audits::resource_accuracy::{ResourceAccuracy, say, spoil, view::Usages},
    model::{
        audit::{Judgement, Rule},
        evidence::Evidence,
        name::Name,
        outcome::{Figure, Finding, Status},
        payload::Sample,
        rig::Rig,
        units::Wall,
        usage::{Shape, UsageClaim},
    },
    usage::decreases,
};
use serde::Deserialize;

/// A counter falls only when who is counted was begun anew; a rate over a false reset invents use.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FalseResets {}

impl Rule<ResourceAccuracy> for FalseResets {
    const NAME: &'static str = "false_resets";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        super::or_all(rig, |_, c| counter(c))
    }

    fn judge(&self, view: &Usages<'_>, subject: &Name) -> Judgement {
        let told = view.told(subject)?;
        let expected = "a counter that falls only with a restart";
        let mut from = vec![told.key.clone()];
        if !counter(told.claim) {
            return Ok(say::not_applicable(format!("{subject} is told by a gauge, which may fall"), expected, told.samples(), from));
        }
        if told.samples() == 0 {
            return Ok(say::no_samples(told, expected, from));
        }
        let mut falls: Vec<(Wall, f64, f64)> = told.series().flat_map(|t| decreases(&t.samples)).collect();
        // Where nothing falls nobody need be asked about restarts.
        let known = if falls.is_empty() { None } else { view.known_if_here(told.claim)? };
        from.extend(known.as_ref().map(super::super::known::Known::key));
        let burnt = view.burnt(&told.claim.workload);
        if let Some((began, ended)) = known.as_ref().filter(|_| burnt).and_then(|k| k.curve.span()) {
            // Before a burn of ours another one may have been, whose last value stands until the new one is read.
            let of_this_burn = |samples: &[Sample]| {
                let first = first_move(samples, began);
                decreases(samples).into_iter().filter(move |(at, ..)| (began..=ended).contains(at) && Some(*at) != first)
            };
            falls = told.series().flat_map(|t| of_this_burn(&t.samples)).collect();
        }
        let restarts = if known.is_some() && !burnt { view.kernel(&told.claim.workload)?.restarts() } else { 0 };
        // Each series of a workload that was begun anew may fall once.
        let most = restarts * told.series().count();
        let status = match falls.len() {
            n if n <= most => Status::Pass,
            1 if known.is_none() => Status::Inconclusive,
            _ => Status::Fail,
        };
        let observed = format!("{} of {subject} falls {} times, with {restarts} restarts", super::series(told), falls.len());
        let mut because: Vec<String> = vec![];
        if status != Status::Pass {
            because.extend(falls.first().map(|(at, a, b)| format!("at {at} from {a:.6} to {b:.6}")));
            because.extend(
                (falls.len() > 2).then(|| "several programs answer by turns for one target, such as workers with a registry each".to_owned()),
            );
        }
        let figure = Figure::exact("falls without a restart", falls.len().saturating_sub(most) as f64, told.samples(), "");
        Ok(Finding { because, from, ..say::finding(status, figure, observed, expected) }
            .settled_by("let rigcheck run where the workload runs, so that restarts are seen"))
    }

    /// Every second sample is another worker's.
    fn spoil(&self, _: &ResourceAccuracy, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        spoil::samples(rig, subject, copy, |n, sample| {
            if n % 2 == 1 {
                sample.1 = sample.1 * 0.4 - 0.1;
            }
        });
    }
}

/// The first sample after that instant that differs from the one before it.
fn first_move(samples: &[Sample], after: Wall) -> Option<Wall> {
    samples.windows(2).find(|pair| pair[1].0 > after && pair[0].1.total_cmp(&pair[1].1).is_ne()).map(|pair| pair[1].0)
}

fn counter(claim: &UsageClaim) -> bool {
    claim.measure.cumulative() && claim.series().is_none_or(|s| s.shape == Shape::Counter)
}
