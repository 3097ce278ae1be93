//! Recordings of ways on disk: accepted ones, files, documents; and how they stand beside a spec's endpoints.
#![allow(clippy::disallowed_methods, reason = "looks for what the user names")]

use crate::{
    engine::Elsewhere,
    model::{
        act::{Act, ProbeAct},
        endpoint::NETWORK,
        evidence::Evidence,
        key::{Key, Probe, Query, World},
        name::{Name, name},
        network::FarEnd,
        rows::InMemory,
    },
    report::ways,
    spec::{Loaded, bounded_file, declared, environment::BASELINES},
    store::{baseline::Of, snapshot},
};
use anyhow::{anyhow, bail};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Opens a recording: the folder of a baseline, a file that `rigcheck network record` wrote, or a document of a person.
pub fn open(path: &Path) -> anyhow::Result<Evidence> {
    if path.is_dir() {
        if !Of::Network.is(path) {
            bail!("{} has no network.jsonl: no way is recorded there; `rigcheck network record --as NAME` makes one", path.display());
        }
        return Ok(Of::Network.open(path)?);
    }
    if path.extension().is_some_and(|end| end == "yaml" || end == "yml") {
        let (text, shown) = (bounded_file::yaml(path).map_err(|why| anyhow!("{}: {why}", path.display()))?, path.display().to_string());
        if !declared::is_network(&text) {
            bail!("{shown} is no document of ways: one begins with `network: NAME`, `as_of: 2027-01-31`, `by: WHO` and `endpoints:`");
        }
        let recording = declared::network(&text, &shown)?;
        let fact = recording.fact(&shown);
        let mut evidence = Evidence::default();
        evidence.put(fact.key, fact.answer);
        return Ok(evidence);
    }
    let evidence = snapshot::read(path)?;
    if ways::recording(&evidence).is_none() {
        bail!("{} is a snapshot of a configuration and tells of no way; `rigcheck network record FILE` writes one that does", path.display());
    }
    Ok(evidence)
}

/// A path, or the name of a baseline of this project that has ways.
pub fn find(wanted: &str, home: &Path) -> anyhow::Result<PathBuf> {
    let folder = home.join(BASELINES);
    if !wanted.contains('/') && Of::Network.is(&folder.join(wanted)) {
        return Ok(folder.join(wanted));
    }
    let path = PathBuf::from(wanted);
    if path.exists() {
        return Ok(path);
    }
    let known: Vec<String> = Of::Network.list(&folder)?.into_iter().map(|(name, _)| name.0).collect();
    let known = if known.is_empty() { "there are none".to_owned() } else { format!("there are {}", known.join(", ")) };
    bail!("`{wanted}` is neither a file nor a baseline with recorded ways in {} ({known})", folder.display())
}

/// What a recording says, asked as these endpoints are asked here: an endpoint is the same if it has the same name. Where it is another
/// host, what the recording says of itself tells.
pub fn asked_alike(evidence: &Evidence, endpoints: &BTreeMap<Name, FarEnd>) -> Evidence {
    let mut alike = Evidence::default();
    for (key, answer) in evidence.iter().filter(|(key, _)| key.source.as_str() == NETWORK) {
        let key = match &key.query {
            Query::Probe(Probe { act: Act::Probe(act) }) => {
                let Some(far) = endpoints.get(&act.endpoint.name) else { continue };
                let act = Act::Probe(ProbeAct { endpoint: far.endpoint.clone() });
                Key { world: World::Live, source: name(NETWORK), query: Probe { act }.into() }
            }
            _ => key.clone(),
        };
        alike.put(key, answer.clone());
    }
    alike
}

/// The ways of the environment that a spec names as its reference, for a run.
pub fn reference(loaded: &Loaded, others: &mut BTreeMap<World, Elsewhere>) -> anyhow::Result<()> {
    let place = loaded.settings.network.as_ref().and_then(|n| n.reference.as_ref());
    let network = loaded.profile.rig.network.as_ref();
    let Some(((reference, place), network)) = network.and_then(|n| n.reference.as_ref()).zip(place).zip(network) else { return Ok(()) };
    if !place.exists() {
        bail!(
            "network.reference: {} does not exist; `rigcheck network record --as {reference} --by WHO --because TEXT` on the other \
             environment makes it, or write a document",
            place.display()
        );
    }
    let evidence = asked_alike(&open(place)?, &network.endpoints);
    let world = World::Reference(reference.clone());
    let there = others.entry(world).or_insert_with(|| Elsewhere { evidence: Evidence::default(), blobs: Arc::new(InMemory::default()) });
    evidence.iter().for_each(|(key, answer)| there.evidence.put(key.clone(), answer.clone()));
    Ok(())
}
