use crate::model::{evidence::Gap, rows::Attach};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Facts by name. A cell is a value, absent, or a gap of the same type as any other gap, so that a fact that was
/// denied stays apart from one that is not there.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FactTable(pub BTreeMap<String, Cell>);

/// One fact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cell {
    /// It is this.
    Value(String),
    /// It was looked for and is not there.
    Absent,
    /// It could not be told.
    Gap(Gap),
}

impl FactTable {
    /// The value of a fact, if it has one.
    pub fn value(&self, fact: &str) -> Option<&str> {
        if let Some(Cell::Value(v)) = self.0.get(fact) { Some(v) } else { None }
    }
    /// Adds a value.
    pub fn set(&mut self, fact: impl Into<String>, value: impl Into<String>) {
        self.0.insert(fact.into(), Cell::Value(value.into()));
    }
}

impl Attach for FactTable {}
