use crate::model::{
    rows::{Attach, Blobs, Row, Rows},
    timeline::Timeline,
    units::Wall,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What the load generator saw of its own act.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Performed {
    /// The wall clock at nanosecond 0 of the timelines.
    pub started: Wall,
    /// How many requests were asked for, warm-ups included.
    pub asked: u64,
    /// One row per request that was begun.
    pub requests: Rows<Timeline>,
    /// Stalls of the load generator itself.
    pub heartbeat: Heartbeat,
    /// Worst-case tokens: what `max_tokens` and the prompts allowed.
    pub tokens_allowed: u64,
    /// Why it ended before all requests were sent, if it did.
    pub cut: Option<String>,
}

/// A 2 ms sleep loop beside the load: its gaps are stalls of the load generator, not of the target.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Heartbeat {
    /// Longest gap, ms.
    pub max_gap_ms: f64,
    /// Gaps of 250 ms and more, as (start, end) in nanoseconds of the act.
    pub stalls: Vec<(u64, u64)>,
}

impl Row for Timeline {
    fn key(&self) -> &str {
        &self.id
    }
}

impl Attach for Performed {
    fn attach(&mut self, blobs: &Arc<dyn Blobs>) {
        self.requests.attach(blobs);
    }
    fn blobs(&self) -> Vec<String> {
        self.requests.blobs()
    }
}
