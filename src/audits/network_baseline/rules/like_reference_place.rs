use super::endpoints;
use crate::{
    audits::network_baseline::{NetworkBaseline, Ways, say, spoil, view::There},
    model::{
        audit::{Judgement, Rule},
        evidence::{Evidence, Gap, Unknown},
        name::Name,
        outcome::{Figure, Finding, Status},
        payload::network::{AddressClass, Probed},
        rig::Rig,
    },
};
use serde::Deserialize;
use std::collections::BTreeSet;

/// The endpoint is where it is in the reference: the same region, and addresses of the same class.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LikeReferencePlace {}

impl Rule<NetworkBaseline> for LikeReferencePlace {
    const NAME: &'static str = "like_reference_place";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        endpoints(rig)
    }

    fn judge(&self, view: &Ways<'_>, subject: &Name) -> Judgement {
        let way = view.way(subject)?;
        let there = view.there(subject)?;
        let far = view.far(subject);
        let expected = "the same region, and addresses of the same classes";
        let recorded = view.recording()?.endpoints.get(subject);
        let classes = |probed: &Probed| {
            let all: BTreeSet<&str> = probed.targets.iter().map(|target| target.class.of_either_family().word()).collect();
            all.into_iter().collect::<Vec<_>>().join(", ")
        };
        let (ours, theirs) = (
            classes(way.probed()),
            match &there {
                There::Measured(other) => Some(classes(other.probed())),
                There::Declared(declared) => declared.class.clone(),
            },
        );
        if ours.is_empty() {
            let why = way.got.seen.partial.clone().unwrap_or_else(|| Gap::NotReached("the name has no address here".into()));
            return Err(Unknown::new(way.got.key.clone(), why));
        }
        // Through a proxy the addresses are the proxy's.
        let alike = there.via().is_none_or(|theirs| theirs == way.probed().via);
        let mut because = vec![];
        if let Some(theirs) = theirs.as_ref().filter(|theirs| alike && **theirs != ours) {
            because.push(format!("its addresses are {ours} here and {theirs} in the reference: other ways, whatever their times are"));
        }
        let region = far.and_then(|far| far.region.clone());
        let (here, host) = (region, far.map(|far| far.endpoint.host.clone()));
        let other_region = recorded.and_then(|recorded| recorded.region.clone());
        let other_host = recorded.and_then(|recorded| recorded.host.clone());
        match (&here, &other_region) {
            (Some(here), Some(there)) if here != there => {
                because.push(format!("it is in {here} here and in {there} in the reference: the region moved"));
            }
            _ => {}
        }
        let moved = !because.is_empty();
        if let (Some(here), Some(there)) = (&host, other_host.as_ref().filter(|there| Some(*there) != host.as_ref())) {
            because.push(format!("it is called {here} here and {there} in the reference"));
        }
        let status = match (moved, because.is_empty()) {
            (true, _) => Status::Fail,
            (false, false) => Status::Warn,
            _ if !alike || theirs.is_none() && other_region.is_none() => Status::Inconclusive,
            _ => Status::Pass,
        };
        let observed = match status {
            Status::Pass => {
                format!("{}its addresses are {ours}, as in the reference", here.map_or_else(String::new, |region| format!("it is in {region}, and ")))
            }
            Status::Inconclusive if !alike => {
                "one of both goes through a proxy, which knows its addresses: whether they are the same cannot be told".to_owned()
            }
            Status::Inconclusive => "the reference tells neither its region nor the class of its addresses".to_owned(),
            _ => because.first().cloned().unwrap_or_default(),
        };
        let key = match &there {
            There::Measured(other) => other.got.key.clone(),
            There::Declared(_) => view.recording_key(),
        };
        let n = way.probed().targets.len() as u64;
        let finding = Finding { because, ..say::finding(status, Figure::exact("addresses", n as f64, n, ""), observed, expected) };
        let settles = if alike { "write `region` or `class` into the document" } else { "measure both through the same proxy, or both without" };
        say::both(way, key, finding.settled_by(settles))
    }

    fn spoil(&self, _: &NetworkBaseline, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        spoil::here(rig, subject, copy, |probed| probed.targets.iter_mut().for_each(|target| target.class = AddressClass::Translated));
    }
}
