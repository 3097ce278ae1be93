use super::support::{body, client, directive, emissions, page, stream};
use rigcheck::{
    model::units::{Ms, Share},
    reference::mock_llm::{Mock, MockSettings},
};
use serde_json::{Value, json};

async fn post(url: &str, path: &str, body: &Value) -> (u16, Value) {
    let response = client().post(format!("{url}{path}")).json(body).send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

#[tokio::test]
async fn answers_without_a_stream() {
    let mock = Mock::start(MockSettings::default()).unwrap();
    let url = mock.url();
    let (status, whole) = post(&url, "/v1/chat/completions", &body(&directive("whole", 20.0, 3, 10.0), false)).await;
    assert_eq!((status, &whole["object"]), (200, &json!("chat.completion")));
    assert_eq!(whole["choices"][0]["message"], json!({"role": "assistant", "content": " the of and"}));
    assert_eq!((&whole["choices"][0]["finish_reason"], &whole["usage"]["completion_tokens"]), (&json!("stop"), &json!(3)));
    let (status, vectors) =
        post(&url, "/v1/embeddings", &json!({"model": "e", "input": [directive("embed", 30.0, 1, 0.0), "b"], "dimensions": 4})).await;
    assert_eq!((status, vectors["data"].as_array().unwrap().len()), (200, 2));
    assert_eq!(vectors["data"][1]["embedding"], json!([0.0, 1.0, 0.0, 0.0]));
    let truth = emissions(&url, "").await;
    assert_eq!(truth.iter().map(|e| (e.id.as_str(), e.chunks.len(), e.tokens)).collect::<Vec<_>>(), [("whole", 1, 3), ("embed", 1, 0)]);
    assert!(truth[0].total_ms() >= 40.0 && truth[1].total_ms() >= 30.0);
    let models: Value = client().get(format!("{url}/v1/models")).send().await.unwrap().json().await.unwrap();
    assert_eq!(models["data"][0]["id"], "rigcheck-truth");
    let health: Value = client().get(format!("{url}/healthz")).send().await.unwrap().json().await.unwrap();
    assert_eq!((&health["status"], &health["late_ms"]["n"]), (&json!("ok"), &json!(2)));
    mock.stop().await;
}

#[tokio::test]
async fn refuses_what_it_cannot_serve_without_repeating_it() {
    let mock = Mock::start(MockSettings::default()).unwrap();
    let url = mock.url();
    for (path, bad) in [
        ("/v1/chat/completions", json!({"model": "m", "messages": "my secret prompt"})),
        ("/v1/chat/completions", json!({"model": "m", "messages": []})),
        ("/v1/chat/completions", json!({"model": "m", "max_tokens": 0, "messages": [{"role": "user", "content": "my secret prompt"}]})),
        ("/v1/chat/completions", body(&directive("long", 1e12, 1, 0.0), true)),
        ("/v1/embeddings", json!({"model": "m", "input": "my secret prompt", "dimensions": 1_000_000})),
    ] {
        let (status, answer) = post(&url, path, &bad).await;
        assert_eq!(status, 400, "{bad}");
        assert_eq!(answer["error"]["type"], "invalid_request_error");
        assert!(!answer.to_string().contains("secret"), "{answer}");
    }
    assert_eq!(client().get(format!("{url}/nowhere")).send().await.unwrap().status(), 404);
    mock.stop().await;
}

#[tokio::test]
async fn fails_as_often_as_told() {
    let mock = Mock::start(MockSettings { error_rate: Share(0.25), ttft: Ms(1.0), chunks: 1, ..MockSettings::default() }).unwrap();
    let url = mock.url();
    let mut failed = 0;
    for _ in 0..20 {
        let (status, answer) = post(&url, "/v1/chat/completions", &body("x", false)).await;
        assert!(status == 200 || answer["error"]["type"] == "server_error");
        failed += u32::from(status == 500);
    }
    assert_eq!(failed, 5);
    let (_, page) = page(&url, "").await;
    assert!(page.contains("rigcheck_mock_requests_total{route=\"/v1/chat/completions\",model=\"rigcheck-truth\",status=\"500\"} 5"), "{page}");
    mock.stop().await;
}

#[tokio::test]
async fn the_emission_log_answers_for_a_span_or_says_that_it_cannot() {
    let mock = Mock::start(MockSettings { emissions_kept: 3, ttft: Ms(1.0), chunks: 1, ..MockSettings::default() }).unwrap();
    let (url, http) = (mock.url(), client());
    for id in ["a", "b", "b"] {
        stream(&http, &url, &body(&directive(id, 2.0, 1, 0.0), true), &[]).await;
    }
    let all = emissions(&url, "").await;
    assert_eq!(all.iter().map(|e| (e.id.as_str(), e.attempts)).collect::<Vec<_>>(), [("a", 1), ("b", 1), ("b", 2)]);
    let (first, second) = (all[0].received_wall_us, all[1].received_wall_us);
    assert_eq!(emissions(&url, &format!("?from_us={}", first + 1)).await.len(), 2);
    assert_eq!(emissions(&url, &format!("?from_us={first}&to_us={}", second - 1)).await.len(), 1);
    assert!(emissions(&url, "?from_us=0&to_us=1").await.is_empty());
    stream(&http, &url, &body("no id at all", true), &[]).await;
    let ask = |query: String| client().get(format!("{url}/rigcheck/emissions{query}")).send();
    assert_eq!(ask(String::new()).await.unwrap().status(), 410, "it has forgotten the first record");
    let rest = emissions(&url, &format!("?from_us={}", first + 1)).await;
    assert_eq!(rest.iter().map(|e| e.id.as_str()).collect::<Vec<_>>(), ["b", "b", ""]);
    mock.stop().await;
}
