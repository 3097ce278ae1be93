//! A trace as a picture: its spans on the axis of its time.

use serde::{Deserialize, Serialize};

/// The spans of one trace. Times are ms since the span that stands for the request began.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Waterfall {
    /// How long the request lasted.
    pub total_ms: f64,
    /// Where the axis begins, at most half the request before it.
    pub from_ms: f64,
    /// Where the axis ends, at most half the request after it.
    pub to_ms: f64,
    /// Spans of the trace.
    pub spans: u64,
    /// Those of them that no row shows.
    pub left_out: u64,
    /// The share of the request that the spans right below its own account for; `None` of a request without length.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub covered: Option<f64>,
    /// How much of the spans on the critical path lies outside whoever called them, or beside the next one.
    pub clipped_ms: f64,
    /// The stages that occur, in the order in which they first do.
    pub stages: Vec<StageKey>,
    /// Spans, each followed by what it called.
    pub rows: Vec<Bar>,
    /// Stretches of the request in which no span right below its own runs, the longest first; only those worth a look.
    pub gaps: Vec<Hole>,
}

/// A stage of the legend.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StageKey {
    /// As the spec names it.
    pub name: String,
    /// As people call it.
    pub title: String,
    /// How long its spans held the request up.
    pub held_ms: f64,
}

/// A span, or many alike ones in one row.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Bar {
    /// The span's name; empty where it was nobody's to keep.
    pub name: String,
    /// Who reported it.
    pub service: String,
    /// `server`, `client`, ...; empty where untold.
    pub kind: String,
    /// Its place in the list of stages: its own stage, or that of the span that called it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<usize>,
    /// How many spans lie above it.
    pub depth: usize,
    /// When it began.
    pub start_ms: f64,
    /// How long it lasted; of many, from the first one's start to the last one's end. Below 0 where it ends before it starts.
    pub length_ms: f64,
    /// Did it end in error?
    #[serde(default, skip_serializing_if = "no")]
    pub error: bool,
    /// Alike spans that the row stands for.
    pub times: u64,
    /// When they ran, to the resolution of a picture; empty where it is one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<(f64, f64)>,
    /// When it held the request up, to the resolution of a picture.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub critical: Vec<(f64, f64)>,
    /// How long it did.
    pub held_ms: f64,
    /// Spans below it that no row shows.
    #[serde(default, skip_serializing_if = "none")]
    pub hidden: u64,
    /// What is wrong with its place in the trace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A stretch of a request that no span explains.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Hole {
    /// The row of the span that it lies in.
    pub row: usize,
    /// When it begins.
    pub from_ms: f64,
    /// When it ends.
    pub to_ms: f64,
    /// What ends where it begins; `None` at the start of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// What begins where it ends; `None` at the end of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
}

impl Hole {
    /// How long it is, ms.
    pub fn length_ms(&self) -> f64 {
        self.to_ms - self.from_ms
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for references")]
fn no(is: &bool) -> bool {
    !is
}

fn none(count: &u64) -> bool {
    *count == 0
}
