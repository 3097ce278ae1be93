use super::expectation::Close;
use crate::model::{
    comparison::Side,
    environment::{ENVIRONMENT, PartKind, SNAPSHOT},
    evidence::{Evidence, Gap},
    glob::Glob,
    key::{Facts, World},
    name::{Name, name},
    payload::FactTable,
    snapshot::{About, NOTED},
};
use std::collections::BTreeMap;

/// One of two environments.
#[derive(Clone, Debug, Default)]
pub struct Half<'e> {
    /// What it is called, when it was looked at.
    pub side: Side,
    /// The facts of its parts, or why there are none.
    pub facts: BTreeMap<Name, Result<&'e FactTable, Gap>>,
    /// What the key of its fingerprints makes of a text that everybody knows.
    pub key: Option<String>,
    /// What may differ from it, by whoever accepted it.
    pub tolerances: Vec<(Glob, Tolerance)>,
}

/// What may differ.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Tolerance {
    /// Anything: it is told, and means nothing.
    Noted,
    /// As far as this.
    Close(Close),
}

impl Tolerance {
    /// As it is written: `noted`, `5%`, `patch`.
    pub fn of(text: &str) -> Option<Tolerance> {
        if text == NOTED { Some(Tolerance::Noted) } else { Close::of(text).map(Tolerance::Close) }
    }
}

impl<'e> Half<'e> {
    /// Of what was recorded of a world. A part that it says it has, and that has no answer, is one that is not known.
    pub fn of(evidence: &'e Evidence, world: &World, fallback: &str) -> Half<'e> {
        let table = |scope: &Name| match evidence.get(world, &name(ENVIRONMENT), &Facts { scope: scope.clone() }) {
            Ok(got) => Ok(got.value),
            Err(unknown) => Err(unknown.gap),
        };
        let about = table(&name(SNAPSHOT)).ok().and_then(|table| About::read(table).ok());
        let Some(about) = about else { return Half { side: Side { name: fallback.into(), ..Side::default() }, ..Half::default() } };
        let facts = about.parts.keys().map(|part| (part.clone(), table(part))).collect();
        let accepted = about.accepted.map(|a| a.tolerances).unwrap_or_default();
        // What cannot be read tolerates nothing.
        let tolerances = accepted.into_iter().filter_map(|(pattern, text)| Some((Glob::from(pattern), Tolerance::of(&text)?))).collect();
        let named = if about.name.is_empty() { fallback.to_owned() } else { about.name };
        Half { side: Side { name: named, as_of: Some(about.as_of), by: about.by, parts: about.parts }, facts, key: about.key, tolerances }
    }
    /// Without parts that nobody else has.
    #[must_use]
    pub fn only(mut self, parts: &BTreeMap<Name, PartKind>) -> Half<'e> {
        self.facts.retain(|part, _| parts.contains_key(part));
        self
    }
    /// With parts that somebody expects of it: those that it does not have are not known.
    #[must_use]
    pub fn expecting(mut self, parts: &BTreeMap<Name, PartKind>) -> Half<'e> {
        for (part, kind) in parts {
            self.side.parts.entry(part.clone()).or_insert(*kind);
            let missing = || Err(Gap::NotRecorded);
            self.facts.entry(part.clone()).or_insert_with(missing);
        }
        self
    }
}
