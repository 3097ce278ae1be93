use super::endpoints;
use crate::{
    audits::network_baseline::{NetworkBaseline, Ways, say, spoil},
    model::{
        audit::{Judgement, Rule},
        capability::Capability,
        evidence::{Evidence, Gap, Unknown},
        name::Name,
        outcome::{Finding, Status},
        rig::Rig,
        units::{Ms, Share},
    },
    stats::rounds::median_interval95,
};
use serde::Deserialize;

/// The network takes a small part of the TTFT that is aimed at.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// Share that a request on a standing connection may take: more is a warning ...
    warn: Share,
    /// ... and more than this a failure.
    fail: Share,
    /// Share that a request on a new connection may take: more is a warning.
    cold: Share,
}

impl Rule<NetworkBaseline> for Budget {
    const NAME: &'static str = "budget";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        endpoints(rig)
    }

    fn judge(&self, view: &Ways<'_>, subject: &Name) -> Judgement {
        let way = view.whole(subject)?;
        let ttft = view.cx.rig.network.as_ref().and_then(|network| network.ttft).filter(|ttft| ttft.0 > 0.0);
        let Some(ttft) = ttft else {
            return Err(Unknown::new(way.got.key.clone(), Gap::NotConfigured(format!("no TTFT is aimed at; {}", Capability::NetworkBudget.how()))));
        };
        let Some((cold, warm, parts)) = way.round_trips() else {
            return Err(Unknown::new(way.got.key.clone(), Gap::Truncated("no round trip is known".into())));
        };
        let expected = format!("at most {} on a standing connection ({} is a failure), {} on a new one", self.warn, self.fail, self.cold);
        if way.n() < view.audit.least.p50.0 {
            return say::too_few(way, "clean handshakes", way.n(), &view.audit.least, expected);
        }
        let (of_cold, of_warm) = (cold / ttft.0, warm / ttft.0);
        let judged = say::two_limits(of_warm, self.warn.0, self.fail.0);
        let status = say::worse(judged, if of_cold > self.cold.0 { Status::Warn } else { Status::Pass });
        let observed = format!(
            "the network takes {} of a TTFT of {ttft} on a standing connection ({}), and {} on a new one ({})",
            Share(of_warm),
            Ms(warm),
            Share(of_cold),
            Ms(cold)
        );
        let listed: Vec<String> = parts.iter().map(|(what, ms)| format!("{what} {}", Ms(*ms))).collect();
        let because = vec![format!("a new connection takes {}", listed.join(", ")), say::proves(way)];
        let bounds = median_interval95(&way.sorted).map_or((of_warm, of_warm), |(lo, hi)| (lo / ttft.0, hi / ttft.0));
        let figure = say::share("of the TTFT, warm", of_warm, bounds, way.n());
        let finding = Finding { margin: say::margin(of_warm, self.fail.0), because, ..say::finding(status, figure, observed, expected) };
        // What a standing connection takes is the kernel's figure; DNS and TLS are the stopwatch's.
        if judged == status { say::of(way, finding) } else { say::by_stopwatch(view, way, finding, cold - self.cold.0 * ttft.0) }
    }

    fn spoil(&self, _: &NetworkBaseline, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        spoil::slower(rig, subject, copy, 30_000);
    }
}
