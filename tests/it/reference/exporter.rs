use super::observed::length_ms;
use super::support::{Receiver, attribute, body, client, directive, eventually, hex, page, stream};
use crate::address::nobody;
use opentelemetry_proto::tonic::{common::v1::any_value::Value as Any, trace::v1::span::SpanKind};
use rigcheck::reference::mock_llm::{Mock, MockSettings};
use std::time::Duration;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

fn parent(sampled: bool) -> [(&'static str, String); 1] {
    [("traceparent", format!("00-{TRACE}-00f067aa0ba902b7-0{}", u8::from(sampled)))]
}

#[tokio::test]
async fn spans_arrive_whole_and_below_the_callers_span() {
    // The first two posts are refused: a receiver that is late must not cost spans.
    let (receiver, at) = Receiver::start("127.0.0.1:0".parse().unwrap(), 2).await;
    let mock = Mock::start(MockSettings { otlp: Some(format!("http://{at}")), ..MockSettings::default() }).unwrap();
    let (http, url) = (client(), mock.url());
    let prompt = format!("tell nobody, sam@example.org {}", directive("t-1", 40.0, 3, 10.0));
    stream(&http, &url, &body(&prompt, true), &parent(true)).await;
    stream(&http, &url, &body(&prompt, true), &[("traceparent", "00-0000000000000000000000000000000a-00f067aa0ba902b7-00".into())]).await;
    eventually("six spans", async || receiver.spans().len() >= 6).await;
    mock.stop().await;
    let spans = receiver.spans();
    assert_eq!(spans.len(), 6, "what the caller does not sample is not recorded");
    let root = spans.iter().find(|s| s.kind() == SpanKind::Server).unwrap();
    assert_eq!((hex(&root.trace_id).as_str(), hex(&root.parent_span_id).as_str()), (TRACE, "00f067aa0ba902b7"));
    assert_eq!(root.name, "POST /v1/chat/completions");
    assert_eq!(attribute(root, "http.response.status_code"), Some(Any::IntValue(200)));
    let Some(Any::DoubleValue(ttft)) = attribute(root, "gen_ai.response.time_to_first_chunk") else { panic!("no TTFT") };
    assert!((0.04..5.0).contains(&ttft), "{ttft} s");
    let stages: Vec<_> = spans.iter().filter(|s| s.kind() != SpanKind::Server).collect();
    let words: Vec<_> = stages.iter().map(|s| attribute(s, "rigcheck.stage").unwrap()).collect();
    assert_eq!(words, ["middleware", "auth", "routing", "provider", "adaptation"].map(|w| Any::StringValue(w.into())));
    assert_eq!((stages[3].name.as_str(), stages[3].kind()), ("provider call", SpanKind::Client));
    let mut at = root.start_time_unix_nano;
    for stage in stages {
        assert_eq!((stage.parent_span_id.as_slice(), stage.trace_id.as_slice()), (root.span_id.as_slice(), root.trace_id.as_slice()));
        assert_eq!(stage.start_time_unix_nano, at, "the stages follow one another without a hole");
        at = stage.end_time_unix_nano;
    }
    assert_eq!(at, root.end_time_unix_nano);
    let told = format!("{:?}", receiver.got.lock().unwrap());
    assert!(told.contains("rigcheck-mock") && !told.contains("sam@") && !told.contains("nobody"), "{told}");
}

#[tokio::test]
async fn answers_that_are_no_streams_have_the_same_stages_with_their_own_times() {
    let (receiver, at) = Receiver::start("127.0.0.1:0".parse().unwrap(), 0).await;
    let mock = Mock::start(MockSettings { otlp: Some(format!("http://{at}")), ..MockSettings::default() }).unwrap();
    let (http, url) = (client(), mock.url());
    let whole = body(&directive("w", 40.0, 3, 10.0), false);
    let vectors = serde_json::json!({"model": "rigcheck-truth-embed", "input": directive("e", 30.0, 1, 0.0)});
    for (route, asked) in [("chat/completions", whole), ("embeddings", vectors)] {
        let answered = http.post(format!("{url}/v1/{route}")).json(&asked).header(parent(true)[0].0, &parent(true)[0].1).send().await.unwrap();
        assert_eq!(answered.status(), 200);
    }
    eventually("twelve spans", async || receiver.spans().len() >= 12).await;
    let truth = super::support::emissions(&url, "").await;
    mock.stop().await;
    let spans = receiver.spans();
    assert_eq!(spans.len(), 12);
    for (route, operation, id, least) in [("/v1/chat/completions", "chat", "w", 60.0), ("/v1/embeddings", "embeddings", "e", 30.0)] {
        let root = spans.iter().find(|s| s.name == format!("POST {route}")).unwrap();
        let emitted = truth.iter().find(|e| e.id == id).unwrap();
        assert!((length_ms(root) - emitted.total_ms()).abs() < 0.001 && attribute(root, "gen_ai.response.time_to_first_chunk").is_none());
        let stages: Vec<_> = spans.iter().filter(|s| s.parent_span_id == root.span_id).collect();
        assert_eq!(stages.len(), 5, "{route}");
        assert!((stages.iter().map(|s| length_ms(s)).sum::<f64>() - length_ms(root)).abs() < 0.001);
        let provider = stages.iter().find(|s| s.name == "provider call").unwrap();
        let until = (provider.end_time_unix_nano - root.start_time_unix_nano) as f64 / 1e6;
        assert!(until >= least && length_ms(provider) <= length_ms(root), "{route}: {until}");
        assert_eq!(attribute(provider, "gen_ai.operation.name"), Some(Any::StringValue(operation.into())));
        assert_eq!(attribute(provider, "gen_ai.provider.name"), Some(Any::StringValue("openai".into())));
    }
}

#[tokio::test]
async fn a_request_that_is_not_traced_is_not_held_up_by_tracing() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("access.jsonl");
    let fault = Some(rigcheck::reference::faults::Misbehaviour::SlowTracing);
    let mock = Mock::start(MockSettings { access_log: Some(log.clone()), fault, ..MockSettings::default() }).unwrap();
    let (http, url) = (client(), mock.url());
    for (id, sampled) in [("traced", true), ("untraced", false)] {
        let headers = [parent(sampled)[0].clone(), ("x-request-id", id.to_owned())];
        stream(&http, &url, &body(&directive(id, 20.0, 2, 5.0), true), &headers).await;
    }
    let truth = super::support::emissions(&url, "").await;
    mock.stop().await;
    let lines = std::fs::read_to_string(log).unwrap();
    for (id, more) in [("traced", 40.0), ("untraced", 0.0)] {
        let line: serde_json::Value =
            lines.lines().map(|l| serde_json::from_str(l).unwrap()).find(|l: &serde_json::Value| l["request_id"] == id).unwrap();
        let emitted = truth.iter().find(|e| e.id == id).unwrap();
        assert!((line["duration_ms"].as_f64().unwrap() - emitted.total_ms() - more).abs() < 0.01, "{line}");
        assert!(emitted.ttft_ms().unwrap() >= 20.0);
    }
}

