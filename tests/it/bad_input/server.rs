//! A server that misbehaves in one way, whatever it is asked.

use crate::address::nobody;
use axum::{
    Router,
    body::{Body, Bytes},
    http::{Response, StatusCode, header::CONTENT_TYPE},
};
use futures_util::{Stream, StreamExt, stream};
use std::{io, time::Duration};

pub const JSON: &str = "application/json";
pub const EVENTS: &str = "text/event-stream";
pub const LINES: &str = "application/x-ndjson";
pub const METRICS: &str = "text/plain; version=0.0.4";

/// How it misbehaves.
#[derive(Clone, Copy, Debug)]
pub enum Mode {
    /// It takes the connection and never answers.
    Silent,
    /// A status, with a body that must not be repeated anywhere.
    Status(u16),
    /// A login page.
    Html,
    /// A whole body of this type.
    Says(&'static str, &'static str),
    /// The start of a body of this type, then the connection is closed.
    Cut(&'static str, &'static str),
    /// A body without end, as fast as it is read.
    Flood(&'static str, &'static str),
    /// A body without end, a few bytes a second.
    Drip(&'static str, &'static str),
}

/// What a careless server tells in a body: no report may repeat it.
pub const PRIVATE: &str = "alice@example.com";

/// Where such a server listens; or where nobody does.
pub async fn place(mode: Option<Mode>) -> String {
    match mode {
        Some(mode) => start(mode).await,
        None => format!("http://{}", nobody()),
    }
}

/// Starts it and tells its address. It ends with the runtime of the test.
async fn start(mode: Mode) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().fallback(move || respond(mode));
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

async fn respond(mode: Mode) -> Response<Body> {
    let (status, kind, body) = match mode {
        Mode::Silent => std::future::pending().await,
        Mode::Status(status) => (status, JSON, Body::from(format!("{{\"error\": \"{PRIVATE} may not\"}}"))),
        Mode::Html => (200, "text/html; charset=utf-8", Body::from(format!("<!doctype html><title>Sign in</title>{PRIVATE}"))),
        Mode::Says(kind, text) => (200, kind, Body::from(text)),
        Mode::Cut(kind, text) => (200, kind, Body::from_stream(start_of(text).chain(stream::iter([Err(io::Error::other("cut"))])))),
        Mode::Flood(kind, text) => (200, kind, Body::from_stream(stream::repeat_with(move || Ok::<_, io::Error>(Bytes::from(text.repeat(1000)))))),
        Mode::Drip(kind, text) => {
            let slowly = stream::repeat(text).then(async |text| {
                tokio::time::sleep(Duration::from_millis(300)).await;
                Ok::<_, io::Error>(Bytes::from_static(text.as_bytes()))
            });
            (200, kind, Body::from_stream(slowly))
        }
    };
    Response::builder().status(StatusCode::from_u16(status).unwrap()).header(CONTENT_TYPE, kind).body(body).unwrap()
}

/// The text, and time for it to arrive before what comes next.
fn start_of(text: &'static str) -> impl Stream<Item = io::Result<Bytes>> {
    stream::once(async move { Ok(Bytes::from_static(text.as_bytes())) }).chain(stream::once(async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        Ok(Bytes::new())
    }))
}
