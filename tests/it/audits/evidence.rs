//! From a simulated run to the evidence that sources would have brought.

use super::{
    rig,
    sim::{self, CALM, Regime, Request, Seen as Times},
};
use rigcheck::model::{
    act::Act,
    evidence::{Evidence, Origin, Seen},
    key::{Histogram, Key, LogLines, Page, Payload, Perform, Query, RoundTrip, Spans, Truth, When, World},
    name::name,
    payload::{self, Emission, Emissions, Exemplar, HistogramSeries, LogLine, Part, Performed, RoundTrips, Sample, Scrape, Series, SpanRow},
    rig::Quantity,
    rows::Rows,
    timeline::{Class, Event, Nanos, Planted, Timeline, Usage},
    units::{Span, Wall},
};
use std::{collections::BTreeMap, sync::Arc};

/// A simulated run with what its sources say, to be changed before it becomes evidence.
#[derive(Clone)]
pub struct Simulated {
    pub requests: Vec<Request>,
    pub direct: Vec<Request>,
    pub log: Vec<LogLine>,
    pub log_resolution: f64,
    pub log_foreign: u64,
    pub log_without_id: u64,
    pub spans_kept: fn(&Request) -> bool,
    /// Histograms by quantity: the values observed, ms.
    pub observed: BTreeMap<Quantity, Vec<f64>>,
    pub edges: Vec<f64>,
}

/// The wall clock at the start of the act, µs.
pub const BEGAN: i64 = 1_790_000_000_000_000;
const START: Wall = Wall(BEGAN);

impl Simulated {
    pub fn new(seed: u64, n: usize) -> Simulated {
        Simulated::of(seed, n, CALM)
    }
    pub fn of(seed: u64, n: usize, regime: Regime) -> Simulated {
        Simulated::from(sim::run(seed, n, 20.min(n / 10), regime), sim::direct(seed, 60, regime))
    }
    pub fn from(requests: Vec<Request>, direct: Vec<Request>) -> Simulated {
        let log = requests.iter().map(|r| LogLine {
            id: r.id.clone(),
            total_ms: Some(r.log.total),
            ttft_ms: Some(r.log.ttft()),
            inter_chunk_ms: Some(r.log.gap()),
            status: Some(200),
            // Stamped at its end.
            at: Some(Wall(BEGAN + ((r.sent + r.arrived + r.log.total) * 1e3) as i64)),
        });
        let observed = [
            (Quantity::Ttft, requests.iter().map(|r| r.metric.ttft()).collect()),
            (Quantity::Total, requests.iter().map(|r| r.metric.total).collect()),
            (Quantity::InterChunk, requests.iter().flat_map(|r| r.metric.chunks.windows(2).map(|w| w[1] - w[0]).collect::<Vec<_>>()).collect()),
        ];
        Simulated {
            log: log.collect(),
            log_resolution: 0.001,
            log_foreign: 0,
            log_without_id: 0,
            spans_kept: |_| true,
            observed: observed.into(),
            // Each bucket 8 % wide, from 1 ms to beyond a minute.
            edges: (0..145).map(|k| 1.08_f64.powi(k)).collect(),
            requests,
            direct,
        }
    }
    /// The same run after a change of what the sources saw of each request.
    pub fn with(mut self, change: impl Fn(usize, &mut Request)) -> Simulated {
        self.requests.iter_mut().enumerate().for_each(|(i, r)| change(i, r));
        Simulated::from(self.requests, self.direct)
    }
    pub fn end(&self) -> Wall {
        let last = self.requests.iter().map(|r| r.sent + r.client.total).fold(0.0, f64::max);
        Wall(BEGAN + (last * 1e3) as i64)
    }

