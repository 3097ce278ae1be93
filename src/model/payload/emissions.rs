use crate::model::{
    rows::{Attach, Blobs, Row, Rows},
    timeline::Planted,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What the reference endpoint really emitted: the truth, whatever delay was asked for.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Emissions {
    /// One row per request of ours that reached it.
    pub requests: Rows<Emission>,
    /// Requests in its log that are not ours.
    pub foreign: u64,
}

/// The emission log's record of one request. Stamps are nanoseconds on the endpoint's monotonic clock.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Emission {
    /// The id that the prompt carried (`x-request-id` of the load generator).
    pub id: String,
    /// When the request's headers and body were read.
    pub received: u64,
    /// Wall clock at `received`, µs since the epoch.
    pub received_wall_us: i64,
    /// When each content chunk was handed to the socket.
    pub chunks: Vec<u64>,
    /// When the body was over.
    pub closed: u64,
    /// Completion tokens that were emitted.
    pub tokens: u64,
    /// What was asked for.
    pub asked: Option<Planted>,
    /// Attempts seen under this id, 1 unless something retried.
    pub attempts: u32,
    /// The trace that `traceparent` told it, 32 hex digits; empty if it was told none, `None` where its log does not tell (it is
    /// older than this field).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
    /// The caller's span that `traceparent` told it, 16 hex digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<String>,
}

impl Emission {
    /// Request read to first content, ms.
    pub fn ttft_ms(&self) -> Option<f64> {
        self.chunks.first().map(|c| ms(self.received, *c))
    }
    /// Request read to end of body, ms.
    pub fn total_ms(&self) -> f64 {
        ms(self.received, self.closed)
    }
    /// Mean gap between content chunks, ms; `None` below two chunks.
    pub fn inter_chunk_ms(&self) -> Option<f64> {
        match self.chunks.as_slice() {
            [first, .., last] => Some(ms(*first, *last) / (self.chunks.len() - 1) as f64),
            _ => None,
        }
    }
}

fn ms(from: u64, to: u64) -> f64 {
    (to as f64 - from as f64) / 1e6
}

impl Row for Emission {
    fn key(&self) -> &str {
        &self.id
    }
}

impl Attach for Emissions {
    fn attach(&mut self, blobs: &Arc<dyn Blobs>) {
        self.requests.attach(blobs);
    }
    fn blobs(&self) -> Vec<String> {
        self.requests.blobs()
    }
}
