//! The emission log against fakes of `rigcheck mock`.
#![allow(clippy::disallowed_methods, reason = "a fake server has a clock: records arrive late")]
#![allow(clippy::unwrap_used, reason = "a helper of tests that cannot go on fails them")]
use super::traced_act::{BEGAN, ask, connection, id, sent, serve, slot, truth};
use crate::address::nobody;
use axum::{
    Router,
    extract::{Query, State},
    http::StatusCode,
    response::{Html, IntoResponse},
    routing::get,
};
use rigcheck::{
    model::{
        Gap, Question as _, Seen, Source as _, Timing, key, name,
        payload::{Emission, Emissions},
    },
    sources::truth::Truth,
};
use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

const TIME: Duration = Duration::from_secs(20);

fn source(url: &str) -> Truth {
    Truth::new(name("truth"), &connection(url)).unwrap()
}

fn emission(id: &str, wall_us: i64, received: u64) -> Emission {
    Emission {
        id: id.into(),
        received,
        received_wall_us: wall_us,
        chunks: vec![received + 50_000_000],
        closed: received + 90_000_000,
        tokens: 4,
        ..Emission::default()
    }
}

/// Records, each there after a while.
type Log = Arc<(Instant, Vec<(Duration, Emission)>)>;

async fn mock(records: Vec<(Duration, Emission)>) -> String {
    let log: Log = Arc::new((Instant::now(), records));
    let emissions = async |State(log): State<Log>, Query(asked): Query<BTreeMap<String, i64>>| {
        let there = log.1.iter().filter(|(after, e)| log.0.elapsed() >= *after && (asked["from_us"]..=asked["to_us"]).contains(&e.received_wall_us));
        there.map(|(_, e)| serde_json::to_string(e).unwrap() + "\n").collect::<String>()
    };
    serve(Router::new().route("/rigcheck/emissions", get(emissions)).with_state(log)).await
}

fn picked(seen: &Seen) -> &Emissions {
    assert_eq!(seen.partial, None);
    key::Truth::pick(&seen.payload).unwrap()
}

#[tokio::test]
async fn reads_our_records_and_counts_strangers_of_the_act() {
    let now = |e| (Duration::ZERO, e);
    let mut records: Vec<_> = (0..4).rev().map(|n| now(emission(&id(n), sent(n), 1_000 * n as u64))).collect();
    // A retry came first to the log, an attempt before it later; the later attempt counts.
    records.push(now(emission(&id(4), sent(4) + 3_000, 9_000)));
    records.push(now(emission(&id(4), sent(4), 8_000)));
    records.push(now(emission("someone-else", sent(1), 1)));
    records.push(now(emission("", sent(2), 2)));
    records.push(now(emission("calibration-before", BEGAN - 2_000_000, 3)));
    let url = mock(records).await;
    let truth_source = source(&url);
    assert!(matches!(truth_source.timing(&truth()), Timing::Recall { settle } if settle == rigcheck::model::units::Ms(300.0)));
    let seen = ask(&truth_source, &truth(), &slot(5, TIME)).await.unwrap();
    assert!(seen.origin.request.starts_with(&format!("{url}/rigcheck/emissions?from_us=")), "{}", seen.origin.request);
    let found = picked(&seen);
    assert_eq!((found.requests.len(), found.foreign), (5, 2));
    let rows: Vec<Emission> = found.requests.iter().collect();
    assert_eq!(rows.iter().map(|r| r.attempts).collect::<Vec<_>>(), [1, 1, 1, 1, 2]);
    assert_eq!((rows[4].received, rows[0].ttft_ms(), rows[0].total_ms()), (9_000, Some(50.0), 90.0));
    let text = serde_json::to_string(&seen).unwrap();
    assert!(!text.contains("someone-else"), "ids of others are not kept");
}

