//! Each fault changes what it says, and only that: the telemetry is compared with the emission log.

use super::observed::{CALLER, REQUESTS, Run, length_ms, stage};
use super::support::attribute;
use futures_util::StreamExt;
use opentelemetry_proto::tonic::{
    common::v1::any_value::Value as Any,
    trace::v1::{Span, span::SpanKind},
};
use rigcheck::{
    model::payload::Emission,
    reference::faults::{ALL, Misbehaviour},
};

const TOTAL: &str = "rigcheck_mock_request_duration_seconds";
const TTFT: &str = "rigcheck_mock_ttft_seconds";
const GAP: &str = "rigcheck_mock_inter_chunk_seconds";
const ALL_REQUESTS: f64 = REQUESTS as f64;

/// The parts of the telemetry that can be bent.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Part {
    Log,
    LogTtft,
    LogCount,
    Metrics,
    MetricTtft,
    Buckets,
    Exemplars,
    SpanLength,
    SpanTtft,
    SpanCount,
    /// Which spans there are, of what kind, below which, and what they carry.
    Tree,
    /// Where they begin and end within the request.
    Stages,
    Programs,
    Propagation,
    Client,
    Retries,
}

fn total(e: &Emission) -> f64 {
    e.total_ms()
}

fn ttft(e: &Emission) -> f64 {
    e.ttft_ms().unwrap()
}

fn sum(run: &Run, of: impl Fn(&Emission) -> f64) -> f64 {
    run.truths().map(|(_, e)| of(e)).sum::<f64>() / 1e3
}

fn gaps(e: &Emission) -> f64 {
    (*e.chunks.last().unwrap() - e.chunks[0]) as f64 / 1e6
}

fn span_ttft(run: &Run, id: &str) -> Option<f64> {
    match attribute(run.server.get(id)?, "gen_ai.response.time_to_first_chunk") {
        Some(Any::DoubleValue(s)) => Some(s * 1e3),
        _ => None,
    }
}

/// The five stages below a server span, and nothing else that could be asked about.
fn is_whole(run: &Run, id: &str, root: &Span) -> bool {
    let below: Vec<&Span> = run.below(id).collect();
    let words: Vec<_> = below.iter().filter_map(|s| stage(s)).collect();
    let secret = |s: &Span| s.attributes.iter().any(|a| a.key.contains("authorization") || a.key.contains("api_key"));
    words == STAGES
        && below.len() == STAGES.len()
        && root.kind() == SpanKind::Server
        && below.iter().all(|s| s.parent_span_id == root.span_id && s.kind() != SpanKind::Server && !secret(s))
        && !secret(root)
}

const STAGES: [&str; 5] = ["middleware", "auth", "routing", "provider", "adaptation"];

/// Do the stages that there are follow one another without a hole, from the beginning of the request to its end?
fn is_filled(run: &Run, id: &str, root: &Span) -> bool {
    let mut at = root.start_time_unix_nano;
    let mut parts: Vec<&Span> = STAGES.iter().filter_map(|word| run.stage(id, word)).collect();
    parts.retain(|s| {
        let follows = s.start_time_unix_nano == at && s.end_time_unix_nano >= at;
        at = s.end_time_unix_nano;
        !follows
    });
    parts.is_empty() && at == root.end_time_unix_nano
}

/// Do all exemplars name a trace that was recorded, with the length that its span has?
fn exemplars_hold(run: &Run) -> bool {
    let lengths: Vec<_> = run.server.keys().map(|id| (run.trace_of(id), run.span_ms(id).unwrap())).collect();
    let exemplars = run.exemplars(TOTAL);
    if run.server.is_empty() {
        return exemplars.is_empty();
    }
    assert!(exemplars.len() > 3, "too few exemplars to judge: {exemplars:?}");
    exemplars.iter().all(|(trace, s)| lengths.iter().any(|(t, ms)| t == trace && (ms - s * 1e3).abs() < 0.001))
}

