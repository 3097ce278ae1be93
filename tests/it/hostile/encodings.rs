//! Bodies that are packed, or no text, or JSON without an end.

use super::{
    server::{Raw, Script, gzip_without_end, head},
    sources::{ASKING, LONG, SHORT, gap, kind, surveyed},
};
use crate::sources::metrics_world::to;

const WRONG: &[&str] = &[
    "not the JSON",
    "no whole JSON",
    "no Jaeger",
    "no emission record",
    "not valid UTF-8",
    "an event",
    "no event",
    "no JSON",
    "a stream",
    "no series",
    "broke off",
    "is no",
    "empty",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_small_body_that_unpacks_to_a_huge_one_is_given_up() {
    let (begin, again) = gzip_without_end(&vec![b' '; 1 << 20]);
    let asked = ASKING.into_iter().map(|source| {
        let mut head = head(kind(source), "content-encoding: gzip\r\n").into_bytes();
        head.extend(&begin);
        let script = Script::endless(head, again.clone());
        async move {
            let gap = gap(source, &to(Raw::start(script).await.url), SHORT).await.to_string();
            let told = ["more than", "over 1 MiB", "deadline", "the time was", "timeout"].iter().any(|w| gap.contains(w));
            assert!(told, "{source}: {gap}");
        }
    });
    super::at_once(asked.collect()).await;
    let mut head = head("application/json", "content-encoding: gzip\r\n").into_bytes();
    head.extend(&begin);
    surveyed(&Raw::start(Script::endless(head, again)).await.url).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_packed_otherwise_is_named() {
    let mut asked = vec![];
    for source in ASKING {
        for encoding in ["zstd", "deflate", "br", "gzip, gzip", "x\u{1b}[31m"] {
            let script = Script::of(head(kind(source), &format!("content-encoding: {encoding}\r\n")) + "\u{28}\u{b5}\u{2f}nonsense");
            asked.push(async move {
                let gap = gap(source, &to(Raw::start(script).await.url), LONG).await.to_string();
                assert!(!gap.contains("nonsense") && !gap.contains('\u{1b}'), "{source}: {gap}");
                if source != "load" && ["zstd", "deflate", "br"].contains(&encoding) {
                    assert!(gap.contains(&format!("packed as `{encoding}`")), "{source}: {gap}");
                }
            });
        }
    }
    super::at_once(asked).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_gzip_and_no_text_is_a_gap() {
    let deep = |open: &str| head("application/json", "") + &open.repeat(100_000);
    let bodies = |kind: &str| {
        vec![
            ("no gzip", head(kind, "content-encoding: gzip\r\n").into_bytes(), "{}"),
            ("a gzip that breaks off", [head(kind, "content-encoding: gzip\r\n").as_bytes(), b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x4b"].concat(), ""),
            ("no UTF-8", [head(kind, "").as_bytes(), b"{\"status\": \"\xff\xfe\", \"data\": {\"\xc3\x28\": 1}}\n"].concat(), ""),
            ("zeros", [head(kind, "").as_bytes(), &[0; 1000]].concat(), ""),
            ("lists in lists", deep("[").into_bytes(), ""),
            ("objects in objects", deep("{\"data\":").into_bytes(), ""),
            ("results in results", deep("{\"result\":{\"resourceSpans\":[").into_bytes(), ""),
        ]
    };
    let mut asked = vec![];
    for source in ASKING {
        for (what, bytes, tail) in bodies(kind(source)) {
            // A page of nothing but bad lines is a page: what its lines say is judged, and each is a doubt. JSON is none.
            if kind(source).starts_with("text/plain") && !what.contains("gzip") {
                continue;
            }
            let script = Script::of([&bytes, tail.as_bytes()].concat());
            asked.push(async move {
                let gap = gap(source, &to(Raw::start(script).await.url), LONG).await.to_string();
                (source != "load" && !WRONG.iter().any(|w| gap.contains(w))).then(|| format!("{source}, {what}: {gap}"))
            });
        }
    }
    for (_, bytes, tail) in bodies("application/json") {
        surveyed(&Raw::start(Script::of([&bytes, tail.as_bytes()].concat())).await.url).await;
    }
    let wrong: Vec<String> = super::at_once(asked).await.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
