use super::{Leak, Secret};
use crate::model::rows::{Attach, Blobs, Row, Rows};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc};

/// The spans of our own traces.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Spans {
    /// Spans, sorted by trace id.
    pub spans: Rows<SpanRow>,
    /// Traces of ours that were found.
    pub traces: u64,
    /// Other traces that the searches returned; nothing else of them is kept.
    pub foreign: u64,
    /// Searches that came back full and could not be sliced further; above 0 the answer is partial.
    pub truncated: u64,
    /// Services of traces of ours, where the service that was asked for has no span in any of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub elsewhere: Vec<String>,
    /// Spans that the store itself had moved before they were read, by its own word: their times are not what was measured.
    #[serde(default, skip_serializing_if = "is_none")]
    pub moved: u64,
    /// Attributes of these spans that look like secrets or prompts, the first few kinds; nothing of their values is kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<Leak>,
    /// How the store's web page shows some of these traces, where it was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown: Option<Shown>,
}

fn is_none(count: &u64) -> bool {
    *count == 0
}

/// What people see of traces of ours on the web page of the store, which may move spans to where it thinks that they belong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Shown {
    /// Traces that were looked at, a few of all.
    pub traces: u64,
    /// Spans in them.
    pub spans: u64,
    /// Spans that are shown with a warning of clock skew.
    pub warned: u64,
    /// The median size of the difference that those warnings tell, ms.
    pub warned_ms: Option<f64>,
    /// Spans that are shown at another time than they were measured.
    pub moved: u64,
    /// The median distance of those from where they were measured, ms.
    pub moved_ms: Option<f64>,
    /// The largest such distance, ms.
    pub farthest_ms: Option<f64>,
}

/// One span, with an allow-list of its attributes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SpanRow {
    /// 32 hex digits; the join key.
    pub trace_id: String,
    /// 16 hex digits.
    pub span_id: String,
    /// 16 hex digits; `None` for a root.
    pub parent_id: Option<String>,
    /// Operation name.
    pub name: String,
    /// `server`, `client`, `internal`, `producer`, `consumer`, or empty where untold.
    pub kind: String,
    /// Service that reported it.
    pub service: String,
    /// Start, nanoseconds since the epoch on that service's clock.
    pub start_ns: u64,
    /// End, nanoseconds since the epoch on that service's clock.
    pub end_ns: u64,
    /// Did it end in error?
    pub error: bool,
    /// Allow-listed attributes as text.
    pub attributes: BTreeMap<String, String>,
    /// Keys of attributes that look like secrets, until they are counted in [`Spans::secrets`]; never recorded.
    #[serde(skip)]
    pub secrets: Vec<(String, Secret)>,
}

impl SpanRow {
    /// The attribute that holds the rejection threshold of a sampler, from the trace state's `ot=th:…`.
    pub const THRESHOLD: &'static str = "tracestate.ot.th";
    /// The attribute that holds the name of the instrumentation that made the span.
    pub const SCOPE: &'static str = "otel.scope.name";
    /// The attribute that tells instances of a service apart: a short digest of what its resource says of instance, host,
    /// process, container and pod. None of those is kept itself.
    pub const INSTANCE: &'static str = "resource.instance";
    /// The attribute that names the language of the SDK that reported the span (OpenTelemetry's conventions for resources).
    pub const LANGUAGE: &'static str = "telemetry.sdk.language";
    /// The attribute that says by how much the store would move the span, ms, from a warning of clock skew; empty if untold.
    pub const SKEW: &'static str = "jaeger.skew_ms";
    /// The attribute that says by how much the store has moved the span, ms; empty if untold.
    pub const MOVED: &'static str = "jaeger.moved_ms";

    /// The probability with which its trace was kept, where the span tells it: a threshold T of 56 bits, written without its
    /// trailing zeros, keeps 1 - T / 2^56 (OpenTelemetry's specification of probability sampling).
    pub fn probability(&self) -> Option<f64> {
        let threshold = u64::from_str_radix(&format!("{:0<14}", self.attributes.get(Self::THRESHOLD)?), 16).ok()?;
        Some(1.0 - threshold as f64 / (1_u64 << 56) as f64)
    }
    /// Its length, ms.
    pub fn length_ms(&self) -> f64 {
        (self.end_ns as f64 - self.start_ns as f64) / 1e6
    }
}

impl Row for SpanRow {
    fn key(&self) -> &str {
        &self.trace_id
    }
}

impl Attach for Spans {
    fn attach(&mut self, blobs: &Arc<dyn Blobs>) {
        self.spans.attach(blobs);
    }
    fn blobs(&self) -> Vec<String> {
        self.spans.blobs()
    }
}
