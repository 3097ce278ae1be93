//! What happened to one request, as raw stamps on one monotonic clock. Every latency is a named rule over these
//! ([`crate::llm::definitions`]), never a stored number.

use serde::{Deserialize, Serialize};

/// Nanoseconds since the start of the act, on the load generator's monotonic clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Nanos(pub u64);

impl Nanos {
    /// Milliseconds from `earlier` to this; negative if it was before.
    pub fn since(self, earlier: Nanos) -> super::units::Ms {
        super::units::Ms((self.0 as f64 - earlier.0 as f64) / 1e6)
    }
}

/// The stamps of one request. `None` means that it did not come to that.
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own about a request")]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Timeline {
    /// Value of `x-request-id`; the join key, rows are sorted by it.
    pub id: String,
    /// The W3C trace id that was sent, 32 hex digits.
    pub trace_id: String,
    /// Sent before the measured part: counts for closure, not for pairs.
    pub warmup: bool,
    /// Did it ask for a stream?
    pub stream: bool,
    /// Did it ask that its trace be not recorded?
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub untraced: bool,
    /// The delays that the prompt asked the reference endpoint for.
    pub planted: Option<Planted>,
    /// The absolute deadline at which it was due.
    pub scheduled: Nanos,
    /// When its task began to send (schedule lag is `sent - scheduled`).
    pub sent: Nanos,
    /// When a new connection stood; `None` on a reused one.
    pub connected: Option<Nanos>,
    /// When the response headers were read.
    pub headers: Option<Nanos>,
    /// The server-sent events (or, without a stream, the one body) in order of arrival.
    pub events: Vec<Event>,
    /// When the body was over.
    pub closed: Option<Nanos>,
    /// HTTP status.
    pub status: Option<u16>,
    /// Why it failed, in a word or two; never a body.
    pub error: Option<String>,
    /// Token counts that the server reported.
    pub usage: Option<Usage>,
    /// Did a stall of the load generator itself overlap it?
    pub stalled: bool,
    /// The longest time for which the load generator itself was held up during it, ms: its stamps may be late by that.
    #[serde(default)]
    pub held_up_ms: f64,
}

impl Timeline {
    /// Did it end as it should: 2xx, body complete, no error?
    pub fn ok(&self) -> bool {
        self.error.is_none() && self.closed.is_some() && self.status.is_some_and(|s| (200..300).contains(&s))
    }
    /// Is it part of the measured set?
    pub fn measured(&self) -> bool {
        self.ok() && !self.warmup
    }
}

/// One server-sent event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When the read that completed it returned.
    pub at: Nanos,
    /// Which read of the body that was; several events in one read share it and their gaps mean nothing.
    pub read: u32,
    /// What it carried.
    pub class: Class,
}

/// What a server-sent event carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// A choice with a role and no content.
    Role,
    /// Content (text, reasoning or tool call).
    Content,
    /// Finish reason without content.
    Finish,
    /// Token counts.
    Usage,
    /// `[DONE]`.
    Done,
    /// An error object.
    Error,
    /// A whole body that was no stream.
    Body,
    /// Anything else, comments included.
    Other,
}

/// Token counts as the server reported them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens of the prompt.
    pub prompt: u64,
    /// Tokens of the completion.
    pub completion: u64,
}

/// The delays that a request asks the reference endpoint for.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Planted {
    /// Time to first token, ms.
    pub ttft_ms: f64,
    /// Content chunks.
    pub chunks: u32,
    /// Gap between content chunks, ms.
    pub gap_ms: f64,
}

impl Planted {
    /// The total that these delays add up to, ms.
    pub fn total_ms(&self) -> f64 {
        self.ttft_ms + f64::from(self.chunks.saturating_sub(1)) * self.gap_ms
    }
}
