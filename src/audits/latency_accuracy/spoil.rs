//! Negative controls: changes to a copy of the evidence that a rule must notice.

use super::{LatencyAccuracy, window};
use crate::{
    model::{
        act::Act,
        evidence::Evidence,
        key::{Clock, Histogram, LogLines, Perform, Spans, When, World},
        name::Name,
        payload::{HistogramSeries, Part, Performed, SpanRow},
        rig::{By, Claim, Quantity, Rig},
        rows::Rows,
        timeline::{Nanos, Timeline},
        units::Wall,
    },
    traces::{self, Shape},
};
use std::collections::BTreeMap;

/// Changes what a log or trace source says of each request: `change` gets the value in ms and the request's number.
pub fn values(audit: &LatencyAccuracy, rig: &Rig, claim: &Claim, copy: &mut Evidence, change: impl Fn(f64, usize) -> f64) {
    let Some(act) = audit.act(rig) else { return };
    match claim.by {
        By::LogField => copy.alter(&claim.source, &LogLines { when: When::During(act) }, |log| {
            let mut i = 0;
            log.lines.alter(|line| {
                let field = match claim.quantity {
                    Quantity::Ttft => &mut line.ttft_ms,
                    Quantity::Total => &mut line.total_ms,
                    Quantity::InterChunk => &mut line.inter_chunk_ms,
                };
                *field = field.map(|ms| change(ms, i));
                i += 1;
            });
        }),
        By::Spans => {
            let shapes = shapes(copy, rig, &act);
            each_trace(copy, &claim.source, act, |i, trace| {
                let shape = trace.first().and_then(|s| shapes.get(&s.trace_id)).copied().unwrap_or_default();
                if let Some(ms) = traces::figures(trace, shape).get(claim.quantity) {
                    retime(trace, claim.quantity, ms, change(ms, i));
                }
            });
        }
        By::Client { .. } | By::Histogram(_) => {}
    }
}

/// Sets what a source says of each request to a multiple of what the client saw of it.
pub fn to_ratio(audit: &LatencyAccuracy, rig: &Rig, claim: &Claim, copy: &mut Evidence, ratio: f64) {
    let Some(act) = audit.act(rig) else { return };
    let Some(client) = client_values(copy, rig, &act, claim.quantity) else { return };
    match claim.by {
        By::LogField => copy.alter(&claim.source, &LogLines { when: When::During(act) }, |log| {
            log.lines.alter(|line| {
                let wanted = client.get(&line.id).map(|ms| ms * ratio);
                match claim.quantity {
                    Quantity::Ttft => line.ttft_ms = wanted,
                    Quantity::Total => line.total_ms = wanted,
                    Quantity::InterChunk => line.inter_chunk_ms = wanted,
                }
            });
        }),
        By::Spans => {
            let shapes = shapes(copy, rig, &act);
            each_trace(copy, &claim.source, act, |_, trace| {
                let Some(id) = trace.first().map(|s| s.trace_id.clone()) else { return };
                let shape = shapes.get(&id).copied().unwrap_or_default();
                if let (Some(ms), Some(client)) = (traces::figures(trace, shape).get(claim.quantity), client.get(&id)) {
                    retime(trace, claim.quantity, ms, client * ratio);
                }
            });
        }
        By::Client { .. } | By::Histogram(_) => {}
    }
}

/// Takes a figure away from every second record of a source.
pub fn forget_values(audit: &LatencyAccuracy, rig: &Rig, claim: &Claim, copy: &mut Evidence) {
    let Some(act) = audit.act(rig) else { return };
    match claim.by {
        By::LogField => {
            let mut i = 0;
            copy.alter(&claim.source, &LogLines { when: When::During(act) }, |log| {
                log.lines.alter(|line| {
                    i += 1;
                    if i % 2 == 0 {
                        match claim.quantity {
                            Quantity::Ttft => line.ttft_ms = None,
                            Quantity::Total => line.total_ms = None,
                            Quantity::InterChunk => line.inter_chunk_ms = None,
                        }
                    }
                });
            });
        }
        By::Spans => each_trace(copy, &claim.source, act, |i, trace| {
            if i % 2 == 0 {
                for span in trace.iter_mut() {
                    "internal".clone_into(&mut span.kind);
                }
            }
        }),
        By::Client { .. } | By::Histogram(_) => {}
    }
}

