//! The events of a run in which a case was judged.

use super::case::{histogram, key, load, log, spans};
use rigcheck::{
    model::{
        anchors::{Anchors, Place},
        event::{Answered, CaseJudged, Event, Gate, Header, OwnCost, Sent, Stamped, Step},
        evidence::Gap,
        key::{Key, RoundTrip},
        name::name,
        rig::SourceInfo,
        source::Cost,
        units::{Ms, Share, Wall},
    },
    report::Report,
};

/// 2027-01-15 08:00 UTC.
pub const START: i64 = 1_800_000_000_000_000;

/// As a spec with one section a line would have them.
fn anchors() -> Anchors {
    let at = |line| Place { file: "perf/rigcheck.yaml".into(), line };
    let all = |of: &[(&str, u32)]| of.iter().map(|(n, line)| (name(*n), at(*line))).collect();
    Anchors {
        spec: Some(at(1)),
        rules: all(&[("LAT-05", 44)]),
        subjects: all(&[("load", 4), ("jaeger", 12), ("access_log", 16), ("access_log:total", 16), ("jaeger:total", 12), ("prometheus:total", 24)]),
        cases: all(&[("PERF_INFRA_MONITORING_LATENCY_ACCURACY_001", 40)]),
        waivers: (50..54).map(at).collect(),
        gate: Some(at(60)),
    }
}

fn header() -> Header {
    let source = |kind: &str, place: &str| SourceInfo { kind: name(kind), place: place.into(), reads: String::new() };
    Header {
        run: name("01JD0000000000000000000000"),
        format: 0,
        tool: "rigcheck 0.1.0".into(),
        rig: name("staging-eu"),
        vantage: "loadgen-1".into(),
        checks: "2027.1".into(),
        profile: "8f14e45fceea167a".into(),
        started: Wall(START),
        remark: None,
        set: vec![],
        lacks: vec![],
        gate: Gate::default(),
        waivers: vec![],
        sources: [
            (name("access_log"), source("access_log", "logs/access.jsonl")),
            (name("jaeger"), source("jaeger", "http://jaeger.staging:16686")),
            (name("load"), source("load", "http://gw.staging:8000")),
            (name("prometheus"), source("prometheus", "http://prometheus.staging:9090")),
        ]
        .into(),
        cases_known: 1,
        changed: vec![],
        unmeasured: vec![],
        prove: false,
        anchors: anchors(),
    }
}

const QUERY: &str = "http://prometheus.staging:9090/api/v1/query?query=http_request_duration_seconds_bucket%7Bhandler%3D%22%2Fv1%2Fchat%2Fcompletions%22%7D%5B40s%5D&time=1800000020.000";

fn answered(key: Key, request: &str, server: Option<&str>, gap: Option<Gap>) -> Answered {
    let digest = gap.is_none().then(|| rigcheck::model::evidence::digest(request.as_bytes()));
    Answered { key, took: Ms(212.0), retries: 0, gap, request: request.into(), server: server.map(Into::into), digest, notes: vec![] }
}

/// A run in the making.
pub struct Run {
    pub header: Header,
    pub cases: Vec<CaseJudged>,
    pub jaeger: Option<Gap>,
    pub notices: Vec<String>,
    /// Cut after so many events.
    pub cut: Option<usize>,
}

impl Run {
    pub fn of(case: CaseJudged) -> Run {
        Run { header: header(), cases: vec![case], jaeger: None, notices: vec![], cut: None }
    }

    pub fn events(&self) -> Vec<Stamped> {
        let step = |title: &str, s: f64, requests: u64| Step {
            title: title.into(),
            asks: vec![],
            lasting: Ms(s * 1e3),
            requests,
            tokens: requests * 90,
            reference: false,
        };
        let mut events = vec![
            Event::Began(self.header.clone()),
            Event::Planned { steps: vec![step("round trip", 1.0, 0), step("controlled load", 17.0, 240), step("read back", 3.0, 0)] },
            Event::StepBegan { step: 0 },
            Event::Answered(answered(key("load", RoundTrip {}), "tcp gw.staging:8000", None, None)),
            Event::StepEnded { step: 0, took: Ms(210.0), says: "round trip 0.10 ms".into(), ok: true },
            Event::StepBegan { step: 1 },
            Event::Sent(Sent {
                requests: 240,
                warmup: 0,
                failed: 0,
                cut_off: 0,
                tokens_allowed: 21_600,
                tokens_used: 14_112,
                planted: true,
                lag_p99: Ms(0.3),
                stalled: Share(0.0),
                target: "http://gw.staging:8000".into(),
            }),
            Event::Answered(answered(load(), "POST http://gw.staging:8000/v1/chat/completions (240 times)", None, None)),
            Event::StepEnded { step: 1, took: Ms(16_300.0), says: "240 requests, 0 failed, schedule lag p99 0.30 ms".into(), ok: true },
            Event::StepBegan { step: 2 },
            Event::Answered(answered(log(), "logs/access.jsonl:1-240", None, None)),
            Event::Answered(answered(histogram(), QUERY, Some("Prometheus 3.5.0"), None)),
            Event::Answered(answered(
                spans(),
                "http://jaeger.staging:16686/api/v3/traces?query.service_name=gateway",
                Some("Jaeger 2.4.0"),
                self.jaeger.clone(),
            )),
            Event::StepEnded {
                step: 2,
                took: Ms(1_900.0),
                says: if self.jaeger.is_some() { "240 log lines · jaeger: unreachable".into() } else { "240 log lines · 240 traces".into() },
                ok: self.jaeger.is_none(),
            },
        ];
        events.extend(self.notices.iter().map(|text| Event::Notice { text: text.clone() }));
        let own = OwnCost { cpu_s: 0.31, peak_mib: 41.0, cost: Cost { queries: 6, bytes: 1_240_000 }, wall: Ms(18_600.0) };
        events.push(Event::Gathered { as_of: Wall(START + 19_000_000), own, interrupted: false });
        events.extend(self.cases.iter().map(|c| Event::Judged(Box::new(c.clone()))));
        events.push(Event::Ended);
        events.truncate(self.cut.unwrap_or(events.len()));
        let stamped = events.into_iter().enumerate();
        // The steps begin at 0.1 s, 0.4 s and 17 s.
        let after = |seq: usize| match seq {
            0..=1 => 0.0,
            2 => 100.0,
            3..=4 => 310.0,
            5 => 400.0,
            6..=8 => 16_700.0,
            9 => 17_000.0,
            _ => 18_900.0,
        };
        stamped.map(|(seq, event)| Stamped { seq: seq as u64, after: Ms(after(seq)), event }).collect()
    }

    pub fn report(&self) -> Report {
        Report::of(&self.events())
    }
}
