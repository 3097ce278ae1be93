//! Times that are not told, told wrong, or lengthened by the telling.

use super::{
    super::{call::TTFT, world::World},
    check, ms,
    shape::silence,
};
use rigcheck::model::{
    outcome::Status::{Fail, Inconclusive, Warn},
    payload::SpanRow,
    timeline::Nanos,
};

/// Moves the TTFT that the trace tells.
fn retell(world: &mut World, by_ms: f64) {
    for call in world.calls("controlled") {
        let told = call.trace[0].attributes.get_mut(TTFT).unwrap();
        *told = (told.parse::<f64>().unwrap() + by_ms / 1e3).to_string();
    }
}

#[test]
fn first_tokens() {
    check(&[
        ("no trace tells the TTFT", |w| w.spans(0, |s| drop(s.attributes.remove(TTFT))), &[("TRC-07", Fail)]),
        (
            "one of ten does not",
            |w| {
                for call in w.calls("controlled").iter_mut().step_by(10) {
                    call.trace[0].attributes.remove(TTFT);
                }
            },
            &[("TRC-07", Fail)],
        ),
        ("a TTFT that is 100 ms too long", |w| retell(w, 100.0), &[("TRC-07", Fail)]),
        ("a TTFT that is 50 ms too short", |w| retell(w, -50.0), &[("TRC-07", Fail)]),
        ("a TTFT that is 3 ms too long", |w| retell(w, 3.0), &[]),
        (
            "a TTFT in milliseconds",
            |w| {
                for call in w.calls("controlled") {
                    let told = call.trace[0].attributes.get_mut(TTFT).unwrap();
                    *told = (told.parse::<f64>().unwrap() * 1e3).to_string();
                }
            },
            &[("TRC-07", Fail)],
        ),
        (
            "a TTFT that is no number",
            |w| w.spans(0, |s| s.attributes.get_mut(TTFT).into_iter().for_each(|v| *v = "fast".into())),
            &[("TRC-07", Fail)],
        ),
    ]);
}

/// Calls that are traced, or those that are not, take longer at the client.
fn slower(world: &mut World, traced: bool, by_ms: f64) {
    for call in world.calls("half-traced").iter_mut().filter(|call| call.sent.untraced != traced) {
        call.sent.closed = call.sent.closed.map(|at| Nanos(at.0 + ms(by_ms)));
    }
}

#[test]
fn observers() {
    check(&[
        ("traced requests take 40 ms longer", |w| slower(w, true, 40.0), &[("TRC-09", Fail)]),
        ("untraced requests take 40 ms longer", |w| slower(w, false, 40.0), &[("TRC-09", Fail)]),
        ("traced requests take 1 ms longer", |w| slower(w, true, 1.0), &[]),
        (
            "all are recorded, whatever they ask for",
            |w| {
                let trace = w.calls("controlled")[20].trace.clone();
                for call in w.calls("half-traced").iter_mut().filter(|call| call.sent.untraced) {
                    call.trace = trace.iter().map(|s| SpanRow { trace_id: call.sent.trace_id.clone(), ..s.clone() }).collect();
                }
            },
            &[("TRC-09", Inconclusive)],
        ),
        ("none is recorded", |w| silence(w, "half-traced"), &[("TRC-09", Inconclusive)]),
        (
            "a tenth of those that ask for it are recorded",
            |w| {
                for (n, call) in w.calls("half-traced").iter_mut().enumerate() {
                    if n % 10 != 0 {
                        call.trace.clear();
                    }
                }
            },
            &[("TRC-09", Inconclusive)],
        ),
        ("too few pairs", |w| w.calls("half-traced").truncate(60), &[("TRC-09", Inconclusive)]),
    ]);
}

/// A stage always takes exactly so long.
fn constant(world: &mut World, stage: usize, length: f64) {
    world.spans(1 + stage, |s| s.end_ns = s.start_ns + ms(length));
}

fn backwards(span: &mut SpanRow) {
    (span.start_ns, span.end_ns) = (span.end_ns, span.start_ns);
}

#[test]
fn durations() {
    check(&[
        ("spans that end before they start", |w| w.spans(2, backwards), &[("TRC-10", Fail)]),
        (
            "one of ten does",
            |w| {
                w.each(|n, call| {
                    if n % 10 == 3 {
                        call.trace.get_mut(2).into_iter().for_each(backwards);
                    }
                });
            },
            &[("TRC-10", Fail)],
        ),
        (
            "spans that last longer than the client waited",
            |w| {
                w.traces(|trace| {
                    trace[0].end_ns += ms(100.0);
                    trace[5].end_ns += ms(100.0);
                });
            },
            &[("TRC-10", Fail)],
        ),
        ("authentication always takes 6 ms", |w| constant(w, 1, 6.0), &[("TRC-10", Fail)]),
        ("routing always takes 2 ms", |w| constant(w, 2, 2.0), &[]),
        (
            "whole milliseconds only",
            |w| {
                w.traces(|trace| {
                    for span in trace {
                        span.start_ns -= span.start_ns % 1_000_000;
                        span.end_ns -= span.end_ns % 1_000_000;
                    }
                });
            },
            &[("TRC-10", Warn)],
        ),
        (
            "whole microseconds only",
            |w| {
                w.traces(|trace| {
                    for span in trace {
                        span.start_ns -= span.start_ns % 1_000;
                        span.end_ns -= span.end_ns % 1_000;
                    }
                });
            },
            &[],
        ),
    ]);
}
