use crate::{
    model::{
        evidence::{Gap, Seen},
        key::{Perform, Question as _},
        units::{Span, Wall},
    },
    traces::trace_number,
};
use std::collections::BTreeMap;

/// The trace ids of an act's requests: what is searched for, and what may be kept.
pub struct Ours {
    /// One entry per request, by trace id.
    requests: BTreeMap<u128, Request>,
    /// The stretch of time that the act covers, on our clock.
    pub covered: Span,
}

#[derive(Clone, Copy)]
struct Request {
    sent: Wall,
    /// Must its trace come?
    expected: bool,
}

impl Ours {
    /// The ids that the actor sent.
    pub fn of(act: &Seen) -> Result<Ours, Gap> {
        let performed =
            Perform::pick(&act.payload).ok_or_else(|| Gap::NotReached("the act left no list of its requests, so none can be searched for".into()))?;
        let requests = performed.requests.iter().filter_map(|t| {
            let sent = performed.started.plus_us(i64::try_from(t.sent.0 / 1_000).unwrap_or(i64::MAX));
            Some((trace_number(&t.trace_id)?, Request { sent, expected: t.ok() && !t.untraced }))
        });
        Ok(Ours { requests: requests.collect(), covered: act.covered })
    }
    /// Is this trace one of ours?
    pub fn has(&self, trace: u128) -> bool {
        self.requests.contains_key(&trace)
    }
    /// The successful requests that asked for their trace, which must come, with the time of sending.
    pub fn expected(&self) -> impl Iterator<Item = (u128, Wall)> {
        self.requests.iter().filter(|(_, r)| r.expected).map(|(id, r)| (*id, r.sent))
    }
}
