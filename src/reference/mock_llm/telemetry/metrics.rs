use crate::reference::{faults::Misbehaviour, mock_llm::served::Served};
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{
        counter::Counter,
        exemplar::HistogramWithExemplars,
        family::{Family, MetricConstructor},
    },
    registry::{Registry, Unit},
};
use std::{
    fmt::{self, Write},
    time::{Duration, UNIX_EPOCH},
};

const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Ratio of two bucket edges: no quantile is blurred by more than 7.5 % (and rounding of the edges).
const RATIO: f64 = 1.075;
/// Edges from 1 ms to above 60 s.
const EDGES: i32 = 154;
/// Default buckets of Prometheus' client libraries, s.
const CLIENT_DEFAULTS: [f64; 14] = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];
/// The last edge of [`Misbehaviour::PinnedBuckets`], s.
const PINNED: f64 = 0.3;

/// SLOs that the reference rig's spec states for TTFT and total, s.
const SLOS: [f64; 2] = [0.5, 1.0];
/// The name under [`Misbehaviour::PrefillAsTtft`], without its unit.
const PREFILL: &str = "vllm:request_prefill_time";

/// The metrics of the mock.
pub struct Metrics {
    registry: Registry,
    requests: Family<StatusLabels, Counter>,
    ttft: Histograms,
    total: Histograms,
    gap: Histograms,
}

/// Labels of all histograms.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub struct Labels {
    /// `/v1/chat/completions`.
    pub route: String,
    /// One of the mock's models, or `other`.
    pub model: String,
}