/// Which parts are not what the emission log says.
fn bent(run: &Run) -> Vec<Part> {
    let close = |a: f64, b: f64| (a - b).abs() < 1e-6 * b.abs().max(1.0);
    let n = |metric: &str| run.sample(&format!("{metric}_count"));
    let s = |metric: &str| run.sample(&format!("{metric}_sum"));
    let gaps_n: usize = run.truths().map(|(_, e)| e.chunks.len() - 1).sum();
    let edges = run.edges(TOTAL);
    let fine =
        edges.windows(2).all(|w| w[1] / w[0] < 1.08) && edges.last().is_some_and(|e| *e > 60.0) && [0.5, 1.0].iter().all(|slo| edges.contains(slo));
    let metrics = close(s(TOTAL), sum(run, total)) && n(TOTAL) == ALL_REQUESTS && close(s(GAP), sum(run, gaps)) && n(GAP) == gaps_n as f64;
    let log = run.log_differs("duration_ms", total) == 0 && run.log_differs("inter_chunk_ms", |e| e.inter_chunk_ms().unwrap()) == 0;
    let lines = run.truth.keys().all(|id| run.log.get(id).is_some_and(|lines| lines.len() == 1));
    let spans = run.truths().all(|(id, e)| run.span_ms(id).is_none_or(|ms| (ms - e.total_ms()).abs() < 0.001));
    let span_ttfts = run.truths().all(|(id, e)| !run.server.contains_key(id) || span_ttft(run, id).is_some_and(|ms| (ms - ttft(e)).abs() < 0.001));
    let client = run.client.iter().all(|(id, c)| {
        let e = run.truth[id].last().unwrap();
        let first = c.contents()[0].0.duration_since(c.sent).as_secs_f64() * 1e3;
        // Not a matter of exactness: far above what a busy machine adds, far below what the faults do.
        c.done && c.contents().len() as u64 == e.tokens && c.usage() == Some(e.tokens) && reads(c) > 1 && first >= ttft(e)
    });
    [
        (Part::Log, log),
        (Part::LogTtft, run.log_differs("ttft_ms", ttft) == 0 && log_ttfts(run) == run.log.len()),
        (Part::LogCount, lines),
        (Part::Metrics, metrics),
        (Part::MetricTtft, close(s(TTFT), sum(run, ttft)) && n(TTFT) == ALL_REQUESTS),
        (Part::Buckets, fine),
        (Part::Exemplars, exemplars_hold(run)),
        (Part::SpanLength, spans),
        (Part::SpanTtft, span_ttfts),
        (Part::SpanCount, run.server.len() == REQUESTS),
        (Part::Tree, run.server.iter().all(|(id, root)| is_whole(run, id, root))),
        (Part::Stages, run.server.iter().all(|(id, root)| is_filled(run, id, root))),
        (Part::Programs, run.instances.len() <= 1),
        (Part::Propagation, run.truths().all(|(id, e)| e.trace_id.as_deref() == Some(run.trace_of(id)) && e.parent_id.as_deref() == Some(CALLER))),
        (Part::Client, client),
        (Part::Retries, run.truth.values().all(|e| e.len() == 1)),
    ]
    .into_iter()
    .filter_map(|(part, holds)| (!holds).then_some(part))
    .collect()
}

/// Requests whose log line has a TTFT.
fn log_ttfts(run: &Run) -> usize {
    run.log.keys().filter(|id| run.logged(id, "ttft_ms").is_some()).count()
}

