//! What counted something during an act, claimed or not.

use crate::model::rows::Attach;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The histograms and summaries of a source that counted something during an act, claimed or not. Label values are those
/// of whoever was counted, so only a probe asks for it, and what a probe learns is shown and not recorded.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rises {
    /// The series that counted something, those nearest to the number of our own requests first.
    pub series: Vec<Rise>,
    /// Series that counted something beyond those that are listed.
    pub left_out: u64,
    /// Counts that were watched.
    pub watched: u64,
}

/// One series that counted something.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rise {
    /// Base name, without `_count` and `_sum`.
    pub metric: String,
    /// Its labels, with the instance that was read.
    pub labels: BTreeMap<String, String>,
    /// Observations.
    pub count: f64,
    /// Their sum, in the metric's own unit, where it has one.
    pub sum: Option<f64>,
}

impl Attach for Rises {}
