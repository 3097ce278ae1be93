//! What does the network between the test and the providers of models add, and is it what production has?
//!
//! Each endpoint is connected to in rounds, politely ([`Probed`](crate::model::payload::network::Probed)); the kernel's round trips of
//! handshakes are the figures, since no scheduling of ours is in them. [`way`] joins what was seen of an endpoint; [`rules`] judge it by
//! itself, and beside the reference ([`beside`]). Nothing here reaches the model: each figure says what it proves.

mod beside;
mod charts;
mod notes;
mod rules;
mod say;
mod spoil;
mod view;
mod way;

pub use view::Ways;
pub use way::Way;

use crate::model::{
    act::{Act, ProbeAct},
    audit::{Audit, Context, Effort, Need, RuleEntry},
    chart::Chart,
    endpoint::NETWORK,
    key::{Key, Probe, World},
    name::name,
    network::FarEnd,
    recording::of_recording,
    rig::Rig,
    units::{Count, Ms, Share},
};
use serde::Deserialize;

/// The audit and its parameters.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkBaseline {
    /// Connects to an endpoint, all its addresses together.
    pub connects: Count,
    /// ... in so many rounds.
    pub rounds: Count,
    /// So many earlier runs of this rig are looked at.
    pub earlier: Count,
    /// How many values a percentile takes.
    pub least: Least,
    /// From when on the stopwatch of this machine is not believed.
    pub noisy: Noisy,
}

/// How many values a percentile takes.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Least {
    /// The median.
    pub p50: Count,
    /// The value that 95 % are below.
    pub p95: Count,
}

/// From when on the stopwatch of this machine is not believed.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Noisy {
    /// For how long our own threads waited for a CPU in 95 % of the connects.
    pub waited: Ms,
    /// Share of the time in which somebody waited for a CPU.
    pub pressure: Share,
}

impl Audit for NetworkBaseline {
    const NAME: &'static str = "network_baseline";

    const RULES: &'static [RuleEntry<Self>] = &[
        RuleEntry::of::<rules::Reachable>(),
        RuleEntry::of::<rules::Resolves>(),
        RuleEntry::of::<rules::ResolversAgree>(),
        RuleEntry::of::<rules::LookupTime>(),
        RuleEntry::of::<rules::AddressFamily>(),
        RuleEntry::of::<rules::Loss>(),
        RuleEntry::of::<rules::Jitter>(),
        RuleEntry::of::<rules::Enough>(),
        RuleEntry::of::<rules::Tls>(),
        RuleEntry::of::<rules::NoInterception>(),
        RuleEntry::of::<rules::Resumption>(),
        RuleEntry::of::<rules::FirstByte>(),
        RuleEntry::of::<rules::Http>(),
        RuleEntry::of::<rules::LargePackets>(),
        RuleEntry::of::<rules::InTheWay>(),
        RuleEntry::of::<rules::StablePath>(),
        RuleEntry::of::<rules::Budget>(),
        RuleEntry::of::<rules::QuietProber>(),
        RuleEntry::of::<rules::Documented>(),
        RuleEntry::of::<rules::LikeReferenceRtt>(),
        RuleEntry::of::<rules::LikeReferenceLoss>(),
        RuleEntry::of::<rules::LikeReferencePlace>(),
        RuleEntry::of::<rules::Held>(),
    ];

    type View<'e> = Ways<'e>;

    fn needs(&self, rig: &Rig) -> Vec<Need> {
        let Some(network) = &rig.network else { return vec![] };
        let effort = Effort { requests: self.connects.0, rounds: self.rounds.0, ..Effort::default() };
        let others: Vec<World> = network.reference.iter().cloned().map(World::Reference).chain(self.earlier()).collect();
        let mut needs = vec![];
        for far in network.endpoints.values() {
            needs.push(Need { key: key(World::Live, far), effort });
            needs.extend(others.iter().map(|world| Need { key: key(world.clone(), far), effort: Effort::default() }));
        }
        if let Some(reference) = &network.reference {
            needs.push(Need { key: of_recording(World::Reference(reference.clone())), effort: Effort::default() });
        }
        needs
    }

    fn view<'e>(&'e self, cx: &Context<'e>) -> Ways<'e> {
        Ways::join(self, cx)
    }

    fn charts(&self, view: &Ways<'_>) -> Vec<Chart> {
        charts::charts(view)
    }

    fn notes(&self, view: &Ways<'_>) -> Vec<String> {
        notes::notes(view)
    }
}

impl NetworkBaseline {
    /// The earlier runs that are looked at, the latest first.
    fn earlier(&self) -> impl Iterator<Item = World> {
        (1..=u32::try_from(self.earlier.0).unwrap_or(u32::MAX)).map(World::Earlier)
    }
}

/// The measurement of the way to an endpoint.
pub fn probe(far: &FarEnd) -> Probe {
    Probe { act: Act::Probe(ProbeAct { endpoint: far.endpoint.clone() }) }
}

/// The question about it in a world.
pub fn key(world: World, far: &FarEnd) -> Key {
    Key { world, source: name(NETWORK), query: probe(far).into() }
}
