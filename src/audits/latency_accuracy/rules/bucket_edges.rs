use crate::{
    audits::latency_accuracy::{LatencyAccuracy, closure::Closure, say, spoil, view::Latencies},
    model::{
        audit::{Judgement, Rule},
        evidence::Evidence,
        key::Key,
        name::Name,
        outcome::{Figure, Finding, Status},
        rig::Rig,
        units::{Count, Margin, Ms, Share},
    },
};
use serde::Deserialize;

/// At each bucket edge e: requests that the client saw up to e - tau, less k <= observations up to e <= requests emitted
/// up to e + tau, plus k. Edges are exact points of the distribution; nothing is interpolated.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BucketEdges {
    /// tau: how far from an edge a request may be counted on the other side.
    edge: Margin,
    /// k: requests that may be on the wrong side of an edge, at least.
    least: Count,
    /// The same as a share of all.
    share: Share,
    /// Up to this the counts close.
    counts: Share,
}

impl Rule<LatencyAccuracy> for BucketEdges {
    const NAME: &'static str = "bucket_edges";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        // A gap may be shorter at the client than at the server, so the sandwich holds for whole requests only.
        super::claims(rig, |c| c.histogram().is_some() && c.of_requests())
    }

    fn judge(&self, view: &Latencies<'_>, subject: &Name) -> Judgement {
        let (claim, window, sent) = (view.claim(subject)?, view.window(subject)?, view.sent()?);
        let truth = view.truth().transpose()?;
        let closure = Closure::of(window, claim, sent, self.counts.0)?;
        let mut from = vec![sent.key, window.key];
        let expected = "at each bucket edge as many observations as requests";
        let rows = closure.rows(sent);
        if let Some(why) = closure.obstacle(window) {
            return Ok(say::cannot_tell(why, expected, rows, say::keys(from)));
        }
        if !window.one_layout {
            return Ok(say::cannot_tell("label sets have different bucket edges", expected, rows, say::keys(from)).settled_by(say::ONE_LAYOUT));
        }
        let ok = || sent.all.iter().filter(|r| r.ok);
        let client: Vec<f64> = ok().filter_map(|r| r.client.get(claim.quantity)).collect();
        let (floor, hop) = if let Some(truth) = truth {
            from.extend(truth.keys.iter().copied());
            (ok().filter_map(|r| truth.of(&r.id)?.figures.get(claim.quantity)).collect(), 0.0)
        } else {
            let (hop, key) = view.round_trip()?;
            from.push(key);
            (client.clone(), hop)
        };
        let from = say::keys(from);
        let finite: Vec<_> = window.buckets.iter().filter(|b| b.0.is_finite()).collect();
        let few = |values: &[f64]| (values.len() as f64) < closure.least * (1.0 - self.counts.0);
        if finite.is_empty() || client.is_empty() || few(&client) || few(&floor) {
            let few = "too few requests have a figure to compare with";
            return Ok(if finite.is_empty() { no_edge(expected, rows, from) } else { say::cannot_tell(few, expected, rows, from) });
        }
        let tau = self.edge.at(Ms(crate::stats::median(&client).unwrap_or(0.0))).0;
        let n = client.len() as f64;
        // Towards the ends of the distribution fewer requests lie near an edge; without a known truth a stall of the client
        // moves any number of them there.
        let k = |up_to: f64| {
            let near = if truth.is_some() { 2.0 * (up_to / n * (1.0 - up_to / n)).max(0.0).sqrt() } else { 1.0 };
            (self.least.0 as f64).max((self.share.0 * n * near).ceil())
        };
        // Once the counts close, no more of them than these can be somebody else's.
        let foreign_at_most = (closure.count - closure.least).max(0.0) + (self.counts.0 * closure.most).ceil();
        let up_to = |values: &[f64], edge: f64| values.iter().filter(|v| **v <= edge).count() as f64;
        // How far outside the allowed counts each edge lies, in requests; negative is inside.
        let judged = finite.iter().map(|&&(edge, observed)| {
            let k = k(up_to(&client, edge));
            Point { edge, observed, least: up_to(&client, edge - tau) - k, most: up_to(&floor, edge + tau + hop) + k, k }
        });
        let Some(worst) = judged.max_by(|a, b| a.outside().total_cmp(&b.outside())) else {
            return Ok(no_edge(expected, rows, from));
        };
        let strangers = closure.strangers(window, sent, view.foreign(), self.counts.0);
        let mixed = !view.foreign().seen.is_empty() || closure.surplus() && !strangers.is_empty();
        let (mut because, mut remedy) = (vec![], None);
        let status = if worst.outside() <= 0.0 {
            Status::Pass
        } else if worst.observed > worst.most && worst.outside() <= foreign_at_most && mixed {
            because.extend(strangers);
            remedy = Some(say::ALONE.into());
            Status::Inconclusive
        } else {
            because.push(if worst.observed < worst.least {
                "too few observations up to this edge: the histogram shows requests longer than the client saw them".into()
            } else {
                "too many observations up to this edge: the histogram shows requests shorter than they were".into()
            });
            Status::Fail
        };
        if hop > 0.0 || truth.is_none() {
            because.push("without a known truth the client's own times, less the round trip, bound it from below".into());
        }
        Ok(Finding {
            margin: Some(-worst.outside() / worst.k),
            because,
            remedy,
            rows,
            from,
            ..say::finding(
                status,
                Figure { lo: worst.least, hi: worst.most, ..Figure::exact("observations at the worst edge", worst.observed, rows, "requests") },
                format!("{subject} has {} observations up to {}, the edge that fits worst", worst.observed, Ms(worst.edge)),
                format!(
                    "{} … {} there (requests within {} of the edge may lie on either side, and {} more)",
                    worst.least.max(0.0),
                    worst.most.min(n),
                    Ms(tau),
                    worst.k
                ),
            )
        })
    }

    fn spoil(&self, audit: &LatencyAccuracy, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        let Some(claim) = rig.claim(subject) else { return };
        spoil::histogram(audit, rig, claim, copy, spoil::pile_up);
    }
}

fn no_edge(expected: &str, rows: u64, from: Vec<Key>) -> Finding {
    say::cannot_tell("the histogram has no finite bucket edge", expected, rows, from).settled_by(say::BUCKETS)
}

struct Point {
    edge: f64,
    observed: f64,
    least: f64,
    most: f64,
    k: f64,
}

impl Point {
    fn outside(&self) -> f64 {
        (self.least - self.observed).max(self.observed - self.most)
    }
}
