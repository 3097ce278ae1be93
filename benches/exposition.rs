//! Exposition parser against `prometheus-parse` on the same pages. `cargo bench --bench exposition`; criterion reports
//! the throughput in bytes of page per second. The pages are made here.
#![allow(missing_docs, reason = "criterion's macros make public items")]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use rigcheck::sources::exposition::{Format, parse};
use std::{fmt::Write as _, hint::black_box};

/// About 5 000 samples as a web service writes them: histograms by handler and status, counters, gauges. Only what
/// `prometheus-parse` can read, so that both do the same work.
fn classic() -> String {
    let mut page = String::new();
    for metric in ["http_request_duration_seconds", "http_response_size_bytes"] {
        let _ = writeln!(page, "# HELP {metric} Requests by handler and status.\n# TYPE {metric} histogram");
        for handler in 0..35 {
            for status in [200, 400, 500] {
                let labels = format!("handler=\"/api/v1/resource{handler}\",method=\"POST\",status=\"{status}\"");
                let mut count = 0;
                for (i, le) in ["0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "+Inf"].iter().enumerate() {
                    count += i * 17 + handler;
                    let _ = writeln!(page, "{metric}_bucket{{{labels},le=\"{le}\"}} {count}");
                }
                let _ = writeln!(page, "{metric}_sum{{{labels}}} {}\n{metric}_count{{{labels}}} {count}", count as f64 * 0.173);
            }
        }
    }
    for i in 0..50 {
        let _ = writeln!(page, "# HELP process_thing_{i} A gauge.\n# TYPE process_thing_{i} gauge\nprocess_thing_{i} {}", f64::from(i) * 1.1e6);
        let _ = writeln!(page, "# TYPE events_{i}_total counter");
        for shard in 0..40 {
            let _ = writeln!(page, "events_{i}_total{{shard=\"{shard}\",zone=\"eu-west-1a\"}} {}", shard * 31 + i);
        }
    }
    page
}

/// What an LLM server writes: names with colons, model names with slashes, fine buckets. `prometheus-parse` skips the
/// samples whose name has a colon, that is nearly all of them.
fn vllm() -> String {
    let mut page = String::new();
    for metric in ["time_to_first_token_seconds", "inter_token_latency_seconds", "e2e_request_latency_seconds", "request_queue_time_seconds"] {
        let _ = writeln!(page, "# HELP vllm:{metric} Histogram of {metric}.\n# TYPE vllm:{metric} histogram");
        for engine in 0..8 {
            let labels = format!("engine=\"{engine}\",model_name=\"meta-llama/Llama-3.1-70B-Instruct\"");
            for i in 0..24 {
                let _ = writeln!(page, "vllm:{metric}_bucket{{{labels},le=\"{:?}\"}} {}.0", 0.001 * f64::from(1 << i), i * 40);
            }
            let _ = writeln!(page, "vllm:{metric}_bucket{{{labels},le=\"+Inf\"}} 960.0");
            let _ = writeln!(page, "vllm:{metric}_count{{{labels}}} 960.0\nvllm:{metric}_sum{{{labels}}} 73.25901032");
        }
    }
    page
}

fn both(c: &mut Criterion) {
    for (name, page) in [("classic", classic()), ("vllm", vllm())] {
        let read = parse(page.as_bytes(), Format::Text);
        assert_eq!(read.doubts, [], "the {name} page is well formed");
        let mut group = c.benchmark_group(format!("{name}, {} samples", read.samples().count()));
        group.throughput(Throughput::Bytes(page.len() as u64)).sample_size(20);
        group.bench_function(BenchmarkId::from_parameter("rigcheck"), |b| b.iter(|| parse(black_box(page.as_bytes()), Format::Text)));
        group.bench_function(BenchmarkId::from_parameter("prometheus-parse"), |b| {
            b.iter(|| prometheus_parse::Scrape::parse(black_box(&page).lines().map(|line| Ok(line.to_owned()))));
        });
        group.finish();
    }
}

criterion_group!(benches, both);
criterion_main!(benches);
