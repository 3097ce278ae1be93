//! What an environment is made of, and what it is compared with.

use super::{fact_waiver::FactWaiver, name::Name};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt};

/// The name of the source that reads configurations.
pub const ENVIRONMENT: &str = "environment";
/// The scope in which a snapshot tells of itself; no part can have this name.
pub const SNAPSHOT: &str = "(snapshot)";

/// The environment under test, as the spec describes it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Environment {
    /// Its parts: whose configuration is read.
    pub parts: BTreeMap<Name, PartKind>,
    /// Paths and names of hosts here, and what they are called in the reference.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub called: BTreeMap<String, String>,
    /// How large it is meant to be beside the reference, by group of facts: `0.5` is half.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub scale: BTreeMap<Name, f64>,
    /// Differences that somebody answers for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waivers: Vec<FactWaiver>,
}

/// What kind of thing a part is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartKind {
    /// A machine.
    Host,
    /// An API server or whatever else runs: a process or a container.
    Workload,
    /// A PostgreSQL server.
    Postgres,
    /// A Prometheus server.
    Prometheus,
}

impl PartKind {
    /// All of them, in report order.
    pub const ALL: [PartKind; 4] = [PartKind::Host, PartKind::Workload, PartKind::Postgres, PartKind::Prometheus];
    /// The word by which expectations name all parts of the kind.
    pub fn word(self) -> &'static str {
        match self {
            PartKind::Host => "host",
            PartKind::Workload => "workload",
            PartKind::Postgres => "postgres",
            PartKind::Prometheus => "prometheus",
        }
    }
    /// What a part of this name is, where nobody says so: a document that only names it.
    pub fn guessed(name: &Name) -> PartKind {
        PartKind::ALL.into_iter().find(|kind| kind.word() == name.as_str()).unwrap_or(PartKind::Workload)
    }
}

impl fmt::Display for PartKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}
