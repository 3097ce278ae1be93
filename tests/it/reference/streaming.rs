use super::support::{body, client, directive, emissions, stream};
use rigcheck::reference::mock_llm::{Mock, MockSettings, UsageChunk};
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test]
async fn a_stream_has_the_shape_that_clients_know() {
    let mock = Mock::start(MockSettings::default()).unwrap();
    let mut asked = body(&format!("please {}", directive("s-1", 30.0, 5, 10.0)), true);
    asked["stream_options"] = json!({"include_usage": true});
    let seen = stream(&client(), &mock.url(), &asked, &[]).await;
    let deltas: Vec<&Value> = seen.events.iter().map(|(_, v)| v).collect();
    assert_eq!(deltas.len(), 1 + 5 + 1 + 1, "{deltas:#?}");
    assert!(seen.done);
    assert_eq!(deltas[0]["choices"][0]["delta"], json!({"role": "assistant", "content": ""}));
    assert_eq!(deltas[1]["choices"][0]["delta"], json!({"content": " the"}));
    assert_eq!(deltas[6]["choices"][0]["finish_reason"], "stop");
    assert_eq!(deltas[7]["choices"], json!([]));
    assert_eq!(deltas[7]["usage"]["completion_tokens"], 5);
    for chunk in &deltas {
        assert_eq!((&chunk["object"], &chunk["model"]), (&json!("chat.completion.chunk"), &json!("rigcheck-truth")));
        assert_eq!(chunk["id"], deltas[0]["id"]);
    }
    mock.stop().await;
}

#[tokio::test]
async fn chunks_come_when_asked_and_the_emission_log_says_when() {
    let mock = Mock::start(MockSettings::default()).unwrap();
    let (http, url) = (client(), mock.url());
    stream(&http, &url, &body(&directive("warm", 0.0, 1, 0.0), true), &[]).await;
    let seen = stream(&http, &url, &body(&directive("paced", 120.0, 8, 25.0), true), &[]).await;
    let log = emissions(&url, "").await;
    let truth = log.iter().find(|e| e.id == "paced").unwrap();

    assert_eq!((truth.chunks.len(), truth.tokens, truth.attempts), (8, 8, 1));
    assert_eq!(truth.asked.unwrap().total_ms(), 120.0 + 7.0 * 25.0);
    assert!(truth.chunks.windows(2).all(|w| w[0] < w[1]));
    assert!(truth.received < truth.chunks[0] && *truth.chunks.last().unwrap() <= truth.closed);
    // Never early against the absolute deadlines; how late depends on the machine, not on the chunk's number.
    for (n, chunk) in truth.chunks.iter().enumerate() {
        let late = (chunk - truth.received) as f64 / 1e6 - (120.0 + 25.0 * n as f64);
        assert!((0.0..500.0).contains(&late), "chunk {n} was {late} ms late");
    }
    // The client sees every chunk on its own, after it was emitted, and sees the stream end last.
    let contents = seen.contents();
    assert_eq!(contents.len(), 8);
    let ms = |later: std::time::Instant| later.duration_since(seen.sent).as_secs_f64() * 1e3;
    assert!(ms(contents[0].0) >= truth.ttft_ms().unwrap());
    assert!(ms(seen.closed) >= truth.total_ms());
    assert!(ms(seen.headers) < ms(contents[0].0), "headers do not wait for the first token");
    let reads: std::collections::BTreeSet<_> = contents.iter().map(|c| c.0).collect();
    assert!(reads.len() >= 5, "only {} reads for 8 chunks: chunks are held back", reads.len());

    let pacing = mock.pacing();
    assert_eq!(pacing.n, 9);
    assert!(pacing.p50.0 >= 0.0 && pacing.p50 <= pacing.p95 && pacing.p95 <= pacing.p99 && pacing.p99 <= pacing.max);
    mock.stop().await;
}

#[tokio::test]
async fn many_streams_at_once_keep_their_own_delays() {
    let mock = Mock::start(MockSettings::default()).unwrap();
    let (http, url) = (client(), mock.url());
    let asked: Vec<_> = (0..40).map(|i| (format!("m-{i:02}"), 20.0 + f64::from(i) * 5.0, 1 + i % 7, 8.0)).collect();
    let prompts: Vec<_> = asked.iter().map(|(id, ttft, chunks, gap)| body(&directive(id, *ttft, *chunks as u32, *gap), true)).collect();
    let seen = futures_util::future::join_all(prompts.iter().map(|b| stream(&http, &url, b, &[]))).await;
    let log = emissions(&url, "").await;
    assert_eq!(log.len(), 40);
    for ((id, ttft, chunks, gap), seen) in asked.iter().zip(&seen) {
        let truth = log.iter().find(|e| e.id == *id).unwrap();
        assert_eq!((truth.chunks.len(), seen.contents().len()), (*chunks as usize, *chunks as usize), "{id}");
        assert!(truth.ttft_ms().unwrap() >= *ttft);
        assert!(truth.total_ms() >= ttft + gap * f64::from(chunks - 1));
        assert!(truth.total_ms() < ttft + gap * f64::from(chunks - 1) + 1000.0, "{id}");
    }
    mock.stop().await;
}

