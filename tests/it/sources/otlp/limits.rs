use super::{
    super::traced_act::{open_slot, sent, trace, truth},
    TIME, asked, export,
    export::{Form, gzip, span_of},
    free, receiver, run, spans,
};
use reqwest::{Client, StatusCode};
use rigcheck::{
    model::{
        Gap, Seen, name,
        source::{ActState, Slot},
    },
    sources::otlp::Otlp,
};
use std::{future::ready, net::SocketAddr, time::Duration};

async fn post(at: SocketAddr, path: &str, content_type: &str, encoding: Option<&str>, body: Vec<u8>) -> StatusCode {
    let mut request = Client::new().post(format!("http://{at}{path}")).header("content-type", content_type).body(body);
    if let Some(encoding) = encoding {
        request = request.header("content-encoding", encoding);
    }
    request.send().await.unwrap().status()
}

/// What one bad export, before a good one, makes of the answer.
async fn spoiled(content_type: &str, encoding: Option<&str>, body: Vec<u8>, status: u16) -> Seen {
    let at = free();
    let otlp = receiver(at, "gateway");
    let during = async {
        assert_eq!(post(at, "/v1/traces", content_type, encoding, body).await, status);
        export(&Client::new(), at, Form::Protobuf, &span_of(&trace(0), sent(0), "gateway")).await;
    };
    run(&otlp, 1, TIME, during, ready(())).await.unwrap()
}

#[tokio::test]
async fn exports_beyond_the_limit_are_refused_and_make_the_answer_partial() {
    let large = vec![0; (16 << 20) + 1];
    for (encoding, body) in [(Some("gzip"), gzip(&large)), (None, large)] {
        let seen = spoiled("application/x-protobuf", encoding, body, 413).await;
        assert!(matches!(&seen.partial, Some(Gap::Truncated(t)) if t.contains("16 MiB")), "{:?}", seen.partial);
    }
}

#[tokio::test]
async fn exports_that_cannot_be_read_are_refused_and_make_the_answer_partial() {
    for (content_type, encoding, body, status) in [
        ("application/x-protobuf", None, "this is no protobuf", 400),
        ("application/json", None, "{\"resourceSpans\": [", 400),
        ("application/x-protobuf", Some("gzip"), "this is no gzip", 400),
        ("application/x-protobuf", Some("zstd"), "", 415),
        ("text/plain", None, "hello", 415),
    ] {
        let seen = spoiled(content_type, encoding, body.into(), status).await;
        assert!(matches!(&seen.partial, Some(Gap::Malformed(t)) if t.contains("1 of 2 exports")), "{content_type} {:?}", seen.partial);
    }
}

#[tokio::test]
async fn other_paths_are_not_there() {
    let at = free();
    let otlp = receiver(at, "gateway");
    let during = async {
        assert_eq!(post(at, "/v1/metrics", "application/json", None, b"{}".to_vec()).await, 404);
        assert_eq!(post(at, "/", "application/json", None, vec![]).await, 404);
        assert_eq!(post(at, "/v1/traces", "application/json", None, b"{}".to_vec()).await, 200);
    };
    let seen = run(&otlp, 0, TIME, during, ready(())).await.unwrap();
    assert_eq!(seen.partial, None);
}

#[tokio::test]
async fn only_loopback_and_only_a_free_port() {
    let gap = Otlp::new(name("otlp"), "0.0.0.0:4318".parse().unwrap(), String::new()).err().unwrap();
    assert!(matches!(&gap, Gap::NotConfigured(t) if t.contains("sources.otlp.listen") && t.contains("127.0.0.1")), "{gap}");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let at = taken.local_addr().unwrap();
    let (slot, _state, ready) = open_slot(TIME);
    let gap = asked(&receiver(at, ""), &spans(), &slot).await.unwrap_err();
    assert!(matches!(&gap, Gap::Unreachable(t) if t.contains("port in use") && t.contains(&at.to_string())), "{gap}");
    assert!(!*ready.borrow(), "it never said that it listens");
    assert!(matches!(asked(&receiver(at, ""), &truth(), &slot).await, Err(Gap::NotConfigured(_))));
}

async fn ended_by(end: impl FnOnce(&Slot, &tokio::sync::watch::Sender<ActState>)) -> Gap {
    let at = free();
    let otlp = receiver(at, "");
    let (slot, state, mut ready) = open_slot(TIME);
    let query = spans();
    // A connection that was used and is open still must not hold the port.
    let client = Client::new();
    let (answer, ()) = tokio::join!(asked(&otlp, &query, &slot), async {
        ready.wait_for(|r| *r).await.unwrap();
        export(&client, at, Form::Json, &span_of(&trace(0), sent(0), "")).await;
        end(&slot, &state);
    });
    std::net::TcpListener::bind(at).expect("the port is free again");
    answer.unwrap_err()
}

#[tokio::test]
async fn interruption_and_a_failed_act_free_the_port() {
    let interrupted = ended_by(|slot, _| slot.cancel.cancel()).await;
    assert!(matches!(interrupted, Gap::NotReached(_)), "{interrupted}");
    let failed = ended_by(|_, state| drop(state.send_replace(ActState::Failed(Gap::Refused("too many tokens".into()))))).await;
    assert!(matches!(&failed, Gap::NotReached(t) if t.contains("too many tokens")), "{failed}");
}

#[tokio::test]
async fn being_dropped_frees_the_port() {
    let at = free();
    let otlp = receiver(at, "");
    let (slot, _state, mut ready) = open_slot(TIME);
    let query = spans();
    let client = Client::new();
    tokio::select! {
        _ = asked(&otlp, &query, &slot) => panic!("the act is not over"),
        () = async {
            ready.wait_for(|r| *r).await.unwrap();
            export(&client, at, Form::Protobuf, &span_of(&trace(0), sent(0), "")).await;
        } => {}
    }
    // What is left of the receiver lives in tasks that end on their own; a kept-alive connection must not reach it any more.
    let mut answered = true;
    for _ in 0..50 {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let body = Client::post(&client, format!("http://{at}/v1/traces")).header("content-type", "application/json").body("{}");
        answered = body.send().await.is_ok();
        if !answered {
            break;
        }
    }
    assert!(!answered);
    std::net::TcpListener::bind(at).expect("the port is free again");
}
