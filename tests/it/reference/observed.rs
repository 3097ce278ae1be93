//! One run of the reference rig as all sides saw it, without any source of rigcheck in between.

use super::support::{Receiver, Streamed, attribute, body, client, directive, emissions, hex, page, stream};
use opentelemetry_proto::tonic::{common::v1::any_value::Value as Any, trace::v1::Span};
use rigcheck::{
    model::payload::Emission,
    reference::{faults::Fault, rig::ReferenceRig},
};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

pub struct Run {
    /// By request id.
    pub client: BTreeMap<String, Streamed>,
    pub truth: BTreeMap<String, Vec<Emission>>,
    pub log: BTreeMap<String, Vec<Value>>,
    /// The span below the client's of each request that has one.
    pub server: BTreeMap<String, Span>,
    pub spans: Vec<Span>,
    /// Instances of the service that reported them.
    pub instances: BTreeSet<String>,
    pub page: String,
    trace_of: BTreeMap<String, String>,
}

pub const REQUESTS: usize = 80;
/// The span by which the client calls.
pub const CALLER: &str = "00f067aa0ba902b7";

impl Run {
    /// 80 streams of some 30 to 130 ms, five of them longer than 700 ms.
    pub async fn of(fault: Option<&Fault>) -> Run {
        let dir = tempfile::tempdir().unwrap();
        let rig = ReferenceRig::start(dir.path(), fault, REQUESTS as u64).unwrap();
        let (receiver, _) = Receiver::start(rig.receiver(), 0).await;
        let (http, url) = (client(), rig.url());
        let trace_of: BTreeMap<String, String> = (0..REQUESTS).map(|i| (format!("r-{i:03}"), format!("{:032x}", 0xabc0_0000 + i))).collect();
        let requests = trace_of.iter().enumerate().map(|(i, (id, trace))| {
            let (http, url) = (http.clone(), url.clone());
            let ttft = if i % 16 == 7 { 750.0 } else { 20.0 + (i * 7 % 50) as f64 };
            let asked = body(&directive(id, ttft, 2 + (i % 5) as u32, 12.0), true);
            let headers = [("x-request-id", id.clone()), ("traceparent", format!("00-{trace}-{CALLER}-01"))];
            async move {
                tokio::time::sleep(Duration::from_millis(8 * i as u64)).await;
                (id.clone(), stream(&http, &url, &asked, &headers).await)
            }
        });
        let client = futures_util::future::join_all(requests).await.into_iter().collect();
        let mut truth: BTreeMap<String, Vec<Emission>> = BTreeMap::new();
        for emission in emissions(&url, "").await {
            truth.entry(emission.id.clone()).or_default().push(emission);
        }
        let (_, page) = page(&url, "application/openmetrics-text").await;
        rig.stop().await;
        let mut log: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for line in std::fs::read_to_string(dir.path().join("access.jsonl")).unwrap().lines() {
            let line: Value = serde_json::from_str(line).unwrap();
            log.entry(line["request_id"].as_str().unwrap().to_owned()).or_default().push(line);
        }
        let spans = receiver.spans();
        let instances = receiver.instances();
        let of_trace: BTreeMap<_, _> = trace_of.iter().map(|(id, trace)| (trace.clone(), id.clone())).collect();
        let roots = spans.iter().filter(|s| hex(&s.parent_span_id) == CALLER);
        let server = roots.map(|s| (of_trace[&hex(&s.trace_id)].clone(), s.clone())).collect();
        Run { client, truth, log, server, spans, instances, page, trace_of }
    }
    /// What the emission log says last of each request, in order of ids.
    pub fn truths(&self) -> impl Iterator<Item = (&String, &Emission)> {
        self.truth.iter().map(|(id, e)| (id, e.last().unwrap()))
    }
    /// A field of the first log line of a request.
    pub fn logged(&self, id: &str, field: &str) -> Option<f64> {
        self.log.get(id)?.first()?[field].as_f64()
    }
    /// How many requests the log differs on by more than 10 µs, by this expectation of a field (ms).
    pub fn log_differs(&self, field: &str, expected: impl Fn(&Emission) -> f64) -> usize {
        let off = |(id, e): &(&String, &Emission)| self.logged(id, field).is_some_and(|x| (x - expected(e)).abs() > 0.01);
        self.truths().filter(off).count()
    }
    /// Length of a server span, ms.
    pub fn span_ms(&self, id: &str) -> Option<f64> {
        self.server.get(id).map(|s| (s.end_time_unix_nano - s.start_time_unix_nano) as f64 / 1e6)
    }
    /// How far log stamps and span starts lie ahead of the emission log's wall clock, ms.
    pub fn ahead_ms(&self) -> Vec<f64> {
        let logged = self.truths().map(|(id, e)| {
            let at: jiff::Timestamp = self.log[id][0]["ts"].as_str().unwrap().parse().unwrap();
            (at.as_microsecond() - e.received_wall_us) as f64 / 1e3 - e.total_ms()
        });
        let spans = self.truths().map(|(id, e)| self.server[id].start_time_unix_nano as f64 / 1e6 - e.received_wall_us as f64 / 1e3);
        logged.chain(spans).collect()
    }
    /// The spans below the request's own, those of the stages by their word.
    pub fn below(&self, id: &str) -> impl Iterator<Item = &Span> {
        let trace = self.trace_of(id).to_owned();
        self.spans.iter().filter(move |s| hex(&s.trace_id) == trace && hex(&s.parent_span_id) != CALLER)
    }
    /// The span of a stage.
    pub fn stage(&self, id: &str, word: &str) -> Option<&Span> {
        self.below(id).find(|s| stage(s).as_deref() == Some(word))
    }
    pub fn trace_of(&self, id: &str) -> &str {
        &self.trace_of[id]
    }
    /// Value of the sample that begins so, over all label sets.
    pub fn sample(&self, begins: &str) -> f64 {
        let value = |line: &str| line.split(" # {").next().unwrap().rsplit(' ').next().unwrap().parse::<f64>().unwrap();
        self.page.lines().filter(|l| l.starts_with(begins)).map(value).sum()
    }
    /// Finite bucket edges of a histogram.
    pub fn edges(&self, metric: &str) -> Vec<f64> {
        let begins = format!("{metric}_bucket{{");
        let edge = |l: &str| l.split("le=\"").nth(1).unwrap().split('"').next().unwrap().parse::<f64>().unwrap();
        self.page.lines().filter(|l| l.starts_with(&begins)).map(edge).filter(|e| e.is_finite()).collect()
    }
    /// Trace id and value of the exemplars of a histogram.
    pub fn exemplars(&self, metric: &str) -> Vec<(String, f64)> {
        let parse = |l: &str| {
            let (_, exemplar) = l.split_once(" # {trace_id=\"")?;
            let (trace, rest) = exemplar.split_once("\"} ")?;
            Some((trace.to_owned(), rest.split(' ').next()?.parse().ok()?))
        };
        let begins = format!("{metric}_bucket{{");
        self.page.lines().filter(|l| l.starts_with(&begins)).filter_map(parse).collect()
    }
}

/// Which stage a span tells of.
pub fn stage(span: &Span) -> Option<String> {
    match attribute(span, "rigcheck.stage") {
        Some(Any::StringValue(word)) => Some(word),
        _ => None,
    }
}

/// Length of a span, ms; below zero where it ends before it starts.
pub fn length_ms(span: &Span) -> f64 {
    // Nanoseconds since the epoch have more digits than an f64.
    (i128::from(span.end_time_unix_nano) - i128::from(span.start_time_unix_nano)) as f64 / 1e6
}
