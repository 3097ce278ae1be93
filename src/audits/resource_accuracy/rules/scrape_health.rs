use crate::{
    audits::resource_accuracy::{ResourceAccuracy, say, spoil, view::Usages},
    model::{
        audit::{Judgement, Rule},
        evidence::Evidence,
        name::Name,
        outcome::{Figure, Finding, Status},
        payload::Reading,
        rig::Rig,
        units::Share,
    },
    stats::{Answer, census_at_most, median, quantile},
};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Readings of targets are there, in time, and far from their timeout.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScrapeHealth {
    /// This share may be missing.
    missing: Share,
    /// This share may come late ...
    late: Share,
    /// ... which is later than planned by this share of the interval.
    after: Share,
    /// A reading takes at most this share of its timeout.
    took: Share,
}

impl Rule<ResourceAccuracy> for ScrapeHealth {
    const NAME: &'static str = "scrape_health";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        let mut sources: Vec<Name> = rig.usage.iter().filter(|c| super::scraped(rig, c)).map(|c| c.source.clone()).collect();
        sources.sort();
        sources.dedup();
        sources
    }

    fn judge(&self, view: &Usages<'_>, subject: &Name) -> Judgement {
        let (mut from, mut untold) = (vec![], vec![]);
        // Several workloads may be told by one target; between two acts nobody looked.
        let mut readings: BTreeMap<(bool, String), BTreeMap<i64, &Reading>> = BTreeMap::new();
        for claim in view.rig.usage.iter().filter(|c| c.source == *subject) {
            let told = view.told(&claim.subject())?;
            from.push(told.key.clone());
            if told.tracks.readings.is_empty() && !untold.contains(&claim.workload) {
                untold.push(claim.workload.clone());
            }
            for reading in &told.tracks.readings {
                let target = reading.target.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join(" ");
                readings.entry((view.burnt(&claim.workload), target)).or_default().insert(reading.at.0, reading);
            }
        }
        let from = super::keys(from);
        let expected = format!("at most {} missing, at most {} late, and {} of the timeout used", self.missing, self.late, self.took);
        let all: Vec<&Reading> = readings.values().flat_map(|r| r.values().copied()).collect();
        if all.is_empty() {
            let why = format!("{subject} does not tell how its readings of targets went");
            return Ok(say::cannot_tell(why, expected, 0, from).settled_by("let the store keep `up` of the targets that tell of workloads"));
        }
        let missing = all.iter().filter(|r| !r.ok).count() as u64;
        let (mut late, mut gaps) = (0, 0);
        for target in readings.values() {
            let stamps: Vec<i64> = target.keys().copied().collect();
            let apart: Vec<f64> = stamps.windows(2).map(|w| w[1] as f64 - w[0] as f64).collect();
            let Some(usual) = median(&apart) else { continue };
            gaps += apart.len() as u64;
            late += apart.iter().filter(|a| **a > usual * (1.0 + self.after.0)).count() as u64;
        }
        let used: Vec<f64> = all.iter().filter_map(|r| Some(r.took_ms? / r.timeout_ms.filter(|t| *t > 0.0)?)).filter(|x| x.is_finite()).collect();
        let slow = quantile(&used, 0.95).unwrap_or_default();
        let answers = [
            census_at_most(missing, all.len() as u64, self.missing.0),
            if gaps > 0 { census_at_most(late, gaps, self.late.0) } else { Answer::Pass },
        ];
        let status = if answers.contains(&Answer::Fail) || median(&used).is_some_and(|m| m >= self.took.0) {
            Status::Fail
        } else if answers.iter().all(|a| *a == Answer::Pass) && slow < self.took.0 && untold.is_empty() {
            Status::Pass
        } else if answers.iter().all(|a| *a == Answer::Pass) && untold.is_empty() {
            Status::Warn
        } else {
            Status::Inconclusive
        };
        let observed = format!(
            "{missing} of {} readings by {subject} are missing, {late} of {gaps} come late, and 95 % take no more than {} of the timeout",
            all.len(),
            Share(slow)
        );
        let share = 100.0 * (missing as f64 / all.len() as f64).max(if gaps > 0 { late as f64 / gaps as f64 } else { 0.0 });
        let worst = readings
            .iter()
            .filter(|(_, r)| r.values().any(|r| !r.ok))
            .map(|((_, target), r)| format!("{target}: {} of {}", r.values().filter(|r| !r.ok).count(), r.len()));
        let mut because: Vec<String> = if status == Status::Pass { vec![] } else { worst.take(3).collect() };
        because.extend(untold.iter().map(|of| format!("no reading of a target that tells of {of} is told")));
        let figure = Figure::exact("missing or late", share, all.len() as u64, "%");
        Ok(Finding { because, from, ..say::finding(status, figure, observed, expected) }.settled_by(say::LONGER))
    }

    /// Every second reading fails.
    fn spoil(&self, _: &ResourceAccuracy, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        spoil::source(rig, subject, copy, |tracks| {
            for (n, reading) in tracks.readings.iter_mut().enumerate() {
                reading.ok = n % 2 == 0;
            }
        });
    }
}
