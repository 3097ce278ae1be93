//! How long anything may go on: until its own patience, the act's deadline or an interruption, whichever comes first.

use crate::model::{evidence::Gap, payload::network::Cut, source::Slot};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// Kept back of the time that is left, to hand over the answer in: a tenth, at most this.
const KEPT: Duration = Duration::from_millis(250);

/// The end of an act, or of a part of it.
#[derive(Clone, Debug)]
pub struct Leash {
    end: Instant,
    cancel: CancellationToken,
}

/// What came before the end of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Off {
    /// Its own patience: it says something about what was waited for.
    Patience,
    /// The act's end: it says nothing.
    End,
    /// The run was interrupted.
    Interrupted,
}

impl Leash {
    /// The slot's, a little shorter.
    pub fn of(slot: &Slot) -> Leash {
        let left = slot.left(Instant::now());
        Leash { end: slot.deadline.checked_sub(KEPT.min(left / 10)).unwrap_or(slot.deadline), cancel: slot.cancel.clone() }
    }
    /// One that ends after this time at the latest.
    pub fn within(&self, most: Duration) -> Leash {
        Leash { end: self.end.min(Instant::now() + most), cancel: self.cancel.clone() }
    }
    /// Time that is left.
    pub fn left(&self) -> Duration {
        self.end.saturating_duration_since(Instant::now())
    }
    /// Why nothing more may begin, if so.
    pub fn over(&self) -> Option<Off> {
        if self.cancel.is_cancelled() { Some(Off::Interrupted) } else { self.left().is_zero().then_some(Off::End) }
    }
    /// Waits for something, for this time at most.
    pub async fn hold<T>(&self, most: Duration, what: impl Future<Output = T>) -> Result<T, Off> {
        let patience = Instant::now() + most;
        let (until, off) = if patience < self.end { (patience, Off::Patience) } else { (self.end, Off::End) };
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => Err(Off::Interrupted),
            done = what => Ok(done),
            () = tokio::time::sleep_until(until.into()) => Err(off),
        }
    }
    /// Waits until an instant.
    pub async fn until(&self, at: Instant) -> Result<(), Off> {
        self.hold(Duration::MAX / 4, tokio::time::sleep_until(at.into())).await
    }
}

impl Off {
    /// As the reason of an act's cut.
    pub fn cut(self) -> Cut {
        if self == Off::Interrupted { Cut::Interrupted } else { Cut::Deadline }
    }
    /// As the reason of a part that is missing.
    pub fn gap(self, part: &str) -> Gap {
        match self {
            Off::Interrupted => Gap::NotReached(format!("{part}: interrupted")),
            Off::End | Off::Patience => Gap::TooLate(format!("{part}: the act's time was over; give the run more time, or ask for fewer connects")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::rows::InMemory;
    use std::{future::pending, sync::Arc};

    #[tokio::test]
    async fn the_first_end_is_the_one_that_is_told() {
        let slot = Slot::detached(Instant::now() + Duration::from_millis(80), Arc::new(InMemory::default()));
        let leash = Leash::of(&slot);
        assert_eq!(leash.hold(Duration::from_millis(5), pending::<()>()).await, Err(Off::Patience));
        assert_eq!(leash.hold(Duration::from_secs(5), async { 7 }).await, Ok(7));
        assert_eq!(leash.over(), None);
        assert_eq!(leash.hold(Duration::from_secs(5), pending::<()>()).await, Err(Off::End));
        assert!(slot.left(Instant::now()) > Duration::ZERO, "there is time to hand over the answer");
        assert_eq!(leash.over(), Some(Off::End));
        slot.cancel.cancel();
        assert_eq!(leash.over(), Some(Off::Interrupted));
        assert_eq!(leash.until(Instant::now() + Duration::from_secs(9)).await, Err(Off::Interrupted));
    }
}
