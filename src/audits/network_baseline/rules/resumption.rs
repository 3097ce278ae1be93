use super::endpoints;
use crate::{
    audits::network_baseline::{NetworkBaseline, Ways, say, spoil},
    model::{
        audit::{Judgement, Rule},
        evidence::{Evidence, Gap, Unknown},
        name::Name,
        outcome::{Finding, Status},
        rig::Rig,
        units::Share,
    },
};
use serde::Deserialize;

/// TLS sessions are resumed, so that later connections cost less.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resumption {
    /// Share of the offered sessions that are resumed.
    share: Share,
}

impl Rule<NetworkBaseline> for Resumption {
    const NAME: &'static str = "resumption";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        endpoints(rig)
    }

    fn judge(&self, view: &Ways<'_>, subject: &Name) -> Judgement {
        let way = view.whole(subject)?;
        let expected = format!("at least {} of the sessions that are offered", self.share);
        let (resumed, offered, tried) = way.resumed();
        let n = offered as u64;
        let share = if offered == 0 { 0.0 } else { resumed as f64 / offered as f64 };
        let figure = say::share("resumed", share, (share, share), n);
        if view.far(subject).is_some_and(|far| !far.endpoint.tls) {
            return say::of(way, say::finding(Status::NotApplicable, figure, "the endpoint speaks no TLS", expected));
        }
        if !tried {
            return Err(Unknown::new(way.got.key.clone(), Gap::Truncated("no connect offered a session".into())));
        }
        let there = view.measured_there(subject).map(crate::audits::network_baseline::Way::resumed);
        let (status, observed) = if offered == 0 {
            (Status::Warn, "the server gives no sessions: each connection takes a full handshake".to_owned())
        } else if share < self.share.0 {
            (Status::Warn, format!("{resumed} of {offered} sessions that were offered are resumed"))
        } else {
            (Status::Pass, format!("{resumed} of {offered} sessions that were offered are resumed"))
        };
        let because = match there {
            Some((there, of, _)) if status == Status::Warn && of > 0 && there as f64 >= self.share.0 * of as f64 => {
                vec!["in the reference they are resumed: new connections cost more here".to_owned()]
            }
            _ => vec![],
        };
        say::of(way, Finding { because, ..say::finding(status, figure, observed, expected) })
    }

    fn spoil(&self, _: &NetworkBaseline, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        spoil::connects(rig, subject, copy, |connect| {
            if let Some(tls) = &mut connect.tls {
                tls.resumed = false;
            }
        });
    }
}
