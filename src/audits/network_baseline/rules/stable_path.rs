use super::endpoints;
use crate::{
    audits::network_baseline::{NetworkBaseline, Ways, say, spoil, view::There},
    model::{
        audit::{Judgement, Rule},
        evidence::Evidence,
        name::Name,
        outcome::{Figure, Finding, Status},
        payload::network::{Hops, Measured},
        rig::Rig,
        units::Count,
    },
};
use serde::Deserialize;
use std::collections::BTreeSet;

/// The way has as many hops as in the reference.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StablePath {
    /// By how many hops it may differ.
    hops: Count,
}

impl Rule<NetworkBaseline> for StablePath {
    const NAME: &'static str = "stable_path";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        endpoints(rig)
    }

    fn judge(&self, view: &Ways<'_>, subject: &Name) -> Judgement {
        let way = view.whole(subject)?;
        let expected = format!("at most {} more or less than in the reference", self.hops);
        let Some(hops) = super::known(way, &way.probed().hops)? else {
            let figure = Figure::exact("hops", 0.0, 0, "");
            return say::of(way, say::finding(Status::NotApplicable, figure, "the routers were not asked", expected));
        };
        let There::Measured(other) = view.there(subject)? else {
            let figure = Figure::exact("hops", hops.distance().map_or(0.0, f64::from), 1, "");
            return say::of(way, say::finding(Status::NotApplicable, figure, "the reference is declared, and a person knows no hops", expected));
        };
        let there = super::known(other, &other.probed().hops)?;
        let (Some(here), Some(there_hops)) = (hops.distance(), there.and_then(Hops::distance)) else {
            let why = "the endpoint answered to no attempt with a small TTL, here or in the reference: how far it is is not known";
            let finding = say::cannot_tell(why, expected, 0, vec![way.got.key.clone()]);
            return say::of(way, finding.settled_by("look whether a firewall drops them; the round trips are judged all the same"));
        };
        let apart = u64::from(here.abs_diff(there_hops));
        let routers =
            |hops: &Hops| hops.flows.iter().flat_map(|flow| &flow.hops).filter(|hop| !hop.target).filter_map(|hop| hop.by).collect::<BTreeSet<_>>();
        let (ours, theirs) = (routers(hops), there.map(&routers).unwrap_or_default());
        let shared = ours.intersection(&theirs).count();
        let status = if apart > self.hops.0 { Status::Warn } else { Status::Pass };
        let observed =
            format!("it is {here} hops away, and {there_hops} in the reference; {shared} of {} routers that tell are the same", ours.len());
        let because = vec!["a router that is silent proves nothing, and neither does loss before the last hop".to_owned()];
        let figure = Figure::exact("hops", f64::from(here), hops.flows.len() as u64, "");
        say::both(way, other.got.key.clone(), Finding { because, ..say::finding(status, figure, observed, expected) })
    }

    fn spoil(&self, _: &NetworkBaseline, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        spoil::here(rig, subject, copy, |probed| {
            if let Measured::Known(hops) = &mut probed.hops {
                hops.flows.iter_mut().flat_map(|flow| &mut flow.hops).for_each(|hop| hop.ttl = hop.ttl.saturating_add(20));
            }
        });
    }
}
