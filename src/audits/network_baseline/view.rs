use super::{NetworkBaseline, key, probe, way::Way};
use crate::model::{
    audit::Context,
    endpoint::NETWORK,
    evidence::{Gap, Unknown},
    key::{Facts, Key, World},
    name::{Name, name},
    network::{FarEnd, RECORDING},
    payload::network::Via,
    recording::{Recorded, Recording, of_recording},
};
use std::collections::BTreeMap;

/// All endpoints, here and in the reference.
#[derive(Debug)]
pub struct Ways<'e> {
    /// The parameters.
    pub audit: &'e NetworkBaseline,
    /// Rig and evidence.
    pub cx: Context<'e>,
    here: BTreeMap<Name, Result<Way<'e>, Unknown>>,
    there: BTreeMap<Name, Result<Way<'e>, Unknown>>,
    recording: Result<Recording, Unknown>,
}

/// What the reference says of an endpoint.
#[derive(Debug)]
pub enum There<'v, 'e> {
    /// It was measured there.
    Measured(&'v Way<'e>),
    /// A person says so.
    Declared(&'v Recorded),
}

impl There<'_, '_> {
    /// How it is reached there, if somebody said.
    pub fn via(&self) -> Option<Via> {
        match self {
            There::Measured(way) => Some(way.probed().via.clone()),
            There::Declared(declared) => declared.proxy.as_ref().map(|url| if url == "none" { Via::Direct } else { Via::Proxy { url: url.clone() } }),
        }
    }
}

impl<'e> Ways<'e> {
    /// Joins what was gathered.
    pub fn join(audit: &'e NetworkBaseline, cx: &Context<'e>) -> Ways<'e> {
        let reference = cx.rig.network.as_ref().and_then(|n| n.reference.clone()).map(World::Reference);
        let of = |world: &World, far: &FarEnd| cx.evidence.get_partial(world, &name(NETWORK), &probe(far)).map(Way::of);
        let all = |world: &World| cx.rig.far_ends().map(|(name, far)| (name.clone(), of(world, far))).collect();
        let there = reference.as_ref().map(&all).unwrap_or_default();
        let recording = match &reference {
            None => Err(Unknown::new(of_recording(World::Live), Gap::NoBaseline("the spec names no reference".into()))),
            Some(world) => cx.evidence.get(world, &name(NETWORK), &Facts { scope: name(RECORDING) }).and_then(|got| {
                Recording::read(got.value).map_err(|why| Unknown::new(got.key.clone(), Gap::Malformed(format!("the reference: {why}"))))
            }),
        };
        Ways { audit, cx: *cx, here: all(&World::Live), there, recording }
    }

    /// An endpoint as the spec has it.
    pub fn far(&self, endpoint: &Name) -> Option<&'e FarEnd> {
        self.cx.rig.network.as_ref()?.endpoints.get(endpoint)
    }
    /// All endpoints of which something was seen.
    pub fn seen(&self) -> impl Iterator<Item = (&Name, &Way<'e>)> {
        self.here.iter().filter_map(|(name, way)| Some((name, way.as_ref().ok()?)))
    }
    /// What was seen of an endpoint, even if it is not whole.
    pub fn way(&self, endpoint: &Name) -> Result<&Way<'e>, Unknown> {
        match self.here.get(endpoint) {
            Some(Ok(way)) => Ok(way),
            Some(Err(unknown)) => Err(unknown.clone()),
            None => Err(Unknown::new(of_recording(World::Live), Gap::NotConfigured(format!("the spec has no endpoint `{endpoint}`")))),
        }
    }
    /// The same, if all connects were made, and some stand.
    pub fn whole(&self, endpoint: &Name) -> Result<&Way<'e>, Unknown> {
        whole(self.way(endpoint)?)
    }
    /// What the reference is.
    pub fn recording(&self) -> Result<&Recording, Unknown> {
        self.recording.as_ref().map_err(Clone::clone)
    }
    /// The question about the reference itself.
    pub fn recording_key(&self) -> Key {
        let reference = self.cx.rig.network.as_ref().and_then(|n| n.reference.clone());
        of_recording(reference.map_or(World::Live, World::Reference))
    }
    /// The reference's measurement of an endpoint, if it has one.
    pub fn measured_there(&self, endpoint: &Name) -> Option<&Way<'e>> {
        self.there.get(endpoint)?.as_ref().ok()
    }
    /// What the reference says of an endpoint.
    pub fn there(&self, endpoint: &Name) -> Result<There<'_, 'e>, Unknown> {
        let recording = self.recording()?;
        if !recording.measured() {
            let declared = recording.endpoints.get(endpoint);
            return declared.map(There::Declared).ok_or_else(|| self.lacks(endpoint, recording));
        }
        match self.there.get(endpoint) {
            Some(Ok(way)) => whole(way).map(There::Measured),
            Some(Err(unknown)) if matches!(unknown.gap, Gap::NoBaseline(_)) => Err(self.lacks(endpoint, recording)),
            Some(Err(unknown)) => Err(unknown.clone()),
            None => Err(self.lacks(endpoint, recording)),
        }
    }
    fn lacks(&self, endpoint: &Name, recording: &Recording) -> Unknown {
        let why = format!("{} tells nothing of `{endpoint}`; record it there with this endpoint", recording.name);
        Unknown::new(self.recording_key(), Gap::NoBaseline(why))
    }
    /// Earlier runs' measurements of an endpoint that are whole, the latest first.
    pub fn earlier(&self, far: &FarEnd) -> Vec<Way<'e>> {
        let of = |world: World| {
            let Key { world, .. } = key(world, far);
            let way = Way::of(self.cx.evidence.get_partial(&world, &name(NETWORK), &probe(far)).ok()?);
            whole(&way).is_ok().then_some(way)
        };
        self.audit.earlier().filter_map(of).collect()
    }
}

fn whole<'v, 'e>(way: &'v Way<'e>) -> Result<&'v Way<'e>, Unknown> {
    let unknown = |gap: Gap| Unknown::new(way.got.key.clone(), gap);
    if let Some(gap) = &way.got.seen.partial {
        return Err(unknown(gap.clone()));
    }
    if way.probed().connects.is_empty() {
        return Err(unknown(Gap::Truncated("no connect was made".into())));
    }
    if way.sorted.is_empty() {
        let told = way.probed().connects.iter().any(|c| c.lost().is_some());
        let why = if told {
            "no handshake stands in which nothing was sent again"
        } else {
            "no connection stands, or the kernel does not tell its round trip"
        };
        return Err(unknown(Gap::Unreachable(why.into())));
    }
    Ok(way)
}
