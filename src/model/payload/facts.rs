use super::fact_value::FactValue;
use crate::model::{evidence::Gap, rows::Attach};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Facts by name. A cell is a value, absent, or a gap of the same type as any other gap, so that a fact that was
/// denied stays apart from one that is not there. What has no cell at all was not looked for, unless it belongs to a
/// [`FactValue::List`] that is there: then it is not in that list. A gap stands for all facts below it, too: one at
/// `python.packages` says why there is no `python.packages.fastapi`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FactTable(pub BTreeMap<String, Cell>);

/// One fact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cell {
    /// It is this.
    Value(Told),
    /// It was looked for and is not there: a limit that is not set, a knob that the kernel does not have.
    Absent,
    /// It could not be told.
    Gap(Gap),
}

/// A value and where it was read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub struct Told {
    /// What was read.
    pub value: FactValue,
    /// Where: a path, a call, a line of a document; empty where the question says it all.
    pub from: String,
}

/// How it is kept: a text alone, or what kind of value it is, with where it was read.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Written {
    Text(String),
    Typed {
        #[serde(flatten)]
        value: FactValue,
        #[serde(default, skip_serializing_if = "String::is_empty")]
        from: String,
    },
}

impl From<Written> for Told {
    fn from(written: Written) -> Told {
        match written {
            Written::Text(text) => FactValue::Text(text).into(),
            Written::Typed { value, from } => Told { value, from },
        }
    }
}

impl From<Told> for Written {
    fn from(told: Told) -> Written {
        match told {
            Told { value: FactValue::Text(text), from } if from.is_empty() => Written::Text(text),
            Told { value, from } => Written::Typed { value, from },
        }
    }
}

impl From<FactValue> for Told {
    fn from(value: FactValue) -> Told {
        Told { value, from: String::new() }
    }
}

impl FactTable {
    /// The text of a fact, if it is one.
    pub fn value(&self, fact: &str) -> Option<&str> {
        match self.0.get(fact) {
            Some(Cell::Value(Told { value: FactValue::Text(text), .. })) => Some(text),
            _ => None,
        }
    }
    /// Adds a text.
    pub fn set(&mut self, fact: impl Into<String>, value: impl Into<String>) {
        self.0.insert(fact.into(), Cell::Value(FactValue::Text(value.into()).into()));
    }
    /// Adds a value and where it was read.
    pub fn put(&mut self, fact: impl Into<String>, value: FactValue, from: impl Into<String>) {
        self.0.insert(fact.into(), Cell::Value(Told { value, from: from.into() }));
    }
    /// Says that it is not there.
    pub fn absent(&mut self, fact: impl Into<String>) {
        self.0.insert(fact.into(), Cell::Absent);
    }
    /// Says why it, and whatever is below it, could not be told.
    pub fn gap(&mut self, fact: impl Into<String>, gap: Gap) {
        self.0.insert(fact.into(), Cell::Gap(gap));
    }
    /// What was answered: a value, none, or why that is not known.
    pub fn answer(&mut self, fact: impl Into<String>, answer: Result<Option<FactValue>, Gap>, from: impl Into<String>) {
        match answer {
            Ok(Some(value)) => self.put(fact, value, from),
            Ok(None) => self.absent(fact),
            Err(gap) => self.gap(fact, gap),
        }
    }
    /// What is known of a fact: its own cell, or what those above it say. `None` where nobody looked.
    pub fn known(&self, fact: &str) -> Option<&Cell> {
        let above = std::iter::successors(Some(fact), |id| id.rsplit_once('.').map(|(above, _)| above));
        for (distance, id) in above.enumerate() {
            match self.0.get(id) {
                Some(cell) if distance == 0 => return Some(cell),
                Some(cell @ Cell::Gap(_)) => return Some(cell),
                Some(Cell::Value(Told { value: FactValue::List(_), .. })) => return Some(&Cell::Absent),
                _ => {}
            }
        }
        None
    }
}

impl Attach for FactTable {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_kept_as_they_always_were() {
        let mut table = FactTable::default();
        table.set("version", "2.42.0");
        table.absent("revision");
        table.put("limits.cpus", FactValue::Millicores(500), "cpu.max");
        table.put("python.packages", FactValue::List(2), "");
        let text = serde_json::to_string(&table).unwrap();
        let expected = r#"{"limits.cpus":{"value":{"millicores":500,"from":"cpu.max"}},"python.packages":{"value":{"list":2}},"revision":"absent","version":{"value":"2.42.0"}}"#;
        assert_eq!(text, expected);
        assert_eq!(serde_json::from_str::<FactTable>(&text).unwrap(), table);
    }

    #[test]
    fn what_is_not_in_a_list_is_absent_and_what_nobody_looked_for_is_not() {
        let mut table = FactTable::default();
        table.put("python.packages", FactValue::List(1), "");
        table.gap("settings", Gap::Denied("no".into()));
        assert_eq!(table.known("python.packages.fastapi"), Some(&Cell::Absent));
        assert_eq!(table.known("settings.work_mem"), Some(&Cell::Gap(Gap::Denied("no".into()))));
        assert_eq!(table.known("python.version"), None);
    }
}
