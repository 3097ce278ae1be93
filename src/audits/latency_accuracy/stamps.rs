//! From what sources stamped of our own requests to bounds on their clocks.
//!
//! Each request bounds the clock of whoever stamped it: it began there after we had sent it and before its headers were
//! back. That it ended there before we saw its end holds only nearly: a server may stamp the end late. So there are two
//! sets of bounds: what must hold, and what holds of a server that stamps at once. Only the first can show that a clock is
//! wrong.

use super::{records::each_trace, requests::Requests, spans};
use crate::{
    model::{
        payload::{ClockReadings, LogLines, SpanRow, Spans},
        timeline::{Nanos, Timeline},
        units::{Ms, Wall},
    },
    stats::{Reading, Stretch, stretches},
};
use std::collections::BTreeMap;

/// What is known of a clock's offset against another one, ms.
#[derive(Clone, Debug)]
pub struct Offset {
    /// If stamps are written at once.
    pub near: Vec<Stretch>,
    /// Whatever the server did.
    pub sure: Vec<Stretch>,
    /// Readings.
    pub n: u64,
    /// How the stamps were understood.
    pub by: String,
}

impl Offset {
    /// From readings of both kinds, in order of time; `None` where they fit no clock.
    pub fn of(near: &[Reading], sure: &[Reading], by: impl Into<String>) -> Option<Offset> {
        Some(Offset { near: stretches(near)?, sure: stretches(sure)?, n: near.len() as u64, by: by.into() })
    }
    /// Of one reading that needs no others beside it.
    pub fn single(reading: Reading, by: impl Into<String>) -> Offset {
        let Reading { at, lo, hi } = reading;
        let one = vec![Stretch { from: at, to: at, lo, hi, fit: 1, of: 1 }];
        Offset { near: one.clone(), sure: one, n: 1, by: by.into() }
    }
    /// Of what a source of kind `clock` told. `Err` says why that bounds nothing.
    pub fn told(told: &ClockReadings) -> Result<Offset, String> {
        if let Some(why) = &told.unbounded {
            return Err(why.clone());
        }
        let began = told.began();
        let readings: Vec<Reading> =
            told.readings.iter().map(|r| Reading { at: (r.at.0 - began.0) as f64 / 1e3, lo: r.lo_ms, hi: r.hi_ms }).collect();
        match readings.as_slice() {
            [] => Err("it told no time".into()),
            [one] if one.holds_something() => Ok(Offset::single(*one, told.by.clone())),
            all => Offset::of(all, all, told.by.clone()).ok_or_else(|| format!("its {} readings fit no clock that runs evenly", all.len())),
        }
    }
}

/// When we sent a request, had its headers and saw its end, ms since the act began.
#[derive(Clone, Copy, Debug)]
struct Ours {
    sent: f64,
    headers: f64,
    closed: f64,
    /// How late after the end a server that stamps at once may still stamp it.
    late: f64,
}

/// A time on another clock, ms since the act began on ours; between the two where it was rounded.
#[derive(Clone, Copy, Debug)]
struct Stamp {
    lo: f64,
    hi: f64,
}

impl Stamp {
    fn plus(self, ms: f64, within: f64) -> Stamp {
        Stamp { lo: self.lo + ms - within, hi: self.hi + ms + within }
    }
}

/// The bounds of one request: near ones and sure ones.
type Bounds = (Reading, Reading);

impl Ours {
    fn of(timeline: &Timeline, late: Ms) -> Option<Ours> {
        let ms = |at: Nanos| at.since(Nanos(0)).0;
        let closed = timeline.closed.filter(|_| timeline.measured())?;
        Some(Ours { sent: ms(timeline.sent), headers: ms(timeline.headers.unwrap_or(closed)), closed: ms(closed), late: late.0 })
    }
    /// A start and an end that were stamped.
    fn around(self, at: f64, start: Stamp, end: Stamp) -> Bounds {
        let sure = Reading { at, lo: start.lo - self.headers, hi: start.hi - self.sent };
        (Reading { lo: sure.lo.max(end.lo - self.closed - self.late), ..sure }, sure)
    }
    /// A start alone.
    fn from_start(self, start: Stamp) -> Bounds {
        let sure = Reading { at: self.sent, lo: start.lo - self.headers, hi: start.hi - self.sent };
        (sure, sure)
    }
    /// Some time of the request, or soon after it.
    fn somewhere(self, stamp: Stamp) -> Bounds {
        let near = Reading { at: self.closed, lo: stamp.lo - self.closed - self.late, hi: stamp.hi - self.sent };
        (near, Reading { lo: f64::NEG_INFINITY, ..near })
    }
}

/// Our own stamps, by the name under which a source knows the request.
fn ours(requests: &Requests<'_>, late: Ms, key: impl Fn(Timeline) -> String) -> BTreeMap<String, Ours> {
    requests.performed.requests.iter().filter_map(|t| Some((Ours::of(&t, late)?, t))).map(|(ours, t)| (key(t), ours)).collect()
}

