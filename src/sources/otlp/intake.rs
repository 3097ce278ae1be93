use crate::{
    model::payload::SpanRow,
    sources::spans::MOST_FOREIGN,
    traces::{is_marked, trace_number},
};
use std::{
    collections::{BTreeSet, HashSet},
    sync::{Mutex, PoisonError},
};

/// Spans held until it is known whose they are: about 1 kB each, so that this bounds our memory to some 300 MB. When so many
/// have come, those that cannot be ours by their trace id make room, and no more of them are held.
const MOST_HELD: usize = 300_000;
/// Traces of other services that are remembered by name and id, about 100 bytes each.
const MOST_OTHERS: usize = 10_000;

/// Where spans wait between their arrival and the end of the act, when the ids of our requests become known.
pub struct Intake {
    service: String,
    held: Mutex<Held>,
    /// Trace and service of spans of services that were not asked for.
    others: Mutex<BTreeSet<(String, String)>>,
}

#[derive(Default)]
struct Held {
    spans: Vec<SpanRow>,
    received: Received,
    /// Is there no room for strangers any more?
    crowded: bool,
    /// Traces of strangers that made room.
    strangers: HashSet<u128>,
}

/// What has arrived so far.
#[derive(Clone, Copy, Default)]
pub struct Received {
    /// Exports, readable or not.
    pub requests: u64,
    /// Bytes of their bodies.
    pub bytes: u64,
    /// Spans in them.
    pub spans: u64,
    /// Spans of services that were not asked for.
    pub of_others: u64,
    /// Spans without a valid id.
    pub without_id: u64,
    /// Spans that found no room.
    pub dropped: u64,
    /// Exports beyond the size that is read.
    pub too_large: u64,
    /// Exports that are not what they say they are.
    pub unreadable: u64,
    last_ns: u64,
}

impl Intake {
    /// Nothing yet; only spans of `service` count, or of any if it is empty.
    pub fn new(service: String) -> Intake {
        Intake { service, held: Mutex::default(), others: Mutex::default() }
    }
    /// Counts an export.
    pub fn count(&self, change: impl FnOnce(&mut Received)) {
        change(&mut self.held.lock().unwrap_or_else(PoisonError::into_inner).received);
    }
    /// Holds the spans of an export.
    pub fn put(&self, rows: Vec<SpanRow>, without_id: u64) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let Held { spans, received, crowded, strangers } = &mut *held;
        received.spans += rows.len() as u64 + without_id;
        received.without_id += without_id;
        for row in rows {
            if !self.service.is_empty() && row.service != self.service {
                received.of_others += 1;
                let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
                if others.len() < MOST_OTHERS {
                    others.insert((row.trace_id, row.service));
                }
                continue;
            }
            received.last_ns = received.last_ns.max(row.end_ns);
            if *crowded && is_stranger(&row, strangers) {
                continue;
            }
            if spans.len() >= MOST_HELD && !std::mem::replace(crowded, true) {
                spans.retain(|held| !is_stranger(held, strangers));
                spans.shrink_to_fit();
                if is_stranger(&row, strangers) {
                    continue;
                }
            }
            if spans.len() >= MOST_HELD {
                received.dropped += 1;
            } else {
                spans.push(row);
            }
        }
    }
    /// Hands over what is held.
    pub fn take(&self) -> Vec<SpanRow> {
        std::mem::take(&mut self.held.lock().unwrap_or_else(PoisonError::into_inner).spans)
    }
    /// Traces of strangers that had to make room.
    pub fn strangers(&self) -> HashSet<u128> {
        std::mem::take(&mut self.held.lock().unwrap_or_else(PoisonError::into_inner).strangers)
    }
    /// The traces of services that were not asked for, with their service.
    pub fn others(&self) -> BTreeSet<(String, String)> {
        self.others.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
    /// What has arrived so far.
    pub fn received(&self) -> Received {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).received
    }
    /// The latest end of a span that counts, µs since the epoch on its service's clock.
    pub fn last_us(&self) -> i64 {
        i64::try_from(self.received().last_ns / 1_000).unwrap_or_default()
    }
}

/// Can it not be ours? Then its trace is noted.
fn is_stranger(row: &SpanRow, strangers: &mut HashSet<u128>) -> bool {
    let trace = trace_number(&row.trace_id).filter(|id| !is_marked(*id));
    if let Some(id) = trace
        && strangers.len() < MOST_FOREIGN
    {
        strangers.insert(id);
    }
    trace.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::traces::marked_trace;

    #[test]
    fn strangers_make_room_for_ours() {
        let intake = Intake::new(String::new());
        let of = |trace: u128| SpanRow { trace_id: format!("{trace:032x}"), ..SpanRow::default() };
        intake.put(vec![of(marked_trace(7))], 0);
        intake.put(vec![of(5); MOST_HELD], 0);
        intake.put(vec![of(marked_trace(8)), of(6)], 0);
        assert_eq!(intake.received().dropped, 0);
        assert_eq!(intake.take(), [of(marked_trace(7)), of(marked_trace(8))]);
        assert_eq!(intake.strangers(), HashSet::from([5, 6]));
    }

    #[test]
    fn holds_so_many_and_counts_the_rest() {
        let intake = Intake::new("gateway".into());
        let trace_id = format!("{:032x}", marked_trace(1));
        let of = |service: &str| SpanRow { trace_id: trace_id.clone(), service: service.into(), ..SpanRow::default() };
        intake.put(vec![of("gateway"), of("other")], 3);
        intake.put(vec![of("gateway"); MOST_HELD], 0);
        let received = intake.received();
        assert_eq!((received.dropped, received.of_others, received.without_id), (1, 1, 3));
        assert_eq!(intake.take().len(), MOST_HELD);
        intake.put(vec![of("gateway")], 0);
        assert_eq!(intake.take().len(), 1);
    }
}
