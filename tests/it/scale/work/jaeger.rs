use super::{OURS, ask, load, serve, trace};
use axum::{Router, extract::Query, routing::get};
use rigcheck::{
    model::{
        key::{Payload, Spans},
        name,
        units::Wall,
    },
    sources::{jaeger::Jaeger, spans::Pace},
    spec::settings::Connection,
};
use std::{
    collections::HashMap,
    fmt::Write as _,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

/// Spans of each foreign trace.
const LARGE: usize = 50;

fn span(out: &mut String, trace: u128, n: usize, start: i64) {
    let id = n + 1;
    let _ = write!(
        out,
        "{{\"traceId\":\"{trace:032x}\",\"spanId\":\"{id:016x}\",\"parentSpanId\":\"{:016x}\",\"name\":\"POST /v1/chat/completions\",\"kind\":2,\
         \"startTimeUnixNano\":\"{start}000\",\"endTimeUnixNano\":\"{start}999\",\"attributes\":[{{\"key\":\"http.route\",\"value\":{{\"stringValue\":\
         \"/v1/chat/completions\"}}}},{{\"key\":\"http.response.status_code\",\"value\":{{\"intValue\":\"200\"}}}}],\"status\":{{}}}},",
        trace as u64
    );
}

/// All traces that start in a window, as Jaeger's stable API has them, up to a number.
fn found(from: i64, to: i64, most: usize, began: i64, lasting: i64, foreign: usize) -> String {
    let mut spans = String::new();
    let mut traces = 0;
    let mut within = |count: usize, of: &mut dyn FnMut(usize, i64)| {
        for n in 0..count {
            let start = began + lasting * n as i64 / count as i64;
            if from <= start && start < to && traces < most {
                traces += 1;
                of(n, start);
            }
        }
    };
    within(OURS, &mut |n, start| span(&mut spans, trace(n), 0, start));
    within(foreign, &mut |n, start| (0..LARGE).for_each(|k| span(&mut spans, 0x77 << 64 | (n as u128 + 1), k, start)));
    let service = "{\"key\":\"service.name\",\"value\":{\"stringValue\":\"gateway\"}}";
    let spans = spans.trim_end_matches(',');
    format!("{{\"result\":{{\"resourceSpans\":[{{\"resource\":{{\"attributes\":[{service}]}},\"scopeSpans\":[{{\"spans\":[{spans}]}}]}}]}}}}")
}

/// A query service holds so many spans of the time of an act, of which ours are found.
pub fn read(spans: usize) -> String {
    let act = super::act();
    let (began, to) = (act.covered.from.0, act.covered.to.0);
    let searches = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&searches);
    let answer = move |Query(asked): Query<HashMap<String, String>>| {
        counted.fetch_add(1, Ordering::SeqCst);
        let time = |name: &str| Wall(asked[name].parse::<jiff::Timestamp>().unwrap().as_microsecond()).0;
        let most = asked["query.num_traces"].parse().unwrap();
        let body = found(time("query.start_time_min"), time("query.start_time_max"), most, began, to - began, spans / LARGE);
        async move { ([("content-type", "application/json")], body) }
    };
    let url = serve(Router::new().route("/api/v3/traces", get(answer)));
    let pace = Pace { poll: Duration::from_millis(100), quiet: Duration::from_secs(2), confirm: Duration::from_millis(100) };
    let connection = Connection { url, ..Connection::default() };
    let source = Jaeger::new(name("jaeger"), &connection, "gateway".into()).unwrap().with_pace(pace);
    let seen = ask(&source, &Spans { of: load() }.into(), || act, async {}).unwrap();
    assert_eq!(seen.partial, None, "{:?}", seen.notes);
    let Payload::Spans(found) = &seen.payload else { panic!("{:?}", seen.payload) };
    assert_eq!((found.traces, found.spans.len(), found.truncated), (OURS as u64, OURS as u64, 0));
    assert_eq!(found.foreign, (spans / LARGE) as u64);
    format!("{spans} spans of {} foreign traces and {OURS} of ours, by {} searches", found.foreign, searches.load(Ordering::SeqCst))
}
