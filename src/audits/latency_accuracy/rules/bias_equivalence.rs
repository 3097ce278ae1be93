use crate::{
    audits::{
        latency_accuracy::{
            LatencyAccuracy, say, spoil,
            tolerance::Tolerance,
            view::{Latencies, Pair, Pairs},
        },
        shared::held_up::{ELSEWHERE, excuse, unexplained},
    },
    model::{
        audit::{Judgement, Rule},
        evidence::Evidence,
        name::Name,
        outcome::{Finding, Status},
        rig::{Claim, Quantity, Rig},
        units::{Margin, Ms, Share},
    },
    stats::{Answer, location, location_within, share_at_most, theil_sen},
};
use serde::Deserialize;

/// (a) Client minus source, less the round trip, lies within +-D by location; (b) few requests lie far outside it, which
/// finds delays with two humps that a trimmed mean hides.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BiasEquivalence {
    margin: Tolerance,
    tail: Tail,
}

/// How many requests may lie how far apart.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tail {
    /// Distance, ms.
    absolute: Ms,
    /// The same as a share of the client's median.
    relative: Share,
    /// Share of requests that may lie beyond it.
    share: Share,
    /// The distance for inter-chunk latency, whose level is that of one gap.
    inter_chunk: Margin,
}

impl Tail {
    fn at(&self, quantity: Quantity, level: f64) -> f64 {
        let margin = match quantity {
            Quantity::InterChunk => self.inter_chunk,
            Quantity::Ttft | Quantity::Total => Margin { absolute: self.absolute, relative: self.relative },
        };
        margin.at(Ms(level)).0
    }
}

impl Rule<LatencyAccuracy> for BiasEquivalence {
    const NAME: &'static str = "bias_equivalence";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        super::claims(rig, Claim::per_request)
    }

    fn judge(&self, view: &Latencies<'_>, subject: &Name) -> Judgement {
        let pairs = view.pairs(subject)?;
        let quantity = pairs.claim.quantity;
        let (hop, hop_key) = view.round_trip()?;
        // The hop lengthens whole requests, not the gaps inside them.
        let hop = if quantity == Quantity::InterChunk { 0.0 } else { hop };
        let d = self.margin.at(quantity, pairs.level, pairs.resolution);
        let words = self.margin.words(quantity, pairs.level, pairs.resolution);
        let differences = pairs.differences(hop);
        let Some(location) = location(&differences) else {
            return Ok(say::too_few(&pairs, format!("within ±{words}")));
        };
        let n = differences.len() as u64;
        let far = self.tail.at(quantity, pairs.level);
        let beyond = differences.iter().filter(|x| x.abs() > far).count() as u64;
        let (near, few) = (location_within(&location, -d, d), share_at_most(beyond, n, self.tail.share.0));
        let answer = say::worse(near, few);
        let held_up = answer == Answer::Fail && self.explained(&pairs, &differences, d, far);
        let bias = say::turned(&location);
        let beyond_share = beyond as f64 / n as f64;
        // The half that decides is shown: the one whose answer is the worse.
        let by_tail = few == answer && near != answer;
        let (figure, observed, expected, margin) = if by_tail {
            (
                say::share("share far off", beyond, n, few),
                format!("{beyond} of {n} requests ({}) are more than {} apart in {subject} and at the client", Share(beyond_share), Ms(far)),
                format!("at most {} of requests more than {} apart", self.tail.share, Ms(far)),
                (self.tail.share.0 - beyond_share) / self.tail.share.0,
            )
        } else {
            (
                say::location("bias", &bias, near),
                format!("{subject} is off by {} over {n} matched requests", say::with_bounds(&bias, near)),
                format!("within ±{words}"),
                (d - bias.value.abs()) / d,
            )
        };
        let status = if held_up { Status::Inconclusive } else { say::status(answer) };
        let mut because: Vec<String> = held_up.then(|| excuse(pairs.rows.iter().map(|p| p.held_up))).into_iter().collect();
        if status != Status::Pass {
            because.extend(say::grid(pairs.resolution));
            because.extend(direction(subject, quantity, bias.value, d));
            because.extend(growth(&pairs, &differences));
            // With the sign of what was observed.
            let off: Vec<f64> = differences.iter().map(|x| -x).collect();
            because.extend(say::spread(&format!("{subject} minus client"), &off));
        }
        Ok(Finding {
            margin: Some(margin),
            because,
            settles_at: say::settles(answer),
            remedy: held_up.then(|| ELSEWHERE.into()),
            from: say::keys(pairs.from.iter().chain([hop_key])),
            ..say::finding(status, figure, observed, expected)
        })
    }

    fn spoil(&self, audit: &LatencyAccuracy, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        let Some(claim) = rig.claim(subject) else { return };
        spoil::values(audit, rig, claim, copy, |ms, _| 3.0 * ms + 100.0);
    }
}

impl BiasEquivalence {
    /// Does nothing fail any more once what hold-ups of the load generator itself explain is taken away? A request during
    /// which it stalled proves no client late: whatever waited meanwhile comes on top of the stall.
    fn explained(&self, pairs: &Pairs<'_>, differences: &[f64], d: f64, far: f64) -> bool {
        let quantity = pairs.claim.quantity;
        let stalled = |p: &Pair, x: f64| p.stalled && (x > 0.0 || quantity == Quantity::InterChunk);
        let left = pairs.rows.iter().zip(differences).filter(|(p, x)| !stalled(p, **x));
        let left: Vec<f64> = left.map(|(p, x)| unexplained(*x, p.held_up, quantity)).collect();
        let beyond = left.iter().filter(|x| x.abs() > far).count() as u64;
        let few = share_at_most(beyond, left.len() as u64, self.tail.share.0);
        location(&left).is_none_or(|l| say::worse(location_within(&l, -d, d), few) != Answer::Fail)
    }
}

fn direction(subject: &Name, quantity: Quantity, bias: f64, d: f64) -> Option<String> {
    let (more, less) = match quantity {
        Quantity::InterChunk => (
            "shows longer gaps than the client saw: something between holds chunks back and sends them together",
            "shows shorter gaps than the client saw: something between slows the stream",
        ),
        Quantity::Ttft | Quantity::Total => (
            "shows more than the client waited: its clock stops later, or the client stops early",
            "shows less than the client waited: its clock starts late or stops early, or something between delays",
        ),
    };
    match bias {
        b if b > d => Some(format!("{subject} {more}")),
        b if b < -d => Some(format!("{subject} {less}")),
        _ => None,
    }
}

/// Does the difference grow with the duration?
fn growth(pairs: &Pairs<'_>, differences: &[f64]) -> Option<String> {
    const PAIRS_APART_MS: f64 = 20.0;
    let client: Vec<f64> = pairs.rows.iter().map(|p| p.client).collect();
    let slope = theil_sen(&client, differences, PAIRS_APART_MS)?;
    let grows = slope.lo95 > 0.01 || slope.hi95 < -0.01;
    grows.then(|| format!("the difference changes by {:+.1} ms for each 100 ms that a request takes", 100.0 * slope.value))
}
