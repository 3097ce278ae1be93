//! From what sources stamped of our own requests to bounds on their clocks.
//!
//! Each request bounds the clock of whoever stamped it: it began there after we had sent it and before its headers were
//! back. That it ended there before we saw its end holds only nearly: a server may stamp the end late. So there are two
//! sets of bounds: what must hold, and what holds of a server that stamps at once. Only the first can show that a clock is
//! wrong.
//!
//! A line of a log may be written at any time after its request, before it is read: however late it is, it shows that a clock
//! is behind, and that it is ahead only where it lies beyond the reading.

use crate::audits::shared::{Requests, each_trace};
use crate::{
    model::{
        payload::{ClockReadings, LogLines, SpanRow, Spans},
        timeline::{Nanos, Timeline},
        units::{Ms, Wall},
    },
    stats::{Reading, Stretch, Tolerance, offset, stretches},
    traces,
};
use std::{cmp::Ordering, collections::BTreeMap};

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
    /// What some readings agree on that fit no such clock: bounds as `near` and `sure` are.
    pub apart: Option<(Stretch, Stretch)>,
}

/// How stamps are read.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// How late after the end of a request a server that stamps at once may still stamp it.
    pub late: Ms,
    /// What is forgiven.
    pub tolerance: Tolerance,
}

impl Offset {
    /// From readings of both kinds, in order of time; `None` where they fit no clock.
    pub fn of(near: &[Reading], sure: &[Reading], by: impl Into<String>, tolerance: Tolerance) -> Option<Offset> {
        let (found, certain) = (stretches(near, tolerance)?, stretches(sure, tolerance)?);
        let apart = if let [one] = found.as_slice() { offset::apart(near, one, tolerance) } else { None };
        let apart = apart.map(|(theirs, places)| {
            let certain: Vec<Reading> = places.iter().map(|i| sure[*i]).collect();
            let (lo, hi) = offset::common(&certain).unwrap_or((f64::NEG_INFINITY, f64::INFINITY));
            (theirs, Stretch { lo, hi, ..theirs })
        });
        Some(Offset { near: found, sure: certain, n: near.len() as u64, by: by.into(), apart })
    }
    /// Of stamps that may be read in two ways. The one by which the clock moved less often is to be believed; where that
    /// decides nothing, the offset may be either's.
    fn either(a: Option<Offset>, b: Option<Offset>) -> Option<Offset> {
        let (a, b) = match (a, b) {
            (Some(a), Some(b)) => (a, b),
            (a, b) => return a.or(b),
        };
        Some(match a.near.len().cmp(&b.near.len()) {
            Ordering::Less => a,
            Ordering::Greater => b,
            Ordering::Equal => Offset {
                near: hull(&a.near, &b.near),
                sure: hull(&a.sure, &b.sure),
                n: a.n,
                by: format!("{}, or {}: the durations are too alike to tell which; requests of varied lengths would", a.by, b.by),
                apart: a.apart.zip(b.apart).map(|(a, b)| (a.0.hull(&b.0), a.1.hull(&b.1))),
            },
        })
    }
    /// Of one reading that needs no others beside it.
    pub fn single(reading: Reading, by: impl Into<String>) -> Offset {
        let Reading { at, lo, hi } = reading;
        let one = vec![Stretch { from: at, to: at, lo, hi, fit: 1, of: 1 }];
        Offset { near: one.clone(), sure: one, n: 1, by: by.into(), apart: None }
    }
    /// Of what a source of kind `clock` told. `Err` says why that bounds nothing.
    pub fn told(told: &ClockReadings, tolerance: Tolerance) -> Result<Offset, String> {
        if let Some(why) = &told.unbounded {
            return Err(why.clone());
        }
        let began = told.began();
        let readings: Vec<Reading> =
            told.readings.iter().map(|r| Reading { at: (r.at.0 - began.0) as f64 / 1e3, lo: r.lo_ms, hi: r.hi_ms }).collect();
        match readings.as_slice() {
            [] => Err("it told no time".into()),
            [one] if one.holds_something() => Ok(Offset::single(*one, told.by.clone())),
            all => {
                Offset::of(all, all, told.by.clone(), tolerance).ok_or_else(|| format!("its {} readings fit no clock that runs evenly", all.len()))
            }
        }
    }
}

