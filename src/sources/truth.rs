//! The emission log of `rigcheck mock`: what the reference endpoint really sent, whatever delay it was asked for.

use crate::{
    model::{
        audit::Effort,
        evidence::{Gap, Method, Origin, Seen},
        key::{Payload, Perform, Query, Question as _},
        name::Name,
        payload::{Emission, Emissions},
        rows::RowsWriter,
        source::{Answer, Cost, Slot, Source, Timing},
        units::{Ms, Span, Wall},
    },
    sources::{
        failing::{self, refusal},
        http::{Answered, CAP, Http},
        spans::{act_over, pause},
    },
    spec::settings::Connection,
    traces::normal_id,
};
use reqwest::StatusCode;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

/// Where the mock serves its log.
const PATH: &str = "/rigcheck/emissions";
/// How far before and after the act the log is read, µs: the mock's wall clock may differ from ours.
const MARGIN_US: i64 = 10_000_000;
/// Where records of our requests are missing, so often and at this distance we look again: a response may end for us a
/// little before its record is written.
const LOOKS: u32 = 3;
const LOOK: Duration = Duration::from_millis(300);

/// The emission log of one reference endpoint.
pub struct Truth {
    name: Name,
    http: Http,
}

/// What the log holds of our requests.
#[derive(Default)]
struct Log {
    ours: BTreeMap<String, Emission>,
    /// Every record seen, to count each once.
    seen: BTreeSet<(String, u64, i64)>,
    foreign: u64,
}

impl Truth {
    /// The mock at `connection.url`, as seen from here.
    pub fn new(name: Name, connection: &Connection) -> Result<Truth, Gap> {
        Ok(Truth { name, http: Http::new(connection)? })
    }

    async fn emissions(&self, slot: &Slot) -> Result<Seen, Gap> {
        let act = act_over(slot).await?;
        let performed = Perform::pick(&act.payload).ok_or_else(|| Gap::NotReached("the act left no list of its requests".into()))?;
        // Each id with whether its request ended well, so that a record must be there.
        let ours: BTreeMap<String, bool> = performed.requests.iter().map(|t| (t.id.clone(), t.ok())).collect();
        let window = Span { from: act.covered.from.plus_us(-MARGIN_US), to: act.covered.to.plus_us(MARGIN_US) };
        let mut log = Log::default();
        let mut origin = Origin::default();
        for look in 0..LOOKS {
            if look > 0 {
                pause(slot, LOOK).await?;
            }
            (log, origin) = match self.read(window, act.covered, &ours, slot).await {
                // What it forgot may lie before the act, where only another clock would have put a record of ours.
                Err(Gap::OutsideRetention(_)) => self.read(Span { from: act.covered.from, ..window }, act.covered, &ours, slot).await?,
                done => done?,
            };
            if ours.iter().all(|(id, ok)| !ok || log.ours.contains_key(id)) {
                break;
            }
        }
        let foreign = log.foreign;
        let mut rows = RowsWriter::new(Arc::clone(&slot.blobs));
        for emission in log.ours.into_values() {
            rows.push(emission).map_err(|e| not_stored(&e))?;
        }
        let requests = rows.finish().map_err(|e| not_stored(&e))?;
        Ok(Seen { payload: Payload::Truth(Emissions { requests, foreign }), covered: window, origin, notes: vec![], partial: None })
    }

    /// Reads a stretch of the log, in halves where it is too large for one answer.
    async fn read(&self, window: Span, act: Span, ours: &BTreeMap<String, bool>, slot: &Slot) -> Result<(Log, Origin), Gap> {
        let (mut log, mut origin, mut open) = (Log::default(), None, vec![window]);
        while let Some(within) = open.pop() {
            let query = [("from_us", within.from.0.to_string()), ("to_us", within.to.0.to_string())];
            match self.http.get_any(PATH, &query, "application/x-ndjson, application/json", slot, CAP).await {
                Ok(answered) => {
                    log.take(&answered, act, ours).map_err(|gap| self.advised(gap))?;
                    origin.get_or_insert(Origin { request: answered.request, server: answered.server, method: Method::Measured });
                }
                Err(Gap::Truncated(_)) if within.to.0 - within.from.0 > 1_000 => {
                    let middle = Wall(within.from.0.midpoint(within.to.0));
                    open.extend([Span { from: middle, ..within }, Span { to: middle, ..within }]);
                }
                Err(gap) => return Err(self.advised(gap)),
            }
        }
        Ok((log, origin.unwrap_or_default()))
    }

