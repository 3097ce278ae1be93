use super::{Ours, Resource, keeper::cleaned};
use crate::{
    model::{
        evidence::Gap,
        payload::{Leak, Secret, SpanRow, Spans},
        rows::{Blobs, RowsWriter},
        units::{Ms, Wall},
    },
    traces::{our_span, trace_number},
};
use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    sync::Arc,
    time::Duration,
};

/// Spans of ours beyond this number are dropped and counted: what is remembered of each to tell it from another takes
/// about 50 bytes, so that this bounds our memory to some 100 MB.
const MOST_SPANS: u64 = 2_000_000;
/// Services of our own traces that are told apart.
const MOST_SERVICES: usize = 50;
/// Attributes that look like secrets are told apart by service, span, key and kind up to this number.
const MOST_LEAKS: usize = 50;
/// Foreign traces are told apart up to this number, some 40 bytes each; beyond it the count stands still.
pub(in crate::sources) const MOST_FOREIGN: usize = 1_000_000;

/// Spans as they arrive, in any order and more than once: ours are kept once each, others only counted by trace.
pub struct Gathered {
    ours: Ours,
    rows: RowsWriter<SpanRow>,
    spans: u64,
    traces: BTreeMap<u128, Trace>,
    foreign: HashSet<u128>,
    dropped: u64,
    /// Services of the spans of ours, the first few.
    services: BTreeSet<String>,
    elsewhere: BTreeSet<String>,
    /// Spans that the store had moved.
    moved: u64,
    /// Spans of ours by service, span, key and kind of what looks like a secret in them.
    secrets: BTreeMap<(String, String, String, Secret), u64>,
    /// The last look at [`Gathered::complete`], until something new comes.
    complete: Option<bool>,
}

#[derive(Default)]
struct Trace {
    /// The parent (0 for none) by (id, start, kind): a client span and its server span may share an id (Zipkin's way).
    spans: BTreeMap<(u64, u64, char), u64>,
    first_ns: u64,
}

impl Trace {
    /// Every parent is there, or is `ours`, the span of the request that we sent, or is none. Any other parent is still
    /// on its way, or lost: the outermost span ends last and is exported last, often seconds after its children.
    fn has_hole(&self, ours: u64) -> bool {
        let there = |id: u64| self.spans.range((id, 0, '\0')..).next().is_some_and(|((first, ..), _)| *first == id);
        self.spans.values().any(|parent| *parent != 0 && *parent != ours && !there(*parent))
    }
}

