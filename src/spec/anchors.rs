//! Where each thing of a spec was written, by line.

use super::files::Files;
use crate::model::{
    anchors::{Anchors, Place},
    name::{Name, name},
    node::{At, Node, Value},
    rig::{By, Claim, Rig},
};
use std::collections::BTreeMap;

/// The places of a parsed spec, in files as they are called there.
pub(super) fn of(root: &Node, rig: &Rig, files: &Files) -> Anchors {
    let written = Written { root, files };
    let mut subjects = written.keys("sources");
    if let Some(target) = written.key(root, "target") {
        subjects.extend(rig.loads.keys().map(|_| (name(super::sources::LOAD), target.clone())));
    }
    let metrics = written.keys("metrics");
    let of_claim = |claim: &Claim| {
        let section = if matches!(claim.by, By::Histogram(_)) { metrics.get(&claim.name) } else { subjects.get(&claim.source) };
        Some((claim.subject(), section?.clone()))
    };
    let claims: Vec<_> = rig.claims.iter().filter_map(of_claim).collect();
    subjects.extend(claims);
    Anchors {
        spec: written.place(root.at).map(|place| Place { line: 1, ..place }),
        rules: written.rules(),
        subjects,
        cases: written.cases(),
        waivers: written.items("waivers").iter().filter_map(|item| written.place(item.at)).collect(),
        gate: written.key(root, "gate"),
    }
}

struct Written<'a> {
    root: &'a Node,
    files: &'a Files,
}

impl<'a> Written<'a> {
    fn place(&self, at: At) -> Option<Place> {
        Some(Place { file: self.files.name(at)?.to_owned(), line: at.line })
    }
    /// The line of a key.
    fn key(&self, of: &Node, key: &str) -> Option<Place> {
        let (k, _) = of.entries()?.iter().find(|(k, _)| k.text() == Some(key))?;
        self.place(k.at)
    }
    /// The lines of all keys.
    fn keys_of(&self, of: Option<&Node>) -> BTreeMap<Name, Place> {
        let entries = of.and_then(Node::entries).unwrap_or_default();
        entries.iter().filter_map(|(k, _)| Some((name(k.text()?), self.place(k.at)?))).collect()
    }
    fn keys(&self, section: &str) -> BTreeMap<Name, Place> {
        self.keys_of(self.root.get(section))
    }
    fn items(&self, section: &str) -> &'a [Node] {
        match self.root.get(section).map(|n| &n.value) {
            Some(Value::List(items)) => items,
            _ => &[],
        }
    }
    /// Cases are a list of ids, or a mapping from an id to what is changed of it.
    fn cases(&self) -> BTreeMap<Name, Place> {
        let listed = self.items("cases").iter().filter_map(|item| Some((name(item.text()?), self.place(item.at)?)));
        self.keys("cases").into_iter().chain(listed).collect()
    }
    fn rules(&self) -> BTreeMap<Name, Place> {
        let cases = self.root.get("cases").and_then(Node::entries).unwrap_or_default();
        cases.iter().flat_map(|(_, over)| self.keys_of(over.get("rules"))).collect()
    }
}