#[tokio::test]
async fn a_receiver_that_is_not_there_costs_spans_and_nothing_else() {
    let mock = Mock::start(MockSettings { otlp: Some(format!("http://{}", nobody())), ..MockSettings::default() }).unwrap();
    let (http, url) = (client(), mock.url());
    stream(&http, &url, &body(&directive("t-2", 5.0, 2, 5.0), true), &parent(true)).await;
    eventually("the spans are given up", async || mock.spans_lost() == 6).await;
    tokio::time::timeout(Duration::from_secs(20), mock.stop()).await.unwrap();
}

#[tokio::test]
async fn the_page_reads_in_both_formats() {
    let (_receiver, at) = Receiver::start("127.0.0.1:0".parse().unwrap(), 0).await;
    let mock = Mock::start(MockSettings { otlp: Some(format!("http://{at}")), ..MockSettings::default() }).unwrap();
    let (http, url) = (client(), mock.url());
    for i in 0..3 {
        let mut asked = body(&directive("p", 20.0, 4, 5.0), true);
        asked["model"] = if i == 2 { "somebody-elses-name" } else { "rigcheck-truth" }.into();
        stream(&http, &url, &asked, &parent(true)).await;
    }
    let (content_type, text) = page(&url, "text/plain").await;
    assert_eq!(content_type, "text/plain; version=0.0.4; charset=utf-8");
    let naive = prometheus_parse::Scrape::parse(text.lines().map(|l| Ok(l.to_owned()))).unwrap();
    let of = |metric: &str| naive.samples.iter().filter(|s| s.metric == metric).collect::<Vec<_>>();
    let count = |metric: &str| {
        let samples = of(metric);
        let value = |s: &&prometheus_parse::Sample| match s.value {
            prometheus_parse::Value::Untyped(x) | prometheus_parse::Value::Counter(x) => x,
            _ => panic!("{s:?}"),
        };
        samples.iter().map(value).sum::<f64>()
    };
    assert_eq!(count("rigcheck_mock_requests_total"), 3.0);
    assert_eq!(count("rigcheck_mock_ttft_seconds_count"), 3.0);
    assert_eq!(count("rigcheck_mock_request_duration_seconds_count"), 3.0);
    assert_eq!(count("rigcheck_mock_inter_chunk_seconds_count"), 9.0, "observed per gap");
    assert!(count("rigcheck_mock_ttft_seconds_sum") >= 0.06);
    let histograms = of("rigcheck_mock_ttft_seconds");
    assert_eq!(histograms.len(), 2, "an unknown model is `other`: {histograms:#?}");
    assert!(matches!(&histograms[0].value, prometheus_parse::Value::Histogram(buckets) if buckets.len() > 150));
    assert!(!text.contains("somebody") && !text.contains(TRACE));

    let (content_type, open) = page(&url, "application/openmetrics-text;version=1.0.0,text/plain;q=0.5").await;
    assert!(content_type.starts_with("application/openmetrics-text; version=1.0.0"));
    assert!(open.ends_with("# EOF\n") && open.contains("# UNIT rigcheck_mock_ttft_seconds seconds\n"));
    assert!(open.contains(&format!(" # {{trace_id=\"{TRACE}\"}} ")), "exemplars carry the trace id");
    mock.stop().await;
}
