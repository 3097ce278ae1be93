use super::{
    super::traced_act::{BEGAN, QUICK, our_span, sent, trace},
    TIME, export,
    export::{Form, span_of},
    free, receiver, run,
};
use rigcheck::model::{
    Gap, Question as _, Source as _, Timing,
    key::Spans,
    payload::{self, SpanRow},
};
use std::{future::ready, time::Duration};
use tokio::time::Instant;

fn picked(seen: &rigcheck::model::Seen) -> payload::Spans {
    assert_eq!(seen.partial, None);
    Spans::pick(&seen.payload).unwrap().clone()
}

#[tokio::test]
async fn every_form_gives_the_same_rows_and_keeps_nothing_else() {
    let at = free();
    let otlp = receiver(at, "gateway");
    assert_eq!((otlp.timing(&super::spans()), otlp.waits()), (Timing::Watch, QUICK.waits()));
    let client = reqwest::Client::new();
    let forms = [Form::Protobuf, Form::ProtobufGzip, Form::Json, Form::JsonGzip];
    let during = async {
        for (n, form) in forms.into_iter().enumerate() {
            export(&client, at, form, &span_of(&trace(n), sent(n), "gateway")).await;
        }
        export(&client, at, Form::Protobuf, &span_of("ffff0000000000000000000000000001", sent(1), "gateway")).await;
        export(&client, at, Form::Json, &span_of("ffff0000000000000000000000000002", BEGAN - 1_000_000, "gateway")).await;
    };
    let seen = run(&otlp, 4, TIME, during, ready(())).await.unwrap();
    let text = serde_json::to_string(&seen).unwrap();
    for planted in ["jane", "planted", "ffff0000"] {
        assert!(!text.contains(planted), "{planted} in {text}");
    }
    let found = picked(&seen);
    assert_eq!((found.traces, found.spans.len(), found.foreign, found.truncated), (4, 4, 1, 0));
    let rows: Vec<SpanRow> = found.spans.iter().collect();
    for (n, row) in rows.iter().enumerate() {
        let start_ns = sent(n) as u64 * 1_000 + 7;
        let expected = SpanRow {
            trace_id: trace(n),
            span_id: "0000000000000021".into(),
            parent_id: Some(format!("{:016x}", our_span(&trace(n)))),
            name: "POST /chat".into(),
            kind: "server".into(),
            service: "gateway".into(),
            start_ns,
            end_ns: start_ns + 3_000_000,
            error: true,
            secrets: vec![],
            attributes: [("gen_ai.response.time_to_first_chunk", "0.125"), ("http.response.status_code", "500"), ("otel.scope.name", "asgi")]
                .map(|(k, v)| (k.to_owned(), v.to_owned()))
                .into(),
        };
        let mut row = row.clone();
        // The host is a digest, the same in every form.
        assert_eq!(row.attributes.remove(SpanRow::INSTANCE).as_deref(), Some("8352cfbf"));
        assert_eq!(row, expected);
    }
    assert_eq!(otlp.cost().queries, 6);
}

#[tokio::test]
async fn the_same_receiver_and_the_same_connection_serve_question_after_question() {
    let at = free();
    let otlp = receiver(at, "");
    // One client keeps its connection alive, as exporters do: it must not end up at the receiver of the question before.
    let client = reqwest::Client::new();
    for _ in 0..3 {
        let during = async { export(&client, at, Form::Protobuf, &span_of(&trace(0), sent(0), "any")).await };
        let seen = run(&otlp, 1, TIME, during, ready(())).await.unwrap();
        assert_eq!(picked(&seen).traces, 1);
        std::net::TcpListener::bind(at).expect("the port is free again");
    }
}

#[tokio::test]
async fn spans_that_come_after_the_act_are_waited_for() {
    let at = free();
    let otlp = receiver(at, "gateway");
    let client = reqwest::Client::new();
    let after = async {
        tokio::time::sleep(Duration::from_millis(600)).await;
        for n in 0..3 {
            export(&client, at, Form::Protobuf, &span_of(&trace(n), sent(n), "gateway")).await;
        }
    };
    let seen = run(&otlp, 3, TIME, ready(()), after).await.unwrap();
    assert_eq!(picked(&seen).traces, 3);
}

#[tokio::test]
async fn nothing_received_is_an_empty_answer_that_says_what_to_look_at() {
    let at = free();
    let otlp = receiver(at, "gateway");
    let began = Instant::now();
    let client = reqwest::Client::new();
    let during = async { export(&client, at, Form::Protobuf, &span_of(&trace(0), sent(0), "another")).await };
    let seen = run(&otlp, 3, TIME, during, ready(())).await.unwrap();
    assert!(began.elapsed() >= QUICK.quiet);
    assert_eq!(picked(&seen).traces, 0);
    let note = &seen.notes[0];
    assert!(note.contains("1 exports with 1 spans") && note.contains("1 of them of other services than `gateway`"), "{note}");
    assert!(note.contains("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") && note.contains(&at.to_string()), "{note}");
}

#[tokio::test]
async fn what_still_arrives_at_the_deadline_is_partial() {
    let at = free();
    let otlp = receiver(at, "gateway");
    let client = reqwest::Client::new();
    let after = async {
        for n in 0..6 {
            export(&client, at, Form::Protobuf, &span_of(&trace(n), sent(n), "gateway")).await;
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    };
    let seen = run(&otlp, 50, Duration::from_secs(2), ready(()), after).await.unwrap();
    assert!(matches!(&seen.partial, Some(Gap::TooLate(t)) if t.contains("of 50 traces")), "{:?}", seen.partial);
}
