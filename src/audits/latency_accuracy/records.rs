use crate::audits::shared::{Requests, each_trace};
use crate::{
    model::{
        evidence::Got,
        key::Key,
        payload::{LogLine, LogLines, Spans},
    },
    traces::{self, Figures},
};
use std::collections::BTreeMap;

/// What a source with a value per request says, aligned with [`Requests::all`].
#[derive(Debug)]
pub struct Records<'e> {
    /// One entry per request that was begun.
    pub rows: Vec<Option<Record>>,
    /// What was read.
    pub kind: Kind<'e>,
    /// The question.
    pub key: &'e Key,
}

/// What kind of record it is, with the answer itself.
#[derive(Debug)]
pub enum Kind<'e> {
    /// Lines of a log.
    Log(&'e LogLines),
    /// Traces.
    Traces {
        /// The answer.
        spans: &'e Spans,
        /// Spans of our own traces that stand for one chunk of a body.
        chunk_spans: u64,
    },
}

/// What a source says of one request.
#[derive(Clone, Copy, Debug)]
pub struct Record {
    /// Records under this id: lines of a log, outermost server spans of a trace.
    pub copies: u32,
    /// Do the copies contradict each other?
    pub ambiguous: bool,
    /// What it says, ms.
    pub figures: Figures,
}

impl<'e> Records<'e> {
    /// Joins log lines by request id. Of several lines under one id the first is used unless they contradict each other.
    pub fn of_log(got: &Got<'e, LogLines>, requests: &Requests<'_>) -> Records<'e> {
        let mut by_id: BTreeMap<String, Record> = BTreeMap::new();
        for line in got.value.lines.iter() {
            let figures = line_figures(&line);
            let record = by_id.entry(line.id).or_insert(Record { copies: 0, ambiguous: false, figures });
            record.copies += 1;
            record.ambiguous |= record.figures != figures;
        }
        let rows = requests.all.iter().map(|r| by_id.get(&r.id).copied()).collect();
        Records { rows, kind: Kind::Log(got.value), key: got.key }
    }

    /// Joins spans by trace id.
    pub fn of_traces(got: &Got<'e, Spans>, requests: &Requests<'_>) -> Records<'e> {
        let shapes: BTreeMap<&str, _> = requests.all.iter().map(|r| (r.trace_id.as_str(), r.shape)).collect();
        let mut by_trace: BTreeMap<String, Record> = BTreeMap::new();
        let mut chunk_spans = 0;
        each_trace(got.value, |trace| {
            chunk_spans += trace.iter().filter(|s| traces::is_body(s)).count() as u64;
            let id = &trace[0].trace_id;
            let shape = shapes.get(id.as_str()).copied().unwrap_or_default();
            by_trace.insert(id.clone(), Record { copies: traces::requests(trace), ambiguous: false, figures: traces::figures(trace, shape) });
        });
        let rows = requests.all.iter().map(|r| by_trace.get(&r.trace_id).copied()).collect();
        Records { rows, kind: Kind::Traces { spans: got.value, chunk_spans }, key: got.key }
    }

    /// The grid on which the source writes times, ms. A trace has microseconds.
    pub fn resolution_ms(&self) -> f64 {
        match &self.kind {
            Kind::Log(log) => log.resolution_ms,
            Kind::Traces { .. } => 0.001,
        }
    }
    /// Would it have seen whoever else used the target? A trace store has of others only what they chose to sample, and a
    /// log that lacks our own requests may lack anybody's.
    pub fn would_see_others(&self) -> bool {
        const MOST: f64 = 0.9;
        let there = self.rows.iter().flatten().count() as f64;
        matches!(self.kind, Kind::Log(_)) && !self.rows.is_empty() && there >= MOST * self.rows.len() as f64
    }
    /// Requests of others that it saw during the act.
    pub fn foreign(&self) -> u64 {
        match &self.kind {
            Kind::Log(log) => log.foreign + log.without_id,
            Kind::Traces { spans, .. } => spans.foreign,
        }
    }
}

fn line_figures(line: &LogLine) -> Figures {
    Figures::of(line.ttft_ms, line.total_ms, line.inter_chunk_ms)
}
