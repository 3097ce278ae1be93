use super::{
    plan::Plan,
    shared::Shared,
    trace_context::{TraceContext, new_span_id},
};
use crate::{
    model::{payload::Emission, timeline::Planted},
    reference::faults::Misbehaviour,
};
use std::sync::Arc;

/// nginx's status for a client that went away before the answer was whole.
const CLIENT_CLOSED: u16 = 499;

/// One request as it went. Stamps are nanoseconds on the mock's clock.
#[derive(Clone, Debug)]
pub struct Served {
    /// Ordinal of the request, from 0.
    pub n: u64,
    /// The load generator's id, empty if it told none.
    pub id: String,
    /// `x-request-id`, or one of our own.
    pub request_id: String,
    /// Its trace.
    pub trace: TraceContext,
    /// `/v1/chat/completions`.
    pub route: &'static str,
    /// As asked for.
    pub model: String,
    /// Was a stream asked for?
    pub stream: bool,
    /// The delays that were asked for.
    pub asked: Option<Planted>,
    /// Headers and body read.
    pub received: u64,
    /// Wall clock at `received`, ns since the epoch.
    pub wall_ns: u64,
    /// Body parsed.
    pub parsed: u64,
    /// Credentials looked at.
    pub authorized: u64,
    /// Delays settled, provider chosen.
    pub routed: u64,
    /// Response begun.
    pub headers: Option<u64>,
    /// Each content chunk handed to the socket.
    pub chunks: Vec<u64>,
    /// Just before the last write was handed over.
    pub closed: u64,
    /// Completion tokens emitted.
    pub tokens: u64,
    /// HTTP status.
    pub status: u16,
    /// From this wall time on, ns since the epoch, the wall clock is [`CLOCK_AHEAD_NS`] ahead: a fault of the host.
    pub ahead_from: Option<u64>,
}

/// So far ahead is a wall clock that a fault puts ahead.
const CLOCK_AHEAD_NS: u64 = 250_000_000;

/// So long recording a trace takes, before anything else, under [`Misbehaviour::SlowTracing`].
pub const TRACING_NS: u64 = 40_000_000;

impl Served {
    /// Received to first content, ns.
    pub fn ttft(&self) -> Option<u64> {
        self.chunks.first().map(|c| c.saturating_sub(self.received))
    }
    /// Received to closed, ns.
    pub fn total(&self) -> u64 {
        self.closed.saturating_sub(self.received)
    }
    /// The stamp as wall clock, ns since the epoch.
    pub fn wall(&self, stamp: u64) -> u64 {
        let right = self.wall_ns + stamp.saturating_sub(self.received);
        if self.ahead_from.is_some_and(|from| right >= from) { right + CLOCK_AHEAD_NS } else { right }
    }
    /// How long recording its trace holds it up.
    pub fn tracing_ns(&self, fault: Option<Misbehaviour>) -> u64 {
        if fault == Some(Misbehaviour::SlowTracing) && self.trace.sampled { TRACING_NS } else { 0 }
    }
    /// Its record in the emission log as the provider writes it, who does not see what the gateway before it does.
    fn emission_under(&self, fault: Option<Misbehaviour>) -> Emission {
        let held_up = self.tracing_ns(fault);
        let mut emission = Served { received: self.received + held_up, wall_ns: self.wall_ns + held_up, ..self.clone() }.emission();
        if fault == Some(Misbehaviour::NotPropagated) {
            // A trace of the gateway's own client, as of any other of its calls.
            emission.trace_id = Some(TraceContext::of(None).trace_id);
            emission.parent_id = Some(new_span_id());
        }
        emission
    }
    /// Its record in the emission log.
    pub fn emission(&self) -> Emission {
        Emission {
            id: self.id.clone(),
            received: self.received,
            received_wall_us: i64::try_from(self.wall_ns / 1000).unwrap_or(i64::MAX),
            chunks: self.chunks.clone(),
            closed: self.closed,
            tokens: self.tokens,
            asked: self.asked,
            attempts: 1,
            // A trace without a caller is the mock's own: nobody told it.
            trace_id: Some(self.trace.parent_id.as_ref().map(|_| self.trace.trace_id.clone()).unwrap_or_default()),
            parent_id: self.trace.parent_id.clone(),
        }
    }
}

/// A request in flight: exactly one record and one line come of it, also if the client goes away.
pub struct Ticket {
    /// What is known so far.
    pub served: Served,
    shared: Arc<Shared>,
    done: bool,
}

impl Ticket {
    /// Begins to serve.
    pub fn new(served: Served, shared: Arc<Shared>) -> Ticket {
        Ticket { served, shared, done: false }
    }
    /// Everything of this mock.
    pub fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }
    /// Waits until the n-th content of the plan is due.
    pub async fn until_due(&self, due: u64) {
        let shared = &self.shared;
        shared.pacer.until(shared.clock.instant(self.served.received + due)).await;
    }
    /// Stamps a content chunk that was due `due` ns after `received`. To be called just before it is handed over.
    pub fn chunk(&mut self, due: u64, tokens: u32) {
        let at = self.shared.clock.now();
        self.shared.pacing.note(self.served.received + due, at);
        self.served.chunks.push(at);
        self.served.tokens += u64::from(tokens);
        if self.served.chunks.len() == 1 {
            self.shared.telemetry.first_content(&self.served);
        }
    }
    /// All content of a plan at once, as one chunk.
    pub fn whole(&mut self, plan: &Plan) {
        self.chunk(plan.due_last(), u32::try_from(plan.total_tokens()).unwrap_or(u32::MAX));
    }
    /// Stamps the end and tells everyone. To be called just before the last write is handed over.
    pub fn finish(&mut self, status: u16) {
        if std::mem::replace(&mut self.done, true) {
            return;
        }
        self.served.closed = self.shared.clock.now();
        self.served.status = status;
        self.shared.emissions.push(self.served.emission_under(self.shared.settings.fault));
        self.shared.telemetry.finished(&self.served);
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.finish(CLIENT_CLOSED);
    }
}
