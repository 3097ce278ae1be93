use super::endpoints;
use crate::{
    audits::network_baseline::{NetworkBaseline, Ways, say, spoil},
    model::{
        audit::{Judgement, Rule},
        evidence::{Evidence, Gap, Unknown},
        name::Name,
        outcome::{Figure, Finding, Status},
        payload::network::Seeing,
        rig::Rig,
        units::Ms,
    },
    stats::{median, quantile, rounds::median_interval95},
};
use serde::Deserialize;

/// Whoever turns strangers away does so at once.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FirstByte {
    /// Beyond the round trip, in half of the requests: more is a warning ...
    warn: Ms,
    /// ... and more than this a failure.
    fail: Ms,
}

impl Rule<NetworkBaseline> for FirstByte {
    const NAME: &'static str = "first_byte";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        endpoints(rig)
    }

    fn judge(&self, view: &Ways<'_>, subject: &Name) -> Judgement {
        let way = view.whole(subject)?;
        let expected = format!("at most {} beyond the round trip ({} is a failure)", self.warn, self.fail);
        let times = way.first_bytes();
        let n = times.len() as u64;
        if view.far(subject).is_some_and(|far| far.endpoint.method.is_none()) {
            let figure = Figure::exact("beyond the round trip", 0.0, 0, "ms");
            return say::of(way, say::finding(Status::NotApplicable, figure, "nothing is asked of it", expected));
        }
        let (Some(half), Some(rtt)) = (median(&times), way.rtt(0.5)) else {
            return Err(Unknown::new(way.got.key.clone(), Gap::NotReached("no request was answered".into())));
        };
        if n < view.audit.least.p50.0 {
            return say::too_few(way, "answers", n, &view.audit.least, expected);
        }
        // Through a proxy the kernel knows the way to it only; the tunnel is as long as the rest of it at least.
        let reach = rtt + median(&way.tunnels()).map_or(0.0, |tunnel| (tunnel - rtt).max(0.0));
        let beyond = (half - reach).max(0.0);
        let p95 = quantile(&times, 0.95).unwrap_or(half);
        let observed =
            format!("the first byte takes {} in half of {n} requests ({} in 95 %), {} beyond the round trip", Ms(half), Ms(p95), Ms(beyond));
        let bounds = median_interval95(&times).map_or((beyond, beyond), |(lo, hi)| ((lo - reach).max(0.0), (hi - reach).max(0.0)));
        let finding = Finding {
            margin: say::margin(beyond, self.fail.0),
            because: vec![format!("it proves {}", way.probed().proves(Seeing::Http).sentence())],
            ..say::finding(say::two_limits(beyond, self.warn.0, self.fail.0), say::ms("beyond the round trip", beyond, bounds, n), observed, expected)
        };
        say::by_stopwatch(view, way, finding, say::beyond(beyond, self.warn.0, self.fail.0))
    }

    fn spoil(&self, _: &NetworkBaseline, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        spoil::connects(rig, subject, copy, |connect| {
            if let Some(http) = &mut connect.http {
                http.first_byte_us = http.first_byte_us.saturating_add(5_000_000);
            }
        });
    }
}
