//! HTTP that lies about itself: lengths, chunks, headers, ends.

use super::{
    server::{End, Raw, Script, head},
    sources::{ASKING, LONG, SHORT, gap, kind, surveyed},
};
use crate::sources::metrics_world::to;

/// What a server does, and what is said of it: one of these words by the sources, the other by the load of each request.
type Lie = (&'static str, Script, &'static [&'static str], &'static str);

/// By the type of a good answer.
fn lies(kind: &str) -> Vec<Lie> {
    let chunked = || head(kind, "transfer-encoding: chunked\r\n");
    let length = |bytes: &str| head(kind, &format!("content-length: {bytes}\r\n"));
    let (broken, length_is_wrong) = (&["broke off (end of file before message length reached)"][..], &["invalid content-length parsed"][..]);
    // Between the two lies only how fast a machine reads.
    let much = &["no whole answer before the deadline", "more than"][..];
    let (late, large) = (&["no whole answer before the deadline"][..], &["message head is too large"][..]);
    let (closed, reset) = (&["connection closed before message completed"][..], &["Connection reset by peer"][..]);
    let version = &["invalid HTTP version parsed"][..];
    let (no_http, ended, timeout) = ("no HTTP that can be read", "unexpected end of file", "timeout");
    // In pieces of a hundred: a head is parsed anew with each piece.
    let hundred = |nth: usize| (100 * nth..100 * nth + 100).map(|i| format!("x-h{i}: v\r\n")).collect::<String>().into_bytes();
    let start = format!("HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\n");
    let (many, long, hints) = (start.clone(), start.clone(), "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(100));
    let headers =
        move || -> Box<dyn Iterator<Item = Vec<u8>> + Send> { Box::new(std::iter::once(many.clone().into_bytes()).chain((0..1_000).map(hundred))) };
    vec![
        ("a length that never comes", Script::of(length("1000") + "{}"), broken, ended),
        ("a length of 10 GB", Script::endless(length("10737418240"), vec![b' '; 1 << 16]), much, "body over 1 MiB"),
        ("a length that is no number", Script::of(length("many") + "{}"), length_is_wrong, no_http),
        ("two lengths", Script::of(head(kind, "content-length: 2\r\ncontent-length: 200\r\n") + "{}"), length_is_wrong, no_http),
        ("a length beyond all", Script::of(length("99999999999999999999999") + "{}"), length_is_wrong, no_http),
        ("a chunk that is shorter", Script::of(chunked() + "ffff\r\n{}"), broken, ended),
        ("a chunk of no size", Script::of(chunked() + "zz\r\n{}\r\n0\r\n\r\n"), &["broke off (Invalid chunk size line"], "invalid input parameter"),
        ("a chunk beyond all", Script::of(chunked() + "ffffffffffffffffffff\r\n{}"), &["broke off (invalid chunk size: overflow)"], "invalid data"),
        ("no last chunk", Script::of(chunked() + "2\r\n{}\r\n"), &["broke off (unexpected EOF during chunk size line)"], ended),
        (
            "a chunk extension without end",
            Script::endless(chunked() + "2;", "x".repeat(1 << 12)),
            &["broke off (chunk extensions over limit)"],
            "invalid data",
        ),
        (
            "trailers without end",
            Script::endless(chunked() + "0\r\n", "x-t: v\r\n".repeat(500)),
            &["broke off (chunk trailers count overflow)"],
            "invalid data",
        ),
        ("a reset in the body", Script::of(length("1000") + "{").ended(End::Reset), reset, "connection reset"),
        ("a reset before the head", Script::of("").ended(End::Reset), reset, "connection reset"),
        ("nothing, then closed", Script::of(""), closed, "connection closed"),
        ("100,000 headers", Script::pieces(headers), large, no_http),
        ("a header without end", Script::endless(long + "x-long: ", "x".repeat(1 << 14)), large, no_http),
        ("hints without end", Script::endless(hints.clone(), hints), late, timeout),
        ("a head byte by byte", Script::bytes(start).slowly().ended(End::Hang), late, timeout),
        ("a body byte by byte", Script::endless(length("100000"), " ").slowly(), late, timeout),
        ("no HTTP", Script::of("220 mail.example.com ESMTP\r\n"), version, no_http),
        ("HTTP of another age", Script::of("HTTP/9.9 200 OK\r\n\r\n"), version, no_http),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_lie_of_a_server_is_a_gap_in_time_that_says_which_it_is() {
    let mut asked = vec![];
    for source in ASKING {
        for (what, script, words, of_load) in lies(kind(source)) {
            asked.push(async move {
                let raw = Raw::start(script).await;
                let patience = if words.contains(&"no whole answer before the deadline") { SHORT } else { LONG };
                let gap = gap(source, &to(raw.url.clone()), patience).await.to_string();
                let told = if source == "load" { gap.contains(of_load) } else { words.iter().any(|w| gap.contains(w)) };
                (!told || raw.came() == 0).then(|| format!("{source}, {what}: {gap}"))
            });
        }
    }
    let wrong: Vec<String> = super::at_once(asked).await.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn init_ends_in_time_whatever_a_server_lies() {
    let looked = lies("application/json").into_iter().map(|(_, script, ..)| async move {
        surveyed(&Raw::start(script).await.url).await;
    });
    super::at_once(looked.collect()).await;
}
