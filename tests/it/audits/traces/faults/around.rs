//! The page of the store, traces that flood it, what reaches the provider, what lies in attributes, and who is named.

use super::{
    super::{
        call::{Call, GATEWAY},
        clean::body,
        world::World,
    },
    check,
};
use rigcheck::model::{
    outcome::Status::{Fail, Inconclusive, Warn},
    payload::{Leak, Secret, Shown, SpanRow},
};

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
