use crate::model::{
    rows::{Attach, Blobs, Row, Rows},
    units::{Share, Wall},
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The log lines of our own requests, and how many others there were.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct LogLines {
    /// One row per line that carries an id of ours; an id may occur more than once.
    pub lines: Rows<LogLine>,
    /// Lines in the act's span that are not ours. Nothing else of them is kept.
    pub foreign: u64,
    /// Lines in the act's span without any id.
    pub without_id: u64,
    /// Lines that could not be read.
    pub bad: u64,
    /// The first few of them.
    pub first_bad: Vec<BadLine>,
    /// Lines read in all.
    pub read: u64,
    /// Smallest step between the logged totals, ms: the log's own resolution.
    pub resolution_ms: f64,
    /// Fields in which an id of ours stands on lines whose id field does not hold it; looked for only where few requests
    /// were sent, as a probe does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub elsewhere: Vec<String>,
}

/// What a log line says of one request of ours. Durations are in ms, converted from the unit that the spec declares.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LogLine {
    /// The request's id in the load generator's terms, whatever id the line carries.
    pub id: String,
    /// When the line was written or the request ended, if the line says so.
    pub at: Option<Wall>,
    /// Total time.
    pub total_ms: Option<f64>,
    /// Time to first token, if the log has it.
    pub ttft_ms: Option<f64>,
    /// Mean gap between chunks, if the log has it.
    pub inter_chunk_ms: Option<f64>,
    /// HTTP status, if the log has it.
    pub status: Option<u16>,
}

/// A line that could not be read: where and why, never its content.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BadLine {
    /// File and 1-based line.
    pub place: String,
    /// Why.
    pub why: String,
}

impl LogLines {
    /// Of all requests in the act's span that carry an id, the share that is not ours; `None` where all are.
    pub fn foreign_share(&self) -> Option<Share> {
        (self.foreign > 0).then(|| Share(self.foreign as f64 / (self.foreign + self.lines.len()) as f64))
    }
}

impl Row for LogLine {
    fn key(&self) -> &str {
        &self.id
    }
}

impl Attach for LogLines {
    fn attach(&mut self, blobs: &Arc<dyn Blobs>) {
        self.lines.attach(blobs);
    }
    fn blobs(&self) -> Vec<String> {
        self.lines.blobs()
    }
}
