//! Whatever a store sends as traces: each rule says something of them, and what it says can be recorded.

use super::{
    super::case::{Said, judge, of_traces, shown, status},
    call::Call,
    world::World,
};
use rigcheck::model::{outcome::Status, payload::SpanRow};

/// All three judge, and no figure is beyond numbers.
fn told(change: impl FnOnce(&mut World)) -> Said {
    let mut world = World::small(70);
    change(&mut world);
    let said = judge(&*of_traces(), &world.rig, &world.evidence());
    for ((rule, subject), judgement) in &said {
        let Ok(found) = judgement else { panic!("{rule} {subject}\n{}", shown(&said)) };
        let f = &found.figure;
        assert!([f.value, f.lo, f.hi].iter().all(|x| x.is_finite()), "{rule} {subject}: {f}");
        assert!(found.margin.is_none_or(f64::is_finite), "{rule} {subject}: {:?}", found.margin);
    }
    said
}

fn says(said: &Said, rule: &str, subject: &str) -> Option<Status> {
    status(&said[&(rule.to_owned(), subject.to_owned())])
}

/// Changes each span of the stream's traces; also told are its place in the trace and how many there are.
fn each(world: &mut World, change: impl Fn(usize, usize, &mut SpanRow)) {
    for Call { trace, .. } in world.calls("controlled") {
        let many = trace.len();
        trace.iter_mut().enumerate().for_each(|(n, span)| change(n, many, span));
    }
}

#[test]
fn spans_that_all_call_each_other() {
    let ring = |n: usize| format!("{n:016x}");
    let said = told(|w| each(w, |n, many, span| (span.span_id, span.parent_id) = (ring(n), Some(ring((n + 1) % many)))));
    assert_eq!(says(&said, "TRC-04", "jaeger:controlled"), Some(Status::Fail), "{}", shown(&said));
    let said = told(|w| each(w, |_, _, span| (span.span_id, span.parent_id) = (ring(1), Some(ring(1)))));
    assert_eq!(says(&said, "TRC-04", "jaeger:controlled"), Some(Status::Fail), "{}", shown(&said));
}

#[test]
fn times_that_no_clock_showed() {
    let times: [fn(&mut SpanRow); 5] = [
        |s| (s.start_ns, s.end_ns) = (0, u64::MAX),
        |s| (s.start_ns, s.end_ns) = (u64::MAX, 0),
        |s| (s.start_ns, s.end_ns) = (0, 0),
        |s| (s.start_ns, s.end_ns) = (u64::MAX, u64::MAX),
        |s| s.end_ns = u64::MAX,
    ];
    for (n, change) in times.into_iter().enumerate() {
        let said = told(|w| each(w, |_, _, span| change(span)));
        assert!(said.values().any(|j| status(j) == Some(Status::Fail)), "{n}\n{}", shown(&said));
        let others = said.iter().filter(|((_, subject), _)| subject != "jaeger:controlled");
        others.for_each(|(key, judgement)| assert_eq!(status(judgement), Some(Status::Pass), "{n} {key:?}\n{}", shown(&said)));
    }
}

#[test]
fn texts_of_any_kind() {
    let said = told(|w| {
        each(w, |_, _, s| {
            (s.name, s.kind, s.service) = (String::new(), "\u{0}".into(), String::new());
            s.attributes.clear();
        });
    });
    for rule in ["TRC-01", "TRC-02", "TRC-07"] {
        assert_ne!(says(&said, rule, "jaeger:controlled"), Some(Status::Pass), "{rule}\n{}", shown(&said));
    }
    let long = "é".repeat(100_000);
    told(|w| w.calls("controlled")[30].trace.iter_mut().for_each(|s| s.name.clone_from(&long)));
}

/// One trace far larger than the others: a chain, a fan, and a circle.
#[test]
fn one_trace_of_fifty_thousand_spans() {
    const MANY: u64 = 50_000;
    let shapes: [fn(u64) -> u64; 3] = [|n| n - 1, |_| 1, |n| 2 + (n - 1) % (MANY - 1)];
    for (shape, caller) in shapes.into_iter().enumerate() {
        let said = told(|w| {
            let trace = &mut w.calls("controlled")[30].trace;
            let id = |n: u64| format!("{n:016x}");
            let server = SpanRow { span_id: id(1), ..trace[0].clone() };
            let span = |n: u64| SpanRow {
                span_id: id(n),
                parent_id: Some(id(caller(n))),
                kind: "internal".into(),
                name: "step".into(),
                start_ns: server.start_ns + n,
                end_ns: server.end_ns - n,
                ..server.clone()
            };
            *trace = std::iter::once(server.clone()).chain((2..=MANY).map(span)).collect();
        });
        assert_eq!(says(&said, "TRC-08", "jaeger:controlled"), Some(Status::Fail), "{shape}\n{}", shown(&said));
        assert_ne!(says(&said, "TRC-02", "jaeger:controlled"), Some(Status::Fail), "one of many is no habit: {shape}\n{}", shown(&said));
    }
}

/// A store that sends traces of calls that nobody sent, and the same trace under two loads.
#[test]
fn traces_of_others_are_not_looked_at() {
    let said = told(|w| {
        let stray = SpanRow { trace_id: "f".repeat(32), parent_id: None, ..w.calls("controlled")[0].trace[0].clone() };
        w.calls("controlled")[0].trace.push(stray);
        let other = w.calls("embeddings")[0].trace.clone();
        w.calls("controlled")[1].trace.extend(other);
    });
    assert!(said.values().all(|j| status(j) == Some(Status::Pass)), "{}", shown(&said));
}
