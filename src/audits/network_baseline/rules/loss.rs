use super::endpoints;
use crate::{
    audits::network_baseline::{NetworkBaseline, Ways, say, spoil},
    model::{
        audit::{Judgement, Rule},
        evidence::{Evidence, Gap, Unknown},
        name::Name,
        outcome::Finding,
        rig::Rig,
        units::Share,
    },
    stats::wilson::{Z95, share_below, wilson},
};
use serde::Deserialize;

/// Handshakes are not lost.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Loss {
    /// The share of lost handshakes that may be.
    share: Share,
}

impl Rule<NetworkBaseline> for Loss {
    const NAME: &'static str = "loss";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        endpoints(rig)
    }

    fn judge(&self, view: &Ways<'_>, subject: &Name) -> Judgement {
        let way = view.whole(subject)?;
        let (k, n) = (way.lost, way.tried);
        if n == 0 {
            let why = "the kernel does not tell what it sends again (TCP_INFO, tcpi_total_retrans)";
            return Err(Unknown::new(way.got.key.clone(), Gap::NotConfigured(why.into())));
        }
        let (answer, bounds) = (share_below(k, n, self.share.0), wilson(k, n, Z95));
        let share = k as f64 / n as f64;
        let observed = format!("{k} of {n} handshakes were lost: {}", say::share_with_bounds(share, bounds));
        let expected = format!("below {}, by the upper bound (Wilson, 95 %)", self.share);
        let finding = Finding {
            margin: say::margin(bounds.1, self.share.0),
            settles_at: say::settles(answer),
            because: vec![say::proves(way)],
            ..say::finding(say::status(answer), say::share("loss", share, bounds, n), observed, expected)
        };
        say::of(way, finding.settled_by(say::MORE))
    }

    fn spoil(&self, _: &NetworkBaseline, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        let mut nth = 0;
        spoil::connects(rig, subject, copy, |connect| {
            nth += 1;
            if let Some(tcp) = connect.tcp.as_mut().filter(|_| nth % 4 == 0) {
                (tcp.total_retrans, tcp.rtt_us) = (Some(1), Some(1_050_000));
            }
        });
    }
}
