//! One question to one source: one deadline, retries for passing faults only, and whatever breaks becomes a gap.

use super::plan::{no_such_source, source_of};
use crate::model::{
    audit::Need,
    evidence::{Gap, Seen},
    source::{Slot, Source},
};
use std::{sync::Arc, time::Duration};

/// Waits between the tries of a question whose gap is transient: three tries, under a second in all.
const BACKOFF: [Duration; 2] = [Duration::from_millis(200), Duration::from_millis(600)];

/// Asks, with the slot's deadline over all tries. Returns the answer and how often it was asked again.
pub async fn ask(source: &dyn Source, need: &Need, slot: &Slot, again: bool) -> (Result<Seen, Gap>, u32) {
    let deadline = tokio::time::Instant::from_std(slot.deadline);
    let (mut retries, mut first) = (0, None::<Gap>);
    loop {
        let asked = tokio::time::timeout_at(deadline, source.ask(&need.key.query, need.effort, slot)).await;
        let answer = asked.unwrap_or_else(|_| Err(Gap::TooLate(format!("{} did not answer before its deadline", need.key.source))));
        let answer = answer.and_then(|seen| {
            if seen.payload.answers(&need.key.query) {
                Ok(seen)
            } else {
                Err(Gap::Panicked(format!("{} answered another question than the one that was asked", need.key.source)))
            }
        });
        let wait = BACKOFF.get(retries as usize).filter(|_| again && !slot.cancel.is_cancelled());
        match (&answer, wait) {
            (Err(gap), Some(wait)) if gap.transient() && tokio::time::Instant::now() + *wait < deadline => {
                first.get_or_insert(gap.clone());
                tokio::time::sleep(*wait).await;
            }
            // Time ran out while asking again: why it had to be asked again says more.
            (Err(Gap::TooLate(_)), _) => return (first.map_or(answer, Err), retries),
            _ => return (answer, retries),
        }
        retries += 1;
    }
}

/// The source of a question, owned, for a task of its own.
pub fn find(need: &Need, sources: &[Arc<dyn Source>]) -> Result<Arc<dyn Source>, Gap> {
    source_of(&need.key, sources).cloned().ok_or_else(|| no_such_source(&need.key.source))
}
