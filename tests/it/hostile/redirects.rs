//! Redirects are told and not followed: credentials and questions go to the place that the spec names, and to nobody else.

use super::{
    server::{Raw, Script},
    sources::{ASKING, LONG, gap, surveyed},
};
use crate::sources::metrics_world::to;
use rigcheck::{model::secret::Secret, spec::settings::Connection};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_else_is_asked() {
    let stranger = Raw::start(Script::of("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")).await;
    let mut asked = vec![];
    for source in ASKING {
        for status in ["301 Moved Permanently", "302 Found", "303 See Other", "307 Temporary Redirect", "308 Permanent Redirect"] {
            let there = format!("{}/api?token=s3cret-of-the-server", stranger.url);
            asked.push(async move {
                let raw = Raw::start(Script::of(format!("HTTP/1.1 {status}\r\nlocation: {there}\r\ncontent-length: 0\r\n\r\n"))).await;
                let connection = Connection { headers: vec![("x-api-key".into(), Secret::new("k3y-of-ours"))], ..to(raw.url.clone()) };
                let gap = gap(source, &connection, LONG).await.to_string();
                assert!(gap.contains(&status[..3]), "{source}: {gap}");
                assert!(!gap.contains("s3cret") && !gap.contains("k3y"), "{source}: {gap}");
            });
        }
    }
    super::at_once(asked).await;
    surveyed(&Raw::start(Script::of(format!("HTTP/1.1 302 Found\r\nlocation: {}\r\ncontent-length: 0\r\n\r\n", stranger.url))).await.url).await;
    assert_eq!(stranger.came(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_loop_of_redirects_is_asked_once_a_question() {
    let asked = ASKING.into_iter().map(|source| async move {
        let raw = Raw::start(Script::of("HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")).await;
        gap(source, &to(raw.url.clone()), LONG).await;
        // Jaeger has two APIs to try, the load two requests; readings of a page that fail in passing are tried again.
        assert!((1..=8).contains(&raw.came()), "{source}: {} connections", raw.came());
    });
    super::at_once(asked.collect()).await;
}
