//! A large rig, read by our sources: memory and time of each in a process of its own. `cargo bench --bench scale` runs all
//! at full size, and fails if one takes more memory than its bound. With `--write` and `--run` it makes inputs and reads them once: the processes that `benches/peers` times.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::print_stdout, reason = "a program for measuring")]

#[path = "../tests/support/child.rs"]
mod child;
#[path = "../tests/it/scale/work/mod.rs"]
mod work;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message as _;
use rigcheck::sources::{
    exposition::{Format, parse, parse_kept},
    spans::{read_json, read_protobuf},
};
use std::{
    fs::File,
    hint::black_box,
    io::{BufRead as _, BufReader, BufWriter, Write as _},
    process::Command,
    time::Instant,
};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["--work", name, size] => work(name, size.parse().unwrap()),
        ["--write", what, size, file] => write(what, size.parse().unwrap(), file),
        ["--run", reader, file] => run(reader, file),
        _ => all(),
    }
}

fn work(name: &str, size: usize) {
    let (before, began) = (child::peak(), Instant::now());
    let what = (work::named(name).run)(size);
    child::tell(&format!("{what}, {:.1} s with making it", began.elapsed().as_secs_f64()), before);
}

/// Each in a child; ends with 1 if one took more than it may.
fn all() {
    let mut beyond = vec![];
    for work in work::ALL {
        let told = child::run(Command::new(std::env::current_exe().unwrap()).args(["--work", work.name, &work.full.to_string()]));
        let (added, most) = (told.mib(), (work.most)(work.full));
        println!(
            "{:12} {added:4.0} MiB more at the peak, of {most:.0}: {}",
            work.name,
            told.said.lines().find(|l| !l.is_empty()).unwrap_or_default()
        );
        if added >= most {
            beyond.push(work.name);
        }
    }
    if !beyond.is_empty() {
        println!("more memory than its bound: {}", beyond.join(", "));
        std::process::exit(1);
    }
}

fn write(what: &str, size: usize, file: &str) {
    let mut out = BufWriter::new(File::create(file).unwrap());
    let spans =
        || work::receiver::export((0..size).map(|n| work::receiver::span(0x77 << 64 | (n as u128 / 4 + 1), n as u64 + 1, work::now())).collect());
    match what {
        "page" => work::page::pieces(size, 7).for_each(|piece| out.write_all(piece.as_bytes()).unwrap()),
        "log" => work::log::write(&mut out, size, work::now().0 as f64 / 1e6),
        "spans.json" => serde_json::to_writer(&mut out, &spans()).unwrap(),
        "spans.protobuf" => out.write_all(&spans().encode_to_vec()).unwrap(),
        other => panic!("{other}"),
    }
    out.flush().unwrap();
}

/// Reads the file once, and says what it saw: readers of one format must see as much.
fn run(reader: &str, file: &str) {
    let bytes = || std::fs::read(file).unwrap();
    let seen = match reader {
        "nothing" => bytes().len(),
        "rigcheck page" => parse(&bytes(), Format::Text).samples().count(),
        "rigcheck claim" => parse_kept(&bytes(), Format::Text, &|sample| sample.name.starts_with("t_seconds")).samples().count(),
        "prometheus-parse" => {
            let lines = BufReader::new(File::open(file).unwrap()).lines();
            prometheus_parse::Scrape::parse(lines).unwrap().samples.len()
        }
        "rigcheck log" => work::log::lines_of(file.as_ref()),
        "serde log" => {
            let lines = BufReader::new(File::open(file).unwrap()).lines();
            lines
                .map(|line| serde_json::from_str::<serde_json::Value>(&line.unwrap()).unwrap())
                .filter(|v| black_box(&v["request_id"]).is_string())
                .count()
        }
        "rigcheck json" => read_json(&bytes()).unwrap().0.len(),
        "serde value" => spans_of(&serde_json::from_slice(&bytes()).unwrap()),
        "opentelemetry-proto json" => count(&serde_json::from_slice(&bytes()).unwrap()),
        "rigcheck protobuf" => read_protobuf(&bytes()).unwrap().0.len(),
        "opentelemetry-proto protobuf" => count(&ExportTraceServiceRequest::decode(bytes().as_slice()).unwrap()),
        other => panic!("{other}"),
    };
    println!("{seen}");
}

fn count(request: &ExportTraceServiceRequest) -> usize {
    request.resource_spans.iter().flat_map(|r| &r.scope_spans).map(|s| s.spans.len()).sum()
}

fn spans_of(value: &serde_json::Value) -> usize {
    value["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap().len()
}
