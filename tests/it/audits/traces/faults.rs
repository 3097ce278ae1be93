//! Each fault is found by the rule that is there for it, and everybody else passes: the worst that a rule says of any subject.

use super::{
    super::case::{judge, of_traces, shown, status},
    call::{Call, GATEWAY, STAGES, TTFT, ns},
    clean::{body, proxied},
    world::World,
};
use rigcheck::model::{
    outcome::Status::{self, Fail, Inconclusive, Pass, Warn},
    payload::{Leak, Secret, Shown, SpanRow},
    timeline::Nanos,
};
use std::{collections::BTreeMap, sync::LazyLock};

/// A fault, and what is said of it by rules that do not pass.
type Row = (&'static str, fn(&mut World), &'static [(&'static str, Status)]);

static CLEAN: LazyLock<World> = LazyLock::new(|| World::new(40));

fn check(rows: &[Row]) {
    let case = of_traces();
    let mut wrong = vec![];
    for (title, change, expected) in rows {
        let mut world = CLEAN.clone();
        change(&mut world);
        let said = judge(&*case, &world.rig, &world.evidence());
        let mut worst: BTreeMap<&str, Status> = BTreeMap::new();
        for ((rule, _), judgement) in &said {
            let status = status(judgement).unwrap_or(Status::NoData);
            let so_far = worst.entry(rule).or_insert(Pass);
            if status.badness() > so_far.badness() {
                *so_far = status;
            }
        }
        worst.retain(|_, status| *status != Pass);
        if worst != expected.iter().copied().collect() {
            wrong.push(format!("{title}: expected {expected:?}, not {worst:?}\n{}", shown(&said)));
        }
    }
    assert!(wrong.is_empty(), "{} of {} rows:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
}

fn ms(ms: f64) -> u64 {
    ns(ms)
}

/// Traces are gone: all of a load.
fn silence(world: &mut World, load: &str) {
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

#[test]
fn cover() {
    check(&[
        ("91 % covered", |w| uncover(w, 0.09), &[]),
        ("89 % covered", |w| uncover(w, 0.11), &[("TRC-02", Fail)]),
        ("a gap of 15 ms", |w| gap(w, 15.0), &[]),
        ("a gap of 30 ms", |w| gap(w, 30.0), &[("TRC-02", Fail)]),
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

fn show(world: &mut World, change: fn(&mut Shown)) {
    world.said(|said| said.shown.iter_mut().for_each(change));
}

#[test]
fn the_page() {
    check(&[
        ("spans moved on the page", |w| show(w, |s| (s.moved, s.moved_ms, s.farthest_ms) = (40, Some(90.0), Some(200.0))), &[("TRC-06", Fail)]),
        ("moved by less than can be seen", |w| show(w, |s| (s.moved, s.moved_ms, s.farthest_ms) = (40, Some(2.0), Some(3.0))), &[]),
        ("one span moved", |w| show(w, |s| (s.moved, s.moved_ms, s.farthest_ms) = (1, Some(90.0), Some(90.0))), &[]),
        ("only warnings", |w| show(w, |s| (s.warned, s.warned_ms) = (40, Some(90.0))), &[("TRC-06", Warn)]),
        ("warnings of little", |w| show(w, |s| (s.warned, s.warned_ms) = (40, Some(2.0))), &[]),
        ("the page was not looked at", |w| w.said(|said| said.shown = None), &[("TRC-06", Inconclusive)]),
        ("the page showed nothing", |w| w.said(|said| said.shown = Some(Shown::default())), &[("TRC-06", Inconclusive)]),
    ]);
}

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

/// A span for each so many chunks of the streams.
fn chunk_spans(world: &mut World, every: usize) {
    for call in world.calls("controlled") {
        let chunks = call.sent.events.clone();
        let bodies = chunks.iter().enumerate().step_by(every).map(|(n, chunk)| body(call, n as u64, chunk.at.0 - call.sent.sent.0 - 500_000));
        let bodies: Vec<_> = bodies.collect();
        call.trace.extend(bodies);
    }
}

/// So many spans more in each trace of the embeddings.
fn fill(world: &mut World, many: u64) {
    for call in world.calls("embeddings") {
        let one = SpanRow { name: "cache".into(), ..call.trace[2].clone() };
        call.trace.extend((0..many).map(|n| SpanRow { span_id: format!("e{n:015x}"), ..one.clone() }));
    }
}

#[test]
fn floods() {
    check(&[
        ("a span for each chunk", |w| chunk_spans(w, 1), &[("TRC-08", Fail)]),
        ("a span for each third chunk", |w| chunk_spans(w, 3), &[("TRC-08", Warn)]),
        ("60 spans more, however long the answer", |w| fill(w, 60), &[]),
        ("150 spans more", |w| fill(w, 150), &[("TRC-08", Warn)]),
        ("400 spans more", |w| fill(w, 400), &[("TRC-08", Fail)]),
        (
            "one trace of 400",
            |w| {
                let one = w.calls("embeddings")[30].trace[2].clone();
                w.calls("embeddings")[30].trace.extend((0..400).map(|n| SpanRow {
                    span_id: format!("e{n:015x}"),
                    name: "cache".into(),
                    ..one.clone()
                }));
            },
            &[("TRC-08", Fail)],
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

fn told(world: &mut World, change: fn(&mut Call)) {
    world.each(|_, call| change(call));
}

#[test]
fn propagation() {
    check(&[
        ("another trace at the provider", |w| told(w, |c| c.emitted.trace_id = Some("0badc0de".repeat(4))), &[("TRC-11", Fail)]),
        ("no trace at the provider", |w| told(w, |c| (c.emitted.trace_id, c.emitted.parent_id) = (Some(String::new()), None)), &[("TRC-11", Fail)]),
        ("our own header is handed on", |w| told(w, |c| c.emitted.parent_id = Some("00000000deadbeef".into())), &[("TRC-11", Warn)]),
        ("a log that does not tell", |w| told(w, |c| (c.emitted.trace_id, c.emitted.parent_id) = (None, None)), &[("TRC-11", Inconclusive)]),
        (
            "another trace in one of ten",
            |w| {
                w.each(|n, call| {
                    if n % 10 == 3 {
                        call.emitted.trace_id = Some("0badc0de".repeat(4));
                    }
                });
            },
            &[("TRC-11", Fail)],
        ),
    ]);
}

fn leak(world: &mut World, what: Secret) {
    world.loads.get_mut("unstreamed").unwrap().said.secrets.push(Leak {
        service: GATEWAY.into(),
        span: "auth".into(),
        key: "api.key".into(),
        what,
        spans: 70,
    });
}

/// What the provider's span is said to be.
fn call_themselves(world: &mut World, instance: Option<&str>) {
    world.spans(6, |s| {
        s.service = GATEWAY.into();
        s.attributes.remove(SpanRow::INSTANCE);
        s.attributes.extend(instance.map(|id| (SpanRow::INSTANCE.to_owned(), id.to_owned())));
    });
}

#[test]
fn names_and_secrets() {
    check(&[
        ("a key in an attribute", |w| leak(w, Secret::ApiKey), &[("TRC-12", Fail)]),
        ("prompts in attributes", |w| leak(w, Secret::Prompt), &[("TRC-12", Warn)]),
        (
            "both",
            |w| {
                leak(w, Secret::Prompt);
                leak(w, Secret::WebToken);
            },
            &[("TRC-12", Fail)],
        ),
        ("the provider under the gateway's name", |w| call_themselves(w, Some("0c0c0c0c")), &[("TRC-13", Fail)]),
        ("a gateway that calls itself", |w| call_themselves(w, Some("0a0a0a0a")), &[]),
        ("a name that nobody can tell apart", |w| call_themselves(w, None), &[("TRC-13", Fail)]),
        (
            "two languages under one name",
            |w| {
                w.spans(2, |s| _ = s.attributes.insert(SpanRow::LANGUAGE.into(), "go".into()));
            },
            &[("TRC-13", Fail)],
        ),
        (
            "several instances of one service",
            |w| {
                w.each(|n, call| call.trace.iter_mut().for_each(|s| _ = s.attributes.insert(SpanRow::INSTANCE.into(), format!("{:08x}", n % 3))));
            },
            &[],
        ),
    ]);
}