/// Puts the clock of a source ten seconds back: that it is ahead, late lines would explain.
pub fn clock(audit: &LatencyAccuracy, rig: &Rig, source: &Name, copy: &mut Evidence) {
    const BACK_MS: f64 = 10_000.0;
    copy.alter(source, &Clock {}, |told| {
        told.readings.iter_mut().for_each(|r| (r.lo_ms, r.hi_ms) = (r.lo_ms - BACK_MS, r.hi_ms - BACK_MS));
    });
    let Some(act) = audit.act(rig) else { return };
    copy.alter(source, &LogLines { when: When::During(act.clone()) }, |log| {
        log.lines.alter(|line| line.at = line.at.map(|at| at.plus_us(-(BACK_MS * 1e3) as i64)));
    });
    copy.alter(source, &Spans { of: act }, |spans| {
        spans
            .spans
            .alter(|s| (s.start_ns, s.end_ns) = (s.start_ns.saturating_sub((BACK_MS * 1e6) as u64), s.end_ns.saturating_sub((BACK_MS * 1e6) as u64)));
    });
}

/// Takes half of a source's records away.
pub fn forget_records(audit: &LatencyAccuracy, rig: &Rig, source: &Name, copy: &mut Evidence) {
    let Some(act) = audit.act(rig) else { return };
    let mut i = 0;
    copy.alter(source, &LogLines { when: When::During(act.clone()) }, |log| {
        log.lines.retain(|_| {
            i += 1;
            i % 2 == 0
        });
    });
    copy.alter(source, &Spans { of: act }, |spans| {
        spans.spans.retain(|s| s.trace_id.as_bytes().last().is_some_and(|b| b % 2 == 0));
    });
}

/// Makes the load generator see every content event 1 s later and further apart than it was, on the load that calibrates it.
pub fn client(audit: &LatencyAccuracy, rig: &Rig, copy: &mut Evidence) {
    const LATER: u64 = 1_000_000_000;
    const STRETCH: u64 = 5;
    let Some(act) = LatencyAccuracy::calibration_act(rig).or_else(|| audit.act(rig)) else { return };
    let late = |t: &Timeline, at: Nanos| Nanos(t.sent.0 + STRETCH * at.0.saturating_sub(t.sent.0) + LATER);
    copy.alter(&act.actor(), &Perform { act: act.clone() }, |p| {
        p.requests.alter(|t| {
            let before = t.clone();
            t.headers = t.headers.map(|at| late(&before, at));
            t.closed = t.closed.map(|at| late(&before, at));
            t.events.iter_mut().for_each(|e| e.at = late(&before, e.at));
        });
    });
}

/// Changes a histogram's answer; the change gets the instant up to which a sample is surely from before the act.
pub fn histogram(audit: &LatencyAccuracy, rig: &Rig, claim: &Claim, copy: &mut Evidence, change: impl FnOnce(&mut HistogramSeries, Wall)) {
    let Some(act) = audit.act(rig) else { return };
    let Some(began) = performed(copy, &act).map(|p| p.started) else { return };
    copy.alter(&claim.source, &Histogram { claim: claim.name.clone(), when: When::During(act) }, |h| {
        let before = began.plus_us(-h.doubt_us);
        change(h, before);
    });
}

/// Replaces the growth of each series during the act: `change` gets the part, how much it grew, and how much the count
/// of its label set grew.
pub fn regrow(h: &mut HistogramSeries, began: Wall, change: impl Fn(Part, f64, f64) -> f64) {
    let counts: Vec<_> = h.series.iter().filter(|s| matches!(s.part, Part::Count)).map(|s| (s.labels.clone(), window::span_of(s, began))).collect();
    for series in &mut h.series {
        let count = counts.iter().find(|(labels, _)| *labels == series.labels).map_or(0.0, |(_, (base, end))| end - base);
        let (base, end) = window::span_of(series, began);
        let wanted = change(series.part, end - base, count);
        for sample in series.samples.iter_mut().filter(|s| s.0 > began) {
            let done = if end > base { (sample.1 - base) / (end - base) } else { 1.0 };
            sample.1 = base + wanted * done;
        }
    }
}

