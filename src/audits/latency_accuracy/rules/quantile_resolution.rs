use crate::{
    audits::latency_accuracy::{LatencyAccuracy, closure, say, spoil, view::Latencies},
    model::{
        audit::{Judgement, Rule},
        evidence::Evidence,
        name::Name,
        outcome::{Figure, Finding, Status},
        payload::Part,
        rig::Rig,
        units::{Count, Ms, Share},
    },
    stats::{Within, bucket_of},
};
use serde::Deserialize;

/// The bucket in which a quantile falls is its error bound: width / lower edge.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuantileResolution {
    /// Which quantiles, and from how many observations on each can be read at all.
    quantiles: Vec<At>,
    /// Relative width above which it is a warning.
    warn: Share,
    /// Relative width above which it is a failure.
    fail: Share,
}

/// A quantile and the number of observations that it needs.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct At {
    q: Share,
    from: Count,
}

/// Edges are decimal fractions (0.1, 0.11): a width of exactly the limit must not fail by rounding.
const EPSILON: f64 = 1e-9;
/// Stands for a bucket without bound in the figure, which must be a finite number.
const WIDEST: f64 = 1e4;

impl Rule<LatencyAccuracy> for QuantileResolution {
    const NAME: &'static str = "quantile_resolution";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        super::histograms(rig)
    }

    fn judge(&self, view: &Latencies<'_>, subject: &Name) -> Judgement {
        let (claim, window, sent) = (view.claim(subject)?, view.window(subject)?, view.sent()?);
        let from = say::keys([sent.key, window.key]);
        let observations = window.count.max(0.0) as u64;
        let rows = closure::rows(window.count, sent);
        let expected = format!("each quantile lies in a bucket at most {} wide ({} is a failure)", self.warn, self.fail);
        if let Some(why) = closure::unreadable(window, claim, sent) {
            return Ok(say::cannot_tell(why, expected, rows, from));
        }
        let read: Vec<(f64, Within)> = self
            .quantiles
            .iter()
            .filter(|at| observations >= at.from.0)
            .filter_map(|at| bucket_of(&window.buckets, at.q.0).map(|within| (at.q.0, within)))
            .collect();
        let worst = read.iter().max_by(|a, b| width(a.1).total_cmp(&width(b.1)));
        let Some(&(q, within)) = worst else {
            let least = self.quantiles.iter().map(|at| at.from.0).min();
            let why = if window.buckets.len() < 2 && observations > 0 {
                format!("{subject} has no buckets to read a quantile from")
            } else {
                format!("{observations} observations during the load are too few to read a quantile")
            };
            return Ok(Finding { settles_at: least.filter(|l| *l > observations), ..say::cannot_tell(why, expected, rows, from) });
        };
        let w = width(within);
        let status = if w > self.fail.0 + EPSILON {
            Status::Fail
        } else if w > self.warn.0 + EPSILON {
            Status::Warn
        } else {
            Status::Pass
        };
        let because: Vec<String> = read.iter().map(|(q, within)| format!("p{} lies in {}", 100.0 * q, edges(*within))).collect();
        let shown = 100.0 * w.min(WIDEST);
        let wide = match (w.is_finite(), window.series.schema) {
            (true, Some(schema)) => format!("{} wide, as all of a native histogram of schema {schema}", Share(w)),
            (true, None) => format!("{} wide", Share(w)),
            (false, _) => "open on one side".into(),
        };
        Ok(Finding {
            margin: w.is_finite().then(|| (self.fail.0 - w) / self.fail.0),
            because: if status == Status::Pass { vec![] } else { because },
            rows,
            from,
            ..say::finding(
                status,
                Figure::exact("bucket width", shown, observations, "%"),
                format!("p{} of {subject} lies in a bucket of {} ({wide})", 100.0 * q, edges(within)),
                expected,
            )
        })
    }

    fn spoil(&self, audit: &LatencyAccuracy, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        let Some(claim) = rig.claim(subject) else { return };
        spoil::histogram(audit, rig, claim, copy, |h, _| h.series.retain(|s| !matches!(s.part, Part::Bucket(le) if le.is_finite())));
    }
}

fn width(w: Within) -> f64 {
    if w.lo > 0.0 && w.hi.is_finite() { (w.hi - w.lo) / w.lo } else { f64::INFINITY }
}

fn edges(w: Within) -> String {
    if w.hi.is_finite() { format!("{} … {}", Ms(w.lo), Ms(w.hi)) } else { format!("{} and more", Ms(w.lo)) }
}