#[tokio::test]
async fn settings_hold_without_a_directive() {
    let mock = Mock::start(MockSettings {
        chunks: 3,
        tokens_per_chunk: 4,
        ttft: rigcheck::model::units::Ms(5.0),
        gap: rigcheck::model::units::Ms(2.0),
        role_first: false,
        usage: UsageChunk::Always,
        ..MockSettings::default()
    })
    .unwrap();
    let (http, url) = (client(), mock.url());
    let mut asked = body("no directive", true);
    asked["max_tokens"] = json!(10);
    let seen = stream(&http, &url, &asked, &[("x-request-id", "from-header".into())]).await;
    let contents = seen.contents();
    assert_eq!(contents.iter().map(|c| c.1).collect::<Vec<_>>(), [" the of and to", " in is that for", " it with"]);
    assert_eq!(seen.events[0].1["choices"][0]["delta"]["role"], "assistant");
    assert_eq!(seen.usage(), Some(10));
    assert!(seen.events.iter().any(|(_, v)| v["choices"][0]["finish_reason"] == "length"));

    // In a header, in an older message, in a part of a message: wherever it stands, the directive is heeded.
    let prompt = directive("by-header", 1.0, 2, 1.0);
    let seen = stream(&http, &url, &body("nothing here", true), &[("x-rigcheck-directive", prompt)]).await;
    assert_eq!(seen.contents().len(), 2);
    let parts = json!([{"type": "image_url", "image_url": {}}, {"type": "text", "text": directive("by-part", 1.0, 1, 1.0)}]);
    let messages = json!([{"role": "user", "content": parts}, {"role": "assistant", "content": null}, {"role": "user", "content": "go on"}]);
    let seen = stream(&http, &url, &json!({"model": "m", "stream": true, "messages": messages}), &[]).await;
    assert_eq!(seen.contents().len(), 1);
    let ids: Vec<_> = emissions(&url, "").await.into_iter().map(|e| e.id).collect();
    assert_eq!(ids, ["from-header", "by-header", "by-part"]);
    mock.stop().await;
}

#[tokio::test]
async fn a_client_that_leaves_is_noticed() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("access.jsonl");
    let mock = Mock::start(MockSettings { access_log: Some(log.clone()), ..MockSettings::default() }).unwrap();
    let (http, url) = (client(), mock.url());
    let asked = body(&directive("leaves", 10.0, 60, 100.0), true);
    let mut response = http.post(format!("{url}/v1/chat/completions")).json(&asked).send().await.unwrap();
    for _ in 0..2 {
        response.chunk().await.unwrap().unwrap();
    }
    drop(response);
    super::support::eventually("the emission of the client that left", async || !emissions(&url, "").await.is_empty()).await;
    let truth = &emissions(&url, "").await[0];
    assert!(truth.chunks.len() < 60 && truth.tokens == truth.chunks.len() as u64, "{truth:?}");
    tokio::time::timeout(Duration::from_secs(20), mock.stop()).await.unwrap();
    let line: Value = serde_json::from_str(std::fs::read_to_string(log).unwrap().trim()).unwrap();
    assert_eq!((&line["status"], &line["request_id"]), (&json!(499), &json!("mock-0")));
}

#[tokio::test]
async fn the_role_comes_with_the_first_content_and_so_do_late_headers() {
    for headers_first in [true, false] {
        let mock = Mock::start(MockSettings { headers_first, ..MockSettings::default() }).unwrap();
        let seen = stream(&client(), &mock.url(), &body(&directive("late", 150.0, 2, 10.0), true), &[]).await;
        let ms = |later: std::time::Instant| later.duration_since(seen.sent).as_secs_f64() * 1e3;
        assert_eq!(seen.events[0].1["choices"][0]["delta"]["role"], "assistant");
        assert!(ms(seen.events[0].0) >= 150.0, "a role before the first token: {} ms", ms(seen.events[0].0));
        assert_eq!(ms(seen.headers) >= 150.0, !headers_first, "headers after {} ms", ms(seen.headers));
        mock.stop().await;
    }
}
