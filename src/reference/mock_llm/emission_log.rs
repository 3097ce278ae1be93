use crate::model::payload::Emission;
use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// What was emitted, in the order in which it ended; the newest `kept` records.
pub struct EmissionLog {
    kept: usize,
    inner: Mutex<Inner>,
}

/// The log cannot answer: it has forgotten records of the span asked about.
#[derive(Debug, PartialEq, Eq)]
pub struct Forgotten;

#[derive(Default)]
struct Inner {
    records: VecDeque<Arc<Emission>>,
    attempts: HashMap<String, u32>,
    /// The latest `received_wall_us` among forgotten records.
    forgotten_until: Option<i64>,
}

impl EmissionLog {
    /// An empty log of at most `kept` records.
    pub fn new(kept: usize) -> EmissionLog {
        EmissionLog { kept: kept.max(1), inner: Mutex::default() }
    }
    /// Adds a record; sets its ordinal among the attempts under its id.
    pub fn push(&self, mut record: Emission) {
        let mut inner = self.lock();
        record.attempts = 1;
        if !record.id.is_empty() {
            let attempts = inner.attempts.entry(record.id.clone()).or_default();
            *attempts += 1;
            record.attempts = *attempts;
        }
        while inner.records.len() >= self.kept {
            let Some(oldest) = inner.records.pop_front() else { break };
            inner.forgotten_until = inner.forgotten_until.max(Some(oldest.received_wall_us));
            // Only the last attempt still standing may take the count with it.
            if inner.attempts.get(&oldest.id).is_some_and(|n| *n == oldest.attempts) {
                inner.attempts.remove(&oldest.id);
            }
        }
        inner.records.push_back(Arc::new(record));
    }
    /// Records received within the span, both ends included.
    pub fn within(&self, from_us: i64, to_us: i64) -> Result<Vec<Arc<Emission>>, Forgotten> {
        let inner = self.lock();
        if inner.forgotten_until.is_some_and(|until| until >= from_us) {
            return Err(Forgotten);
        }
        Ok(inner.records.iter().filter(|r| (from_us..=to_us).contains(&r.received_wall_us)).cloned().collect())
    }
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(id: &str, at: i64) -> Emission {
        Emission { id: id.into(), received_wall_us: at, ..Emission::default() }
    }

    #[test]
    fn says_when_it_has_forgotten() {
        let log = EmissionLog::new(3);
        for (id, at) in [("a", 10), ("b", 20), ("b", 30)] {
            log.push(record(id, at));
        }
        let all = log.within(i64::MIN, i64::MAX).unwrap();
        assert_eq!(all.iter().map(|r| (r.id.as_str(), r.attempts)).collect::<Vec<_>>(), [("a", 1), ("b", 1), ("b", 2)]);
        assert_eq!(log.within(20, 20).unwrap().len(), 1);
        log.push(record("c", 40));
        assert_eq!(log.within(10, 40), Err(Forgotten));
        assert_eq!(log.within(11, 40).unwrap().len(), 3);
    }
}