/// What a log's stamps say of its clock. `Err` says why they say nothing.
pub fn of_log(log: &LogLines, requests: &Requests<'_>, late: Ms) -> Result<Offset, String> {
    let began = requests.began();
    let ours = ours(requests, late, |t| t.id);
    let lines: Vec<_> = log.lines.iter().filter_map(|l| Some((*ours.get(&l.id)?, l.at?, l.total_ms))).collect();
    if lines.is_empty() {
        return Err("no log line of a measured request carries a time".into());
    }
    // Time formats cut, they do not round (strftime's %S, nginx's $time_iso8601); from milliseconds on either may be.
    let all = |us: i64| lines.iter().all(|(_, at, _)| at.0.rem_euclid(us) == 0);
    let (before, after) = if all(1_000_000) {
        (0.0, 1_000.0)
    } else if all(1_000) {
        (1.0, 1.0)
    } else {
        (0.001, 0.001)
    };
    let within = if log.resolution_ms.is_finite() { log.resolution_ms.max(0.0) } else { 0.0 };
    let stamp = |at: Wall| {
        let ms = (at.0 - began.0) as f64 / 1e3;
        Stamp { lo: ms - before, hi: ms + after }
    };
    let read = |bounds: &dyn Fn(Ours, Stamp, Option<f64>) -> Option<Bounds>, by| {
        understood(lines.iter().map(|(ours, at, total)| bounds(*ours, stamp(*at), *total)).collect::<Option<Vec<_>>>()?, by)
    };
    read(&|ours, at, total| Some(ours.around(ours.closed, at.plus(-total?, within), at)), "the end of a request, which began its duration earlier")
        .or_else(|| read(&|ours, at, total| Some(ours.around(ours.sent, at, at.plus(total?, within))), "the start of a request"))
        .or_else(|| read(&|ours, at, _| Some(ours.somewhere(at)), "some time of the request: its durations do not fit it"))
        .ok_or_else(|| format!("the {} stamps fit no clock that runs evenly, wherever in the request they are taken", lines.len()))
}

/// A hop of our traces: who called whom, and what the stamps of both say of the callee's clock against the caller's.
#[derive(Debug)]
pub struct Hop {
    /// Is the caller the load generator?
    pub ours: bool,
    /// The calling service.
    pub caller: String,
    /// The service that was called.
    pub callee: String,
    /// What the stamps say; `Err` says why they say nothing.
    pub offset: Result<Offset, String>,
}

/// A call: when the caller began and ended it, when the callee did.
type Call = (Ours, Stamp, Stamp);

/// What the spans say of the clock of each service against that of its caller, our own first.
pub fn of_traces(spans: &Spans, requests: &Requests<'_>, late: Ms) -> Vec<Hop> {
    let began_ns = i128::from(requests.began().0) * 1_000;
    let ours = ours(requests, late, |t| t.trace_id);
    let ms = |ns: u64| (i128::from(ns) - began_ns) as f64 / 1e6;
    let at = |ns: u64| Stamp { lo: ms(ns) - 0.001, hi: ms(ns) + 0.001 };
    // By (is the caller a service?, caller, callee): the load generator's own calls come first.
    let mut hops: BTreeMap<(bool, String, String), Vec<Call>> = BTreeMap::new();
    each_trace(spans, |trace| {
        let Some(own) = ours.get(&trace[0].trace_id) else { return };
        let mut call = |from: Option<&str>, to: &SpanRow, caller: Ours| {
            let hop = (from.is_some(), from.unwrap_or("the load generator").to_owned(), to.service.clone());
            hops.entry(hop).or_default().push((caller, at(to.start_ns), at(to.end_ns)));
        };
        let first = spans::server(trace).filter(|_| spans::requests(trace) == 1);
        if let Some(span) = first.filter(|s| parent(trace, s).is_none()) {
            call(None, span, *own);
        }
        for span in trace.iter().filter(|s| s.kind == "server") {
            let Some(caller) = parent(trace, span).filter(|p| p.kind == "client" && p.service != span.service) else { continue };
            // A caller's span may end with the headers, before the body: its end bounds when the callee began.
            let (sent, closed) = (ms(caller.start_ns), ms(caller.end_ns));
            call(Some(&caller.service), span, Ours { sent, headers: closed, closed, late: late.0 });
        }
    });
    hops.into_iter().map(|((service, caller, callee), calls)| Hop { ours: !service, caller, callee, offset: hop(calls) }).collect()
}

fn hop(mut calls: Vec<Call>) -> Result<Offset, String> {
    calls.sort_by(|a, b| a.0.sent.total_cmp(&b.0.sent));
    let n = calls.len();
    let both = calls.iter().map(|(ours, start, end)| ours.around(ours.sent, *start, *end)).collect();
    understood(both, "starts and ends of spans")
        .or_else(|| {
            understood(
                calls.iter().map(|(ours, start, _)| ours.from_start(*start)).collect(),
                "starts of spans: their ends lie beyond their callers'",
            )
        })
        .ok_or_else(|| {
            format!("the {n} pairs of spans fit no clock that runs evenly; several hosts under one name, or calls that nobody waits for, look so")
        })
}

fn parent<'t>(trace: &'t [SpanRow], span: &SpanRow) -> Option<&'t SpanRow> {
    let id = span.parent_id.as_ref()?;
    trace.iter().find(|p| p.span_id == *id)
}

fn understood(mut bounds: Vec<Bounds>, by: &'static str) -> Option<Offset> {
    bounds.sort_by(|a, b| a.0.at.total_cmp(&b.0.at));
    let (near, sure): (Vec<_>, Vec<_>) = bounds.into_iter().unzip();
    Offset::of(&near, &sure, by)
}
