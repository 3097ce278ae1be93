//! Where faults bend what the telemetry tells. Without a fault everything passes as it is.

use super::{
    access_log::Line,
    bend,
    metrics::Observed,
    spans::{Root, Spans},
};
use crate::{
    model::units::Ms,
    reference::{faults::Misbehaviour, mock_llm::served::Served},
};

/// Requests longer than this lose their trace under [`Misbehaviour::DroppedLongTraces`], their TTFT in the log under
/// [`Misbehaviour::SlowWithoutTtft`].
const LONG: Ms = Ms(700.0);

/// So long after the first request a clock steps under [`Misbehaviour::ClockStep`]: within the shortest load that every
/// rule can judge, and far from its edges.
const STEPS_AFTER: Ms = Ms(4_000.0);

/// From when on the host's wall clock is ahead, ns since the epoch, if it ever is.
pub fn ahead_from(fault: Option<Misbehaviour>, first_ns: u64) -> Option<u64> {
    match fault {
        Some(Misbehaviour::ClockOffset) => Some(0),
        Some(Misbehaviour::ClockStep) => Some(first_ns + (STEPS_AFTER.0 * 1e6) as u64),
        _ => None,
    }
}

/// The log lines that are written for a request: normally the one.
pub fn log(fault: Option<Misbehaviour>, served: &Served, mut line: Line) -> Vec<Line> {
    let n = served.n;
    match fault {
        Some(Misbehaviour::CoarseLog) => line.each(|x| (x / 1000.0).round() * 1000.0),
        Some(Misbehaviour::LogInSeconds) => line.each(|x| x / 1000.0),
        Some(Misbehaviour::LogScale) => line.each(|x| x * 1.05),
        Some(Misbehaviour::LogOffset) => {
            line.duration_ms += 200.0;
            line.ttft_ms = line.ttft_ms.map(|x| x + 200.0);
        }
        Some(Misbehaviour::RareLogOutliers) if n % 100 == 50 => line.duration_ms += 3000.0,
        Some(Misbehaviour::LostLogLines) if n % 33 == 16 => return vec![],
        Some(Misbehaviour::DuplicateLogLines) if n % 20 == 10 => return vec![line.clone(), line],
        Some(Misbehaviour::SlowWithoutTtft) if line.duration_ms > LONG.0 => line.ttft_ms = None,
        Some(Misbehaviour::TtftAtHeaders) => line.ttft_ms = line.ttft_ms.and(headers_ms(served)),
        _ => {}
    }
    vec![line]
}

/// What the histograms observe of a request; `None` if they never hear of it.
pub fn metrics(fault: Option<Misbehaviour>, served: &Served, mut observed: Observed) -> Option<Observed> {
    match fault {
        Some(Misbehaviour::LostWorker) if served.n % 2 == 1 => return None,
        Some(Misbehaviour::MetricInMs) => observed.each(|x| x * 1000.0),
        Some(Misbehaviour::MetricWithoutStream) => observed.total = observed.ttft.unwrap_or(observed.total),
        // 37 and 101 are coprime: all delays from 50 to 150 ms occur equally often.
        Some(Misbehaviour::BackgroundTask) => observed.total += (50 + served.n * 37 % 101) as f64 / 1000.0,
        Some(Misbehaviour::TtftAtHeaders) => observed.ttft = observed.ttft.and(headers_ms(served).map(|ms| ms / 1000.0)),
        _ => {}
    }
    Some(observed)
}

/// The spans that are exported for a request; `None` if its trace is not recorded.
pub fn spans(fault: Option<Misbehaviour>, served: &Served, mut spans: Spans) -> Option<Spans> {
    let sampled = match fault {
        Some(Misbehaviour::HeadSampling) => served.n.is_multiple_of(10),
        Some(Misbehaviour::DanglingExemplars) => served.n.is_multiple_of(2),
        Some(Misbehaviour::StreamsNotSampled) => !served.stream,
        Some(Misbehaviour::DroppedLongTraces) => (served.total() as f64) < LONG.0 * 1e6,
        _ => true,
    };
    if !(sampled && served.trace.sampled) {
        return None;
    }
    match fault {
        Some(Misbehaviour::SpanWithoutStream) => {
            let first = served.chunks.first().copied().unwrap_or(served.closed);
            spans.end_at(served.wall(first));
        }
        Some(Misbehaviour::TtftAtHeaders) => {
            let Root { ttft_s, .. } = &mut spans.root;
            *ttft_s = ttft_s.and(headers_ms(served).map(|ms| ms / 1000.0));
        }
        _ => bend::shape(fault, served, &mut spans),
    }
    Some(spans)
}

fn headers_ms(served: &Served) -> Option<f64> {
    served.headers.map(|h| h.saturating_sub(served.received) as f64 / 1e6)
}
