use crate::{
    audits::latency_accuracy::{LatencyAccuracy, say, spoil, tolerance::capped, view::Latencies},
    model::{
        audit::{Judgement, Rule},
        evidence::Evidence,
        name::Name,
        outcome::{Figure, Finding, Status},
        rig::Rig,
        units::{Margin, Ms, Share},
    },
    stats::{Answer, share_at_most},
};
use serde::Deserialize;

/// What happens at the server happens while the client waits: a source cannot show more than the client.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Causality {
    /// By how much a source may show more before it counts.
    margin: Margin,
    /// Share of requests that may do so.
    share: Share,
    /// No request may show more by this.
    gross: Margin,
}

impl Rule<LatencyAccuracy> for Causality {
    const NAME: &'static str = "causality";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        super::request_times(rig)
    }

    fn judge(&self, view: &Latencies<'_>, subject: &Name) -> Judgement {
        let pairs = view.pairs(subject)?;
        let tau = self.margin.at(Ms(pairs.level)).0.max(capped(pairs.resolution));
        let gross = self.gross.at(Ms(pairs.level)).0;
        let expected =
            format!("at most {} of requests longer in {subject} than at the client by more than {}, none by {}", self.share, Ms(tau), Ms(gross));
        // A stall of the load generator only lengthens what the client saw, but its clock is not to be relied on then.
        let excess: Vec<f64> = pairs.rows.iter().filter(|p| !p.stalled).map(|p| p.source - p.client).collect();
        let n = excess.len() as u64;
        if n < say::FEWEST_PAIRS {
            return Ok(say::few(subject.as_str(), n, expected, pairs.from));
        }
        let k = excess.iter().filter(|x| **x > tau).count() as u64;
        let most = excess.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let answer = if most > gross { Answer::Fail } else { share_at_most(k, n, self.share.0) };
        let share = k as f64 / n as f64;
        let by_one = most > gross && share_at_most(k, n, self.share.0) != Answer::Fail;
        let figure = if by_one { Figure::exact("largest excess", most, n, "ms") } else { say::share("impossible", k, n, answer) };
        let status = say::status(answer);
        let mut because = vec![];
        if status != Status::Pass {
            because.push(format!("the largest excess is {}", Ms(most)));
            because.push(format!("the client times from {}", view.client_times(pairs.claim.quantity)));
            because.extend(say::grid(pairs.resolution));
        }
        Ok(Finding {
            margin: Some((self.share.0 - share) / self.share.0).filter(|_| !by_one),
            because,
            settles_at: say::settles(answer),
            from: pairs.from,
            ..say::finding(
                status,
                figure,
                format!("{k} of {n} requests ({}) last longer in {subject} than the client waited, by more than {}", Share(share), Ms(tau)),
                expected,
            )
        })
    }

    fn spoil(&self, audit: &LatencyAccuracy, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        let Some(claim) = rig.claim(subject) else { return };
        spoil::values(audit, rig, claim, copy, |ms, _| 1.5 * ms + 2_000.0);
    }
}
