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
            return Ok(say::cannot_tell("the histogram has no `+Inf` bucket, or nothing in it", expected, rows, from));
        }
        let beyond = 1.0 - finite.last().map_or(0.0, |b| b.1) / total;
        let in_lowest = finite.first().map_or(0.0, |b| b.1) / total;
        let fullest = finite.iter().scan(0.0, |below, b| Some(b.1 - std::mem::replace(below, b.1))).fold(0.0, f64::max) / total;
        // Requests that all take equally long share a bucket in truth; whether it is narrow enough is LAT-05's. A client
        // without such figures shows nothing of that.
        let client = sent.all.iter().filter(|r| r.ok).filter_map(|r| r.client.get(claim.quantity));
        let (least, most) = client.fold((f64::INFINITY, 0.0), |(lo, hi): (f64, f64), x| (lo.min(x), hi.max(x)));
        let together = least <= most && finite.windows(2).any(|w| least > w[0].0 && most <= w[1].0);
        let last = finite.last().map_or_else(|| "0".into(), |b| Ms(b.0).to_string());
        let lowest = finite.first().map_or_else(|| "0".into(), |b| Ms(b.0).to_string());
        let (status, name, value, observed) = if beyond >= over_limit - 1e-9 {
            let says =
                format!("{} of {subject} lies beyond the last finite edge {last}: p{} is pinned there", Share(beyond), 100.0 * self.quantile.0);
            (Status::Fail, "beyond last edge", beyond, says)
        } else if in_lowest >= self.lowest.0 {
            (Status::Fail, "in lowest bucket", in_lowest, format!("{} of {subject} lies in the lowest bucket, up to {lowest}", Share(in_lowest)))
        } else if fullest >= 1.0 && !together {
            (Status::Fail, "in one bucket", fullest, format!("all of {subject} lies in one bucket, and the client's figures do not"))
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
