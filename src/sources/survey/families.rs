//! Families over all sources, one by name.

use super::prometheus::Stored;
use crate::spec::draft::found::Family;
use std::collections::{BTreeMap, BTreeSet};

/// Families by name.
#[derive(Default)]
pub struct Families(BTreeMap<String, Family>);

impl Families {
    /// Adds what a page has.
    pub fn add(&mut self, families: Vec<Family>, source: &str, of_target: bool) {
        for family in families {
            self.put(Family { of_target, sources: BTreeSet::from([source.to_owned()]), ..family });
        }
    }
    /// Adds what a store has; `address` is the target's `host:port`.
    pub fn add_stored(&mut self, stored: Vec<Stored>, source: &str, address: &str) {
        for Stored { family, instances } in stored {
            let of_target = !address.is_empty() && instances.iter().any(|i| i == address);
            self.put(Family { of_target, instances: instances.len(), sources: BTreeSet::from([source.to_owned()]), ..family });
        }
    }
    /// Says that whoever has it from one source has it from another one, too.
    pub fn also(&mut self, source: &str, other: &str) {
        for family in self.0.values_mut().filter(|f| f.sources.contains(source)) {
            family.sources.insert(other.to_owned());
        }
    }
    fn put(&mut self, family: Family) {
        let Some(held) = self.0.get_mut(&family.name) else {
            self.0.insert(family.name.clone(), family);
            return;
        };
        held.series.extend(family.series);
        held.instances = held.instances.max(family.instances);
        held.sources.extend(family.sources);
        held.of_target |= family.of_target;
        held.exemplars |= family.exemplars;
        if held.help.is_empty() {
            held.help = family.help;
        }
        held.unit = held.unit.take().or(family.unit);
        if held.bounds.is_empty() {
            held.bounds = family.bounds;
        }
    }
    /// In order of their names.
    pub fn finish(self) -> Vec<Family> {
        self.0.into_values().collect()
    }
}
