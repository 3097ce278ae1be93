use crate::{
    audits::{
        latency_accuracy::{
            LatencyAccuracy,
            closure::{Closure, Per},
            say, spoil,
            tolerance::Tolerance,
            view::Latencies,
        },
        shared::{Real, Request, Requests, held_up::ELSEWHERE},
    },
    model::{
        audit::{Judgement, Rule},
        evidence::Evidence,
        name::Name,
        outcome::{Figure, Finding, Status},
        payload::Part,
        rig::{Quantity, Rig},
        units::{Ms, Share},
    },
};
use serde::Deserialize;

/// The histogram's mean lies between the mean of what was emitted and the mean that the client saw. The requests are the
/// very same ones, so there is no sampling error and no interval.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeanClosure {
    margin: Tolerance,
    /// Up to this the counts close.
    counts: Share,
}

impl Rule<LatencyAccuracy> for MeanClosure {
    const NAME: &'static str = "mean_closure";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        super::histograms(rig)
    }

    fn judge(&self, view: &Latencies<'_>, subject: &Name) -> Judgement {
        let (claim, window, sent) = (view.claim(subject)?, view.window(subject)?, view.sent()?);
        let truth = view.truth().transpose()?;
        let closure = Closure::of(window, claim, sent, self.counts.0)?;
        let mut from = vec![sent.key, window.key];
        let expected = "the mean lies between what was emitted and what the client saw";
        let stop = |why: String, from: &[_]| Ok(say::cannot_tell(why, expected, window.count.max(0.0) as u64, say::keys(from.iter().copied())));
        if let Some(why) = closure.obstacle(window) {
            return stop(why, &from);
        }
        let Some(sum) = window.sum_ms else {
            return stop(format!("{subject} has no `_sum`"), &from);
        };
        let observed = sum / window.count;
        // Both means must be over the very requests that the histogram counted.
        let whole = |weight: f64| weight >= closure.least * (1.0 - self.counts.0);
        let of_client = mean_of(sent, |r| weighed(closure.per, claim.quantity, r.client.get(claim.quantity), r.shape.gaps()));
        let Some((client, _)) = of_client.filter(|(_, weight)| whole(*weight)) else {
            let figures = of_client.map_or(0.0, |(_, weight)| weight);
            return stop(format!("the client has a figure of its own for {figures} of the {} {}", closure.least, closure.per.words()), &from);
        };
        let d = self.margin.at(claim.quantity, client, 0.0);
        let (floor, basis) = if let Some(truth) = truth {
            from.extend(truth.keys.iter().copied());
            let known = sent.all.iter().filter(|r| r.ok && truth.of(&r.id).is_some()).count() as f64;
            if known < sent.ok() as f64 * (1.0 - self.counts.0) {
                return stop(format!("the emission log knows {known} of the {} requests", sent.ok()), &from);
            }
            match emitted_mean(sent, truth, claim.quantity, closure.per) {
                Some((mean, weight)) if whole(weight) => (mean, "emitted"),
                _ => return stop("the emission log lacks such a figure for some of the requests".into(), &from),
            }
        } else {
            let (hop, key) = view.round_trip()?;
            from.push(key);
            // A hop shortens whole requests at the server, not the gaps inside them.
            (client - if claim.quantity == Quantity::InterChunk { 0.0 } else { hop }, "seen by the client less the round trip")
        };
        let (lo, hi) = (floor - d, client + d);
        // Within the tolerance of the counts, one observation of another request, if it was long, moves the mean.
        let strangers = closure.strangers(window, sent, view.foreign(), self.counts.0);
        let mixed = !view.foreign().seen.is_empty() || closure.surplus() && !strangers.is_empty();
        let (mut because, mut remedy) = (vec![], None);
        let status = if observed < lo && basis != "emitted" && sent.all.iter().any(|r| r.stalled) {
            because.push("the load generator itself stalled, which lengthens the client's mean only".into());
            remedy = Some(ELSEWHERE.into());
            Status::Inconclusive
        } else if observed > hi && mixed {
            because.extend(strangers);
            remedy = Some(say::ALONE.into());
            Status::Inconclusive
        } else if observed < lo || observed > hi {
            Status::Fail
        } else {
            Status::Pass
        };
        let against = if observed > hi { client } else { floor };
        if status == Status::Fail {
            because.push(format!("{:+} against the mean {}", Ms(observed - against), if observed > hi { "that the client saw" } else { basis }));
        }
        let distance = (observed - lo).min(hi - observed);
        Ok(Finding {
            margin: Some(distance / d),
            because,
            remedy,
            rows: closure.rows(sent),
            from: say::keys(from),
            ..say::finding(
                status,
                Figure::exact("mean", observed, window.count as u64, "ms"),
                format!("{subject} has a mean of {} over {} observations, one per {}", Ms(observed), window.count, one(closure.per)),
                format!("between {} ({basis}) and {} (seen by the client), each within {}", Ms(floor), Ms(client), Ms(d)),
            )
        })
    }

    fn spoil(&self, audit: &LatencyAccuracy, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        let Some(claim) = rig.claim(subject) else { return };
        spoil::histogram(audit, rig, claim, copy, |h, began| {
            spoil::regrow(h, began, |part, grown, _| if matches!(part, Part::Sum) { 0.2 * grown } else { grown });
        });
    }
}

fn one(per: Per) -> &'static str {
    match per {
        Per::Request => "request",
        Per::Gap => "gap between content chunks",
    }
}

/// (sum, observations) of one request: its mean gap counts once per gap, anything else once.
fn weighed(per: Per, quantity: Quantity, value: Option<f64>, gaps: u64) -> Option<(f64, f64)> {
    let weight = if per == Per::Gap && quantity == Quantity::InterChunk { gaps as f64 } else { 1.0 };
    value.map(|v| (v * weight, weight))
}

/// Mean over the requests that succeeded, warm-ups included (the histogram saw them all), and over how many observations.
fn mean_of(sent: &Requests<'_>, of: impl Fn(&Request) -> Option<(f64, f64)>) -> Option<(f64, f64)> {
    let (sum, n) = sent.all.iter().filter(|r| r.ok).filter_map(of).fold((0.0, 0.0), |a, b| (a.0 + b.0, a.1 + b.1));
    (n > 0.0).then(|| (sum / n, n))
}

fn emitted_mean(sent: &Requests<'_>, truth: &Real<'_>, quantity: Quantity, per: Per) -> Option<(f64, f64)> {
    mean_of(sent, |r| truth.of(&r.id).and_then(|e| weighed(per, quantity, e.figures.get(quantity), e.gaps)))
}
