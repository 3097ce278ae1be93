//! One call of a load, with all that was said of it: by the client, by the reference endpoint, and by the spans of its trace.

use super::super::{evidence::BEGAN, random::Pcg};
use rigcheck::{
    model::{
        act::{Api, LoadAct},
        payload::{Emission, SpanRow},
        timeline::{Class, Event, Nanos, Planted, Timeline, Usage},
    },
    traces::{marked_trace, our_span},
};

/// The attribute that tells the time to first token, s.
pub const TTFT: &str = "gen_ai.response.time_to_first_chunk";
/// Who is under test.
pub const GATEWAY: &str = "gateway";
/// Who it calls.
pub const PROVIDER: &str = "vllm";
/// Names of the spans that each trace has, below the server span, in order of time.
pub const STAGES: [&str; 5] = ["RequestLogMiddleware", "auth", "routing", "provider call", "adapt response"];
/// Their least and greatest lengths, ms; the provider takes what it takes.
const TAKES: [(f64, f64); 5] = [(1.0, 3.0), (4.0, 9.0), (1.0, 3.0), (0.0, 0.0), (5.0, 9.0)];

#[derive(Clone)]
pub struct Call {
    pub sent: Timeline,
    pub emitted: Emission,
    /// The server span first, then its [`STAGES`], then the provider's own span.
    pub trace: Vec<SpanRow>,
}

/// What is asked of the reference endpoint.
#[derive(Clone, Copy)]
pub struct Plan {
    pub ttft_ms: f64,
    pub chunks: u32,
    pub gap_ms: f64,
}

impl Plan {
    pub fn any(random: &mut Pcg) -> Plan {
        Plan { ttft_ms: random.between(80.0, 160.0), chunks: 4 + (random.unit() * 36.0) as u32, gap_ms: random.between(7.0, 9.0) }
    }
    fn total_ms(&self) -> f64 {
        self.ttft_ms + f64::from(self.chunks - 1) * self.gap_ms
    }
}

pub fn ns(ms: f64) -> u64 {
    (ms * 1e6) as u64
}

impl Call {
    /// The call at this place of a load; `number` tells it from all other calls.
    pub fn of(load: &LoadAct, place: usize, number: u64, plan: Plan, random: &mut Pcg) -> Call {
        let jitter = |random: &mut Pcg| random.between(0.2, 0.8);
        let trace_id = format!("{:032x}", marked_trace(0x0af7_6519_0000_0000 + number));
        let id = format!("01JTESTTESTTESTTESTTESTTES-{number:06}");
        let sent_ms = place as f64 * 1e6 / load.per_kilosecond as f64;
        // At the gateway, ms after the request came in.
        let upstream = plan.total_ms() + jitter(random);
        let mut at = jitter(random) / 2.0;
        let mut stages = [(0.0, 0.0); 5];
        for (stage, (least, most)) in stages.iter_mut().zip(TAKES) {
            let takes = if most > 0.0 { random.between(least, most) } else { upstream + 3.0 * jitter(random) };
            *stage = (at, at + takes);
            at += takes + jitter(random) / 2.0;
        }
        let (length, (called, _)) = (at, stages[3]);
        let first = called + plan.ttft_ms + jitter(random) + 1.0;
        let (out, back) = (jitter(random), jitter(random));
        let kind = if load.api == Api::Chat { "chat" } else { "embeddings" };

        let start = (BEGAN as u64) * 1_000 + ns(sent_ms + out);
        let span = |n: u64, parent: u64, name: &str, kind: &str, (from, to): (f64, f64)| SpanRow {
            trace_id: trace_id.clone(),
            span_id: format!("{:016x}", number * 16 + n),
            parent_id: Some(format!("{:016x}", number * 16 + parent)),
            name: name.into(),
            kind: kind.into(),
            service: GATEWAY.into(),
            start_ns: start + ns(from),
            end_ns: start + ns(to),
            attributes: [(SpanRow::INSTANCE.into(), "0a0a0a0a".into()), (SpanRow::LANGUAGE.into(), "python".into())].into(),
            ..SpanRow::default()
        };
        let mut server = span(1, 0, &load.path, "server", (0.0, length));
        server.parent_id = u128::from_str_radix(&trace_id, 16).ok().map(|id| format!("{:016x}", our_span(id)));
        if load.stream {
            server.attributes.insert(TTFT.into(), format!("{:.6}", first / 1e3));
        }
        let mut trace = vec![server];
        for (n, (name, took)) in STAGES.into_iter().zip(stages).enumerate() {
            trace.push(span(2 + n as u64, 1, name, if n == 3 { "client" } else { "internal" }, took));
        }
        trace[4].attributes.insert("gen_ai.operation.name".into(), kind.into());
        let mut below = span(7, 5, &load.path, "server", (called + 0.3, called + 0.3 + upstream));
        below.service = PROVIDER.into();
        below.attributes.insert(SpanRow::INSTANCE.into(), "0b0b0b0b".into());
        trace.push(below);

        let emitted_at = |ms: f64| 1_000_000_000 + ns(ms);
        let emitted = Emission {
            id: id.clone(),
            received: emitted_at(0.0),
            received_wall_us: BEGAN,
            chunks: (0..plan.chunks).map(|n| emitted_at(plan.ttft_ms + f64::from(n) * plan.gap_ms)).collect(),
            closed: emitted_at(plan.total_ms()),
            tokens: u64::from(plan.chunks),
            asked: None,
            attempts: 1,
            trace_id: Some(trace_id.clone()),
            parent_id: Some(trace[4].span_id.clone()),
        };
        let seen = |ms: f64| Nanos(ns(sent_ms + out + ms + back));
        let content = (0..plan.chunks).map(|n| Event { at: seen(first + f64::from(n) * plan.gap_ms), read: n, class: Class::Content });
        let events = if load.stream { content.collect() } else { vec![Event { at: seen(length), read: 0, class: Class::Body }] };
        let sent = Timeline {
            id,
            trace_id,
            stream: load.stream,
            planted: Some(Planted { ttft_ms: plan.ttft_ms, chunks: plan.chunks, gap_ms: plan.gap_ms }),
            scheduled: Nanos(ns(sent_ms)),
            sent: Nanos(ns(sent_ms)),
            headers: events.first().map(|e| e.at),
            events,
            closed: Some(seen(length)),
            status: Some(200),
            usage: Some(Usage { prompt: 20, completion: u64::from(plan.chunks) }),
            ..Timeline::default()
        };
        Call { sent, emitted, trace }
    }
}