/// What holds if either of two descriptions does.
fn hull(a: &[Stretch], b: &[Stretch]) -> Vec<Stretch> {
    if a.len() == b.len() {
        return a.iter().zip(b).map(|(a, b)| a.hull(b)).collect();
    }
    a.iter().chain(b).copied().reduce(|a, b| a.hull(&b)).into_iter().collect()
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

/// The stamp of a line.
#[derive(Clone, Copy, Debug)]
struct Line {
    /// If times are cut, as formats do (strftime's %S, nginx's $time_iso8601); from milliseconds on either may be.
    cut: Stamp,
    /// If they are cut or rounded.
    either: Stamp,
    /// When the log was read, ms since the act began on our clock.
    read: f64,
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
    fn before_headers(self, start: Stamp) -> Bounds {
        let sure = Reading { at: self.sent, lo: start.lo - self.headers, hi: start.hi - self.sent };
        (sure, sure)
    }
    /// The end of a request that lasted so long, written before the log was read.
    fn until(self, end: Line, total: f64, within: f64) -> Bounds {
        let (near, _) = self.around(self.closed, end.cut.plus(-total, within), end.cut);
        (near, Reading { lo: end.either.lo - end.read, hi: end.either.plus(-total, within).hi - self.sent, ..near })
    }
    /// The start of a request that lasted so long.
    fn since(self, start: Line, total: f64, within: f64) -> Bounds {
        let (near, _) = self.around(self.sent, start.cut, start.cut.plus(total, within));
        (near, self.around(self.sent, start.either, start.either).1)
    }
    /// Some time of the request, or soon after it.
    fn somewhere(self, line: Line) -> Bounds {
        let near = Reading { at: self.closed, lo: line.cut.lo - self.closed - self.late, hi: line.cut.hi - self.sent };
        (near, Reading { lo: line.either.lo - line.read, hi: line.either.hi - self.sent, ..near })
    }
}

/// Our own stamps, by the name under which a source knows the request.
fn ours(requests: &Requests<'_>, late: Ms, key: impl Fn(Timeline) -> String) -> BTreeMap<String, Ours> {
    requests.performed.requests.iter().filter_map(|t| Some((Ours::of(&t, late)?, t))).map(|(ours, t)| (key(t), ours)).collect()
}

/// What a log's stamps say of its clock; `read` is when it had been read. `Err` says why they say nothing.
pub fn of_log(log: &LogLines, requests: &Requests<'_>, rules: Rules, read: Wall) -> Result<Offset, String> {
    let began = requests.began();
    let ours = ours(requests, rules.late, |t| t.id);
    let lines: Vec<_> = log.lines.iter().filter_map(|l| Some((*ours.get(&l.id)?, l.at?, l.total_ms))).collect();
    if lines.is_empty() {
        return Err("no log line of a measured request carries a time".into());
    }
    let all = |us: i64| lines.iter().all(|(_, at, _)| at.0.rem_euclid(us) == 0);
    let (cut, step) = if all(1_000_000) {
        (0.0, 1_000.0)
    } else if all(1_000) {
        (1.0, 1.0)
    } else {
        (0.001, 0.001)
    };
    let within = if log.resolution_ms.is_finite() { log.resolution_ms.max(0.0) } else { 0.0 };
    let ms = |at: Wall| (at.0 - began.0) as f64 / 1e3;
    let stamp = |at: Wall| Line {
        cut: Stamp { lo: ms(at) - cut, hi: ms(at) + step },
        either: Stamp { lo: ms(at) - step, hi: ms(at) + step },
        read: if read > requests.ended() { ms(read) } else { f64::INFINITY },
    };
    let understand = |bounds: &dyn Fn(Ours, Line, Option<f64>) -> Option<Bounds>, by| {
        let bounds = lines.iter().map(|(ours, at, total)| bounds(*ours, stamp(*at), *total)).collect::<Option<Vec<_>>>()?;
        understood(bounds, by, rules.tolerance)
    };
    let end = understand(&|ours, at, total| Some(ours.until(at, total?, within)), "the end of a request, which began its duration earlier");
    let start = understand(&|ours, at, total| Some(ours.since(at, total?, within)), "the start of a request");
    Offset::either(end, start)
        .or_else(|| understand(&|ours, at, _| Some(ours.somewhere(at)), "some time of the request: its durations do not fit it"))
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
pub fn of_traces(spans: &Spans, requests: &Requests<'_>, rules: Rules) -> Vec<Hop> {
    let late = rules.late;
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
        let parents = traces::Parents::of(trace);
        let first = traces::server(trace).filter(|_| traces::requests(trace) == 1);
        if let Some(span) = first.filter(|s| parents.of_span(s).is_none()) {
            call(None, span, *own);
        }
        for span in trace.iter().filter(|s| s.kind == "server") {
            let Some(caller) = parents.of_span(span).filter(|p| p.kind == "client" && p.service != span.service) else { continue };
            // A caller's span may end with the headers, before the body: its end bounds when the callee began.
            let (sent, closed) = (ms(caller.start_ns), ms(caller.end_ns));
            call(Some(&caller.service), span, Ours { sent, headers: closed, closed, late: late.0 });
        }
    });
    hops.into_iter().map(|((service, caller, callee), calls)| Hop { ours: !service, caller, callee, offset: hop(calls, rules.tolerance) }).collect()
}

fn hop(mut calls: Vec<Call>, tolerance: Tolerance) -> Result<Offset, String> {
    calls.sort_by(|a, b| a.0.sent.total_cmp(&b.0.sent));
    let n = calls.len();
    let both = calls.iter().map(|(ours, start, end)| ours.around(ours.sent, *start, *end)).collect();
    understood(both, "starts and ends of spans", tolerance)
        .or_else(|| {
            understood(
                calls.iter().map(|(ours, start, _)| ours.before_headers(*start)).collect(),
                "starts of spans: their ends lie beyond their callers'",
                tolerance,
            )
        })
        .ok_or_else(|| {
            format!("the {n} pairs of spans fit no clock that runs evenly; several hosts under one name, or calls that nobody waits for, look so")
        })
}

fn understood(mut bounds: Vec<Bounds>, by: &'static str, tolerance: Tolerance) -> Option<Offset> {
    bounds.sort_by(|a, b| a.0.at.total_cmp(&b.0.at));
    let (near, sure): (Vec<_>, Vec<_>) = bounds.into_iter().unzip();
    Offset::of(&near, &sure, by, tolerance)
}
