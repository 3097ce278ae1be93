//! Events in order: numbered, stamped, cleaned of secrets, told to every sink.

use crate::model::{
    event::{Event, Sink, Stamped},
    redactor::{Redactor, UNCLEAN},
    units::Ms,
};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

/// The one way in which a run speaks. Clones speak into the same journal.
#[derive(Clone)]
pub struct Journal(Arc<Inner>);

struct Inner {
    sinks: Vec<Arc<dyn Sink>>,
    started: Instant,
    next: Mutex<Next>,
    redactor: Redactor,
}

#[derive(Default)]
struct Next {
    seq: u64,
    /// Something could not be cleaned and was left out.
    lossy: bool,
}

impl Journal {
    /// A journal that begins now.
    #[allow(clippy::disallowed_methods, reason = "the engine owns the run's one monotonic clock")]
    pub fn new(sinks: Vec<Arc<dyn Sink>>, redactor: Redactor) -> Journal {
        Journal(Arc::new(Inner { sinks, started: Instant::now(), next: Mutex::default(), redactor }))
    }
    /// Says something that happens now.
    pub fn say(&self, event: Event) {
        self.say_at(Ms(self.0.started.elapsed().as_secs_f64() * 1e3), event);
    }
    /// Says something that happened then (replay).
    pub fn say_at(&self, after: Ms, event: Event) {
        // Held while the sinks are told, so that all of them see one order.
        let mut next = self.0.next.lock().unwrap_or_else(PoisonError::into_inner);
        // What cannot be cleaned is not said, and a run of which something is left out never reads as whole.
        let cleaned = self.0.redactor.strip(event).filter(|e| !(next.lossy && *e == Event::Ended));
        next.lossy |= cleaned.is_none();
        let event = cleaned.unwrap_or_else(|| Event::Notice { text: UNCLEAN.into() });
        let stamped = Stamped { seq: next.seq, after, event };
        next.seq += 1;
        for sink in &self.0.sinks {
            sink.on(&stamped);
        }
    }
    /// The text without secrets.
    pub fn redactor(&self) -> &Redactor {
        &self.0.redactor
    }
}
