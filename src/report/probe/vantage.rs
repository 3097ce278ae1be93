//! Can the margins be settled from where we stand? Said before a load is spent on it.

use super::{Look, Remark, State};
use crate::{
    audits::latency_accuracy::{Figures, Tolerance},
    model::{
        case::{Case, RuleSpec},
        key::RoundTrip,
        payload::RoundTrips,
        rig::{Claim, Quantity},
        units::{Ms, Share},
    },
    stats::quantile,
};
use serde::Deserialize;

/// Share of the round trips that is taken off each end, as the rule does it.
const TRIM: f64 = 0.2;

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
        let trips = match self.ask(&self.act.actor(), &RoundTrip {}) {
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
            for quantity in Quantity::ALL.into_iter().filter(|q| compared(*q)) {
                let level = client.and_then(|c| c.get(quantity)).unwrap_or(0.0);
                remarks.extend(held_against(rule, &params, quantity, level, trips));
            }
        }
        remarks
    }
}

/// The rule takes the smallest round trip off each difference, so a long but steady path costs nothing. What cannot be taken
/// off is how much longer than that the others are: their trimmed mean moves the bias, and long ones fill the tail.
fn held_against(rule: &RuleSpec, params: &Params, quantity: Quantity, level: f64, trips: &RoundTrips) -> Option<Remark> {
    let least = trips.min_ms()?;
    let over: Vec<f64> = trips.connect_ms.iter().map(|ms| ms - least).collect();
    let (moved, median) = (crate::stats::trimmed_mean(&over, TRIM)?, quantile(&trips.connect_ms, 0.5)?);
    let margin = params.margin.at(quantity, level, 0.0);
    let far = params.tail.absolute.0.max(params.tail.relative.0 * level);
    let beyond = over.iter().filter(|ms| **ms > far).count() as f64 / over.len() as f64;
    let rule_on = format!("{} on {}", rule.id, quantity.title());
    let path = format!("round trip {} at least, {} in the middle, over {} connections", Ms(least), Ms(median), over.len());
    let elsewhere = "run rigcheck nearer to the target: on its host, or in its network without a proxy or tunnel between";
    let (state, text) = if moved > margin {
        (State::Doubtful, format!("this vantage point cannot settle {rule_on}: {path}; the path alone adds {}, and the margin is ±{}. {elsewhere}", Ms(moved), Ms(margin)))
    } else if beyond > params.tail.share.0 {
        let (beyond, share) = (Share(beyond), params.tail.share);
        (State::Doubtful, format!("this vantage point cannot settle {rule_on}: {path}; {beyond} of them are more than {} longer, and {share} of the requests may be. {elsewhere}", Ms(far)))
    } else {
        (State::Right, format!("{path}: {rule_on} (margin ±{}) can be settled from here; the path varies by {}", Ms(margin), Ms(moved)))
    };
    Some(Remark { rule: rule.id.to_string(), state, text })
}
