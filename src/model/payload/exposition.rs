use crate::model::rows::Attach;
use serde::{Deserialize, Serialize};

/// How well formed a metrics page is, and what a lax reader would have lost of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Exposition {
    /// `text/plain 0.0.4` or `openmetrics-text 1.0.0`.
    pub format: String,
    /// Metric families.
    pub families: u64,
    /// Samples.
    pub samples: u64,
    /// Exemplars.
    pub exemplars: u64,
    /// Lines with a doubt.
    pub doubts: u64,
    /// The first few doubts.
    pub first_doubts: Vec<Doubt>,
    /// Samples that a lax second reader (`prometheus-parse`) lost or changed.
    pub lost_by_lax_reader: u64,
    /// Page size, bytes.
    pub bytes: u64,
}

/// One doubt about a line of a page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doubt {
    /// 1-based line.
    pub line: u64,
    /// What is doubtful, without values from the page other than metric and label names.
    pub why: String,
}

impl Attach for Exposition {}
