//! What a snapshot says of itself, as facts among its facts: a snapshot is evidence like any other.

use super::{
    environment::{ENVIRONMENT, PartKind, SNAPSHOT},
    evidence::{Fact, Method, Origin, Seen},
    key::{Facts, Key, Payload, World},
    name::{Name, name},
    payload::{Cell, FactTable, FactValue, Told},
    units::{Span, Wall},
};
use std::{collections::BTreeMap, sync::Arc};

/// How snapshots are written. Raised when an older release would misread one.
pub const FORMAT: i64 = 1;

/// Before the patterns of what may differ.
const TOLERANCES: &str = "accepted.tolerances.";

/// What a snapshot says of itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct About {
    /// What the environment is called.
    pub name: String,
    /// When it was looked at, or when it was as the document says.
    pub as_of: Wall,
    /// Who says so, where a person does.
    pub by: String,
    /// Which release captured it; empty for a document.
    pub tool: String,
    /// On which machine; empty for a document.
    pub host: String,
    /// Its parts.
    pub parts: BTreeMap<Name, PartKind>,
    /// What the key of its fingerprints makes of a text that everybody knows: two snapshots of other keys cannot be compared unseen.
    pub key: Option<String>,
    /// Who accepted it as a baseline, where somebody did.
    pub accepted: Option<Accepted>,
}

/// An acceptance.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Accepted {
    /// Who answers for it.
    pub by: String,
    /// When.
    pub at: Wall,
    /// Why.
    pub why: String,
    /// What may differ from it, by patterns of facts: how far, or [`NOTED`] for anything.
    pub tolerances: BTreeMap<String, String>,
}

/// The tolerance of facts whose differences are told and mean nothing.
pub const NOTED: &str = "noted";

/// The question about a part of the environment under test.
pub fn of_part(part: &Name) -> Key {
    Key { world: World::Live, source: name(ENVIRONMENT), query: Facts { scope: part.clone() }.into() }
}

/// The question about the snapshot itself.
pub fn of_itself() -> Key {
    of_part(&name(SNAPSHOT))
}

impl About {
    /// As facts.
    pub fn table(&self) -> FactTable {
        let mut table = FactTable::default();
        table.put("format", FactValue::Count(FORMAT), "");
        table.put("as_of", FactValue::Micros(self.as_of.0), "");
        for (fact, text) in [("name", &self.name), ("by", &self.by), ("tool", &self.tool), ("host", &self.host)] {
            if !text.is_empty() {
                table.set(fact, text);
            }
        }
        if let Some(key) = &self.key {
            table.put("key", FactValue::Fingerprint(key.clone()), "");
        }
        table.put("parts", FactValue::List(self.parts.len() as u64), "");
        for (part, kind) in &self.parts {
            table.set(format!("parts.{part}"), kind.word());
        }
        if let Some(accepted) = &self.accepted {
            table.set("accepted.by", &accepted.by);
            table.put("accepted.at", FactValue::Micros(accepted.at.0), "");
            table.set("accepted.why", &accepted.why);
            for (pattern, tolerance) in &accepted.tolerances {
                table.set(format!("{TOLERANCES}{pattern}"), tolerance);
            }
        }
        table
    }

    /// From facts; what is wrong with them, if they are none of a snapshot.
    pub fn read(table: &FactTable) -> Result<About, String> {
        let value = |fact: &str| match table.0.get(fact) {
            Some(Cell::Value(Told { value, .. })) => Some(value),
            _ => None,
        };
        let text = |fact: &str| table.value(fact).unwrap_or_default().to_owned();
        match value("format") {
            Some(FactValue::Count(FORMAT)) => {}
            Some(FactValue::Count(other)) => {
                return Err(format!(
                    "it is a snapshot of format {other}, and this release reads format {FORMAT}; read it with the release that wrote it, or capture it again"
                ));
            }
            _ => return Err("it does not say in which format it is: it is no snapshot".into()),
        }
        let Some(FactValue::Micros(as_of)) = value("as_of") else { return Err("it does not say when it was captured".into()) };
        let mut parts = BTreeMap::new();
        for (fact, _) in table.0.range("parts.".to_owned()..) {
            let Some(part) = fact.strip_prefix("parts.") else { break };
            let word = table.value(fact).unwrap_or_default();
            let kind = PartKind::ALL.into_iter().find(|kind| kind.word() == word);
            let kind =
                kind.ok_or_else(|| format!("its part `{part}` is a `{word}`, which this release does not know; capture it with this release"))?;
            parts.insert(name(part), kind);
        }
        let key = if let Some(FactValue::Fingerprint(key)) = value("key") { Some(key.clone()) } else { None };
        let accepted = match value("accepted.at") {
            Some(FactValue::Micros(at)) => Some(Accepted {
                by: text("accepted.by"),
                at: Wall(*at),
                why: text("accepted.why"),
                tolerances: table.0.keys().filter_map(|fact| Some((fact.strip_prefix(TOLERANCES)?.to_owned(), text(fact)))).collect(),
            }),
            _ => None,
        };
        Ok(About { accepted, name: text("name"), as_of: Wall(*as_of), by: text("by"), tool: text("tool"), host: text("host"), parts, key })
    }

    /// Itself as an answer.
    pub fn fact(&self, request: &str) -> Fact {
        self.told(&of_itself(), self.table(), request)
    }

    /// A table of it as an answer.
    pub fn told(&self, key: &Key, table: FactTable, request: &str) -> Fact {
        let method = if self.tool.is_empty() { Method::Declared } else { Method::Measured };
        let origin = Origin { request: request.into(), server: None, method };
        let covered = Span { from: self.as_of, to: self.as_of };
        let seen = Seen { payload: Payload::Facts(table), covered, origin, notes: vec![], partial: None };
        Fact { key: key.clone(), answer: Ok(Arc::new(seen)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn about() -> About {
        About {
            name: "staging".into(),
            as_of: Wall(1_795_428_000_000_000),
            tool: "rigcheck 0.1.0".into(),
            host: "a".into(),
            parts: [(name("host"), PartKind::Host), (name("gateway"), PartKind::Workload)].into(),
            key: Some("ab".into()),
            accepted: Some(Accepted {
                by: "sre".into(),
                at: Wall(5),
                why: "as measured".into(),
                tolerances: [("host.memory.total".to_owned(), "5%".to_owned())].into(),
            }),
            ..About::default()
        }
    }

    #[test]
    fn what_it_says_of_itself_is_read_back() {
        assert_eq!(About::read(&about().table()), Ok(about()));
    }

    #[test]
    fn what_is_no_snapshot_of_this_format_is_told() {
        let mut newer = about().table();
        newer.put("format", FactValue::Count(2), "");
        assert!(About::read(&newer).unwrap_err().contains("format 2, and this release reads format 1"));
        assert!(About::read(&FactTable::default()).unwrap_err().contains("no snapshot"));
        let mut odd = about().table();
        odd.set("parts.x", "mainframe");
        assert!(About::read(&odd).unwrap_err().contains("`mainframe`"));
    }
}
