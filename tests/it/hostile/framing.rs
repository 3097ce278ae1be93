//! HTTP that lies about itself: lengths, chunks, headers, ends.

use super::{
    server::{End, Raw, Script, head},
    sources::{ASKING, LONG, SHORT, gap, kind, surveyed},
};
use crate::sources::metrics_world::to;

/// Words of a question that ran out of time.
const LATE: &[&str] = &["deadline", "timeout", "time was over", "the time was up"];

/// What is wrong, by the type of a good answer; and words one of which each source's gap must have.
fn scripts(kind: &str) -> Vec<(&'static str, Script, &'static [&'static str])> {
    let chunked = || head(kind, "transfer-encoding: chunked\r\n");
    let length = |bytes: &str| head(kind, &format!("content-length: {bytes}\r\n"));
    let numbers = |from: usize| (from..).map(|i| format!("x-h{i}: v\r\n").into_bytes());
    let start = format!("HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\n");
    let (many, long, hints) = (start.clone(), start.clone(), "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(100));
    let early = &["end of file before message length reached"][..];
    let no_length = &["invalid content-length parsed"][..];
    let no_version = &["invalid HTTP version parsed"][..];
    let head_too_large = &["message head is too large"][..];
    let reset = &["Connection reset by peer"][..];
    vec![
        ("a length that never comes", Script::of(length("1000") + "{}"), early),
        // What is sent meanwhile is read up to the limit, or to the deadline where that comes first.
        (
            "a length of 10 GB",
            Script::endless(length("10737418240"), vec![b' '; 1 << 16]),
            &["more than", "over 1 MiB", "deadline", "the time was over"],
        ),
        ("a length that is no number", Script::of(length("many") + "{}"), no_length),
        ("two lengths", Script::of(head(kind, "content-length: 2\r\ncontent-length: 200\r\n") + "{}"), no_length),
        ("a length beyond all", Script::of(length("99999999999999999999999") + "{}"), no_length),
        ("a chunk that is shorter", Script::of(chunked() + "ffff\r\n{}"), &["unexpected EOF during chunk size line", "end of file"]),
        ("a chunk of no size", Script::of(chunked() + "zz\r\n{}\r\n0\r\n\r\n"), &["Invalid chunk size line"]),
        ("a chunk beyond all", Script::of(chunked() + "ffffffffffffffffffff\r\n{}"), &["invalid chunk size: overflow"]),
        ("no last chunk", Script::of(chunked() + "2\r\n{}\r\n"), &["unexpected EOF during chunk size line"]),
        ("a chunk extension without end", Script::endless(chunked() + "2;", "x".repeat(1 << 12)), &["chunk extensions over limit"]),
        ("trailers without end", Script::endless(chunked() + "0\r\n", "x-t: v\r\n".repeat(500)), &["chunk trailers"]),
        ("a reset in the body", Script::of(length("1000") + "{").ended(End::Reset), reset),
        ("a reset before the head", Script::of("").ended(End::Reset), reset),
        ("nothing, then closed", Script::of(""), &["connection closed before message completed"]),
        (
            "100,000 headers",
            Script::pieces(move || Box::new(std::iter::once(many.clone().into_bytes()).chain(numbers(0).take(100_000)))),
            head_too_large,
        ),
        ("a header without end", Script::endless(long + "x-long: ", "x".repeat(1 << 14)), head_too_large),
        ("hints without end", Script::endless(hints.clone(), hints), LATE),
        ("a head byte by byte", Script::bytes(start).slowly().ended(End::Hang), LATE),
        ("a body byte by byte", Script::endless(length("100000"), " ").slowly(), LATE),
        ("no HTTP", Script::of("220 mail.example.com ESMTP\r\n"), no_version),
        ("HTTP of another age", Script::of("HTTP/9.9 200 OK\r\n\r\n"), no_version),
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
                let told = words.iter().any(|w| gap.contains(w));
                (!told || raw.came() == 0).then(|| format!("{source}, {what}: {gap}"))
            });
        }
    }
    let wrong: Vec<String> = super::at_once(asked).await.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// `init` gives each look some seconds; a drip of bytes lasts as long as all of them one after the other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn init_ends_in_time_whatever_a_server_lies() {
    let looked = scripts("application/json").into_iter().map(|(_, script, _)| async move {
        surveyed(&Raw::start(script).await.url).await;
    });
    super::at_once(looked.collect()).await;
}