    pub fn evidence(&self) -> Evidence {
        let mut all = Evidence::default();
        let act = rig::controlled();
        let during = || When::During(act.clone());
        self.put(&mut all, "load", RoundTrip {}, Payload::RoundTrip(RoundTrips { connect_ms: vec![0.14, 0.11, 0.3], from: "127.0.0.1".into() }));
        self.put(&mut all, "load", Perform { act: act.clone() }, Payload::Perform(performed(&self.requests)));
        self.put(&mut all, "load", Perform { act: rig::calibration() }, Payload::Perform(performed(&self.direct)));
        self.put(&mut all, "truth", Truth { of: act.clone() }, Payload::Truth(emissions(&self.requests)));
        self.put(&mut all, "truth", Truth { of: rig::calibration() }, Payload::Truth(emissions(&self.direct)));
        let lines = payload::LogLines {
            lines: Rows::inline(self.log.clone()),
            foreign: self.log_foreign,
            without_id: self.log_without_id,
            resolution_ms: self.log_resolution,
            read: self.log.len() as u64,
            ..payload::LogLines::default()
        };
        self.put(&mut all, "access_log", LogLines { when: during() }, Payload::LogLines(lines));
        self.put(&mut all, "jaeger", Spans { of: act.clone() }, Payload::Spans(self.spans()));
        for quantity in Quantity::ALL {
            let series = self.histogram(quantity);
            self.put(&mut all, "scrape", Histogram { claim: name(quantity.word()), when: during() }, Payload::Histogram(series));
        }
        self.put(&mut all, "scrape", Page { when: When::After(act.clone()) }, Payload::Page(payload::Exposition::default()));
        all
    }

    fn put(&self, all: &mut Evidence, source: &str, query: impl Into<Query>, payload: Payload) {
        let covered = Span { from: START, to: self.end() };
        let seen = Seen { payload, covered, origin: Origin::default(), notes: vec![], partial: None };
        all.put(Key { world: World::Live, source: name(source), query: query.into() }, Ok(Arc::new(seen)));
    }

    fn spans(&self) -> payload::Spans {
        let kept: Vec<_> = self.requests.iter().filter(|r| (self.spans_kept)(r)).collect();
        let spans: Vec<SpanRow> = kept.iter().flat_map(|r| trace(r)).collect();
        payload::Spans { spans: Rows::inline(spans), traces: kept.len() as u64, ..payload::Spans::default() }
    }

    /// One label set whose counters already stood at something before the act.
    pub fn histogram(&self, quantity: Quantity) -> HistogramSeries {
        const BEFORE: f64 = 40.0;
        let values = &self.observed[&quantity];
        let (before, after) = (Wall(BEGAN - 700_000), self.end().plus_us(900_000));
        // Read every second; a value counts when its request has ended, and all requests end evenly over the act.
        let length = self.end().0 - BEGAN;
        let seconds = (1..=length / 1_000_000).map(|s| s * 1_000_000).filter(|at| *at < length).collect::<Vec<_>>();
        let series = |part, base: f64, grown: f64| Series {
            part,
            labels: [("instance".to_owned(), "127.0.0.1:9".to_owned())].into(),
            samples: [Sample(before, base)]
                .into_iter()
                .chain(seconds.iter().map(|at| Sample(Wall(BEGAN + at), base + (grown * *at as f64 / length as f64).floor())))
                .chain([Sample(after, base + grown)])
                .collect(),
            created: None,
        };
        let up_to = |edge: f64| values.iter().filter(|v| **v <= edge).count() as f64;
        let mut all: Vec<Series> =
            self.edges.iter().map(|e| series(Part::Bucket(e / 1e3), if *e < 400.0 { 0.0 } else { BEFORE }, up_to(*e))).collect();
        all.push(series(Part::Bucket(f64::INFINITY), BEFORE, values.len() as f64));
        all.push(series(Part::Count, BEFORE, values.len() as f64));
        all.push(series(Part::Sum, 0.4 * BEFORE, values.iter().sum::<f64>() / 1e3));
        let exemplars = self.requests.iter().step_by(30).map(|r| Exemplar {
            trace_id: r.trace_id.clone(),
            value: r.metric.total / 1e3,
            le: f64::INFINITY,
            at: None,
        });
        HistogramSeries {
            metric: format!("gateway_{}_seconds", quantity.word()),
            series: all,
            scrapes: [before]
                .into_iter()
                .chain(seconds.iter().map(|at| Wall(BEGAN + at)))
                .chain([after])
                .map(|at| Scrape { instance: "127.0.0.1:9".into(), at, ok: true })
                .collect(),
            exemplars: if quantity == Quantity::Total { exemplars.collect() } else { vec![] },
            declared_type: Some("histogram".into()),
            declared_unit: None,
            interval_ms: 1000.0,
            ..HistogramSeries::default()
        }
    }
}

