//! Can the margins be settled from where we stand? Said before a load is spent on it.

use super::{Look, Remark, State};
use crate::{
    audits::latency_accuracy::Tolerance,
    model::{
        case::{Case, RuleSpec},
        key::RoundTrip,
        payload::RoundTrips,
        rig::{Claim, Quantity},
        units::{Ms, Share},
    },
    stats::{TRIM, quantile, trimmed_mean},
    traces::Figures,
};
use serde::Deserialize;

/// The rule's own parameters, as far as the network bears on them.
#[derive(Deserialize)]
struct Params {
    margin: Tolerance,
    tail: Tail,
}

#[derive(Deserialize)]
struct Tail {
    absolute: Ms,
    relative: Share,
    share: Share,
}

impl Look<'_> {
    /// Holds the round trips against the margins of the rules that compare client and server request by request.
    pub(super) fn vantage(&self, cases: &[Case], client: Option<&Figures>) -> Vec<Remark> {
        let trips = match self.read(&self.act.actor(), &RoundTrip {}) {
            Ok(got) => got.value,
            Err(unknown) => {
                let text = format!("the round trip to the target could not be measured: {}", unknown.gap);
                return vec![Remark { rule: String::new(), state: State::Doubtful, text }];
            }
        };
        let rules = cases.iter().flat_map(|c| &c.rules).filter(|r| r.judge.as_str() == "bias_equivalence" && r.in_scope(&self.rig.capabilities));
        let compared = |q: Quantity| q != Quantity::InterChunk && self.rig.claims_of(q).any(Claim::per_request);
        let mut remarks = vec![];
        for rule in rules {
            let Ok(params) = rule.params.read::<Params>() else { continue };
            let held = Quantity::ALL.into_iter().filter(|q| compared(*q)).map(|quantity| {
                let level = client.and_then(|c| c.get(quantity)).unwrap_or(0.0);
                Held::against(&params, quantity, level, trips)
            });
            remarks.extend(held.collect::<Option<Vec<Held>>>().and_then(|held| remark(rule, &held, trips)));
        }
        remarks
    }
}

/// One quantity's margins beside what the path does to it.
struct Held {
    quantity: Quantity,
    margin: f64,
    /// What the path alone adds to the bias, ms.
    moved: f64,
    /// The limit of the tail, the share of round trips beyond it, and the share that may be.
    tail: (f64, f64, f64),
}

impl Held {
    /// The rule takes the smallest round trip off each difference, so a long but steady path costs nothing. What cannot be
    /// taken off is how much longer than that the others are: their trimmed mean moves the bias, long ones fill the tail.
    fn against(params: &Params, quantity: Quantity, level: f64, trips: &RoundTrips) -> Option<Held> {
        let least = trips.min_ms()?;
        let over: Vec<f64> = trips.connect_ms.iter().map(|ms| ms - least).collect();
        let far = params.tail.absolute.0.max(params.tail.relative.0 * level);
        let beyond = over.iter().filter(|ms| **ms > far).count() as f64 / over.len() as f64;
        let (moved, margin) = (trimmed_mean(&over, TRIM)?, params.margin.at(quantity, level, 0.0));
        Some(Held { quantity, margin, moved, tail: (far, beyond, params.tail.share.0) })
    }
    /// Why it cannot be settled, if it cannot.
    fn refused(&self) -> Option<String> {
        let (far, beyond, share) = self.tail;
        if self.moved > self.margin {
            Some(format!("the path alone adds {} to {}, and the margin is ±{}", Ms(self.moved), self.quantity.title(), Ms(self.margin)))
        } else if beyond > share {
            Some(format!("{} of the round trips are more than {} longer, and {} of the requests may be", Share(beyond), Ms(far), Share(share)))
        } else {
            None
        }
    }
}

fn remark(rule: &RuleSpec, held: &[Held], trips: &RoundTrips) -> Option<Remark> {
    let (least, median) = (trips.min_ms()?, quantile(&trips.connect_ms, 0.5)?);
    let path = format!("round trip {} at least, {} in the middle, over {} connections", Ms(least), Ms(median), trips.connect_ms.len());
    let (rule, first) = (rule.id.to_string(), held.first()?);
    let mut refused: Vec<String> = held.iter().filter_map(Held::refused).collect();
    refused.dedup();
    if refused.is_empty() {
        let margins: Vec<String> = held.iter().map(|h| format!("±{} on {}", Ms(h.margin), h.quantity.title())).collect();
        let text = format!("{path}: {rule} can be settled from here (margin {}; the path varies by {})", margins.join(", "), Ms(first.moved));
        return Some(Remark { rule, state: State::Right, text });
    }
    let text = format!(
        "this vantage point cannot settle {rule}: {path}; {}. Run rigcheck nearer to the target: on its host, or in its network without a proxy or tunnel between",
        refused.join("; ")
    );
    Some(Remark { rule, state: State::Doubtful, text })
}
