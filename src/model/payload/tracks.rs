use super::Sample;
use crate::model::{name::Name, rows::Attach, units::Wall};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What one source said of one workload around an act, as it said it: raw samples with the source's own stamps.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Tracks {
    /// One per claim and series, in the order of the claims.
    pub tracks: Vec<Track>,
    /// Which containers or processes it was, in the order in which they began. More than one: it was replaced, or is several.
    pub lives: Vec<Life>,
    /// Time between two readings as the source states it, else as its samples show it, ms.
    pub interval_ms: f64,
    /// How far its stamps may lie from ours, µs. 0 where they are ours.
    #[serde(default, skip_serializing_if = "zero")]
    pub doubt_us: i64,
    /// Of a source that reads targets: each reading that was tried.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub readings: Vec<Reading>,
    /// CPU-seconds that taking the samples took, where they were ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_s: Option<f64>,
    /// For how long they were taken, s, where they were ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over_s: Option<f64>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn zero(doubt_us: &i64) -> bool {
    *doubt_us == 0
}

/// The samples of one series.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Track {
    /// Name of the claim that it belongs to.
    pub claim: Name,
    /// Its labels, the network interface or device where a source tells it by those.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// In time order, in the measure's base unit.
    pub samples: Vec<Sample>,
}

/// One container or process that a workload was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Life {
    /// A container's id, `pid 4711`.
    pub id: String,
    /// When it was started, if that is told.
    pub began: Option<Wall>,
    /// When it was first seen to be gone, if it was.
    pub ended: Option<Wall>,
}

/// One reading of a target, as the store that made it tells it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// Whose page: `instance` and `job`.
    pub target: BTreeMap<String, String>,
    /// When.
    pub at: Wall,
    /// Did it answer (`up`)?
    pub ok: bool,
    /// How long it took, ms, if told (`scrape_duration_seconds`).
    pub took_ms: Option<f64>,
    /// How long it may take, ms, if told.
    pub timeout_ms: Option<f64>,
}

impl Tracks {
    /// The series of a claim.
    pub fn of<'a>(&'a self, claim: &'a Name) -> impl Iterator<Item = &'a Track> {
        self.tracks.iter().filter(move |t| t.claim == *claim)
    }
}

impl Attach for Tracks {}