fn ns(ms: f64) -> Nanos {
    Nanos((ms * 1e6) as u64)
}

pub fn performed(requests: &[Request]) -> Performed {
    let rows = requests.iter().map(|r| {
        let at = |t: f64| ns(r.sent + t);
        let times: &Times = &r.client;
        let event = |(i, t): (usize, &f64)| Event { at: at(*t), read: i as u32, class: Class::Content };
        let mut events: Vec<Event> = times.chunks.iter().enumerate().map(event).collect();
        let read = events.len() as u32;
        for class in [Class::Finish, Class::Usage, Class::Done] {
            events.push(Event { at: at(times.total), read, class });
        }
        Timeline {
            untraced: false,
            id: r.id.clone(),
            trace_id: r.trace_id.clone(),
            warmup: r.warmup,
            stream: true,
            planted: Some(Planted { ttft_ms: r.planted.0, chunks: r.planted.1, gap_ms: r.planted.2 }),
            scheduled: ns(r.sent),
            sent: ns(r.sent),
            connected: None,
            headers: Some(at(times.ttft())),
            events,
            closed: Some(at(times.total)),
            status: Some(200),
            error: None,
            usage: Some(Usage { prompt: 20, completion: r.tokens }),
            stalled: r.stalled,
            held_up_ms: r.held_up,
        }
    });
    Performed {
        started: START,
        asked: requests.len() as u64,
        requests: Rows::inline(rows.collect()),
        heartbeat: payload::Heartbeat::default(),
        tokens_allowed: 0,
        cut: None,
    }
}

fn emissions(requests: &[Request]) -> Emissions {
    let rows = requests.iter().map(|r| Emission {
        id: r.id.clone(),
        received: 1_000_000_000,
        received_wall_us: BEGAN,
        chunks: r.truth.chunks.iter().map(|c| 1_000_000_000 + (c * 1e6) as u64).collect(),
        closed: 1_000_000_000 + (r.truth.total * 1e6) as u64,
        tokens: r.tokens,
        asked: None,
        attempts: 1,
        trace_id: Some(r.trace_id.clone()),
        parent_id: None,
    });
    Emissions { requests: Rows::inline(rows.collect()), foreign: 0 }
}

/// As an ASGI server reports it: the request, a call to the endpoint, and a span per body chunk.
fn trace(r: &Request) -> Vec<SpanRow> {
    let start = (BEGAN as u64) * 1000 + ((r.sent + r.arrived) * 1e6) as u64;
    let at = |t: f64| start + (t * 1e6) as u64;
    let span = |id: &str, parent: &str, kind: &str, from: f64, to: f64| SpanRow {
        trace_id: r.trace_id.clone(),
        span_id: id.into(),
        parent_id: Some(parent.into()),
        name: "POST /v1/chat/completions".into(),
        kind: kind.into(),
        service: "gateway".into(),
        start_ns: at(from),
        end_ns: at(to),
        ..SpanRow::default()
    };
    let mut spans = vec![span("root", "load", "server", 0.0, r.span.total), span("call", "root", "client", 0.5, r.span.total)];
    // Content chunks, then finish, usage, `[DONE]` and the empty closing body.
    let ends = [r.span.total; 4];
    for (i, t) in r.span.chunks.iter().chain(&ends).enumerate() {
        let mut body = span(&format!("b{i}"), "root", "internal", *t, *t + 0.01);
        body.attributes.insert("asgi.event.type".into(), "http.response.body".into());
        spans.push(body);
    }
    spans
}

/// The act that the questions are about.
pub fn act() -> Act {
    rig::controlled()
}
