//! `rigcheck init` looks at servers: good ones, and ones that misbehave in each way.

use super::metrics_world::{answer, serve, to};
use crate::bad_input::server::{JSON, METRICS, Mode, PRIVATE, place};
use axum::{
    Router,
    extract::{Request, State},
    response::Response,
};
use rigcheck::{
    sources::survey::{Places, Usual, survey},
    spec::{
        Options,
        draft::{
            Draft, draft,
            found::Found,
            options::{Reach, Written},
        },
        settings::Connection,
    },
};
use std::{
    path::Path,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

/// A target, Prometheus, Jaeger, a page and a mock, all given.
fn given(target: &str, prometheus: &str, jaeger: &str, scrape: Option<&str>, truth: &str) -> Places {
    let some = |url: &str| Some(url.to_owned());
    let secret = rigcheck::model::secret::Secret::new("k3y-of-the-gateway");
    Places {
        written: Written {
            target: some(target),
            headers: vec![("x-api-key".into(), "${env:API_KEY}".into())],
            prometheus: some(prometheus),
            jaeger: some(jaeger),
            scrape: scrape.map(str::to_owned),
            truth: some(truth),
        },
        reach: Reach {
            target: Some((Connection { headers: vec![("x-api-key".into(), secret)], ..to(target.into()) }, true)),
            prometheus: Some(to(prometheus.into())),
            jaeger: Some(to(jaeger.into())),
            scrape: scrape.map(|url| to(url.into())),
            truth: Some(to(truth.into())),
            ..Reach::default()
        },
        logs: vec![],
        rig: "world".into(),
        usual: Usual::default(),
    }
}

fn drafted(found: &Found) -> Draft {
    let env = |_: &str| Some("set".to_owned());
    draft(found, Path::new("/nowhere"), &Options { checks_dir: None, env: &env, exec: rigcheck::spec::Exec::Refused }, &|_| (500, 50_000))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_a_server_does_the_draft_is_written_in_time_and_sound() {
    let modes = [
        None,
        Some(Mode::Silent),
        Some(Mode::Status(401)),
        Some(Mode::Status(500)),
        Some(Mode::Html),
        Some(Mode::Says(JSON, "{\"status\": \"error\", \"data\": [1, 2]}")),
        Some(Mode::Cut(JSON, "{\"data\": [")),
        Some(Mode::Flood(JSON, "{\"data\": [{\"id\": \"x\"},")),
        Some(Mode::Flood(METRICS, "requests_total 1\n")),
        Some(Mode::Drip(METRICS, "requests_total 1\n")),
    ];
    let each = modes.map(|mode| async move {
        let url = place(mode).await;
        let began = Instant::now();
        let found = survey(&given(&url, &url, &url, Some(&format!("{url}/metrics")), &url)).await;
        assert!(began.elapsed() < Duration::from_secs(30), "{mode:?} took {:?}", began.elapsed());
        let silent = |what: &str| found.looks.iter().any(|l| l.what == what && l.saw.is_err());
        for what in ["target", "prometheus", "jaeger", "metrics page", "truth"] {
            assert!(silent(what), "{mode:?}: {what} is not told to be silent: {:?}", found.looks);
        }
        let draft = drafted(&found);
        assert_eq!(draft.problems, None, "{mode:?}\n{}", draft.text);
        // What was named is declared although it is silent, so that an audit says so.
        for line in ["  prometheus: {url: ", "  jaeger: {url: ", "  scrape: {url: ", "  truth: {url: "] {
            assert!(draft.text.contains(&format!("\n{line}")), "{mode:?}: no {line}\n{}", draft.text);
        }
        let told = format!("{}{:?}{found:?}", draft.text, draft.to_confirm);
        assert!(!told.contains(PRIVATE) && !told.contains("k3y-of-the-gateway"), "{mode:?}\n{told}");
    });
    futures_util::future::join_all(each).await;
}

/// What a fake was asked: method, path, and whether the key of the target came along.
type Asked = Arc<Mutex<Vec<(String, String, bool)>>>;

/// What a fake says to a path and a query: type and body, or 404.
type Reply = fn(&str, &str) -> Option<(&'static str, String)>;

async fn respond(State((reply, asked)): State<(Reply, Asked)>, request: Request) -> Response {
    let (path, query) = (request.uri().path().to_owned(), request.uri().query().unwrap_or_default().to_owned());
    asked.lock().unwrap().push((request.method().to_string(), path.clone(), request.headers().contains_key("x-api-key")));
    match reply(&path, &query) {
        Some((kind, body)) => answer(200, kind, body),
        None => answer(404, JSON, "{}"),
    }
}

async fn fake(reply: Reply) -> (String, Asked) {
    let asked = Asked::default();
    let address = serve(Router::new().fallback(respond).with_state((reply, Arc::clone(&asked)))).await;
    (format!("http://{address}"), asked)
}

const PAGE: &str = "# HELP gw_ttft_seconds Time to first token\n# TYPE gw_ttft_seconds histogram\n\
    gw_ttft_seconds_bucket{route=\"/api/chat/completions\",model=\"rigcheck-truth\",le=\"+Inf\"} 3\n\
    gw_ttft_seconds_bucket{route=\"/api/chat/completions\",model=\"house-model\",le=\"+Inf\"} 3\n";

fn target(path: &str, _: &str) -> Option<(&'static str, String)> {
    match path {
        "/v1/models" => Some((JSON, r#"{"data": [{"id": "house-model"}, {"id": "rigcheck-truth"}]}"#.into())),
        "/openapi.json" => {
            Some((JSON, r#"{"paths": {"/api/chat/completions": {"post": {}}, "/api/chat/{id}": {"post": {}}, "/chat": {"get": {}}}}"#.into()))
        }
        "/metrics/" => Some((METRICS, PAGE.into())),
        _ => None,
    }
}

fn prometheus(path: &str, query: &str) -> Option<(&'static str, String)> {
    let data = match path {
        "/api/v1/status/buildinfo" => r#"{"version": "3.5.0", "goVersion": "go1.24"}"#.to_owned(),
        "/api/v1/label/__name__/values" => {
            let others = (0..100).map(|n| format!("\"app_{n}_size_bytes_bucket\"")).collect::<Vec<_>>().join(",");
            format!(r#"["gw_ttft_seconds_bucket", "gw_request_duration_seconds_bucket", {others}]"#)
        }
        "/api/v1/metadata" => r#"{"gw_request_duration_seconds": [{"type": "histogram", "help": "Request latency", "unit": ""}],
            "gw_latency_ms": [{"type": "summary", "help": "Request latency", "unit": ""}]}"#
            .to_owned(),
        "/api/v1/query" if query.contains("count+by") || query.contains("count%20by") => {
            r#"{"resultType": "vector", "result": [{"metric": {"__name__": "gw_ttft_seconds_bucket", "le": "0.5"}, "value": [0, "1"]}]}"#.to_owned()
        }
        "/api/v1/query" => {
            let series = |instance: &str, route: &str| {
                format!(
                    r#"{{"metric": {{"__name__": "gw_request_duration_seconds_count", "job": "gw", "instance": "{instance}", "route": "{route}"}}, "value": [0, "1"]}}"#
                )
            };
            let all =
                [series("10.0.0.1:80", "/api/chat/completions"), series("10.0.0.2:80", "/api/chat/completions"), series("10.0.0.1:80", "/health")];
            format!(r#"{{"resultType": "vector", "result": [{}]}}"#, all.join(","))
        }
        _ => return None,
    };
    Some((JSON, format!(r#"{{"status": "success", "data": {data}}}"#)))
}

fn jaeger(path: &str, _: &str) -> Option<(&'static str, String)> {
    (path == "/api/services").then(|| (JSON, r#"{"data": ["jaeger-query", "billing", "llm-gateway"]}"#.into()))
}

fn mock(path: &str, _: &str) -> Option<(&'static str, String)> {
    (path == "/v1/models").then(|| (JSON, r#"{"data": [{"id": "rigcheck-truth", "owned_by": "rigcheck"}]}"#.into()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_there_goes_into_the_draft_and_nothing_but_gets_are_sent() {
    let (target, at_target) = fake(target).await;
    let (prometheus, at_prometheus) = fake(prometheus).await;
    let (jaeger, at_jaeger) = fake(jaeger).await;
    let (mock, at_mock) = fake(mock).await;
    let places = given(&target, &prometheus, &jaeger, None, &mock);
    let found = survey(&places).await;
    let draft = drafted(&found);
    assert_eq!(draft.problems, None, "{}", draft.text);
    for part in [
        &format!("\n  url: {target}\n"),
        "\n  headers: {x-api-key: \"${env:API_KEY}\"}    # sent to this origin only\n",
        "\n  chat: {path: /api/chat/completions, model: rigcheck-truth, max_tokens: 64}\n",
        "rigcheck-truth is one of its 2 models",
        "Prometheus 3.5.0, 102 histograms",
        &format!("\n  scrape: {{url: {target}/metrics/}}\n"),
        "service: llm-gateway}",
        "the others: billing;",
        &format!("\n  truth: {{url: {mock}}}\n"),
        "\n  ttft: {histogram: gw_ttft_seconds, unit: s, match: {model: rigcheck-truth, route: /api/chat/completions}}\n",
        "\n  total: {histogram: gw_request_duration_seconds, unit: s, match: {route: /api/chat/completions}, source: prometheus}\n",
        "1 of 2 sets of labels on 2 instances",
        "not proposed: gw_latency_ms, a summary",
    ] {
        assert!(draft.text.contains(part), "no {part} in\n{}", draft.text);
    }
    // Models are counted; those of others are named nowhere.
    assert!(!format!("{}{:?}{:?}", draft.text, draft.to_confirm, found.looks).contains("house-model"), "{}", draft.text);
    for (place, asked) in [("target", &at_target), ("prometheus", &at_prometheus), ("jaeger", &at_jaeger), ("mock", &at_mock)] {
        for (method, path, key) in asked.lock().unwrap().iter() {
            assert_eq!(method, "GET", "{place} {path}");
            assert_eq!(*key, place == "target", "the target's key at {place} {path}");
        }
    }
    // The same findings make the same text.
    assert_eq!(drafted(&survey(&places).await).text, draft.text);
}

/// Of several gateways on this host the first is taken, the mock is never one, and each is said to have been found unasked.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_found_unasked_is_said_to_be() {
    let (gateway, _) = fake(target).await;
    let (other, _) = fake(target).await;
    let (mock, _) = fake(mock).await;
    let website = place(Some(Mode::Html)).await;
    let usual = Usual { targets: vec![website, mock.clone(), gateway.clone(), other.clone()], truth: Some(mock.clone()), ..Usual::default() };
    let found = survey(&Places { rig: "host".into(), usual, ..Places::default() }).await;
    let draft = drafted(&found);
    assert_eq!(draft.problems, None, "{}", draft.text);
    assert!(draft.text.contains(&format!("\n  url: {gateway}\n")) && draft.text.contains("CONFIRM nobody named it"), "{}", draft.text);
    assert!(draft.text.contains(&format!("# {other} looks like one, too")) && draft.to_confirm[0].contains("nobody named it"), "{}", draft.text);
    assert!(draft.text.contains(&format!("\n  truth: {{url: {mock}}}")) && draft.text.contains("nobody named it: it answers on this host"));
}
