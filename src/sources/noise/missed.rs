use crate::model::{evidence::Gap, payload::Missing};
use std::collections::BTreeMap;

/// What could not be looked at, each said once.
#[derive(Debug, Default)]
pub struct Missed(BTreeMap<String, Gap>);

impl Missed {
    /// Says that something is missing; only the first reason counts.
    pub fn say(&mut self, what: &str, why: impl FnOnce() -> Gap) {
        if !self.0.contains_key(what) {
            self.0.insert(what.to_owned(), why());
        }
    }
    /// All of it, by name.
    pub fn told(&self) -> Vec<Missing> {
        self.0.iter().map(|(what, why)| Missing { what: what.clone(), why: why.clone() }).collect()
    }
}
