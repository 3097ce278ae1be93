//! Our reader of metrics pages on the pages of real programs, in each format that they offer, beside a lax reader.
#![allow(clippy::disallowed_methods, reason = "times two readers")]

use crate::{
    rig::Turn,
    stack::{Stack, or_skip},
};
use rigcheck::{
    reference::mock_llm::{Mock, MockSettings},
    sources::exposition::{Format, lost_by_lax_reader, parse},
};
use std::{
    fmt::Write as _,
    hint::black_box,
    time::{Duration, Instant},
};

const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0";
const TEXT: &str = "text/plain; version=0.0.4";

/// A page as a program wrote it.
struct Page {
    of: &'static str,
    format: Format,
    bytes: Vec<u8>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_real_page_is_read_whole_and_without_a_doubt() {
    let name = "every_real_page_is_read_whole_and_without_a_doubt";
    let _turn = Turn::take(1);
    let mock = Mock::start(MockSettings::default()).expect("a provider on a free port");
    let url = mock.url();
    let args = ["jaeger", "node_exporter", "alertmanager", "gateway", "--mock", &url, "--variant", "repaired"];
    let up = Stack::up(&args).and_then(|mut stack| {
        stack.add(&["prometheus", "--targets", "jaeger,node_exporter,gateway"])?;
        Ok(stack)
    });
    let Some(stack) = or_skip(name, up) else { return };
    let client = reqwest::Client::new();
    for _ in 0..3 {
        let body = serde_json::json!({"model": "rigcheck-truth", "stream": true, "messages": [{"role": "user", "content": "hello"}]});
        let answer = client.post(format!("{}/api/v1/chat/completions", stack.url("gateway"))).json(&body).send().await.expect("an answer");
        assert!(answer.text().await.expect("a stream").contains("[DONE]"));
    }
    let mut table = format!(
        "\n{:16} {:12} {:>8} {:>8} {:>8} {:>8} {:>6} {:>9} {:>9}\n",
        "program", "format", "bytes", "families", "samples", "doubts", "lost", "ours MB/s", "lax MB/s"
    );
    let urls = ["prometheus", "node_exporter", "alertmanager", "jaeger", "gateway"].map(|part| (part, stack.part(part).metrics_url()));
    for (of, url) in urls.into_iter().chain([("rigcheck mock", format!("{url}/metrics"))]) {
        let text = fetch(&client, of, &url, TEXT).await;
        assert_eq!(text.format, Format::Text, "{of}");
        judge(&text, &mut table);
        // Not every program offers it.
        let other = fetch(&client, of, &url, OPENMETRICS).await;
        if other.format == Format::OpenMetrics {
            judge(&other, &mut table);
        }
    }
    println!("{table}");
    mock.stop().await;
}

async fn fetch(client: &reqwest::Client, of: &'static str, url: &str, accept: &str) -> Page {
    let answer = client.get(url).header("accept", accept).send().await.expect("an answer");
    assert_eq!(answer.status(), 200, "{url}");
    let content_type = answer.headers()["content-type"].to_str().expect("text").to_owned();
    let format = Format::from_content_type(&content_type).unwrap_or_else(|| panic!("{url}: {content_type}"));
    Page { of, format, bytes: answer.bytes().await.expect("a page").to_vec() }
}

fn judge(page: &Page, table: &mut String) {
    let read = parse(&page.bytes, page.format);
    let (of, format) = (page.of, format!("{:?}", page.format));
    // Told by their own means: lines that are neither empty nor comments.
    let text = std::str::from_utf8(&page.bytes).expect("UTF-8");
    let lines = text.lines().filter(|l| !l.trim().is_empty() && !l.starts_with('#')).count();
    let samples = read.samples().count();
    assert_eq!(samples, lines, "{of}, {format}: {:?}", read.doubts);
    // Each at its own line, under the name that stands there.
    for sample in read.samples() {
        let line = text.lines().nth(sample.line as usize - 1).unwrap_or_default();
        assert!(line.starts_with(sample.name.as_ref()), "{of}, line {}: `{line}` read as `{}`", sample.line, sample.name);
    }
    // These programs use their languages' own client libraries, which write what the formats ask for.
    assert_eq!(read.doubts, [], "{of}, {format}");
    let speed = |work: &mut dyn FnMut()| {
        let (began, mut rounds) = (Instant::now(), 0_u32);
        while began.elapsed() < Duration::from_millis(100) {
            work();
            rounds += 1;
        }
        page.bytes.len() as f64 * f64::from(rounds) / began.elapsed().as_secs_f64() / 1e6
    };
    let ours = speed(&mut || drop(black_box(parse(black_box(&page.bytes), page.format))));
    let lax = speed(&mut || drop(black_box(prometheus_parse::Scrape::parse(black_box(text).lines().map(|l| Ok(l.to_owned()))))));
    let _ = writeln!(
        table,
        "{of:16} {format:12} {:>8} {:>8} {samples:>8} {:>8} {:>6} {ours:>9.1} {lax:>9.1}",
        page.bytes.len(),
        read.families.len(),
        read.doubtful_lines,
        lost_by_lax_reader(&page.bytes, &read),
    );
}
