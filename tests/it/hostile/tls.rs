//! TLS to a plain port, and a plain question to a port that speaks TLS.

use super::{
    server::{Raw, Script},
    sources::{ASKING, LONG, gap},
};
use crate::sources::metrics_world::to;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_port_that_does_not_speak_tls_is_told() {
    let asked = ASKING.into_iter().map(|source| async move {
        let raw = Raw::start(Script::of("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")).await;
        let gap = gap(source, &to(raw.url.replace("http://", "https://")), LONG).await.to_string();
        assert!(gap.contains("does not speak TLS; write `http://`"), "{source}: {gap}");
    });
    super::at_once(asked.collect()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_port_that_speaks_only_tls_is_a_gap() {
    // What OpenSSL sends to a client that speaks no TLS: a fatal alert, then it closes.
    let asked = ASKING.into_iter().map(|source| async move {
        let gap = gap(source, &to(Raw::start(Script::of(b"\x15\x03\x01\0\x02\x02\x46".as_slice())).await.url), LONG).await.to_string();
        assert!(source == "load" || gap.contains("invalid HTTP") || gap.contains("https://"), "{source}: {gap}");
    });
    super::at_once(asked.collect()).await;
}
