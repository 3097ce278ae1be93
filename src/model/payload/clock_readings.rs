use crate::model::{rows::Attach, units::Wall};
use serde::{Deserialize, Serialize};

/// What is known of a host's clock, whoever told it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ClockReadings {
    /// Against what it is bounded: `ours`, the load generator's clock, or `UTC`. Something else where nothing bounds it.
    pub against: String,
    /// How, in words: `chrony`, `the header date`.
    pub by: String,
    /// In order of time.
    pub readings: Vec<ClockReading>,
    /// Why it is bounded by nothing, if it is: the host says that its clock is not synchronised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unbounded: Option<String>,
}

/// One reading: that clock less the other one lies between two bounds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClockReading {
    /// When it was taken, on our clock.
    pub at: Wall,
    /// At least this, ms.
    pub lo_ms: f64,
    /// At most this, ms.
    pub hi_ms: f64,
}

impl ClockReadings {
    /// When the first one was taken.
    pub fn began(&self) -> Wall {
        self.readings.first().map_or(Wall::default(), |r| r.at)
    }
}

impl Attach for ClockReadings {}
