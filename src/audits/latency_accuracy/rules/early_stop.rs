use crate::{
    audits::latency_accuracy::{
        LatencyAccuracy, say, spoil,
        view::{Latencies, Pair},
    },
    model::{
        audit::{Judgement, Rule},
        evidence::Evidence,
        name::Name,
        outcome::Finding,
        rig::{Quantity, Rig},
        units::{Ms, Share},
    },
    stats::{Answer, share_at_most},
};
use serde::Deserialize;

/// A client that stops before the stream is over shows far less than the server.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EarlyStop {
    /// Client / server below which a stream counts as stopped early ...
    ratio: Share,
    /// ... if it is short by at least this much: on short streams a stall after the last chunk makes the same ratio.
    short_by: Ms,
    /// Share of streams that may be stopped early.
    share: Share,
}

impl Rule<LatencyAccuracy> for EarlyStop {
    const NAME: &'static str = "early_stop";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        super::claims(rig, |c| c.per_request() && c.quantity == Quantity::Total)
    }

    fn judge(&self, view: &Latencies<'_>, subject: &Name) -> Judgement {
        let pairs = view.pairs(subject)?;
        let expected = format!("at most {} of streams shorter at the client than {} of the server's time", self.share, self.ratio);
        let streams: Vec<_> = pairs.rows.iter().filter(|p| p.stream).collect();
        let n = streams.len() as u64;
        if n == 0 {
            return Ok(say::cannot_tell(format!("{subject} has a figure for no stream"), expected, 0, pairs.from));
        }
        let early = |p: &&&Pair| p.client < self.ratio.0 * p.source && p.source - p.client >= self.short_by.0;
        let k = streams.iter().filter(early).count() as u64;
        let answer = share_at_most(k, n, self.share.0);
        let share = k as f64 / n as f64;
        let because =
            if answer == Answer::Pass { vec![] } else { vec![format!("the client times total from {}", view.client_times(Quantity::Total))] };
        Ok(Finding {
            margin: Some((self.share.0 - share) / self.share.0),
            because,
            settles_at: say::settles(answer),
            from: pairs.from,
            ..say::finding(
                say::status(answer),
                say::share("stopped early", k, n, answer),
                format!("{k} of {n} streams ({}) ended at the client well before {subject} says that they did", Share(share)),
                expected,
            )
        })
    }

    fn spoil(&self, audit: &LatencyAccuracy, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        let Some(claim) = rig.claim(subject) else { return };
        spoil::values(audit, rig, claim, copy, |ms, _| 1.5 * ms + 200.0);
    }
}
