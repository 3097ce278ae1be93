use crate::model::payload::SpanRow;
use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

/// Spans held until it is known whose they are: about 700 bytes each, so that this bounds our memory to some 200 MB.
const MOST_HELD: usize = 300_000;
/// Traces of other services that are remembered by name and id, about 100 bytes each.
const MOST_OTHERS: usize = 10_000;

/// Where spans wait between their arrival and the end of the act, when the ids of our requests become known.
pub struct Intake {
    service: String,
    held: Mutex<(Vec<SpanRow>, Received)>,
    /// Trace and service of spans of services that were not asked for.
    others: Mutex<BTreeSet<(String, String)>>,
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
        change(&mut self.held.lock().unwrap_or_else(PoisonError::into_inner).1);
    }
    /// Holds the spans of an export.
    pub fn put(&self, rows: Vec<SpanRow>, without_id: u64) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let (spans, received) = &mut *held;
        received.spans += rows.len() as u64 + without_id;
        received.without_id += without_id;
        for row in rows {
            if !self.service.is_empty() && row.service != self.service {
                received.of_others += 1;
                let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
                if others.len() < MOST_OTHERS {
                    others.insert((row.trace_id, row.service));
                }
            } else if spans.len() >= MOST_HELD {
                received.dropped += 1;
            } else {
                received.last_ns = received.last_ns.max(row.end_ns);
                spans.push(row);
            }
        }
    }
    /// Hands over what is held.
    pub fn take(&self) -> Vec<SpanRow> {
        std::mem::take(&mut self.held.lock().unwrap_or_else(PoisonError::into_inner).0)
    }
    /// The traces of services that were not asked for, with their service.
    pub fn others(&self) -> BTreeSet<(String, String)> {
        self.others.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
    /// What has arrived so far.
    pub fn received(&self) -> Received {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).1
    }
    /// The latest end of a span that counts, µs since the epoch on its service's clock.
    pub fn last_us(&self) -> i64 {
        i64::try_from(self.received().last_ns / 1_000).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_so_many_and_counts_the_rest() {
        let intake = Intake::new("gateway".into());
        let of = |service: &str| SpanRow { service: service.into(), ..SpanRow::default() };
        intake.put(vec![of("gateway"), of("other")], 3);
        intake.put(vec![of("gateway"); MOST_HELD], 0);
        let received = intake.received();
        assert_eq!((received.dropped, received.of_others, received.without_id), (1, 1, 3));
        assert_eq!(intake.take().len(), MOST_HELD);
        intake.put(vec![of("gateway")], 0);
        assert_eq!(intake.take().len(), 1);
    }
}
