//! HTTP that lies about itself: lengths, chunks, headers, ends.

use super::{
    server::{End, Raw, Script, head},
    sources::{ASKING, LONG, SHORT, gap, kind, surveyed},
};
use crate::sources::metrics_world::to;

/// What is wrong, by the type of a good answer; and words one of which each source's gap must have.
fn scripts(kind: &str) -> Vec<(&'static str, Script, &'static [&'static str])> {
    let chunked = || head(kind, "transfer-encoding: chunked\r\n");
    let length = |bytes: &str| head(kind, &format!("content-length: {bytes}\r\n"));
    let broken = &["broke off", "body cut short", "connection", "reset", "no whole JSON", "unexpected end", "EOF"][..];
    let slow = &["deadline", "timeout", "time was over", "the time was up"][..];
    let much = &["more than", "over 1 MiB", "deadline", "the time was over"][..];
    let no_http = &["invalid HTTP", "connection closed", "message", "header", "error", "incomplete", "uri", "parse"][..];
    let numbers = |from: usize| (from..).map(|i| format!("x-h{i}: v\r\n").into_bytes());
    let start = format!("HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\n");
    let (many, long, hints) = (start.clone(), start.clone(), "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(100));
    vec![
        ("a length that never comes", Script::of(length("1000") + "{}"), broken),
        ("a length of 10 GB", Script::endless(length("10737418240"), vec![b' '; 1 << 16]), much),
        ("a length that is no number", Script::of(length("many") + "{}"), no_http),
        ("two lengths", Script::of(head(kind, "content-length: 2\r\ncontent-length: 200\r\n") + "{}"), no_http),
        ("a length beyond all", Script::of(length("99999999999999999999999") + "{}"), no_http),
        ("a chunk that is shorter", Script::of(chunked() + "ffff\r\n{}"), broken),
        ("a chunk of no size", Script::of(chunked() + "zz\r\n{}\r\n0\r\n\r\n"), broken),
        ("a chunk beyond all", Script::of(chunked() + "ffffffffffffffffffff\r\n{}"), broken),
        ("no last chunk", Script::of(chunked() + "2\r\n{}\r\n"), broken),
        ("a chunk extension without end", Script::endless(chunked() + "2;", "x".repeat(1 << 12)), broken),
        ("trailers without end", Script::endless(chunked() + "0\r\n", "x-t: v\r\n".repeat(500)), broken),
        ("a reset in the body", Script::of(length("1000") + "{").ended(End::Reset), broken),
        ("a reset before the head", Script::of("").ended(End::Reset), &["reset", "connection", "closed"]),
        ("nothing, then closed", Script::of(""), no_http),
        ("100,000 headers", Script::pieces(move || Box::new(std::iter::once(many.clone().into_bytes()).chain(numbers(0).take(100_000)))), no_http),
        ("a header without end", Script::endless(long + "x-long: ", "x".repeat(1 << 14)), no_http),
        ("hints without end", Script::endless(hints.clone(), hints), &["deadline", "timeout", "time was over", "error", "closed"]),
        ("a head byte by byte", Script::bytes(start).slowly().ended(End::Hang), slow),
        ("a body byte by byte", Script::endless(length("100000"), " ").slowly(), slow),
        ("no HTTP", Script::of("220 mail.example.com ESMTP\r\n"), no_http),
        ("HTTP of another age", Script::of("HTTP/9.9 200 OK\r\n\r\n"), no_http),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_lie_of_a_server_is_a_gap_in_time() {
    let mut asked = vec![];
    for source in ASKING {
        for (what, script, words) in scripts(kind(source)) {
            asked.push(async move {
                let raw = Raw::start(script).await;
                let patience = if words.contains(&"deadline") { SHORT } else { LONG };
                let gap = gap(source, &to(raw.url.clone()), patience).await.to_string();
                // The load tells the system's word for each request.
                let told = source == "load" || words.iter().any(|w| gap.contains(w));
                (!told || raw.came() == 0).then(|| format!("{source}, {what}: {gap}"))
            });
        }
    }
    let wrong: Vec<String> = super::at_once(asked).await.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn init_ends_in_time_whatever_a_server_lies() {
    let looked = scripts("application/json").into_iter().map(|(_, script, _)| async move {
        surveyed(&Raw::start(script).await.url).await;
    });
    super::at_once(looked.collect()).await;
}
