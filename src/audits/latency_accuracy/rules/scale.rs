use crate::{
    audits::latency_accuracy::{
        LatencyAccuracy, say, spoil,
        view::{Latencies, Pair},
    },
    model::{
        audit::{Judgement, Rule},
        evidence::Evidence,
        name::Name,
        outcome::{Figure, Finding},
        rig::Rig,
        units::{Ms, Share},
    },
    stats::{Answer, quantile, slope_within, theil_sen},
};
use serde::Deserialize;

/// The difference between source and truth does not grow with the duration.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scale {
    /// Slope that is allowed either way.
    slope: Share,
    /// Least ratio of the 95 % to the 5 % quantile of the durations: a slope needs a range.
    spread: f64,
    /// Least distance between these quantiles.
    range: Ms,
    /// Pairs of requests nearer than this in duration carry noise only.
    apart: Ms,
}

impl Rule<LatencyAccuracy> for Scale {
    const NAME: &'static str = "scale";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        super::request_times(rig)
    }

    fn judge(&self, view: &Latencies<'_>, subject: &Name) -> Judgement {
        let pairs = view.pairs(subject)?;
        let truth = view.truth().transpose()?;
        let expected = format!("the difference changes by less than {} of the duration", self.slope);
        let keys = truth.map(|t| t.keys.clone()).unwrap_or_default();
        let from = say::keys(pairs.from.iter().chain(keys));
        let base = if truth.is_some() { "what was emitted" } else { "the client's own times, for want of a known truth" };
        // (duration, source minus duration)
        let level = |p: &Pair| if truth.is_some() { p.truth } else { Some(p.client) };
        let (x, y): (Vec<f64>, Vec<f64>) = pairs.rows.iter().filter_map(|p| level(p).map(|x| (x, p.source - x))).unzip();
        let n = x.len() as u64;
        if let Some(why) = truth.and_then(|_| pairs.lacks_truth()) {
            return Ok(say::cannot_tell(why, expected, n, from));
        }
        if n < say::FEWEST_PAIRS {
            return Ok(say::few(subject.as_str(), n, expected, from));
        }
        let (Some(low), Some(high)) = (quantile(&x, 0.05), quantile(&x, 0.95)) else {
            return Ok(say::too_few(&pairs, expected));
        };
        if high < self.spread * low || high - low < self.range.0 {
            let why = format!("durations of {} … {} are too much alike to tell a scale", Ms(low), Ms(high));
            return Ok(say::cannot_tell(why, expected, n, from).settled_by("vary the planted delay"));
        }
        let Some(slope) = theil_sen(&x, &y, self.apart.0) else {
            return Ok(say::too_few(&pairs, expected));
        };
        let answer = slope_within(&slope, self.slope.0);
        let (lo, hi) = if answer == Answer::Fail { (slope.lo999, slope.hi999) } else { (slope.lo95, slope.hi95) };
        let mut because = vec![];
        if truth.is_none() || answer != Answer::Pass {
            because.push(format!("measured against {base}, over durations of {} … {}", Ms(low), Ms(high)));
        }
        because.extend(say::grid(pairs.resolution).filter(|_| answer != Answer::Pass));
        // An unbounded interval is shown as wide as a slope can sensibly be: JSON has no infinity.
        let shown = |x: f64| 100.0 * x.clamp(-100.0, 100.0);
        Ok(Finding {
            margin: Some((self.slope.0 - slope.value.abs()) / self.slope.0),
            because,
            settles_at: say::settles(answer),
            from,
            ..say::finding(
                say::status(answer),
                Figure { name: "slope".into(), value: shown(slope.value), lo: shown(lo), hi: shown(hi), n, unit: "%".into() },
                format!(
                    "{subject} changes by {:+} of the duration against {} ({:+} … {:+}), over {n} requests",
                    Share(shown(slope.value) / 100.0),
                    if truth.is_some() { "the truth" } else { "the client" },
                    Share(shown(lo) / 100.0),
                    Share(shown(hi) / 100.0)
                ),
                expected,
            )
        })
    }

    fn spoil(&self, audit: &LatencyAccuracy, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        let Some(claim) = rig.claim(subject) else { return };
        spoil::values(audit, rig, claim, copy, |ms, _| 1.3 * ms);
    }
}
