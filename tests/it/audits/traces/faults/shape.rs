//! Stages that are missing, time that nothing tells of, and spans that are no tree.

use super::{
    super::{
        call::{GATEWAY, STAGES},
        clean::{proxied, wrapped},
        world::World,
    },
    check, ms,
};
use rigcheck::model::{
    outcome::Status::{self, Fail, Inconclusive, Warn},
    payload::SpanRow,
};

/// Traces are gone: all of a load.
pub fn silence(world: &mut World, load: &str) {
    world.calls(load).iter_mut().for_each(|call| call.trace.clear());
    world.loads.get_mut(load).unwrap().said.shown = None;
}

fn drop_stage(world: &mut World, stage: usize) {
    world.traces(|trace| trace.retain(|s| s.name != STAGES[stage]));
}

#[test]
fn stages() {
    const UNKNOWN: &[(&str, Status)] = &[
        ("TRC-01", Fail),
        ("TRC-02", Inconclusive),
        ("TRC-03", Inconclusive),
        ("TRC-04", Inconclusive),
        ("TRC-05", Inconclusive),
        ("TRC-06", Inconclusive),
        ("TRC-07", Inconclusive),
        ("TRC-08", Inconclusive),
        ("TRC-10", Inconclusive),
        ("TRC-11", Inconclusive),
        ("TRC-12", Inconclusive),
        ("TRC-13", Inconclusive),
    ];
    check(&[
        ("no span of the middleware", |w| drop_stage(w, 0), &[("TRC-01", Fail)]),
        ("no span of authentication", |w| drop_stage(w, 1), &[("TRC-01", Fail)]),
        ("no span of routing", |w| drop_stage(w, 2), &[("TRC-01", Fail)]),
        // Then nothing tells of most of the time, and what the provider says hangs in the air.
        ("no span of the provider call", |w| drop_stage(w, 3), &[("TRC-01", Fail), ("TRC-02", Fail), ("TRC-03", Fail), ("TRC-11", Warn)]),
        ("no span of the adaptation", |w| drop_stage(w, 4), &[("TRC-01", Fail)]),
        (
            "a tenth without authentication",
            |w| {
                w.each(|n, call| {
                    if n % 10 == 3 {
                        call.trace.retain(|s| s.name != "auth");
                    }
                });
            },
            &[("TRC-01", Fail)],
        ),
        (
            "a stage only at the provider's",
            |w| {
                w.traces(|trace| {
                    let provider = trace[6].clone();
                    trace[2] = SpanRow {
                        name: "auth".into(),
                        span_id: "a".repeat(16),
                        kind: "internal".into(),
                        parent_id: Some(provider.span_id.clone()),
                        ..provider
                    };
                });
            },
            &[("TRC-01", Fail)],
        ),
        ("no trace of a stream", |w| silence(w, "controlled"), UNKNOWN),
        (
            "half of the calls failed, and have no trace",
            |w| {
                for call in w.calls("controlled").iter_mut().step_by(2) {
                    call.sent.error = Some("status 500".into());
                    call.trace.clear();
                }
            },
            &[],
        ),
    ]);
}

/// Stretches the uncovered time of each trace to this share, half of it before the provider call and half after.
fn uncover(world: &mut World, share: f64) {
    world.traces(|trace| {
        let length = trace[0].length_ms();
        let covered: f64 = trace[1..6].iter().map(SpanRow::length_ms).sum();
        let each = ms((share * length - (length - covered)) / 2.0);
        for span in [4, 6] {
            trace[span].start_ns += each;
            trace[span].end_ns -= each;
        }
    });
}

/// So long nothing runs before the provider is called.
fn gap(world: &mut World, length: f64) {
    world.traces(|trace| {
        trace[4].start_ns += ms(length);
        trace[6].start_ns += ms(length);
    });
}

/// The span of an ASGI server that listens for the client's going away, until so long after the response.
fn listen(world: &mut World, longer: f64) {
    world.traces(|trace| {
        let server = trace[0].clone();
        trace.push(SpanRow {
            span_id: "1".repeat(16),
            parent_id: Some(server.span_id.clone()),
            name: "POST http receive".into(),
            kind: "internal".into(),
            end_ns: server.end_ns + ms(longer),
            attributes: [("asgi.event.type".to_owned(), "http.disconnect".to_owned())].into(),
            ..server
        });
    });
}

