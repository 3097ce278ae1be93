//! A clean rig passes every rule, for every subject.

use super::{
    super::case::{Said, judge, of_traces, shown, status},
    call::{Call, GATEWAY, TTFT, ns},
    world::World,
};
use rigcheck::model::{capability::Capability, name::name, outcome::Status, payload::SpanRow, rig::SourceInfo};
use std::collections::BTreeSet;

fn all_pass(world: &World, what: &str) -> Said {
    let said = judge(&*of_traces(), &world.rig, &world.evidence());
    assert!(said.values().all(|j| status(j) == Some(Status::Pass)), "{what}\n{}", shown(&said));
    said
}

#[test]
fn every_rule_passes_for_every_subject() {
    for seed in 0..10 {
        let said = all_pass(&World::new(seed), &format!("seed {seed}"));
        let rules: BTreeSet<&str> = said.keys().map(|(rule, _)| rule.as_str()).collect();
        assert_eq!(rules.len(), of_traces().case().rules.len(), "{rules:?}");
        // Three kinds of calls; the pairs for the observer's effect, and the stream's first token, are of one.
        assert_eq!(said.len(), 3 * (rules.len() - 2) + 2, "{:?}", said.keys());
    }
}

/// Other gateways that are as good.
#[test]
fn a_clean_gateway_may_be_built_otherwise() {
    let variants: [(&str, fn(&mut World)); 9] = [
        ("a middleware that wraps all stages", |w| w.traces(wrapped)),
        ("a provider that takes no part in traces", |w| {
            w.traces(|trace| {
                trace.pop();
            });
        }),
        ("no attribute, but a span for the first chunk", |w| {
            w.each(|_, call| {
                if let Some(seconds) = call.trace.first_mut().and_then(|server| server.attributes.remove(TTFT)) {
                    let first = ns(seconds.parse::<f64>().unwrap() * 1e3);
                    let chunk = body(call, 9, first);
                    call.trace.push(chunk);
                }
            });
        }),
        ("a proxy before it that takes part", |w| w.traces(|trace| proxied(trace, "server"))),
        ("a tenth of the answers take three times as long", |w| {
            w.each(|n, call| {
                if n % 20 == 7 {
                    later(call, 600.0);
                }
            });
        }),
        ("two exporters, so that spans come in any order", |w| w.traces(|trace| trace.reverse())),
        ("a receiver beside the store", |w| {
            w.rig.sources.insert(name("otlp"), SourceInfo { kind: name("otlp"), place: "127.0.0.1".into(), reads: String::new() });
        }),
        ("no reference endpoint", World::forget_truth),
        ("no streams", |w| {
            w.rig.capabilities.remove(&Capability::Streaming);
            w.rig.loads.remove(&name("controlled"));
        }),
    ];
    for (what, change) in variants {
        let mut world = World::new(20);
        change(&mut world);
        let said = all_pass(&world, what);
        assert!(said.len() > 10, "{what}: {:?}", said.keys());
    }
}

/// A span of a chunk of the body, so many ns after the request came in.
pub fn body(call: &Call, n: u64, after: u64) -> SpanRow {
    let server = &call.trace[0];
    let start_ns = (server.start_ns + after).min(server.end_ns);
    SpanRow {
        span_id: format!("b{n:015x}"),
        parent_id: Some(server.span_id.clone()),
        name: format!("POST {} http send", server.name),
        kind: "internal".into(),
        start_ns,
        end_ns: (start_ns + 20_000).min(server.end_ns),
        attributes: [("asgi.event.type".to_owned(), "http.response.body".to_owned())].into(),
        ..server.clone()
    }
}

/// Whoever is below the server span is below a span over all of it instead.
pub fn wrapped(trace: &mut Vec<SpanRow>) {
    let server = trace[0].clone();
    let wrapper = SpanRow {
        span_id: "cccccccccccccccc".into(),
        parent_id: Some(server.span_id.clone()),
        name: "LimitsMiddleware".into(),
        kind: "internal".into(),
        attributes: [].into(),
        ..server.clone()
    };
    for span in trace.iter_mut().filter(|s| s.parent_id.as_ref() == Some(&server.span_id)) {
        span.parent_id = Some(wrapper.span_id.clone());
    }
    trace.push(wrapper);
}

/// Another service's span of this kind between our call and the gateway's.
pub fn proxied(trace: &mut Vec<SpanRow>, kind: &str) {
    let server = &mut trace[0];
    assert_eq!(server.service, GATEWAY);
    let proxy = SpanRow {
        span_id: "dddddddddddddddd".into(),
        name: "forward".into(),
        kind: kind.into(),
        service: "proxy".into(),
        attributes: [].into(),
        ..server.clone()
    };
    server.parent_id = Some(proxy.span_id.clone());
    trace.push(proxy);
}

/// The provider's answer ends later, for all who see it.
fn later(call: &mut Call, ms: f64) {
    let by = ns(ms);
    call.emitted.closed += by;
    call.sent.closed.iter_mut().for_each(|at| at.0 += by);
    let Some(provider) = call.trace.get(4).cloned() else { return };
    for span in &mut call.trace {
        if span.start_ns >= provider.end_ns {
            span.start_ns += by;
        }
        if span.end_ns >= provider.end_ns || span.kind == "server" {
            span.end_ns += by;
        }
    }
}
