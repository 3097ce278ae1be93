//! A fake daemon: what a script of frames says, one after the other.

use axum::{
    Router,
    body::Body,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use futures_util::{StreamExt as _, stream};
use serde_json::json;
use std::{
    collections::BTreeMap,
    convert::Infallible,
    sync::{Arc, Mutex},
    time::Duration,
};

/// What it answers.
#[derive(Clone)]
pub struct Daemon {
    /// Its API.
    pub version: &'static str,
    /// Pieces of the stream, each after so many ms.
    pub frames: Vec<(u64, String)>,
    /// Does the stream stay open after them?
    pub stays: bool,
    /// Names of running containers that have the label `app=gateway`.
    pub labelled: Vec<&'static str>,
    /// When the container was started, one for each look; the last one stays.
    pub starts: Vec<&'static str>,
    /// Status of whoever asks for stats.
    pub status: StatusCode,
    /// Looks at the container so far.
    pub looks: Arc<Mutex<usize>>,
}

impl Default for Daemon {
    fn default() -> Self {
        Daemon {
            version: "1.41",
            frames: vec![],
            stays: true,
            labelled: vec!["gateway"],
            starts: vec!["2026-01-01T00:00:00.25Z"],
            status: StatusCode::OK,
            looks: Arc::default(),
        }
    }
}

/// The stamp that the daemon has for nobody.
pub const NOBODY: &str = "0001-01-01T00:00:00Z";

/// A frame as the daemon writes it.
pub fn frame(read: &str, cpu_ns: u64) -> String {
    let line = json!({
        "read": read, "preread": NOBODY,
        "cpu_stats": {
            "cpu_usage": { "total_usage": cpu_ns, "usage_in_kernelmode": 0, "usage_in_usermode": 0 },
            "system_cpu_usage": 5_000_000_000_u64, "online_cpus": 2,
            "throttling_data": { "periods": 10, "throttled_periods": 4, "throttled_time": 2_000_000_000_u64 },
        },
        "memory_stats": { "usage": 1_000_000, "limit": 8_000_000, "stats": { "inactive_file": 400_000 } },
        "networks": { "eth0": { "rx_bytes": 100, "tx_bytes": 200 } },
        "name": "/gateway",
    });
    format!("{line}\n")
}

/// The present, so many ms from now, as the daemon stamps it.
pub fn stamp(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(jiff::Timestamp::now().as_millisecond() + ms).unwrap().to_string()
}

async fn show(State(daemon): State<Daemon>, Path(container): Path<String>) -> Response {
    if container == "nobody" {
        return (StatusCode::NOT_FOUND, r#"{"message":"No such container: jane@example.com"}"#).into_response();
    }
    let look = {
        let mut looks = daemon.looks.lock().unwrap();
        *looks += 1;
        *looks - 1
    };
    let started = daemon.starts.get(look).or(daemon.starts.last()).unwrap();
    axum::Json(json!({
        "Id": format!("{:0<64}", "0123abcd"), "Name": "/gateway",
        "State": { "Running": container != "stopped", "Pid": 1_073_741_824, "StartedAt": started },
    }))
    .into_response()
}

async fn list(State(daemon): State<Daemon>, Query(query): Query<BTreeMap<String, String>>) -> Response {
    assert!(query["filters"].contains("app=gateway"), "{query:?}");
    let all: Vec<_> = daemon.labelled.iter().map(|name| json!({ "Id": name, "Names": [format!("/{name}")] })).collect();
    axum::Json(all).into_response()
}

async fn stats(State(daemon): State<Daemon>, Query(query): Query<BTreeMap<String, String>>) -> Response {
    if daemon.status != StatusCode::OK {
        return (daemon.status, r#"{"message":"jane@example.com"}"#).into_response();
    }
    assert_eq!(query["stream"], "true");
    let pieces = stream::iter(daemon.frames).then(|(ms, piece)| async move {
        tokio::time::sleep(Duration::from_millis(ms)).await;
        Ok::<_, Infallible>(piece)
    });
    let body = if daemon.stays { Body::from_stream(pieces.chain(stream::pending())) } else { Body::from_stream(pieces) };
    body.into_response()
}

impl Daemon {
    /// Serves; its address, and what ends with it.
    pub async fn serve(self) -> (String, tokio::task::JoinSet<()>) {
        let version = json!({ "ApiVersion": self.version, "MinAPIVersion": "1.12", "Version": "20.10.24" });
        let app = Router::new()
            .route("/version", get(move || async move { axum::Json(version) }))
            .route("/containers/json", get(list))
            .route("/containers/{name}/json", get(show))
            .route("/containers/{name}/stats", get(stats))
            .with_state(self);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = format!("tcp://{}", listener.local_addr().unwrap());
        let mut serving = tokio::task::JoinSet::new();
        serving.spawn(async move { axum::serve(listener, app).await.unwrap() });
        (host, serving)
    }
}
