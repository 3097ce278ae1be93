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
};
use serde::Deserialize;

/// A quantile beyond the last finite edge is reported as that edge; a histogram whose observations share one bucket
/// reports the bucket, whatever happened.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pinned {
    /// The quantile that must not lie beyond the last finite edge.
    quantile: Share,
    /// Share of observations in the lowest bucket from which on it is degenerate.
    lowest: Share,
    /// Share of the client's times, and how many of them at least, that may lie apart from the others before observations that
    /// share one bucket contradict them.
    apart: Share,
    apart_at_least: Count,
    /// Observations needed to tell.
    from: Count,
}

impl Rule<LatencyAccuracy> for Pinned {
    const NAME: &'static str = "pinned";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        super::histograms(rig)
    }

    fn judge(&self, view: &Latencies<'_>, subject: &Name) -> Judgement {
        let (claim, window, sent) = (view.claim(subject)?, view.window(subject)?, view.sent()?);
        let from = say::keys([sent.key, window.key]);
        let observations = window.count.max(0.0) as u64;
        let rows = closure::rows(window.count, sent);
        let over_limit = 1.0 - self.quantile.0;
        let expected = format!("less than {} beyond the last finite edge, and observations in more than one bucket", Share(over_limit));
        if let Some(why) = closure::unreadable(window, claim, sent) {
            return Ok(say::cannot_tell(why, expected, rows, from));
        }
        if observations < self.from.0 {
            let why = format!("{observations} observations during the load are too few to tell");
            return Ok(Finding { settles_at: Some(self.from.0), ..say::cannot_tell(why, expected, rows, from) });
        }
        let total = window.buckets.last().map_or(0.0, |b| b.1);
        let finite: Vec<_> = window.buckets.iter().filter(|b| b.0.is_finite()).collect();
        if total <= 0.0 {
            return Ok(say::cannot_tell("the histogram has no `+Inf` bucket, or nothing in it", expected, rows, from).settled_by(say::BUCKETS));
        }
        let beyond = 1.0 - finite.last().map_or(0.0, |b| b.1) / total;
        let in_lowest = finite.first().map_or(0.0, |b| b.1) / total;
        // (share, width) of the fullest bucket.
        let mut below = (0.0, 0.0);
        let each = finite.iter().map(|b| std::mem::replace(&mut below, **b)).zip(&finite).map(|(a, b)| ((b.1 - a.1) / total, b.0 - a.0));
        let (fullest, width) = each.fold((0.0, 0.0), |most, one| if one.0 > most.0 { one } else { most });
        // Requests that all take equally long share a bucket in truth; whether it is narrow enough is LAT-05's. Between the
        // client's time and the server's lies a hop, and a client may be held up now and then: what contradicts the bucket is
        // that its times would not fit into one as wide, wherever it lies.
        let mut client: Vec<f64> = sent.all.iter().filter(|r| r.ok).filter_map(|r| r.client.get(claim.quantity)).collect();
        client.sort_by(f64::total_cmp);
        let few = (self.apart.0 * client.len() as f64).max(self.apart_at_least.0 as f64) as usize;
        let most = client.len().saturating_sub(few);
        let together = client.windows(most.max(1)).any(|w| w.last().zip(w.first()).is_some_and(|(last, first)| last - first <= width));
        let last = finite.last().map_or_else(|| "0".into(), |b| Ms(b.0).to_string());
        let lowest = finite.first().map_or_else(|| "0".into(), |b| Ms(b.0).to_string());
        let (status, name, value, observed) = if beyond >= over_limit - 1e-9 {
            let says =
                format!("{} of {subject} lies beyond the last finite edge {last}: p{} is pinned there", Share(beyond), 100.0 * self.quantile.0);
            (Status::Fail, "beyond last edge", beyond, says)
        } else if in_lowest >= self.lowest.0 {
            (Status::Fail, "in lowest bucket", in_lowest, format!("{} of {subject} lies in the lowest bucket, up to {lowest}", Share(in_lowest)))
        } else if fullest >= 1.0 && client.is_empty() {
            let says = format!("all of {subject} lies in one bucket, and the client has no figure of its own that says whether it should");
            (Status::Inconclusive, "in one bucket", fullest, says)
        } else if fullest >= 1.0 && !together {
            (
                Status::Fail,
                "in one bucket",
                fullest,
                format!("all of {subject} lies in one bucket {} wide, in which the client's times would not fit", Ms(width)),
            )
        } else {
            let says = format!("{} of {subject} lies beyond the last finite edge {last}, {} in the lowest bucket", Share(beyond), Share(in_lowest));
            (Status::Pass, "beyond last edge", beyond, says)
        };
        Ok(Finding {
            margin: Some((over_limit - beyond) / over_limit).filter(|_| name == "beyond last edge"),
            rows,
            from,
            ..say::finding(status, Figure::exact(name, 100.0 * value, observations, "%"), observed, expected)
        })
    }

    fn spoil(&self, audit: &LatencyAccuracy, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        let Some(claim) = rig.claim(subject) else { return };
        spoil::histogram(audit, rig, claim, copy, |h, began| {
            spoil::regrow(h, began, |part, grown, _| if matches!(part, Part::Bucket(le) if le.is_finite()) { 0.0 } else { grown });
        });
    }
}
