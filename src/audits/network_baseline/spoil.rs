//! Negative controls: changes to a copy of the evidence that a rule must notice.

use super::{key, probe};
use crate::model::{
    endpoint::NETWORK,
    evidence::Evidence,
    key::{Facts, World},
    name::{Name, name},
    network::{FarEnd, RECORDING},
    payload::{FactTable, network::Probed},
    rig::Rig,
};

fn far<'r>(rig: &'r Rig, endpoint: &Name) -> Option<&'r FarEnd> {
    rig.network.as_ref()?.endpoints.get(endpoint)
}

/// Changes what was seen of an endpoint in this run.
pub fn here(rig: &Rig, endpoint: &Name, copy: &mut Evidence, change: impl FnOnce(&mut Probed)) {
    if let Some(far) = far(rig, endpoint) {
        copy.alter(&name(NETWORK), &probe(far), |probed| change(probed));
    }
}

/// Changes each connect of this run.
pub fn connects(rig: &Rig, endpoint: &Name, copy: &mut Evidence, change: impl FnMut(&mut crate::model::payload::network::Connect)) {
    here(rig, endpoint, copy, |probed| probed.connects.iter_mut().for_each(change));
}

/// Makes each round trip longer, ms.
pub fn slower(rig: &Rig, endpoint: &Name, copy: &mut Evidence, by_ms: u32) {
    connects(rig, endpoint, copy, |connect| {
        if let Some(rtt) = connect.tcp.as_mut().and_then(|tcp| tcp.rtt_us.as_mut()) {
            *rtt = rtt.saturating_add(1_000 * by_ms);
        }
    });
}

/// Changes what the reference says of itself.
pub fn recording(rig: &Rig, copy: &mut Evidence, change: impl FnOnce(&mut FactTable)) {
    if let Some(reference) = rig.network.as_ref().and_then(|n| n.reference.clone()) {
        copy.alter_in(&World::Reference(reference), &name(NETWORK), &Facts { scope: name(RECORDING) }, change);
    }
}

/// Earlier runs saw what this one does.
pub fn as_before(rig: &Rig, endpoint: &Name, copy: &mut Evidence, runs: u32) {
    let Some(far) = far(rig, endpoint) else { return };
    if let Some(Ok(now)) = copy.raw(&key(World::Live, far)).cloned() {
        (1..=runs).for_each(|nth| copy.put(key(World::Earlier(nth), far), Ok(now.clone())));
    }
}
