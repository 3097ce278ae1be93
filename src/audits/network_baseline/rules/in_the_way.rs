use super::endpoints;
use crate::{
    audits::network_baseline::{NetworkBaseline, Ways, say, spoil},
    model::{
        audit::{Judgement, Rule},
        evidence::Evidence,
        name::Name,
        outcome::{Finding, Status},
        payload::network::Via,
        rig::Rig,
        units::{Margin, Ms},
    },
    stats::median,
};
use serde::Deserialize;

/// No proxy stands on the way that does not stand there in the reference.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InTheWay {
    /// By how much a TLS handshake may outlast the round trip before somebody near is suspected to end the TCP connection.
    outlasts: Margin,
}

impl Rule<NetworkBaseline> for InTheWay {
    const NAME: &'static str = "in_the_way";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        endpoints(rig)
    }

    fn judge(&self, view: &Ways<'_>, subject: &Name) -> Judgement {
        let way = view.whole(subject)?;
        let told = |via: &Via| match via {
            Via::Direct => "directly".to_owned(),
            Via::Proxy { url } => format!("through the proxy {url}"),
        };
        let here = &way.probed().via;
        let direct = *here == Via::Direct;
        let there = view.there(subject).ok().and_then(|there| there.via());
        let expected = match &there {
            Some(there) => format!("{}, as in the reference", told(there)),
            None => "directly".to_owned(),
        };
        let rtt = way.rtt(0.5).unwrap_or(0.0);
        let (handshake, beyond) = match median(&way.handshakes()) {
            Some(ms) => (ms, ms - 2.0 * rtt),
            None => (0.0, 0.0),
        };
        let near = direct && beyond > self.outlasts.at(Ms(rtt)).0;
        let mut because = vec![say::proves(way)];
        if near {
            because.push(format!(
                "a TLS handshake takes {} at a round trip of {}: whoever ends the TCP connection is nearer than who ends TLS, as a transparent proxy is",
                Ms(handshake),
                Ms(rtt)
            ));
        }
        let (status, observed) = match &there {
            Some(there) if (*there == Via::Direct) != direct => {
                (Status::Fail, format!("it is reached {}, and in the reference {}", told(here), told(there)))
            }
            Some(there) if there != here => (Status::Warn, format!("it is reached {}, and in the reference {}", told(here), told(there))),
            None if !direct => (Status::Warn, format!("it is reached {}: the kernel's round trips are the way to the proxy", told(here))),
            _ if near => (Status::Warn, "somebody near seems to end the TCP connection".to_owned()),
            _ => (Status::Pass, format!("it is reached {}", told(here))),
        };
        let figure = say::ms("TLS beyond two round trips", beyond, (beyond, beyond), way.handshakes().len() as u64);
        let finding = Finding { because, ..say::finding(status, figure, observed, expected) };
        if near && status == Status::Warn {
            say::by_stopwatch(view, way, finding, beyond - self.outlasts.at(Ms(rtt)).0)
        } else {
            say::of(way, finding)
        }
    }

    fn spoil(&self, _: &NetworkBaseline, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        let seeded = || Via::Proxy { url: "http://seeded:3128".into() };
        spoil::here(rig, subject, copy, |probed| probed.via = if probed.via == Via::Direct { seeded() } else { Via::Direct });
    }
}