    fn advised(&self, gap: Gap) -> Gap {
        let name = &self.name;
        match gap {
            Gap::Unreachable(t) => Gap::Unreachable(format!("{t}; start `rigcheck mock`, or correct or remove sources.{name}")),
            Gap::OutsideRetention(t) => Gap::OutsideRetention(format!("{t}; let the mock keep more records, or send fewer requests a run")),
            Gap::Malformed(t) => Gap::Malformed(format!("{t}; sources.{name}.url must be the base URL of a `rigcheck mock` of this version")),
            other => failing::advised(other, name),
        }
    }
}

impl Log {
    fn take(&mut self, answered: &Answered, act: Span, ours: &BTreeMap<String, bool>) -> Result<(), Gap> {
        let url = &answered.request;
        match answered.status {
            s if s.is_success() && answered.looks_like_html() => {
                return Err(Gap::Malformed(format!("{url}: answered with a web page; this is no `rigcheck mock`")));
            }
            s if s.is_success() => {}
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => {
                return Err(Gap::Malformed(format!("{url}: answered {}; this is no `rigcheck mock`", answered.status)));
            }
            StatusCode::GONE => return Err(Gap::OutsideRetention(format!("{url}: it has forgotten records of that time"))),
            _ => return Err(refusal(answered)),
        }
        for (n, line) in answered.body.split(|b| *b == b'\n').enumerate().filter(|(_, l)| !l.trim_ascii().is_empty()) {
            // serde's message may repeat a piece of the line; its place does not.
            let emission: Emission = serde_json::from_slice(line)
                .map_err(|e| Gap::Malformed(format!("{url}: line {}, column {} is no emission record", n + 1, e.column())))?;
            self.record(emission, act, ours);
        }
        Ok(())
    }

    fn record(&mut self, mut emission: Emission, act: Span, ours: &BTreeMap<String, bool>) {
        let at = emission.received_wall_us;
        if !self.seen.insert((emission.id.clone(), emission.received, at)) {
            return;
        }
        if !ours.contains_key(&emission.id) {
            // Outside the act's span there may be acts of our own: those are no strangers.
            self.foreign += u64::from((act.from.0..=act.to.0).contains(&at));
            return;
        }
        // What is no id is nobody's word about a trace; an empty one says that there was none.
        let whole = |id: String, bytes: usize| if id.is_empty() { Some(id) } else { normal_id(&id, bytes).filter(|_| id.len() == 2 * bytes) };
        emission.trace_id = emission.trace_id.and_then(|id| whole(id, 16));
        emission.parent_id = emission.parent_id.and_then(|id| whole(id, 8)).filter(|id| !id.is_empty());
        let before = self.ours.remove(&emission.id);
        // The log numbers the attempts under an id; where it does not, records are counted.
        let attempts = emission.attempts.max(before.as_ref().map_or(0, |b| b.attempts) + 1);
        let mut last = before.filter(|b| b.received > emission.received).unwrap_or(emission);
        last.attempts = attempts;
        self.ours.insert(last.id.clone(), last);
    }
}

impl Source for Truth {
    fn name(&self) -> &Name {
        &self.name
    }
    fn timing(&self, _query: &Query) -> Timing {
        Timing::Recall { settle: Ms(300.0) }
    }
    fn ask<'a>(&'a self, query: &'a Query, _effort: Effort, slot: &'a Slot) -> Answer<'a> {
        Box::pin(async move {
            match query {
                Query::Truth(_) => self.emissions(slot).await,
                other => Err(Gap::NotConfigured(format!("{} is an emission log: it cannot tell {}", self.name, other.word()))),
            }
        })
    }
    fn cost(&self) -> Cost {
        self.http.cost()
    }
}

fn not_stored(error: &std::io::Error) -> Gap {
    Gap::Truncated(format!("rows could not be stored: {error}; is the disk full?"))
}
