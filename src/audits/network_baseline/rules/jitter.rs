use super::endpoints;
use crate::{
    audits::network_baseline::{NetworkBaseline, Ways, say, spoil},
    model::{
        audit::{Judgement, Rule},
        evidence::Evidence,
        name::Name,
        outcome::{Finding, Status},
        rig::Rig,
        units::{Margin, Ms},
    },
    stats::{order::quantile_interval95, quantile_sorted},
};
use serde::Deserialize;

/// One handshake takes as long as the next.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Jitter {
    /// Delay variation that 95 % are below: more is a warning ...
    warn: Margin,
    /// ... and more than this a failure; both at the level of the round trip.
    fail: Margin,
}

impl Rule<NetworkBaseline> for Jitter {
    const NAME: &'static str = "jitter";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        endpoints(rig)
    }

    fn judge(&self, view: &Ways<'_>, subject: &Name) -> Judgement {
        let way = view.whole(subject)?;
        let level = Ms(way.rtt(0.5).unwrap_or(0.0));
        let (warn, fail) = (self.warn.at(level), self.fail.at(level));
        let n = way.ipdv.len() as u64;
        let expected = format!("95 % of neighbours at most {warn} apart ({fail} is a failure)");
        let from = vec![way.got.key.clone()];
        let (Some(p50), Some(p95), Some(bounds)) =
            (quantile_sorted(&way.ipdv, 0.5), quantile_sorted(&way.ipdv, 0.95), quantile_interval95(&way.ipdv, 0.95))
        else {
            let why = format!("{n} pairs of neighbours; the value that 95 % are below has bounds from 72 on");
            let finding = Finding { settles_at: Some(72), ..say::cannot_tell(why, expected, n, from) };
            return say::of(way, finding.settled_by(say::MORE));
        };
        let status = if bounds.0 > fail.0 {
            Status::Fail
        } else if bounds.1 <= warn.0 {
            Status::Pass
        } else if bounds.0 > warn.0 || p95 > fail.0 {
            Status::Warn
        } else {
            Status::Inconclusive
        };
        let observed = format!("95 % of neighbouring handshakes are at most {} apart, half {}", say::with_bounds(p95, Some(bounds)), Ms(p50));
        let because = vec![format!("RFC 3550's smoothed jitter is {} (it follows the last few)", Ms(way.rfc3550.unwrap_or(0.0)))];
        let figure = say::ms("IPDV p95", p95, bounds, n);
        let finding = Finding { margin: say::margin(p95, fail.0), because, ..say::finding(status, figure, observed, expected) };
        say::of(way, finding.settled_by(say::MORE))
    }

    fn spoil(&self, _: &NetworkBaseline, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        let mut nth = 0;
        spoil::connects(rig, subject, copy, |connect| {
            nth += 1;
            if let Some(rtt) = connect.tcp.as_mut().and_then(|tcp| tcp.rtt_us.as_mut()).filter(|_| nth % 2 == 0) {
                *rtt = rtt.saturating_mul(8).saturating_add(100_000);
            }
        });
    }
}
