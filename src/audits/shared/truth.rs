use crate::{
    model::{evidence::Got, key::Key, payload::Emissions},
    traces::Figures,
};
use std::collections::BTreeMap;

/// What the reference endpoint really emitted, by the request's id.
#[derive(Debug)]
pub struct Real<'e> {
    rows: BTreeMap<String, Emitted>,
    /// Requests that reached it and are not ours.
    pub foreign: u64,
    /// The questions.
    pub keys: Vec<&'e Key>,
}

/// One request as the reference endpoint saw it.
#[derive(Clone, Debug, Default)]
pub struct Emitted {
    /// What it took, ms.
    pub figures: Figures,
    /// Gaps between content chunks.
    pub gaps: u64,
    /// Attempts seen under this id.
    pub attempts: u32,
    /// The trace that it was told of; empty where it was told none, `None` where its log does not say.
    pub trace_id: Option<String>,
    /// The span that it was told to be called by.
    pub parent_id: Option<String>,
}

impl<'e> Real<'e> {
    /// Reads the emission logs of one act.
    pub fn read(logs: &[Got<'e, Emissions>]) -> Real<'e> {
        let mut rows: BTreeMap<String, Emitted> = BTreeMap::new();
        for row in logs.iter().flat_map(|log| log.value.requests.iter()) {
            let figures = Figures::of(row.ttft_ms(), Some(row.total_ms()), row.inter_chunk_ms());
            let gaps = row.chunks.len().saturating_sub(1) as u64;
            let before = rows.get(&row.id).map_or(0, |e| e.attempts);
            let attempts = before + row.attempts.max(1);
            rows.insert(row.id, Emitted { figures, gaps, attempts, trace_id: row.trace_id, parent_id: row.parent_id });
        }
        Real { rows, foreign: logs.iter().map(|l| l.value.foreign).sum(), keys: logs.iter().map(|l| l.key).collect() }
    }
    /// What was emitted for a request.
    pub fn of(&self, id: &str) -> Option<&Emitted> {
        self.rows.get(id)
    }
    /// Requests that reached it more than once.
    pub fn retried(&self) -> usize {
        self.rows.values().filter(|e| e.attempts > 1).count()
    }
}
