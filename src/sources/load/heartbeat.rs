//! A 2 ms sleep loop beside the requests, on the same runtime: when it is late, they were late, and the target is not to blame.

use crate::model::{
    payload::Heartbeat,
    timeline::{Nanos, Timeline},
};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// Time between two beats.
const BEAT: Duration = Duration::from_millis(2);
/// A gap of this length is a stall of the load generator (research: requests that overlap one are set aside).
const STALL: u64 = 250_000_000;
/// A stall's shadow: what ended this long before the last good beat may have been read late already.
const SHADOW: u64 = 50_000_000;
/// Stalls that are kept; a machine with more of them has no usable request anyway.
const KEPT: usize = 10_000;
/// A gap of this length holds a reading up by more than the noise of timers.
const HELD_UP: u64 = 5_000_000;
/// Such gaps that are remembered, the latest: more than a minute of nothing else, and no request lasts longer.
const REMEMBERED: usize = 16_384;

/// What the loop saw so far.
#[derive(Clone, Default)]
pub struct Beats(Arc<Mutex<Seen>>);

#[derive(Default)]
struct Seen {
    last: u64,
    beat: Heartbeat,
    /// The latest gaps of [`HELD_UP`] and more, as (start, end).
    gaps: VecDeque<(u64, u64)>,
}

impl Beats {
    /// Beats until it is dropped.
    pub async fn run(self, start: Instant) {
        loop {
            tokio::time::sleep(BEAT).await;
            self.beat(start.elapsed().as_nanos() as u64);
        }
    }
    fn beat(&self, now: u64) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (last, gap) = (seen.last, now.saturating_sub(seen.last));
        seen.beat.max_gap_ms = seen.beat.max_gap_ms.max(gap as f64 / 1e6);
        if gap >= HELD_UP {
            if seen.gaps.len() == REMEMBERED {
                seen.gaps.pop_front();
            }
            seen.gaps.push_back((last, now));
        }
        if gap >= STALL && seen.beat.stalls.len() < KEPT {
            seen.beat.stalls.push((last, now));
        }
        seen.last = now;
    }
    /// Is every stall known that can touch a request that ended at `end`?
    pub fn covers(&self, end: Nanos) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).last >= end.0.saturating_add(SHADOW)
    }
    /// Marks the request if a stall overlapped it, and notes for how long it was held up.
    pub fn mark(&self, timeline: &mut Timeline) {
        let (from, to) = (timeline.scheduled.0, end_of(timeline).0);
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        timeline.stalled = seen.beat.stalls.iter().any(|(start, end)| start.saturating_sub(SHADOW) <= to && from <= *end);
        // From the latest on, until one lies before the request.
        let during = seen.gaps.iter().rev().take_while(|(_, end)| from <= *end).filter(|(start, _)| *start <= to);
        timeline.held_up_ms = during.map(|(start, end)| (end - start) as f64 / 1e6).fold(0.0, f64::max);
    }
    /// All of it.
    pub fn heartbeat(&self) -> Heartbeat {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).beat.clone()
    }
}

/// The last stamp of a request.
pub fn end_of(t: &Timeline) -> Nanos {
    let last = t.events.last().map(|e| e.at);
    [t.closed, last, t.headers, t.connected].into_iter().flatten().max().unwrap_or(t.sent).max(t.sent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_only_what_a_stall_can_have_touched() {
        let beats = Beats::default();
        for ms in [2, 4, 200, 1_000, 1_300, 1_302] {
            beats.beat(ms * 1_000_000);
        }
        let beat = beats.heartbeat();
        assert_eq!(beat.stalls, [(200_000_000, 1_000_000_000), (1_000_000_000, 1_300_000_000)]);
        assert!((beat.max_gap_ms - 800.0).abs() < 1e-9);
        let request = |from: u64, to: u64| {
            let mut t = Timeline { scheduled: Nanos(from * 1_000_000), closed: Some(Nanos(to * 1_000_000)), ..Timeline::default() };
            beats.mark(&mut t);
            (t.stalled, t.held_up_ms)
        };
        assert_eq!(
            [request(0, 149), request(0, 150), request(500, 600), request(1_300, 1_400), request(1_301, 1_400)],
            [(false, 196.0), (true, 196.0), (true, 800.0), (true, 300.0), (false, 0.0)]
        );
        assert!(beats.covers(Nanos(1_252_000_000)) && !beats.covers(Nanos(1_252_000_001)));
    }
}
