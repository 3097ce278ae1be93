use super::{
    act, ask, effort,
    fake::{Fake, stream, whole},
    rows, target,
};
use rigcheck::{
    llm::directive::Directive,
    model::{
        act::{Api, LoadAct, Traced},
        secret::Secret,
        timeline::Planted,
    },
    sources::load::Load,
    spec::settings::Auth,
};
use std::collections::BTreeSet;

#[tokio::test]
async fn what_is_sent_joins_to_what_is_kept() {
    let server = Fake::answering(|_, _| stream()).await;
    let load = Load::new(Some(&target(&server.url)), None).unwrap();
    let seen = ask(&load, LoadAct { planted: true, ..act(50) }, effort(3, 20)).await.unwrap();
    let (rows, received) = (rows(&seen), server.received());
    assert_eq!((rows.len(), received.len()), (23, 23));
    for t in &rows {
        let r = received.iter().find(|r| r.header("x-request-id") == t.id).expect("each row was sent");
        let [version, trace, parent, flags]: [&str; 4] = r.header("traceparent").split('-').collect::<Vec<_>>().try_into().unwrap();
        let hex = |s: &str, n| s.len() == n && s.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)) && s.bytes().any(|b| b != b'0');
        assert!(version == "00" && flags == "01" && hex(trace, 32) && hex(parent, 16), "{r:?}");
        assert_eq!(trace, t.trace_id);
        assert_eq!(r.line, "POST /v1/chat/completions HTTP/1.1");
        assert_eq!((r.header("content-type"), r.header("accept")), ("application/json", "text/event-stream"));
        assert!(!r.headers.contains_key("accept-encoding"), "a compressed stream would be buffered");
        let body = &r.body;
        assert_eq!((body["model"].as_str(), body["max_tokens"].as_u64(), body["stream"].as_bool()), (Some("m"), Some(16), Some(true)));
        assert_eq!(body["stream_options"]["include_usage"], true);
        assert_eq!((body["messages"].as_array().unwrap().len(), &body["messages"][0]["role"]), (1, &"user".into()));
        let asked = Directive::find(body["messages"][0]["content"].as_str().unwrap()).unwrap();
        assert_eq!((asked.id.as_str(), asked.delays), (t.id.as_str(), t.planted));
        let Planted { ttft_ms, chunks, gap_ms } = t.planted.unwrap();
        assert!((30.0..=611.0).contains(&ttft_ms) && (4..=16).contains(&chunks) && (10.0..=30.0).contains(&gap_ms));
    }
    let ids: BTreeSet<_> = rows.iter().map(|t| &t.id).collect();
    let traces: BTreeSet<_> = rows.iter().map(|t| &t.trace_id).collect();
    assert_eq!((ids.len(), traces.len()), (23, 23));
    assert!(rows.windows(2).all(|w| w[0].id < w[1].id && w[0].scheduled < w[1].scheduled));
    let connections: BTreeSet<_> = received.iter().map(|r| r.connection).collect();
    assert!(connections.len() < 23, "connections are reused");
}

#[tokio::test]
async fn without_planting_or_streaming_the_body_says_so() {
    let server = Fake::answering(|_, _| vec![whole("200 OK", "application/json", "{\"choices\":[]}")]).await;
    let load = Load::new(Some(&target(&server.url)), None).unwrap();
    let seen = ask(&load, LoadAct { stream: false, ..act(50) }, effort(0, 2)).await.unwrap();
    let r = &server.received()[0];
    assert_eq!((r.body["stream"].as_bool(), r.body.get("stream_options"), r.header("accept")), (Some(false), None, "application/json"));
    let asked = Directive::find(r.body["messages"][0]["content"].as_str().unwrap()).unwrap();
    assert_eq!(asked.delays, None);
    assert!(rows(&seen).iter().all(|t| t.ok() && !t.stream && t.planted.is_none()));
}