fn reads(c: &super::support::Streamed) -> usize {
    c.contents().iter().map(|c| c.0).collect::<std::collections::BTreeSet<_>>().len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clean_rig_tells_the_truth_everywhere() {
    let run = Run::of(None).await;
    assert_eq!(run.truth.len(), REQUESTS);
    assert_eq!(bent(&run), []);
    assert_eq!(run.spans.len(), 6 * REQUESTS);
    for (id, e) in run.truths() {
        assert!(run.client[id].closed.duration_since(run.client[id].sent).as_secs_f64() * 1e3 >= e.total_ms());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_fault_does_what_it_says_and_nothing_else() {
    let runs = futures_util::stream::iter(ALL.iter().filter(|f| !f.is_of("RES"))).map(async |fault| (fault, Run::of(Some(fault)).await)).buffered(4);
    let failures: Vec<String> = runs
        .filter_map(async |(fault, run)| {
            let (found, expected) = (bent(&run), expected(fault.what));
            let as_told = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| check(fault.what, &run)));
            let why = as_told.err().map(|e| e.downcast_ref::<String>().cloned().unwrap_or_default());
            (found != expected || why.is_some()).then(|| format!("{}: bent {found:?}, expected {expected:?}; {why:?}", fault.name))
        })
        .collect()
        .await;
    assert!(failures.is_empty(), "{failures:#?}");
}

/// The faults of what is told of resources.
macro_rules! of_resources {
    () => {
        Misbehaviour::CpuDoubled
            | Misbehaviour::CpuPerCore
            | Misbehaviour::CpuInTicks
            | Misbehaviour::CpuPercentLifetime
            | Misbehaviour::ZeroFilled
            | Misbehaviour::CounterResets
            | Misbehaviour::ClockShifted
            | Misbehaviour::CoarseWindows
            | Misbehaviour::ShortWindows
            | Misbehaviour::MemoryWithCache
            | Misbehaviour::MemoryDoubled
            | Misbehaviour::DeadSeries
            | Misbehaviour::ScrapesFail
            | Misbehaviour::HeavyObserver
    };
}

fn expected(what: Misbehaviour) -> Vec<Part> {
    use Misbehaviour as M;
    match what {
        M::CoarseLog | M::LogInSeconds | M::LogOffset | M::LogScale => vec![Part::Log, Part::LogTtft],
        M::LogWrittenEarly | M::RareLogOutliers => vec![Part::Log],
        M::LostLogLines | M::DuplicateLogLines => vec![Part::LogCount],
        M::SlowWithoutTtft => vec![Part::LogTtft],
        M::MetricInMs => vec![Part::Metrics, Part::MetricTtft, Part::Exemplars],
        M::PinnedBuckets | M::CoarseBuckets | M::NoEdgeAtSlo => vec![Part::Buckets],
        M::LostWorker => vec![Part::Metrics, Part::MetricTtft],
        M::MetricWithoutStream | M::BackgroundTask => vec![Part::Metrics, Part::Exemplars],
        M::NoAuthSpan | M::NoProviderSpan => vec![Part::Tree, Part::Stages],
        M::FlatSpans | M::OrphanSpans | M::ClientRoot | M::SpanPerChunk | M::SecretAttributes => vec![Part::Tree],
        M::ChildOutsideParent | M::ConstantDurations | M::GapInTrace | M::NegativeDurations => vec![Part::Stages],
        M::SharedServiceName => vec![Part::Tree, Part::Programs],
        M::NotPropagated => vec![Part::Propagation],
        M::TtftMarkerWrong => vec![Part::SpanTtft],
        // The provider does not see what holds its caller up.
        M::SlowTracing => vec![Part::Log, Part::LogTtft, Part::Metrics, Part::MetricTtft, Part::SpanLength, Part::SpanTtft],
        M::SpanWithoutStream => vec![Part::Exemplars, Part::SpanLength],
        M::HeadSampling | M::DroppedLongTraces | M::StreamsNotSampled => vec![Part::SpanCount],
        M::DanglingExemplars => vec![Part::Exemplars, Part::SpanCount],
        M::StaleExemplars => vec![Part::Exemplars],
        M::PrefillAsTtft => vec![Part::MetricTtft],
        M::TtftAtHeaders => vec![Part::LogTtft, Part::MetricTtft, Part::SpanTtft],
        M::BatchedTokens | M::BufferedStream => vec![Part::Client],
        M::HiddenRetry => vec![Part::Retries],
        // Times of day, which no part looks at (see `check`); and the load tool's fault: the endpoint and its telemetry stay true.
        M::ClockOffset | M::ClockStep | M::ClientAtHeaders => vec![],
        of_resources!() => unreachable!("no request is sent where resources are bent: see `process_page`"),
    }
}

/// The size and direction of the change.
#[allow(clippy::unnested_or_patterns, reason = "the patterns of a macro")]
fn check(what: Misbehaviour, run: &Run) {
    use Misbehaviour as M;
    let (n, s) = (|m: &str| run.sample(&format!("{m}_count")), |m: &str| run.sample(&format!("{m}_sum")));
    let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-6 * b.abs().max(1.0), "{a} is not {b}");
    let each_log = |of: &dyn Fn(f64) -> f64| assert_eq!(run.log_differs("duration_ms", |e| of(e.total_ms())), 0);
    match what {
        M::CoarseLog => each_log(&|ms| (ms / 1000.0).round() * 1000.0),
        M::LogInSeconds => each_log(&|ms| ms / 1000.0),
        M::LogOffset => each_log(&|ms| ms + 200.0),
        M::ClockOffset => assert!(run.ahead_ms().iter().all(|ms| (ms - 250.0).abs() < 0.01), "{:?}", run.ahead_ms()),
        // The run is over before the clock steps.
        M::ClockStep => assert!(run.ahead_ms().iter().all(|ms| ms.abs() < 0.01), "{:?}", run.ahead_ms()),
        M::ClientAtHeaders | of_resources!() => {} // seen in the spec of the rig, not in the endpoint; or on the page of the process
        M::LogScale => each_log(&|ms| ms * 1.05),
        M::LogWrittenEarly => each_log_is_ttft(run),
        M::RareLogOutliers => {
            let off: Vec<f64> = run.truths().map(|(id, e)| run.logged(id, "duration_ms").unwrap() - e.total_ms()).filter(|x| x.abs() > 1.0).collect();
            assert_eq!(off.len(), 1);
            assert!((off[0] - 3000.0).abs() < 0.01);
        }
        M::LostLogLines => assert_eq!(run.log.len(), REQUESTS - 2),
        M::SlowWithoutTtft => {
            assert_eq!(log_ttfts(run), REQUESTS - 5);
            assert!(run.truths().all(|(id, e)| run.logged(id, "ttft_ms").is_some() == (e.total_ms() < 700.0)));
        }
        M::DuplicateLogLines => assert_eq!(run.log.values().map(Vec::len).sum::<usize>(), REQUESTS + 4),
        M::MetricInMs => near(s(TOTAL), 1e3 * sum(run, total)),
        M::PinnedBuckets => assert_eq!(run.edges(TTFT).last(), Some(&0.3)),
        M::CoarseBuckets => assert_eq!(run.edges(GAP).len(), 14),
        M::NoEdgeAtSlo => assert!(!run.edges(TTFT).contains(&0.5) && !run.edges(TOTAL).contains(&1.0)),
        M::PrefillAsTtft => {
            let prefill = "vllm:request_prefill_time_seconds";
            assert_eq!((n(prefill), n(TTFT)), (ALL_REQUESTS, 0.0));
            near(s(prefill), sum(run, ttft));
        }
        M::LostWorker => assert_eq!((n(TOTAL), n(TTFT)), (ALL_REQUESTS / 2.0, ALL_REQUESTS / 2.0)),
        M::MetricWithoutStream => near(s(TOTAL), sum(run, ttft)),
        M::BackgroundTask => {
            let added = (s(TOTAL) - sum(run, total)) / ALL_REQUESTS;
            assert!((0.09..0.11).contains(&added), "{added}");
        }
        M::SpanWithoutStream => {
            assert!(run.truths().all(|(id, e)| (run.span_ms(id).unwrap() - ttft(e)).abs() < 0.001));
            for span in &run.spans {
                let root = run.spans.iter().find(|s| s.trace_id == span.trace_id && s.name.starts_with("POST")).unwrap();
                assert!(span.end_time_unix_nano <= root.end_time_unix_nano);
            }
        }
        M::HeadSampling => assert_eq!(run.server.len(), REQUESTS / 10),
        M::DroppedLongTraces => assert!(run.truths().all(|(id, e)| run.server.contains_key(id) == (e.total_ms() < 700.0))),
        M::DanglingExemplars => {
            assert_eq!(run.server.len(), REQUESTS / 2);
            let known: Vec<_> = run.server.keys().map(|id| run.trace_of(id)).collect();
            let (found, lost): (Vec<_>, Vec<_>) = run.exemplars(TOTAL).into_iter().partition(|(trace, _)| known.contains(&trace.as_str()));
            assert!(!found.is_empty() && !lost.is_empty(), "{} resolve, {} do not", found.len(), lost.len());
        }
        M::StaleExemplars => assert_eq!(run.server.len(), REQUESTS),
        M::TtftAtHeaders => {
            let early = |(id, e): (&String, &Emission)| {
                let logged = run.logged(id, "ttft_ms").unwrap();
                assert!((span_ttft(run, id).unwrap() - logged).abs() < 0.001);
                logged < ttft(e)
            };
            assert!(run.truths().all(early));
        }
        M::BatchedTokens => {
            let pairs = run.client.iter().filter(|(_, c)| c.usage() == Some(2 * c.contents().len() as u64)).count();
            assert_eq!(pairs, REQUESTS);
        }
        M::BufferedStream => {
            for (id, e) in run.truths() {
                let c = &run.client[id];
                assert_eq!(c.contents().len(), e.chunks.len());
                let first = c.contents()[0].0.duration_since(c.sent).as_secs_f64() * 1e3;
                assert!(first >= e.total_ms(), "{id}: content came before the end");
            }
        }
        M::NoAuthSpan => assert!(lacks(run, "auth") && !lacks(run, "provider")),
        M::NoProviderSpan => assert!(lacks(run, "provider") && !lacks(run, "auth")),
        M::FlatSpans => assert!(run.server.keys().all(|id| run.below(id).count() == 5 && run.below(id).all(|s| s.parent_span_id.is_empty()))),
        M::OrphanSpans => {
            let between = |id: &String| run.below(id).find(|s| stage(s).is_none());
            assert_eq!(run.server.keys().filter(|id| between(id).is_none()).count(), REQUESTS / 10);
            for (id, root) in &run.server {
                let above: Vec<_> = STAGES.iter().map(|word| &run.stage(id, word).unwrap().parent_span_id).collect();
                assert!(above.iter().all(|parent| *parent == above[0] && **parent != root.span_id && !parent.is_empty()), "{id}");
                let there = between(id).is_none_or(|s| s.span_id == *above[0] && s.parent_span_id == root.span_id);
                assert!(there && run.below(id).count() >= 5, "{id}");
            }
        }
        M::ClientRoot => assert!(run.server.values().all(|root| root.kind() == SpanKind::Client && root.name.starts_with("POST"))),
        M::ChildOutsideParent => {
            let beyond = |id, root: &Span| run.stage(id, "provider").unwrap().end_time_unix_nano - root.end_time_unix_nano;
            assert!(run.server.iter().all(|(id, root)| beyond(id, root) == 80_000_000));
        }
        M::ConstantDurations => {
            for word in STAGES {
                let lengths: Vec<f64> = run.server.keys().map(|id| length_ms(run.stage(id, word).unwrap())).collect();
                assert!(lengths.iter().all(|ms| (ms - lengths[0]).abs() < 1e-6 && *ms > 0.0), "{word}: {lengths:?}");
            }
        }
        M::SpanPerChunk => {
            for (id, e) in run.truths() {
                let sends: Vec<_> = run.below(id).filter(|s| s.name.ends_with(" http send")).collect();
                assert!(sends.iter().all(|s| attribute(s, "asgi.event.type") == Some(Any::StringValue("http.response.body".into()))));
                assert_eq!((sends.len(), run.below(id).count()), (e.chunks.len(), 5 + e.chunks.len()), "{id}");
            }
        }
        M::StreamsNotSampled => assert!(run.spans.is_empty()),
        M::NotPropagated => {
            let told: std::collections::BTreeSet<_> = run.truths().map(|(_, e)| e.trace_id.clone().unwrap()).collect();
            assert!(told.len() == REQUESTS && told.iter().all(|trace| trace.len() == 32), "{told:?}");
        }
        M::SharedServiceName => {
            assert_eq!(run.instances.len(), 2);
            for id in run.server.keys() {
                let call = run.stage(id, "provider").unwrap();
                let [called] = run.below(id).filter(|s| s.kind() == SpanKind::Server).collect::<Vec<_>>()[..] else { panic!("{id}") };
                assert_eq!(called.parent_span_id, call.span_id);
            }
        }
        M::SecretAttributes => {
            for (id, root) in &run.server {
                let Some(Any::StringValue(header)) = attribute(root, "http.request.header.authorization") else { panic!("{id}") };
                let Some(Any::StringValue(key)) = attribute(run.stage(id, "provider").unwrap(), "llm.request.api_key") else { panic!("{id}") };
                assert!(header.starts_with("Bearer ") && key.starts_with("sk-"), "{header} {key}");
            }
        }
        M::SlowTracing => {
            each_log(&|ms| ms + 40.0);
            assert!(run.truths().all(|(id, e)| (run.span_ms(id).unwrap() - e.total_ms() - 40.0).abs() < 0.001));
        }
        M::GapInTrace => {
            for (id, root) in &run.server {
                let hole = run.stage(id, "provider").unwrap().start_time_unix_nano - run.stage(id, "routing").unwrap().end_time_unix_nano;
                assert!((hole as f64 / 1e6 / length_ms(root) - 0.3).abs() < 0.001, "{id}: {hole}");
            }
        }
        M::TtftMarkerWrong => {
            assert!(run.truths().all(|(id, e)| (span_ttft(run, id).unwrap() - (ttft(e) - 100.0).max(1.0)).abs() < 0.001));
        }
        M::NegativeDurations => {
            let stages: Vec<_> = run.server.keys().flat_map(|id| run.below(id)).collect();
            let negative: Vec<_> = stages.iter().filter(|s| length_ms(s) < 0.0).collect();
            assert_eq!((stages.len(), negative.len()), (5 * REQUESTS, 5 * REQUESTS / 20));
            assert!(negative.iter().all(|s| (length_ms(s) + 5.0).abs() < 1e-6));
        }
        M::HiddenRetry => {
            let retried: Vec<_> = run.truth.iter().filter(|(_, e)| e.len() == 2).collect();
            assert_eq!(retried.len(), REQUESTS / 4);
            for (id, attempts) in retried {
                assert!(attempts[0].chunks.is_empty() && attempts[0].total_ms() >= 150.0 && attempts[1].attempts == 2);
                let c = &run.client[id];
                let unseen = c.closed.duration_since(c.sent).as_secs_f64() * 1e3 - run.logged(id, "duration_ms").unwrap();
                assert!(unseen >= 150.0, "{id}: {unseen}");
            }
        }
    }
}

/// Has no trace this stage?
fn lacks(run: &Run, word: &str) -> bool {
    let without = run.server.keys().filter(|id| run.stage(id, word).is_none()).count();
    assert!(without == 0 || without == REQUESTS, "{word}: {without}");
    without > 0
}

fn each_log_is_ttft(run: &Run) {
    assert_eq!(run.log_differs("duration_ms", ttft), 0);
    assert!(run.log.values().all(|lines| lines[0]["inter_chunk_ms"].is_null()));
}