/// What is observed of one request, seconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Observed {
    /// Total.
    pub total: f64,
    /// To the first content of a stream.
    pub ttft: Option<f64>,
    /// Each gap between two content chunks of a stream.
    pub gaps: Vec<f64>,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct StatusLabels {
    route: String,
    model: String,
    status: u16,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct TraceLabel {
    trace_id: String,
}

type Histograms = Family<Labels, HistogramWithExemplars<TraceLabel>, Edges>;

#[derive(Clone)]
struct Edges(Vec<f64>);

impl MetricConstructor<HistogramWithExemplars<TraceLabel>> for Edges {
    fn new_metric(&self) -> HistogramWithExemplars<TraceLabel> {
        HistogramWithExemplars::new(self.0.iter().copied())
    }
}

impl Observed {
    /// What a good gateway observes.
    pub fn of(served: &Served) -> Observed {
        let s = |ns: u64| ns as f64 / 1e9;
        let streamed = |x: Option<u64>| x.filter(|_| served.stream).map(s);
        let gaps = if served.stream { served.chunks.windows(2).map(|w| s(w[1] - w[0])).collect() } else { vec![] };
        Observed { total: s(served.total()), ttft: streamed(served.ttft()), gaps }
    }
    /// Changes every value.
    pub fn each(&mut self, change: impl Fn(f64) -> f64) {
        self.total = change(self.total);
        self.ttft = self.ttft.map(&change);
        self.gaps.iter_mut().for_each(|g| *g = change(*g));
    }
}

impl Metrics {
    /// Empty metrics, with the buckets that the fault leaves them.
    pub fn new(fault: Option<Misbehaviour>) -> Metrics {
        let edges = Edges(match fault {
            Some(Misbehaviour::CoarseBuckets) => CLIENT_DEFAULTS.to_vec(),
            Some(Misbehaviour::PinnedBuckets) => fine().into_iter().take_while(|e| *e < PINNED).chain([PINNED]).collect(),
            Some(Misbehaviour::NoEdgeAtSlo) => fine(),
            _ => with_slos(fine()),
        });
        let histograms = || Histograms::new_with_constructor(edges.clone());
        let (ttft, total, gap, requests) = (histograms(), histograms(), histograms(), Family::default());
        let mut registry = Registry::default();
        registry.register("rigcheck_mock_requests", "Requests answered", requests.clone());
        let mut register = |name, help, what: &Histograms| registry.register_with_unit(name, help, Unit::Seconds, what.clone());
        register(
            if fault == Some(Misbehaviour::PrefillAsTtft) { PREFILL } else { "rigcheck_mock_ttft" },
            "From the request read to the first content of a stream handed over",
            &ttft,
        );
        register("rigcheck_mock_request_duration", "From the request read to the last write handed over", &total);
        register("rigcheck_mock_inter_chunk", "Each gap between two content chunks of a stream", &gap);
        Metrics { registry, requests, ttft, total, gap }
    }
    /// Counts one request; exemplars carry `trace_id`, if there is one.
    pub fn observe(&self, labels: &Labels, served: &Served, observed: &Observed, trace_id: Option<&str>) {
        let at = UNIX_EPOCH + Duration::from_nanos(served.wall(served.closed));
        let put = |family: &Histograms, value| {
            let exemplar = trace_id.map(|id| TraceLabel { trace_id: id.to_owned() });
            family.get_or_create(labels).observe(value, exemplar, Some(at));
        };
        put(&self.total, observed.total);
        observed.ttft.iter().for_each(|x| put(&self.ttft, *x));
        observed.gaps.iter().for_each(|x| put(&self.gap, *x));
        let Labels { route, model } = labels.clone();
        self.requests.get_or_create(&StatusLabels { route, model, status: served.status }).inc();
    }
    /// The page and its content type: OpenMetrics if `accept` names it, else text 0.0.4.
    pub fn page(&self, accept: &str) -> Result<(&'static str, String), fmt::Error> {
        let mut page = String::new();
        encode(&mut page, &self.registry)?;
        if accept.contains("application/openmetrics-text") { Ok((OPENMETRICS, page)) } else { Ok((TEXT, plain(&page)?)) }
    }
}

/// Fine edges, to four digits.
fn fine() -> Vec<f64> {
    (0..EDGES)
        .map(|i| {
            let edge = 0.001 * RATIO.powi(i);
            let step = 10f64.powi(edge.log10().floor() as i32 - 3);
            // Dividing by the inverse keeps short decimals short: 0.001075, not 0.0010750000000000002.
            (edge / step).round() / (1.0 / step).round()
        })
        .collect()
}

/// As somebody chooses edges who has SLOs.
fn with_slos(mut edges: Vec<f64>) -> Vec<f64> {
    edges.extend(SLOS);
    edges.sort_by(f64::total_cmp);
    edges.dedup();
    edges
}

/// OpenMetrics as text 0.0.4: no units, exemplars or end mark, and a counter's family bears the name of its sample.
fn plain(page: &str) -> Result<String, fmt::Error> {
    let counters: Vec<&str> = page.lines().filter_map(|l| l.strip_prefix("# TYPE ")?.strip_suffix(" counter")).collect();
    let mut text = String::with_capacity(page.len());
    for line in page.lines() {
        let mut words = line.splitn(4, ' ');
        match (words.next(), words.next(), words.next(), words.next()) {
            (Some("#"), Some("UNIT" | "EOF"), ..) => {}
            (Some("#"), Some(what), Some(name), Some(rest)) if counters.contains(&name) => writeln!(text, "# {what} {name}_total {rest}")?,
            (Some("#"), ..) => writeln!(text, "{line}")?,
            _ => writeln!(text, "{}", line.split_once(" # {").map_or(line, |(sample, _)| sample))?,
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_are_fine_enough() {
        let edges = fine();
        assert!(edges[0] <= 0.001 && edges[edges.len() - 1] > 60.0);
        for pair in edges.windows(2) {
            let width = pair[1] / pair[0] - 1.0;
            assert!(width > 0.0 && width <= 0.08, "{pair:?}");
        }
        assert_eq!(edges[1].to_string(), "0.001075");
    }

    #[test]
    fn plain_text_has_what_the_old_format_knows() {
        let page = "# HELP a Help.\n# TYPE a counter\na_total{x=\"# {\"} 3\n# HELP b_seconds B.\n# TYPE b_seconds histogram\n# UNIT b_seconds seconds\n\
                    b_seconds_bucket{le=\"+Inf\"} 1 # {trace_id=\"t\"} 0.5\n# EOF\n";
        let text = plain(page).unwrap();
        assert!(text.contains("# HELP a_total Help.\n# TYPE a_total counter\n"), "{text}");
        assert!(text.ends_with("b_seconds_bucket{le=\"+Inf\"} 1\n"), "{text}");
        assert!(!text.contains("UNIT") && !text.contains("EOF"));
    }
}