impl Gathered {
    /// Nothing yet.
    pub fn new(ours: Ours, blobs: Arc<dyn Blobs>) -> Gathered {
        Gathered {
            ours,
            rows: RowsWriter::new(blobs),
            spans: 0,
            traces: BTreeMap::new(),
            foreign: HashSet::new(),
            dropped: 0,
            services: BTreeSet::new(),
            elsewhere: BTreeSet::new(),
            moved: 0,
            secrets: BTreeMap::new(),
            complete: None,
        }
    }
    /// Takes a span; says whether it was one of ours that is new.
    pub fn take(&mut self, mut row: SpanRow) -> Result<bool, Gap> {
        let Some(id) = trace_number(&row.trace_id) else { return Ok(false) };
        if !self.ours.has(id) {
            if self.overlaps_act(&row) && self.foreign.len() < MOST_FOREIGN {
                self.foreign.insert(id);
            }
            return Ok(false);
        }
        let trace = self.traces.entry(id).or_default();
        let (span, kind) = identity(&row);
        let key = (span, row.start_ns, kind);
        if trace.spans.contains_key(&key) {
            return Ok(false);
        }
        trace.first_ns = if trace.first_ns == 0 { row.start_ns } else { trace.first_ns.min(row.start_ns) };
        if self.spans >= MOST_SPANS {
            self.dropped += 1;
            return Ok(false);
        }
        trace.spans.insert(key, row.parent_id.as_deref().map(number).unwrap_or_default());
        self.complete = None;
        self.spans += 1;
        self.moved += u64::from(row.attributes.contains_key(SpanRow::MOVED));
        if self.services.len() < MOST_SERVICES && !self.services.contains(&row.service) {
            self.services.insert(row.service.clone());
        }
        self.count_secrets(&mut row);
        self.rows.push(row).map_err(|e| not_stored(&e))?;
        Ok(true)
    }
    fn count_secrets(&mut self, row: &mut SpanRow) {
        for (key, what) in std::mem::take(&mut row.secrets) {
            // What a resource has stands in each of its spans.
            let span = if key.starts_with(Resource::WITHIN) { String::new() } else { row.name.clone() };
            let leak = (row.service.clone(), span, key, what);
            if self.secrets.len() < MOST_LEAKS || self.secrets.contains_key(&leak) {
                *self.secrets.entry(leak).or_default() += 1;
            }
        }
    }
    /// Foreign traces that were told apart before they came here.
    pub fn passed_by(&mut self, foreign: HashSet<u128>) {
        if self.foreign.is_empty() {
            self.foreign = foreign;
        } else {
            let room = MOST_FOREIGN.saturating_sub(self.foreign.len());
            // How many there are is all that is told, so whichever of a full table are taken.
            self.foreign.extend(foreign.into_iter().take(room));
        }
    }
    /// Spans that were dropped elsewhere before they came here.
    pub fn lost(&mut self, spans: u64) {
        self.dropped += spans;
    }
    /// A trace of ours has spans of this service, which is not the one that was asked for.
    pub fn found_at(&mut self, service: String) {
        self.elsewhere.insert(service);
    }
    /// Where traces of ours have spans, and none of this service: they are of the others.
    pub fn found_elsewhere(&mut self, asked: &str) {
        if self.services.len() < MOST_SERVICES && !self.services.contains(&cleaned(asked)) {
            self.elsewhere.append(&mut self.services);
        }
    }
    fn overlaps_act(&self, row: &SpanRow) -> bool {
        let at = |wall: Wall| u64::try_from(wall.0).unwrap_or_default().saturating_mul(1_000);
        row.start_ns <= at(self.ours.covered.to) && row.end_ns >= at(self.ours.covered.from)
    }
    /// Whose traces are gathered.
    pub fn ours(&self) -> &Ours {
        &self.ours
    }
    /// Requests whose trace must come.
    pub fn expected(&self) -> u64 {
        self.ours.expected().count() as u64
    }
    /// Traces of successful requests that have not come, with the time of sending.
    pub fn missing(&self) -> impl Iterator<Item = (u128, Wall)> {
        self.ours.expected().filter(|(id, _)| !self.traces.contains_key(id))
    }
    /// Why it is not all here when the time is up; the last new span came so long before.
    pub fn too_late(&self, place: &str, since: Duration) -> Gap {
        let (expected, missing, since) = (self.expected(), self.missing().count(), Ms(since.as_secs_f64() * 1e3));
        let came = if self.spans == 0 { format!("no span of ours came for {since}") } else { format!("the last new span came {since} before") };
        Gap::TooLate(format!("{place}: {missing} of {expected} traces had not come when the time was up; {came}; write a longer `settle`"))
    }
    /// Has every expected trace come, with no hole in it?
    pub fn complete(&mut self) -> bool {
        let looked =
            self.complete.unwrap_or_else(|| self.missing().next().is_none() && !self.traces.iter().any(|(id, trace)| trace.has_hole(our_span(*id))));
        *self.complete.insert(looked)
    }
    /// Traces of ours so far.
    pub fn traces(&self) -> u64 {
        self.traces.len() as u64
    }
    /// Spans of ours so far.
    pub fn spans(&self) -> u64 {
        self.spans
    }
    /// Spans that were dropped for want of room.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }
    /// At most so many complete traces, spread evenly over the time of the act.
    pub fn sample(&self, most: usize) -> Vec<u128> {
        let complete = |id: &u128| self.traces.get(id).is_some_and(|trace| !trace.has_hole(our_span(*id)));
        let mut all: Vec<(Wall, u128)> = self.ours.expected().filter(|(id, _)| complete(id)).map(|(id, sent)| (sent, id)).collect();
        all.sort_unstable();
        let many = most.min(all.len());
        (0..many).map(|i| all[i * (all.len() - 1) / (many - 1).max(1)].1).collect()
    }
    /// When a span of ours began, nanoseconds since the epoch; `None` where its id and kind are not there, or more than once.
    pub fn start_ns(&self, row: &SpanRow) -> Option<u64> {
        let (id, kind) = identity(row);
        let trace = self.traces.get(&trace_number(&row.trace_id)?)?;
        let mut same = trace.spans.range((id, 0, '\0')..).map(|(key, _)| *key).take_while(|(of, ..)| *of == id).filter(|(.., of)| *of == kind);
        let (_, start, _) = same.next()?;
        same.next().is_none().then_some(start)
    }
    /// The earliest start of a trace of ours, nanoseconds since the epoch on the clock of its service.
    pub fn first_ns(&self, trace: u128) -> Option<u64> {
        self.traces.get(&trace).map(|t| t.first_ns)
    }
    /// The answer; `truncated` counts what the search itself could not get.
    pub fn finish(self, truncated: u64) -> Result<Spans, Gap> {
        Ok(Spans {
            traces: self.traces.len() as u64,
            foreign: self.foreign.len() as u64,
            truncated: truncated + self.dropped,
            elsewhere: self.elsewhere.into_iter().collect(),
            moved: self.moved,
            secrets: self.secrets.into_iter().map(|((service, span, key, what), spans)| Leak { service, span, key, what, spans }).collect(),
            shown: None,
            spans: self.rows.finish().map_err(|e| not_stored(&e))?,
        })
    }
}

/// Id and kind: what a span is known by, wherever in time it lies.
fn identity(row: &SpanRow) -> (u64, char) {
    (number(&row.span_id), row.kind.chars().next().unwrap_or(' '))
}

fn number(hex: &str) -> u64 {
    u64::from_str_radix(hex, 16).unwrap_or_default()
}

fn not_stored(error: &std::io::Error) -> Gap {
    Gap::Truncated(format!("rows could not be stored: {error}; is the disk full?"))
}