#[tokio::test]
async fn the_trace_is_read_where_it_is_told_and_nothing_else_is_taken_for_one() {
    let (trace, parent) = ("0af7651916cd43dd8448eb211c80319c", "b7ad16e11da03bfa");
    let of = |n: usize, trace: &str, parent: Option<&str>| Emission {
        trace_id: Some(trace.into()),
        parent_id: parent.map(str::to_owned),
        ..emission(&id(n), sent(n), 1)
    };
    let records = vec![
        of(0, &trace.to_uppercase(), Some(parent)),
        of(1, "", None),
        of(2, "jane@example.com", Some("jane")),
        of(3, "CvdlGRbNQ92ESOshHIAxnA==", Some("7b")),
        of(4, &"0".repeat(32), Some("")),
        // An older mock tells nothing.
        emission(&id(5), sent(5), 1),
    ];
    let written = serde_json::to_string(&records[5]).unwrap();
    assert!(!written.contains("trace_id") && !written.contains("parent_id"), "{written}");
    let seen = ask(&source(&mock(records.into_iter().map(|e| (Duration::ZERO, e)).collect()).await), &truth(), &slot(6, TIME)).await.unwrap();
    let told: Vec<_> = picked(&seen).requests.iter().map(|e| (e.trace_id, e.parent_id)).collect();
    assert_eq!(told[0], (Some(trace.into()), Some(parent.into())));
    assert_eq!(told[1], (Some(String::new()), None));
    assert!(told[2..].iter().all(|of| *of == (None, None)), "{told:?}");
}

#[tokio::test]
async fn a_record_that_is_a_little_late_is_waited_for_and_one_that_never_comes_is_not() {
    let late = (Duration::from_millis(400), emission(&id(0), sent(0), 1));
    let seen = ask(&source(&mock(vec![late]).await), &truth(), &slot(1, TIME)).await.unwrap();
    assert_eq!(picked(&seen).requests.len(), 1);
    let seen = ask(&source(&mock(vec![]).await), &truth(), &slot(3, TIME)).await.unwrap();
    assert_eq!((picked(&seen).requests.len(), picked(&seen).foreign), (0, 0));
}

async fn gap_of<R: IntoResponse + Clone + Send + Sync + 'static>(answer: R) -> Gap {
    let url = serve(Router::new().fallback(move || std::future::ready(answer.clone()))).await;
    ask(&source(&url), &truth(), &slot(1, TIME)).await.unwrap_err()
}

#[tokio::test]
async fn what_is_no_mock_says_so() {
    for gap in [
        gap_of((StatusCode::NOT_FOUND, "s3cret")).await,
        gap_of(Html("<html>s3cret</html>")).await,
        gap_of("{\"id\":\"s3cret\"\n").await,
        gap_of("{\"prompt\":\"s3cret\"}\n").await,
    ] {
        assert!(
            matches!(&gap, Gap::Malformed(t) if t.contains("/rigcheck/emissions") && t.contains("sources.truth.url") && t.contains("rigcheck mock")),
            "{gap}"
        );
        assert!(!gap.to_string().contains("s3cret"), "bodies are not repeated");
    }
    assert!(matches!(gap_of(StatusCode::UNAUTHORIZED).await, Gap::Denied(_)));
}

#[tokio::test]
async fn a_log_that_forgot_only_what_was_before_the_act_is_whole() {
    let forgetful = |until: i64| {
        let answer = move |Query(asked): Query<BTreeMap<String, i64>>| async move {
            let record = serde_json::to_string(&emission(&id(0), sent(0), 1)).unwrap();
            if asked["from_us"] <= until { (StatusCode::GONE, String::new()) } else { (StatusCode::OK, record) }
        };
        serve(Router::new().route("/rigcheck/emissions", get(answer)))
    };
    let seen = ask(&source(&forgetful(BEGAN - 1).await), &truth(), &slot(1, TIME)).await.unwrap();
    assert_eq!(picked(&seen).requests.len(), 1);
    let gap = ask(&source(&forgetful(BEGAN + 1).await), &truth(), &slot(1, TIME)).await.unwrap_err();
    assert!(matches!(&gap, Gap::OutsideRetention(t) if t.contains("forgotten") && t.contains("keep more records")), "{gap}");
}

#[tokio::test]
async fn nobody_there_or_no_answer() {
    let gap = ask(&source(&format!("http://{}", nobody())), &truth(), &slot(1, TIME)).await.unwrap_err();
    assert!(matches!(&gap, Gap::Unreachable(t) if t.contains("start `rigcheck mock`")), "{gap}");
    let url = serve(Router::new().fallback(std::future::pending::<StatusCode>)).await;
    let gap = ask(&source(&url), &truth(), &slot(1, Duration::from_secs(2))).await.unwrap_err();
    assert!(matches!(gap, Gap::TooLate(_)), "{gap}");
}
