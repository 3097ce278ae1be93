use super::endpoints;
use crate::{
    audits::network_baseline::{NetworkBaseline, Ways, say, spoil, view::There},
    model::{
        audit::{Judgement, Rule},
        evidence::{Evidence, Gap, Unknown},
        name::Name,
        outcome::{Finding, Status},
        rig::Rig,
        units::Share,
    },
    stats::wilson::{Z95, newcombe, wilson},
};
use serde::Deserialize;

/// No more handshakes are lost than in the reference.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LikeReferenceLoss {
    /// By how much more may be lost, of all.
    more: Share,
}

impl Rule<NetworkBaseline> for LikeReferenceLoss {
    const NAME: &'static str = "like_reference_loss";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        endpoints(rig)
    }

    fn judge(&self, view: &Ways<'_>, subject: &Name) -> Judgement {
        let way = view.whole(subject)?;
        let expected = format!("at most {} of all more than in the reference", self.more);
        let (k, n) = (way.lost, way.tried);
        let mine = wilson(k, n, Z95);
        let share = k as f64 / (n as f64).max(1.0);
        let (other, there, bounds) = match view.there(subject)? {
            There::Measured(other) => {
                let there = other.lost as f64 / (other.tried as f64).max(1.0);
                (other.got.key.clone(), there, newcombe((k, n), (other.lost, other.tried), Z95))
            }
            There::Declared(declared) => {
                let Some(told) = declared.loss else {
                    let figure = say::share("more lost", 0.0, (0.0, 0.0), n);
                    let finding = say::finding(Status::NotApplicable, figure, "the reference declares no loss", expected);
                    return say::both(way, view.recording_key(), finding);
                };
                (view.recording_key(), told.0, (n > 0).then_some((mine.0 - told.0, mine.1 - told.0)))
            }
        };
        let Some(bounds) = bounds else {
            return Err(Unknown::new(way.got.key.clone(), Gap::NotConfigured("the kernel does not tell what it sends again, here or there".into())));
        };
        let by = share - there;
        let status = if bounds.1 < self.more.0 {
            Status::Pass
        } else if bounds.0 > self.more.0 {
            Status::Fail
        } else {
            Status::Inconclusive
        };
        let observed = format!(
            "{} of {n} handshakes were lost, and {} in the reference: {} more",
            Share(share),
            Share(there),
            say::share_with_bounds(by, bounds)
        );
        let figure = say::share("more lost", by, bounds, n);
        let finding = Finding { margin: say::margin(bounds.1, self.more.0), ..say::finding(status, figure, observed, expected) };
        say::both(way, other, finding.settled_by(say::MORE))
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
