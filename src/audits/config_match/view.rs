use super::{ConfigMatch, key, reference};
use crate::{
    fidelity::{Half, How, compare},
    model::{
        audit::Context,
        comparison::{Class, Comparison, Is, Row},
        environment::{ENVIRONMENT, Environment, PartKind},
        evidence::{Gap, Unknown},
        key::{Facts, Key, World},
        name::{Name, name},
        payload::{Cell, FactTable, FactValue, Told},
        rig::Rig,
        units::Wall,
    },
};
use std::collections::BTreeMap;

/// The environment beside its reference.
#[derive(Debug)]
pub struct Compared<'e> {
    /// The rig.
    pub rig: &'e Rig,
    /// Both beside one another; without a reference there is nothing in it.
    pub comparison: Comparison,
    /// The parts that the reference says it has.
    pub there: BTreeMap<Name, PartKind>,
    /// Now.
    pub now: Wall,
    cx: Context<'e>,
}

impl<'e> Compared<'e> {
    /// Compares what was gathered.
    pub fn join(audit: &'e ConfigMatch, cx: &Context<'e>) -> Compared<'e> {
        let nothing = Environment::default();
        let environment = cx.rig.environment.as_ref().unwrap_or(&nothing);
        let here = Half::of(cx.evidence, &World::Live, cx.rig.name.as_str()).expecting(&environment.parts);
        let mut there = BTreeMap::new();
        let comparison = reference(cx.rig).map(|world| {
            let other = Half::of(cx.evidence, &world, cx.rig.reference.as_ref().map_or("", Name::as_str));
            there.clone_from(&other.side.parts);
            let how = How {
                expectations: &audit.facts,
                called: &environment.called,
                scale: &environment.scale,
                waivers: &environment.waivers,
                now: cx.as_of,
            };
            // What only the reference has is no subject: a rule of its own says so.
            let other = other.only(&environment.parts).expecting(&environment.parts);
            compare(&here, &other, &how)
        });
        Compared { rig: cx.rig, comparison: comparison.unwrap_or_default(), there, now: cx.as_of, cx: *cx }
    }

    /// The rows of a part.
    pub fn rows<'v>(&'v self, part: &'v Name) -> impl Iterator<Item = &'v Row> {
        self.comparison.rows.iter().filter(move |row| row.part == *part)
    }

    /// What was answered about a part here.
    pub fn here(&self, part: &Name) -> Result<&'e FactTable, Unknown> {
        self.cx.evidence.get(&World::Live, &name(ENVIRONMENT), &Facts { scope: part.clone() }).map(|got| got.value)
    }

    /// The questions that a comparison of these parts rests on.
    pub fn keys<'p>(&self, parts: impl IntoIterator<Item = &'p Name>) -> Vec<Key> {
        let worlds: Vec<World> = [World::Live].into_iter().chain(reference(self.rig)).collect();
        let answered = |key: &Key| matches!(self.cx.evidence.raw(key), Some(Ok(_)));
        parts.into_iter().flat_map(|part| worlds.iter().map(|world| key(world, part)).collect::<Vec<_>>()).filter(answered).collect()
    }

    /// The question about a part in the reference.
    pub fn key_there(&self, part: &Name) -> Key {
        key(&reference(self.rig).unwrap_or(World::Live), part)
    }

    /// Why a part cannot be compared at all: one of the two has no answer.
    pub fn whole(&self, part: &Name) -> Result<(), Unknown> {
        let source = name(ENVIRONMENT);
        let question = Facts { scope: part.clone() };
        self.cx.evidence.get(&World::Live, &source, &question)?;
        let Some(world) = reference(self.rig) else { return Ok(()) };
        let not_there = |unknown: Unknown| match &unknown.gap {
            Gap::NoBaseline(_) => {
                let there = &self.comparison.there.name;
                let what = format!("{there} tells nothing of `{part}`; add `{part}` to its document, or capture it with this part");
                Unknown { gap: Gap::NoBaseline(what), ..unknown }
            }
            _ => unknown,
        };
        self.cx.evidence.get(&world, &source, &question).map(|_| ()).map_err(not_there)
    }

    /// What keeps some facts from being judged, as the unknown of a rule.
    pub fn not_known(&self, part: &Name, rows: &[&Row]) -> Unknown {
        let some: Vec<String> = rows.iter().take(SOME).map(|row| row.path()).collect();
        let more = if rows.len() > SOME { format!(" and {} more", rows.len() - SOME) } else { String::new() };
        let why = rows.first().map_or("", |row| row.because.as_str());
        let here = rows.iter().any(|row| row.here.is == Is::Unknown);
        let (key, todo) = if here {
            (key(&World::Live, part), String::new())
        } else {
            let there = &self.comparison.there.name;
            (self.key_there(part), format!("; write it into the document of {there}, or capture {there} with the rights that it takes"))
        };
        Unknown::new(key, Gap::NotConfigured(format!("{}{more}: {why}{todo}", some.join(", "))))
    }

    /// How many facts that go with the size are known on both sides.
    pub fn members(&self) -> usize {
        self.comparison.rows.iter().filter(|row| row.group.is_some() && row.class != Class::Unknown).count()
    }

    /// Those that must be known and are not.
    pub fn members_not_known(&self) -> Vec<&Row> {
        self.comparison.rows.iter().filter(|row| row.group.is_some() && open(row)).collect()
    }

    /// A fact of a part here; `None` where it is not there.
    pub fn value(&self, part: &Name, fact: &str) -> Result<Option<&'e FactValue>, Unknown> {
        match self.here(part)?.known(fact) {
            Some(Cell::Value(Told { value, .. })) => Ok(Some(value)),
            Some(Cell::Absent) => Ok(None),
            Some(Cell::Gap(gap)) => Err(Unknown::new(key(&World::Live, part), gap.clone())),
            None => Err(Unknown::new(key(&World::Live, part), Gap::NotRecorded)),
        }
    }
}

/// Facts that are named.
pub const SOME: usize = 4;

/// Rows whose being unknown decides: they must be known, or one side knows them.
pub fn open(row: &&Row) -> bool {
    row.class == Class::Unknown && row.wanted
}
