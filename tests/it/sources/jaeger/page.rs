//! How the web page shows traces of ours: what it warns of, what it moves, and that a look at it costs no span.

use super::{
    super::traced_act::{ask, sent, slot, spans, trace},
    client,
    fake::{Adjusted, FakeSpan, Manner, Presence, request, serve},
    whole,
};
use rigcheck::model::payload::{Shown, SpanRow};
use std::{collections::BTreeSet, sync::atomic::Ordering, time::Duration};

const TIME: Duration = Duration::from_secs(30);
const MISSING: &str = "parent span ID=0000000000000099 is not in the trace; skipping clock skew adjustment";

/// Requests of which Jaeger says something: of all outermost spans that their parent is missing, of each child this.
fn requests(count: usize, child: &Adjusted) -> Vec<FakeSpan> {
    let said = |s: FakeSpan| match s.id {
        0x11 => FakeSpan { adjusted: Adjusted { warnings: vec![MISSING.into()], ..Adjusted::default() }, ..s },
        _ => FakeSpan { adjusted: child.clone(), ..s },
    };
    (0..count).flat_map(|n| request(&trace(n), sent(n))).map(said).collect()
}

fn warned(warning: &str) -> Adjusted {
    Adjusted { warnings: vec![warning.into()], ..Adjusted::default() }
}

fn moved(shift_us: i64, by: &str) -> Adjusted {
    Adjusted { shift_us, ..warned(&format!("This span's timestamps were adjusted by {by}")) }
}

#[tokio::test]
async fn what_it_moves_is_counted_and_what_was_measured_is_kept() {
    for v3 in [Presence::There, Presence::NotFound] {
        let (url, fake) = serve(requests(41, &moved(-255_000, "-255ms")), Manner { v3, ..Manner::default() }).await;
        let seen = ask(&client(&url), &spans(), &slot(41, TIME)).await.unwrap();
        let text = serde_json::to_string(&seen).unwrap();
        assert!(!text.contains("timestamps were") && !text.contains("skipping"), "the text of a warning is in {text}");
        let (found, _) = whole(Ok(seen));
        let (warned_ms, moved_ms, farthest_ms) = (Some(255.0), Some(255.0), Some(255.0));
        assert_eq!(found.shown, Some(Shown { traces: 20, spans: 40, warned: 20, warned_ms, moved: 20, moved_ms, farthest_ms }));
        assert_eq!(found.moved, 0);
        let child = found.spans.iter().find(|s: &SpanRow| s.trace_id == trace(3) && s.kind == "internal").unwrap();
        assert_eq!(child.start_ns / 1_000, sent(3) as u64 + 1_000);
        // Spread over the load, each once, and asked for as the web page does: any other way may change what the store holds.
        let looks = fake.looks.lock().unwrap().clone();
        let apart: BTreeSet<_> = looks.iter().collect();
        assert_eq!((looks.len(), apart.len(), looks.first(), looks.last()), (20, 20, Some(&trace(0)), Some(&trace(40))));
        assert_eq!(fake.unlike_raw.load(Ordering::SeqCst), 0);
    }
}

#[tokio::test]
async fn a_warning_tells_how_far_it_would_have_moved_a_span() {
    let disabled = warned("clock skew adjustment disabled; not applying calculated delta of -1.25s");
    let (url, _) = serve(requests(4, &disabled), Manner::default()).await;
    let (found, _) = whole(ask(&client(&url), &spans(), &slot(4, TIME)).await);
    let expected = Shown { traces: 4, spans: 8, warned: 4, warned_ms: Some(1_250.0), ..Shown::default() };
    assert_eq!(found.shown, Some(expected));
}

#[tokio::test]
async fn other_warnings_tell_of_no_clock() {
    let (url, _) = serve(requests(1, &Adjusted::default()), Manner::default()).await;
    let (found, notes) = whole(ask(&client(&url), &spans(), &slot(1, TIME)).await);
    assert_eq!(found.shown, Some(Shown { traces: 1, spans: 2, ..Shown::default() }));
    assert_eq!(notes, Vec::<String>::new());
}

#[tokio::test]
async fn a_look_that_fails_costs_no_span() {
    for (from, presence, word) in [
        (0, Presence::NotFound, "404"),
        (0, Presence::Status(403), "403"),
        (0, Presence::Garbage, "no whole JSON"),
        (0, Presence::WebPage, "web page"),
        (0, Presence::OtherJson, "another kind"),
        (5, Presence::Status(503), "503"),
    ] {
        let (url, fake) = serve(requests(30, &warned("calculated delta of 1ms")), Manner { page: (from, presence), ..Manner::default() }).await;
        let (found, notes) = whole(ask(&client(&url), &spans(), &slot(30, TIME)).await);
        assert_eq!((found.traces, found.spans.len()), (30, 60), "{word}");
        assert_eq!(found.shown.map(|s| (s.traces, s.warned)), (from > 0).then_some((5, 5)), "{word}");
        assert_eq!(fake.looks.lock().unwrap().len(), from + 1, "{word}: it is asked no more");
        let said = notes.iter().any(|n| n.contains(&format!("for {from} of 20 only")) && n.contains(word));
        assert!(said && !format!("{notes:?}").contains("s3cret"), "{notes:?}");
    }
}

#[tokio::test]
async fn a_look_that_hangs_ends_in_time() {
    let (url, _) = serve(requests(3, &Adjusted::default()), Manner { page: (0, Presence::Hangs), ..Manner::default() }).await;
    let (found, notes) = whole(ask(&client(&url), &spans(), &slot(3, Duration::from_secs(8))).await);
    assert_eq!((found.spans.len(), found.shown), (6, None));
    assert!(notes.iter().any(|n| n.contains("for 0 of 3 only")), "{notes:?}");
}

#[tokio::test]
async fn traces_with_a_hole_are_not_looked_at() {
    let mut all = requests(4, &Adjusted::default());
    all[1].parent = 0x7777;
    let (url, fake) = serve(all, Manner::default()).await;
    let (found, _) = whole(ask(&client(&url), &spans(), &slot(4, TIME)).await);
    assert_eq!((found.traces, found.shown.map(|s| s.traces)), (4, Some(3)));
    assert!(!fake.looks.lock().unwrap().contains(&trace(0)));
}

#[tokio::test]
async fn spans_that_the_store_itself_has_moved_are_told_apart() {
    for v3 in [Presence::There, Presence::NotFound] {
        let kept = Adjusted { kept: true, ..moved(255_000, "255ms") };
        let (url, _) = serve(requests(6, &kept), Manner { v3, ..Manner::default() }).await;
        let (found, _) = whole(ask(&client(&url), &spans(), &slot(6, TIME)).await);
        assert_eq!((found.moved, found.spans.len()), (6, 12));
        let shown = found.shown.unwrap();
        assert_eq!((shown.warned, shown.warned_ms), (6, Some(255.0)));
        let row = found.spans.iter().find(|s: &SpanRow| s.kind == "internal").unwrap();
        assert_eq!(row.attributes[SpanRow::MOVED], "255");
    }
}
