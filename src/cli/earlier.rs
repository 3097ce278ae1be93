//! Earlier runs of this rig on this host, whose answers a run looks at beside its own.

use super::run::hostname;
use crate::{
    engine::Elsewhere,
    model::{
        evidence::Evidence,
        key::{Key, Query, World},
        name::Name,
    },
    spec::Loaded,
    store::{self, Folder, Shelf, id_of},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
};

/// Among so many of the latest runs they are looked for.
const LOOKED_AT: usize = 30;

/// What earlier runs recorded of what is asked of them, the latest first. One that cannot be read, or that was changed since, is left out, and
/// that is said.
pub fn earlier(shelf: &Shelf, loaded: &Loaded) -> BTreeMap<World, Elsewhere> {
    let keys = loaded.cases.iter().flat_map(|case| case.needs(&loaded.profile.rig)).map(|need| need.key);
    let asked: Vec<(u32, Query)> = keys.filter_map(|key| if let World::Earlier(nth) = key.world { Some((nth, key.query)) } else { None }).collect();
    let most = asked.iter().map(|(nth, _)| *nth).max().unwrap_or(0);
    let queries: BTreeSet<Query> = asked.into_iter().map(|(_, query)| query).collect();
    let mut found = BTreeMap::new();
    if most == 0 {
        return found;
    }
    for path in shelf.list().unwrap_or_default().iter().take(LOOKED_AT) {
        let nth = found.len() as u32 + 1;
        if nth > most {
            break;
        }
        if let Some(there) = of_run(path, &loaded.profile.rig.name, &queries) {
            found.insert(World::Earlier(nth), there);
        }
    }
    found
}

/// What a run recorded of these questions, if it is of this rig on this host, has come to its end and answered one of them at least.
fn of_run(path: &Path, rig: &Name, queries: &BTreeSet<Query>) -> Option<Elsewhere> {
    let began = store::head(path).ok()?.began?;
    if began.rig != *rig || began.vantage != hostname() || store::recording(path).is_some() {
        return None;
    }
    let recorded = match store::open(path) {
        Ok(recorded) => recorded,
        Err(why) => {
            eprintln!("note: run {} is not compared with: {why}", id_of(path));
            return None;
        }
    };
    let wanted = |key: &&Key| key.world == World::Live && queries.contains(&key.query);
    if !recorded.evidence.iter().any(|(key, answer)| wanted(&key) && answer.is_ok()) {
        return None;
    }
    let mut evidence = Evidence::default();
    recorded.evidence.iter().filter(|(key, _)| wanted(key)).for_each(|(key, answer)| evidence.put(key.clone(), answer.clone()));
    Some(Elsewhere { evidence, blobs: Arc::new(Folder::new(path.join("blobs"))) })
}
