//! Where faults bend the shape of a trace: which spans there are, below which, how long, and what they carry.

use super::spans::{Below, Program, Spans, Stage, attribute};
use crate::{
    model::units::Ms,
    reference::{faults::Misbehaviour, mock_llm::served::Served},
};
use opentelemetry_proto::tonic::{common::v1::any_value::Value, trace::v1::span::SpanKind};
use std::borrow::Cow;

/// How long the stages of every trace take under [`Misbehaviour::ConstantDurations`], in order.
const CONSTANT: [Ms; 5] = [Ms(0.3), Ms(1.1), Ms(0.4), Ms(120.0), Ms(0.6)];
/// So long after its parent the call of the provider ends under [`Misbehaviour::ChildOutsideParent`].
const OUTSIDE: Ms = Ms(80.0);
/// So much of a request lies under no span under [`Misbehaviour::GapInTrace`].
const GAP: f64 = 0.3;
/// So much too early is the first token under [`Misbehaviour::TtftMarkerWrong`], s; at the earliest at [`EARLIEST_S`].
const EARLY_S: f64 = 0.1;
const EARLIEST_S: f64 = 0.001;
/// How long the span of one write takes under [`Misbehaviour::SpanPerChunk`].
const WRITE: Ms = Ms(0.02);
/// A span that ends before it starts does so by this much under [`Misbehaviour::NegativeDurations`].
const NEGATIVE: Ms = Ms(5.0);

/// Bends the trace of a request.
pub fn shape(fault: Option<Misbehaviour>, served: &Served, spans: &mut Spans) {
    match fault {
        Some(Misbehaviour::NoAuthSpan) => spans.stages.retain(|stage| stage.word != "auth"),
        Some(Misbehaviour::NoProviderSpan) => spans.stages.retain(|stage| stage.word != "provider"),
        Some(Misbehaviour::FlatSpans) => spans.stages.iter_mut().for_each(|stage| stage.below = Below::Nothing),
        Some(Misbehaviour::OrphanSpans) => lose_one_between(served, spans),
        Some(Misbehaviour::ClientRoot) => spans.root.kind = SpanKind::Client,
        Some(Misbehaviour::ChildOutsideParent) => {
            let end = spans.root.end_ns + ns(OUTSIDE);
            spans.stage("provider").into_iter().for_each(|stage| stage.end_ns = end);
        }
        Some(Misbehaviour::ConstantDurations) => {
            let mut at = spans.root.start_ns;
            for (stage, lasting) in spans.stages.iter_mut().zip(CONSTANT) {
                (stage.start_ns, stage.end_ns) = (at, at + ns(lasting));
                at = stage.end_ns;
            }
        }
        Some(Misbehaviour::SpanPerChunk) => {
            let name = format!("POST {} http send", served.route);
            spans.stages.extend(served.chunks.iter().map(|chunk| Stage {
                start_ns: served.wall(*chunk),
                end_ns: served.wall(*chunk) + ns(WRITE),
                attributes: vec![attribute("asgi.event.type", Value::StringValue("http.response.body".into()))],
                ..Stage::new(Cow::Owned(name.clone()), SpanKind::Internal)
            }));
        }
        Some(Misbehaviour::SharedServiceName) => {
            let called = spans.stage("provider").cloned();
            spans.stages.extend(called.map(|call| Stage {
                below: Below::Span(call.span_id),
                start_ns: call.start_ns,
                end_ns: call.end_ns,
                by: Program::Provider,
                ..Stage::new(Cow::Owned(format!("POST {}", served.route)), SpanKind::Server)
            }));
        }
        Some(Misbehaviour::SecretAttributes) => {
            let [header, key] = secrets();
            spans.root.attributes.push(attribute("http.request.header.authorization", Value::StringValue(header)));
            spans
                .stage("provider")
                .into_iter()
                .for_each(|stage| stage.attributes.push(attribute("llm.request.api_key", Value::StringValue(key.clone()))));
        }
        Some(Misbehaviour::GapInTrace) => {
            let gap = (served.total() as f64 * GAP) as u64;
            spans.stage("provider").into_iter().for_each(|stage| stage.start_ns = (stage.start_ns + gap).min(stage.end_ns));
        }
        Some(Misbehaviour::TtftMarkerWrong) => spans.root.ttft_s = spans.root.ttft_s.map(|s| (s - EARLY_S).max(EARLIEST_S)),
        // Five stages a request: every 20th of them is the routing of every fourth request.
        Some(Misbehaviour::NegativeDurations) if served.n % 4 == 2 => {
            spans.stage("routing").into_iter().for_each(|stage| stage.end_ns = stage.start_ns.saturating_sub(ns(NEGATIVE)));
        }
        _ => {}
    }
}

/// All stages lie below one span, which every tenth trace lacks.
fn lose_one_between(served: &Served, spans: &mut Spans) {
    let all = Stage { start_ns: spans.root.start_ns, end_ns: spans.root.end_ns, ..Stage::new(Cow::Borrowed("handle"), SpanKind::Internal) };
    spans.stages.iter_mut().for_each(|stage| stage.below = Below::Span(all.span_id.clone()));
    if served.n % 10 != 4 {
        spans.stages.insert(0, all);
    }
}

/// A header and a key that look like real ones and open nothing; put together here, so that no scanner finds them in this file.
fn secrets() -> [String; 2] {
    let unlike_any = "0123456789abcdefghijklmnopqrstuvwxyz";
    [["Bearer ", "sk-", "rigcheck-", unlike_any].concat(), ["sk-", "proj-", unlike_any].concat()]
}

fn ns(lasting: Ms) -> u64 {
    (lasting.0 * 1e6) as u64
}
