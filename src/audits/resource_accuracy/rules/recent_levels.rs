use crate::{
    audits::resource_accuracy::{ResourceAccuracy, known::Known, say, spoil, told::Told, view::Usages},
    model::{
        audit::{Judgement, Rule},
        evidence::Evidence,
        name::Name,
        outcome::{Figure, Finding, Status},
        rig::Rig,
        units::{Share, Wall},
        usage::Measure,
    },
};
use serde::Deserialize;

/// A level of CPU use is that of lately: no zeros in place of what is not known, no mean of the whole life, no first sample without
/// one before it. Docker's stream goes on while there is use.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecentLevels {
    /// This share of the samples may be otherwise.
    share: Share,
}

/// Use below this many cores is none.
const IDLE: f64 = 0.02;
/// A sample fits the recent use within this share and this many cores.
const NEAR: (f64, f64) = (0.25, 0.05);
/// Fewest samples.
const FEWEST: usize = 5;
/// What every second sample shows is how it is made.
const HABIT: f64 = 0.5;

impl Rule<ResourceAccuracy> for RecentLevels {
    const NAME: &'static str = "recent_levels";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        super::claims(rig, |rig, c| c.measure == Measure::Cpu && (super::served(rig, c) || super::burnt(rig, c)))
    }

    fn judge(&self, view: &Usages<'_>, subject: &Name) -> Judgement {
        let told = view.told(subject)?;
        let known = view.known_cpu(told.claim)?;
        let from = vec![told.key.clone(), known.key()];
        let expected = format!("recent use in all but {} of the samples", self.share);
        if told.samples() == 0 {
            return Ok(say::no_samples(told, expected, from));
        }
        if !told.claim.rate() && !told.of_docker() {
            let why = format!("{subject} is told by a counter, which holds no level");
            return Ok(say::not_applicable(why, expected, told.samples(), from));
        }
        let frames = frames(told, &known);
        if frames.len() < FEWEST {
            let why = format!("{} samples of {subject} lie within what was looked at; {FEWEST} are the least", frames.len());
            return Ok(say::cannot_tell(why, expected, frames.len() as u64, from).settled_by(say::LONGER));
        }
        let count = |of: fn(&Frame) -> bool| frames.iter().filter(|f| of(f)).count();
        let (zeros, lifetime) = (count(|f| f.empty), count(|f| f.lifetime));
        let first = told.claim.rate()
            && frames[0].first
            && !frames[0].fits
            && !frames[0].lifetime
            && frames[1..].iter().filter(|f| f.fits).count() * 5 >= (frames.len() - 1) * 4;
        let by_habit = lifetime as f64 >= HABIT * frames.len() as f64;
        let bad = zeros + usize::from(first) + if by_habit { lifetime } else { 0 };
        let share = bad as f64 / frames.len() as f64;
        let status = match bad {
            _ if first || by_habit => Status::Fail,
            _ if share <= self.share.0 => Status::Pass,
            1 => Status::Inconclusive,
            _ => Status::Fail,
        };
        let mut because = vec![];
        because.extend((zeros > 0).then(|| format!("{zeros} show no use while {} counts some: missing samples as zeros", known.who)));
        because.extend(by_habit.then(|| format!("{lifetime} show the mean since it began, and not what it uses lately")));
        because.extend(first.then(|| format!("the first one, {:.3} cores, has none before it and is not what was used", frames[0].value)));
        let observed = format!("{bad} of {} samples of {subject} ({}) are not what was used lately", frames.len(), Share(share));
        let figure = Figure::exact("samples that are not recent use", 100.0 * share, frames.len() as u64, "%");
        let margin = (self.share.0 - share) / self.share.0;
        Ok(Finding { margin: Some(margin), because, from, ..say::finding(status, figure, observed, expected) }.settled_by(say::LONGER))
    }

    /// Every third sample is no progress.
    fn spoil(&self, _: &ResourceAccuracy, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        let rate = rig.usage_claim(subject).is_some_and(crate::model::usage::UsageClaim::rate);
        let mut before = 0.0;
        spoil::samples(rig, subject, copy, |n, sample| {
            if n % 3 == 2 {
                sample.1 = if rate { 0.0 } else { before };
            }
            before = sample.1;
        });
    }
}

#[allow(clippy::struct_excessive_bools, reason = "each is a finding of its own")]
struct Frame {
    value: f64,
    /// It is nothing while something was used.
    empty: bool,
    /// It is the mean of the whole life, and that is not recent use.
    lifetime: bool,
    /// It is recent use.
    fits: bool,
    /// None of this series came before it.
    first: bool,
}

/// Each sample beside what was used before it.
fn frames(told: &Told<'_>, known: &Known<'_, '_>) -> Vec<Frame> {
    let doubt = told.doubt_us();
    let points: Vec<(Wall, f64)> =
        if told.claim.rate() { told.levels.points().collect() } else { told.curve.points().iter().map(|p| (Wall(p.0), p.1)).collect() };
    let step = crate::usage::us(told.step_s().unwrap_or(1.0)).clamp(200_000, 3_600_000_000);
    let frame = |n: usize| {
        let (at, value) = points[n];
        let before = n.checked_sub(1).map_or(Wall(at.0 - step), |m| points[m].0);
        // Some use in each part of the time before it: then no progress is no pause.
        let parts = [(before.0, f64::midpoint(before.0 as f64, at.0 as f64) as i64), (f64::midpoint(before.0 as f64, at.0 as f64) as i64, at.0)];
        let used = parts.iter().all(|(a, b)| known.curve.rate(Wall(*a), Wall(*b)).is_some_and(|rate| rate > IDLE))
            && known.curve.rate(before.plus_us(-doubt), before.plus_us(doubt)).is_none_or(|rate| rate > IDLE);
        if !told.claim.rate() {
            let risen = value - points[n.checked_sub(1)?].1;
            return known.curve.at(before).and(known.curve.at(at)).map(|_| Frame {
                value: risen,
                empty: used && risen <= 0.0,
                lifetime: false,
                fits: true,
                first: false,
            });
        }
        // A level may cover up to two steps, and be a step old.
        let (first, _) = known.curve.span()?;
        let rate = |(a, b): (i64, i64)| {
            let (from, to) = (Wall(at.0 - a * step).max(first), Wall(at.0 - b * step));
            known.curve.rate(from, to).filter(|_| to.0 - from.0 >= 200_000)
        };
        let mut rates: Vec<f64> = [(1, 0), (2, 0), (2, 1), (3, 1)].into_iter().filter_map(rate).collect();
        // Of the first one only what follows may be known.
        if rates.is_empty() && n == 0 {
            rates.extend(known.curve.rate(at, Wall(at.0 + step)));
        }
        let (least, most) = rates.iter().fold((f64::INFINITY, 0.0_f64), |(lo, hi), r| (lo.min(*r), hi.max(*r)));
        if rates.is_empty() {
            return None;
        }
        let fits = value >= least * (1.0 - NEAR.0) - NEAR.1 && value <= most * (1.0 + NEAR.0) + NEAR.1;
        let life = known.began.and_then(|began| Some((known.since_began(at)?, at.seconds() - began.seconds()))).filter(|(_, s)| *s > 0.0);
        let lifetime = !fits && life.is_some_and(|(used, s)| (value - used / s).abs() <= 0.03 * (used / s) + 0.002);
        Some(Frame { value, empty: used && value <= 0.0, lifetime, fits, first: n == 0 })
    };
    (0..points.len()).filter_map(frame).collect()
}
