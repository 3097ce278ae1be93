use super::{OURS, act, load, trace};
use rigcheck::{
    audits,
    model::{
        act::Act,
        audit::Context,
        capability::Capability,
        evidence::{Evidence, Origin, Seen},
        key::{Key, Payload, Perform, Query, Spans, World},
        name,
        payload::{self, Performed, SpanRow},
        rig::{Rig, SourceInfo},
        rows::{Blobs, RowsWriter},
    },
    spec::catalogue::Catalogue,
    store::Folder,
};
use std::{sync::Arc, time::Instant};

/// A span of our trace: the server's first, then one for each message of a long answer, which ends a little late.
fn span(of: usize, n: usize, began: u64) -> SpanRow {
    let id = trace(of);
    let server = n == 0;
    SpanRow {
        trace_id: format!("{id:032x}"),
        span_id: format!("{:016x}", n + 1),
        parent_id: Some(if server { format!("{:016x}", id as u64) } else { format!("{:016x}", 1) }),
        name: if server { "POST /v1/chat/completions" } else { "POST /v1/chat/completions http send" }.into(),
        kind: if server { "server" } else { "internal" }.into(),
        service: "gateway".into(),
        start_ns: began + n as u64 * 1_000,
        end_ns: began + 500_000_000 + u64::from(!server) * 1_000,
        attributes: [("asgi.event.type".to_owned(), "http.response.body".to_owned())].into_iter().filter(|_| !server).collect(),
        ..SpanRow::default()
    }
}

/// So many spans of our calls, read from the blob in which they lie and judged by all rules.
pub fn judge(spans: usize) -> String {
    let folder = tempfile::tempdir().unwrap();
    let blobs: Arc<dyn Blobs> = Arc::new(Folder::new(folder.path()));
    let performed = act();
    let Act::Load(calls) = load() else { panic!("a load") };
    let began = performed.covered.from.0 as u64 * 1_000;
    let mut rows = RowsWriter::new(blobs);
    for of in 0..OURS {
        (0..spans / OURS).for_each(|n| rows.push(span(of, n, began)).unwrap());
    }
    let answer = payload::Spans { spans: rows.finish().unwrap(), traces: OURS as u64, ..payload::Spans::default() };
    let seen = Seen { payload: Payload::Spans(answer), covered: performed.covered, origin: Origin::default(), notes: vec![], partial: None };
    let mut evidence = Evidence::default();
    let mut put = |source: &str, query: Query, seen| evidence.put(Key { world: World::Live, source: name(source), query }, Ok(seen));
    put("load", Perform { act: load() }.into(), with_content(&performed));
    put("jaeger", Spans { of: load() }.into(), Arc::new(seen));
    let source = |kind: &str| (name(kind), SourceInfo { kind: name(kind), place: "127.0.0.1".into(), reads: String::new() });
    let rig = Rig {
        loads: [(calls.name.clone(), calls)].into(),
        sources: ["load", "jaeger"].map(source).into(),
        capabilities: [Capability::ControlledLoad, Capability::Traces, Capability::Streaming].into(),
        ..Rig::default()
    };
    let entry = audits::ALL.iter().find(|audit| audit.name == "trace_granularity").unwrap();
    let case = Catalogue::load(None).unwrap().cases.into_iter().find(|case| case.audit.as_str() == entry.name).unwrap();
    let (case, judging) = ((entry.bind)(case).unwrap(), Instant::now());
    let judged = case.judge(&Context { rig: &rig, evidence: &evidence, as_of: performed.covered.to });
    assert!(judged.findings.len() > 5 && judged.findings.iter().all(|(.., said)| said.as_ref().unwrap().is_ok()));
    let took = judging.elapsed().as_secs_f64();
    format!("{spans} spans in {OURS} traces, {:.0} a second by {} rules", spans as f64 / took, judged.findings.len())
}

/// The same act; its requests last as long as their traces.
fn with_content(performed: &Arc<Seen>) -> Arc<Seen> {
    let mut seen = (**performed).clone();
    if let Payload::Perform(Performed { requests, .. }) = &mut seen.payload {
        requests.alter(|t| t.closed = Some(rigcheck::model::timeline::Nanos(t.sent.0 + 501_000_000)));
    }
    Arc::new(seen)
}