#[test]
fn cover() {
    check(&[
        ("91 % covered", |w| uncover(w, 0.09), &[]),
        ("89 % covered", |w| uncover(w, 0.11), &[("TRC-02", Fail)]),
        ("a gap of 15 ms", |w| gap(w, 15.0), &[]),
        ("a gap of 30 ms", |w| gap(w, 30.0), &[("TRC-02", Fail)]),
        (
            "a gap of 30 ms below a middleware that wraps all",
            |w| {
                gap(w, 30.0);
                w.traces(wrapped);
            },
            &[("TRC-02", Fail)],
        ),
        (
            "a gap of 30 ms behind a proxy",
            |w| {
                gap(w, 30.0);
                w.traces(|trace| proxied(trace, "server"));
            },
            &[("TRC-02", Fail)],
        ),
        (
            "30 ms before a gateway that calls itself comes to its stages, which the client did not wait",
            |w| {
                w.traces(|trace| {
                    proxied(trace, "server");
                    let outer = trace.last_mut().unwrap();
                    (outer.service, outer.start_ns) = (GATEWAY.into(), outer.start_ns - ms(30.0));
                });
            },
            &[("TRC-02", Fail), ("TRC-07", Fail), ("TRC-10", Fail)],
        ),
        ("who waits for the client to go away, and longer", |w| listen(w, 200.0), &[]),
        (
            "a gap of 30 ms in which somebody waits for the client to go away",
            |w| {
                gap(w, 30.0);
                listen(w, 0.0);
            },
            &[("TRC-02", Fail)],
        ),
        (
            "a client span that ends with the headers, below it one that goes on",
            |w| {
                for call in w.calls("controlled") {
                    call.trace[4].end_ns = call.trace[4].start_ns + call.emitted.chunks[0] - call.emitted.received;
                }
            },
            &[("TRC-02", Fail), ("TRC-05", Fail)],
        ),
        ("a server span without length", |w| w.spans(0, |s| s.end_ns = s.start_ns), &[("TRC-02", Fail), ("TRC-05", Fail)]),
    ]);
}

#[test]
fn trees() {
    check(&[
        (
            "an orphan in one of ten",
            |w| {
                w.each(|n, call| {
                    if n % 10 == 3 && !call.trace.is_empty() {
                        call.trace[2].parent_id = Some("00000000deadbeef".into());
                    }
                });
            },
            &[("TRC-03", Fail)],
        ),
        ("two roots", |w| w.spans(2, |s| s.parent_id = None), &[("TRC-04", Fail)]),
        (
            "two spans that our call started",
            |w| {
                w.traces(|trace| trace[2].parent_id = trace[0].parent_id.clone());
            },
            &[("TRC-04", Fail)],
        ),
        ("a root of kind client", |w| w.traces(|trace| proxied(trace, "client")), &[("TRC-04", Fail)]),
        ("an id twice", |w| w.traces(|trace| trace.push(trace[2].clone())), &[("TRC-04", Fail)]),
        (
            "a circle",
            |w| {
                w.traces(|trace| {
                    trace[2].parent_id = Some(trace[3].span_id.clone());
                    trace[3].parent_id = Some(trace[2].span_id.clone());
                });
            },
            &[("TRC-04", Fail)],
        ),
        ("a span that calls itself", |w| w.spans(2, |s| s.parent_id = Some(s.span_id.clone())), &[("TRC-04", Fail)]),
        // The provider's span is the only one of kind server then: it has no children, and tells no TTFT.
        (
            "no server span of the gateway",
            |w| {
                w.traces(|trace| {
                    trace.remove(0);
                });
            },
            &[("TRC-02", Fail), ("TRC-03", Fail), ("TRC-04", Fail), ("TRC-07", Fail)],
        ),
        ("a child that ends 4 ms late", |w| w.traces(|trace| trace[5].end_ns = trace[0].end_ns + ms(4.0)), &[]),
        ("a child that ends 80 ms late", |w| w.traces(|trace| trace[5].end_ns = trace[0].end_ns + ms(80.0)), &[("TRC-05", Fail)]),
        ("a child that begins 80 ms early", |w| w.traces(|trace| trace[1].start_ns = trace[0].start_ns - ms(80.0)), &[("TRC-05", Fail)]),
    ]);
}
