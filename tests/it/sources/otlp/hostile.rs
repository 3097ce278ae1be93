//! Connections that lie or never go on: the next export is taken all the same.
#![allow(clippy::format_collect, reason = "texts of tests are made once")]

use super::{
    super::traced_act::{sent, trace},
    TIME, export,
    export::{Form, span_of},
    free, receiver, run,
};
use reqwest::Client;
use rigcheck::model::key::{Question as _, Spans};
use std::{future::ready, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

fn post(more: &str) -> String {
    format!("POST /v1/traces HTTP/1.1\r\nhost: h\r\ncontent-type: application/json\r\n{more}\r\n")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_next_export_is_taken_whatever_came_before() {
    let many: String = (0..100_000).map(|i| format!("x-h{i}: v\r\n")).collect();
    let deep = "{\"resourceSpans\":[".repeat(100_000);
    // What is sent, and whether the connection then stays open without a word more.
    let cases = [
        ("a length of 10 GB".to_owned(), post("content-length: 10737418240\r\n") + "{", true),
        ("half a head".to_owned(), "POST /v1/traces HTTP/1.1\r\nhost: h".to_owned(), true),
        ("a chunk that is shorter".to_owned(), post("transfer-encoding: chunked\r\n") + "ffff\r\n{}", false),
        ("a chunk of no size".to_owned(), post("transfer-encoding: chunked\r\n") + "zz\r\n{}\r\n", false),
        ("two lengths".to_owned(), post("content-length: 2\r\ncontent-length: 3\r\n") + "{}", false),
        ("100,000 headers".to_owned(), post(&many), false),
        ("JSON 100,000 deep".to_owned(), post(&format!("content-length: {}\r\n", deep.len())) + &deep, false),
        ("no HTTP".to_owned(), "\x16\x03\x01\0\0".to_owned(), false),
    ];
    for (what, bytes, open) in cases {
        let at = free();
        let otlp = receiver(at, "gateway");
        let during = async {
            let mut connection = TcpStream::connect(at).await.unwrap();
            // It may hang up in the middle.
            let _ = connection.write_all(bytes.as_bytes()).await;
            if !open {
                let _ = connection.shutdown().await;
                let mut answer = vec![];
                let _ = tokio::time::timeout(Duration::from_secs(15), connection.read_to_end(&mut answer))
                    .await
                    .unwrap_or_else(|_| panic!("{what} hangs"));
                assert!(!answer.starts_with(b"HTTP/1.1 200"), "{what} is taken");
            }
            export(&Client::new(), at, Form::Protobuf, &span_of(&trace(0), sent(0), "gateway")).await;
            drop(connection);
        };
        let seen = run(&otlp, 1, TIME * 2, during, ready(())).await.unwrap_or_else(|gap| panic!("{what}: {gap}"));
        assert_eq!(Spans::pick(&seen.payload).unwrap().traces, 1, "{what}");
    }
}
