//! Waiting for spans that are still on their way.

use super::{MARGIN_US, doubt::Doubt, search::Search};
use crate::{
    model::{evidence::Gap, name::Name, source::Slot, units::Span},
    sources::spans::{Pace, pause},
};
use std::time::Duration;
use tokio::time::Instant;

/// So often a busy server is asked once more.
const BUSY_RETRIES: u32 = 3;

impl Search<'_> {
    /// Searches until every expected trace is there and nothing has been added for a while, or until nothing new has
    /// come for so long that the rest is not coming. `Err` where neither came before the deadline, or asking failed.
    pub async fn until_settled(&mut self, pace: &Pace, slot: &Slot) -> Result<(), Gap> {
        let (mut last_growth, mut doubt) = (Instant::now(), Doubt::default());
        // Whether the next sweep is over everything, for late spans of traces that are there, or only for those missing.
        let mut whole = true;
        loop {
            let (before, began) = (self.gathered.spans(), Instant::now());
            let windows = if whole { self.windows.clone() } else { self.windows_of_missing(MARGIN_US) };
            let was_complete = self.gathered.complete();
            for window in windows {
                match self.patiently(window, pace, slot).await {
                    // Everything that was expected is there; there was only no time to look a second time.
                    Err(Gap::TooLate(_) | Gap::Busy(_)) if was_complete => return Ok(()),
                    Err(Gap::TooLate(_)) if self.gathered.traces() > 0 => {
                        return Err(self.gathered.too_late(self.client.url(), last_growth.elapsed()));
                    }
                    done => done?,
                }
            }
            let grew = self.gathered.spans() > before;
            if grew {
                last_growth = Instant::now();
            }
            let complete = self.gathered.complete();
            if complete && whole && !grew {
                return Ok(());
            }
            let mut wait = pace.poll;
            if complete {
                (whole, wait) = (true, pace.confirm);
            } else if began.duration_since(last_growth) >= pace.quiet {
                // By the start of the look, not its end: a slow answer shows what was there when it was asked for.
                // Spans may be missing for good; that no more come must have been seen over everything.
                if whole && !doubt.next(self, slot).await? {
                    return Ok(());
                }
                (whole, wait) = (true, Duration::ZERO);
            } else {
                whole = self.gathered.missing().next().is_none();
            }
            if Instant::now() + wait >= Instant::from_std(slot.deadline) {
                return if complete { Ok(()) } else { Err(self.gathered.too_late(self.client.url(), last_growth.elapsed())) };
            }
            pause(slot, wait).await?;
        }
    }

    async fn patiently(&mut self, window: Span, pace: &Pace, slot: &Slot) -> Result<(), Gap> {
        let mut busy = None;
        for _ in 0..=BUSY_RETRIES {
            match self.sweep(window, slot).await {
                Err(Gap::Busy(text)) if Instant::now() + pace.poll < Instant::from_std(slot.deadline) => {
                    busy = Some(Gap::Busy(text));
                    pause(slot, pace.poll).await?;
                }
                // Time ran out while asking again: that the server is busy says more.
                Err(Gap::TooLate(text)) => return Err(busy.unwrap_or(Gap::TooLate(text))),
                done => return done,
            }
        }
        busy.map_or(Ok(()), Err)
    }

    /// Says which services there are, where ours is none of them.
    pub async fn note_unknown_service(&mut self, name: &Name, slot: &Slot) {
        const SHOWN: usize = 10;
        let Some(mut services) = self.client.services(slot).await else { return };
        if services.iter().any(|s| s == self.client.service()) {
            return;
        }
        services.sort();
        let shown = services.iter().take(SHOWN).map(|s| s.chars().take(80).collect()).collect::<Vec<String>>().join(", ");
        self.notes.push(format!(
            "{} knows no service `{}`; it knows {}; set sources.{name}.service, or find out why the service sends no spans",
            self.client.url(),
            self.client.service(),
            if shown.is_empty() { "none" } else { &shown }
        ));
    }
}