/// Puts all observations on the wrong side: into the lowest bucket, or beyond the last edge where most are in the lowest.
pub fn pile_up(h: &mut HistogramSeries, began: Wall) {
    let edges = || h.series.iter().filter_map(|s| if let Part::Bucket(le) = s.part { Some((le, window::span_of(s, began))) } else { None });
    let lowest = edges().map(|e| e.0).fold(f64::INFINITY, f64::min);
    let grown = |at: f64| edges().filter(|e| e.0.to_bits() == at.to_bits()).map(|(_, (base, end))| end - base).sum::<f64>();
    let down = grown(lowest) < 0.5 * grown(f64::INFINITY);
    regrow(h, began, |part, grown, count| match part {
        Part::Bucket(le) if le.is_finite() => {
            if down {
                count
            } else {
                0.0
            }
        }
        _ => grown,
    });
}

/// Mean that the client saw over the requests that succeeded, ms.
pub fn client_mean(audit: &LatencyAccuracy, rig: &Rig, quantity: Quantity, copy: &Evidence) -> Option<f64> {
    let act = audit.act(rig)?;
    let got = copy.get(&World::Live, &act.actor(), &Perform { act: act.clone() }).ok()?;
    let requests = crate::audits::shared::Requests::read(&got, rig);
    let seen: Vec<f64> = requests.all.iter().filter(|r| r.ok).filter_map(|r| r.client.get(quantity)).collect();
    crate::stats::mean(&seen)
}

/// What the client saw, by request id and by trace id.
fn client_values(copy: &Evidence, rig: &Rig, act: &Act, quantity: Quantity) -> Option<BTreeMap<String, f64>> {
    let got = copy.get(&World::Live, &act.actor(), &Perform { act: act.clone() }).ok()?;
    let requests = crate::audits::shared::Requests::read(&got, rig);
    let both = requests.all.iter().filter_map(|r| r.client.get(quantity).map(|ms| [(r.id.clone(), ms), (r.trace_id.clone(), ms)]));
    Some(both.flatten().collect())
}

fn performed<'c>(copy: &'c Evidence, act: &Act) -> Option<&'c Performed> {
    copy.get(&World::Live, &act.actor(), &Perform { act: act.clone() }).ok().map(|got| got.value)
}

fn shapes(copy: &Evidence, rig: &Rig, act: &Act) -> BTreeMap<String, Shape> {
    let got = copy.get(&World::Live, &act.actor(), &Perform { act: act.clone() });
    got.map(|got| crate::audits::shared::Requests::read(&got, rig).all.into_iter().map(|r| (r.trace_id, r.shape)).collect()).unwrap_or_default()
}

fn each_trace(copy: &mut Evidence, source: &Name, act: Act, mut change: impl FnMut(usize, &mut Vec<SpanRow>)) {
    copy.alter(source, &Spans { of: act }, |spans| {
        let mut traces: BTreeMap<String, Vec<SpanRow>> = BTreeMap::new();
        for span in spans.spans.iter() {
            traces.entry(span.trace_id.clone()).or_default().push(span);
        }
        traces.values_mut().enumerate().for_each(|(i, trace)| change(i, trace));
        spans.spans = Rows::inline(traces.into_values().flatten().collect());
    });
}

/// Moves what makes a trace's figure, so that the figure becomes `to` ms.
fn retime(trace: &mut [SpanRow], quantity: Quantity, from: f64, to: f64) {
    let Some((id, start)) = traces::server(trace).map(|s| (s.span_id.clone(), s.start_ns)) else { return };
    match quantity {
        Quantity::Total => {
            for span in trace.iter_mut().filter(|s| s.span_id == id) {
                span.end_ns = start + (to * 1e6) as u64;
            }
        }
        Quantity::Ttft => {
            for span in trace.iter_mut().filter(|s| s.span_id == id) {
                span.attributes.insert("gen_ai.response.time_to_first_chunk".into(), (to / 1e3).to_string());
            }
        }
        Quantity::InterChunk => {
            let first = trace.iter().filter(|s| traces::is_body(s)).map(|s| s.start_ns).min().unwrap_or(start);
            for span in trace.iter_mut().filter(|s| traces::is_body(s)) {
                span.start_ns = first + ((span.start_ns - first) as f64 * to / from) as u64;
            }
        }
    }
}
