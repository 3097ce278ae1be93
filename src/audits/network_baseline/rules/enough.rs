use super::endpoints;
use crate::{
    audits::network_baseline::{NetworkBaseline, Ways, say, spoil},
    model::{
        audit::{Judgement, Rule},
        evidence::Evidence,
        name::Name,
        outcome::{Figure, Finding, Status},
        payload::network::Cut,
        rig::Rig,
        units::Count,
    },
};
use serde::Deserialize;

/// There is enough of it to be a baseline.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enough {
    /// Fewer rounds say nothing of what differs between them.
    rounds: Count,
}

impl Rule<NetworkBaseline> for Enough {
    const NAME: &'static str = "enough";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        endpoints(rig)
    }

    fn judge(&self, view: &Ways<'_>, subject: &Name) -> Judgement {
        let way = view.way(subject)?;
        let (n, rounds) = (way.n(), way.rounds.len() as u64);
        let least = view.audit.least;
        let status = if n < least.p50.0 || rounds < self.rounds.0 {
            Status::Fail
        } else if n < least.p95.0 {
            Status::Warn
        } else {
            Status::Pass
        };
        let observed = format!("{n} clean handshakes in {}, {} in which something was sent again", Count(rounds).of("round"), way.lost);
        let expected = format!("{} for a median, {} for what 95 % are below, in {} rounds", least.p50, least.p95, self.rounds);
        let because = match (&way.probed().cut, status) {
            (Some(cut), Status::Fail | Status::Warn) => {
                vec![format!("{} of {} connects were made: {}", way.probed().connects.len(), way.probed().asked, why(cut))]
            }
            _ => vec![],
        };
        let figure = Figure::exact("clean handshakes", n as f64, n, "");
        say::of(way, Finding { because, settles_at: (n < least.p95.0).then_some(least.p95.0), ..say::finding(status, figure, observed, expected) })
    }

    fn spoil(&self, _: &NetworkBaseline, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        spoil::here(rig, subject, copy, |probed| probed.connects.truncate(3));
    }
}

fn why(cut: &Cut) -> &'static str {
    match cut {
        Cut::Asked { .. } => "the endpoint asked to be left alone",
        Cut::Failures => "each address failed several times in a row",
        Cut::Deadline => "the time was over",
        Cut::Interrupted => "interrupted",
    }
}