#[tokio::test]
async fn every_second_request_of_a_half_traced_load_asks_for_no_trace() {
    let server = Fake::answering(|_, _| stream()).await;
    let load = Load::new(Some(&target(&server.url)), None).unwrap();
    let half = LoadAct { traced: Traced::Half, planted: true, ..act(50) };
    let seen = ask(&load, half, effort(2, 20)).await.unwrap();
    let (rows, received) = (rows(&seen), server.received());
    for t in &rows {
        let r = received.iter().find(|r| r.header("x-request-id") == t.id).expect("each row was sent");
        assert!(r.header("traceparent").ends_with(if t.untraced { "-00" } else { "-01" }), "{r:?}");
    }
    assert_eq!(rows.iter().filter(|t| t.untraced).count(), 10);
    for pair in rows[2..].chunks(2) {
        assert!(pair[0].untraced != pair[1].untraced && pair[0].planted == pair[1].planted, "{pair:?}");
    }
}

#[tokio::test]
async fn embeddings_are_asked_for_and_told_from_other_answers() {
    let vectors = r#"{"object":"list","data":[{"embedding":[0.5]}],"usage":{"prompt_tokens":3,"total_tokens":3}}"#;
    let server = Fake::answering(move |_, _| vec![whole("200 OK", "application/json", vectors)]).await;
    let load = Load::new(Some(&target(&server.url)), None).unwrap();
    let embeddings =
        LoadAct { name: "embeddings".into(), api: Api::Embeddings, stream: false, max_tokens: 0, path: "/v1/embeddings".into(), ..act(50) };
    let seen = ask(&load, embeddings.clone(), effort(0, 3)).await.unwrap();
    let r = &server.received()[0];
    assert_eq!((r.line.as_str(), r.header("accept")), ("POST /v1/embeddings HTTP/1.1", "application/json"));
    assert!(Directive::find(r.body["input"].as_str().unwrap()).is_some() && r.body["max_tokens"].is_null(), "{:?}", r.body);
    assert!(rows(&seen).iter().all(|t| t.ok() && t.usage.is_some_and(|u| (u.prompt, u.completion) == (3, 0))));

    let chat = Fake::answering(|_, _| vec![whole("200 OK", "application/json", "{\"choices\":[]}")]).await;
    let load = Load::new(Some(&target(&chat.url)), None).unwrap();
    let seen = ask(&load, embeddings, effort(0, 20)).await.unwrap();
    assert!(rows(&seen).iter().all(|t| t.error.as_deref() == Some("no embedding")));
    let why = seen.partial.expect("the act is cut").to_string();
    assert!(why.contains("is this an OpenAI-compatible embeddings endpoint"), "{why}");
}

#[tokio::test]
async fn credentials_go_to_their_own_origin_only() {
    let stranger = Fake::answering(|_, _| stream()).await;
    let elsewhere = stranger.url.clone();
    let server = Fake::answering(move |_, _| vec![whole(&format!("307 Temporary Redirect\r\nlocation: {elsewhere}/v1"), "text/plain", "")]).await;
    let mut settings = target(&server.url);
    settings.connection.auth = Auth::Bearer(Secret::new("t0ken-of-ours"));
    settings.connection.headers = vec![("x-api-key".into(), Secret::new("k3y-of-ours")), ("x-request-id".into(), Secret::new("theirs"))];
    let load = Load::new(Some(&settings), None).unwrap();
    let seen = ask(&load, act(50), effort(0, 3)).await.unwrap();
    let received = server.received();
    assert_eq!(received.len(), 3);
    for r in &received {
        assert_eq!((r.header("authorization"), r.header("x-api-key")), ("Bearer t0ken-of-ours", "k3y-of-ours"));
        assert_ne!(r.header("x-request-id"), "theirs");
    }
    assert!(stranger.received().is_empty(), "a redirect is not followed");
    let kept = serde_json::to_string(&seen).unwrap();
    assert!(!kept.contains("t0ken") && !kept.contains("k3y"), "{kept}");
    assert!(rows(&seen).iter().all(|t| t.error.as_deref() == Some("status 307")));
}
