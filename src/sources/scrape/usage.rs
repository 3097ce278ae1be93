//! What a workload uses, by the series of a page that is read around an act.
#![allow(clippy::disallowed_methods, reason = "readings keep a pace on the monotonic clock")]

use super::{
    LONGEST, MARGIN, Scrape, not_reached, origin,
    pages::{Form, TIMEOUT},
    sampled::{Points, Sampled, points},
};
use crate::{
    model::{
        evidence::{Gap, Origin, Seen},
        key::Payload,
        name::Name,
        payload::{Reading, Tracks},
        source::Slot,
        units::{Span, Wall},
        usage::{UsageClaim, UsageSeries},
    },
    sources::series,
};
use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::time::sleep_until;

/// The page is read on until so long after the act's end: what a source that lags behind tells of its last seconds.
const BEYOND: Duration = Duration::from_secs(5);
/// Two readings before the act, unless they are further apart than this.
const TWO_BEFORE: Duration = Duration::from_secs(5);
/// A first reading that fails in passing is tried again so often.
const TRIES: u32 = 3;

/// One workload's watcher.
struct Watcher<'s> {
    scrape: &'s Scrape,
    claims: Vec<(&'s UsageClaim, &'s UsageSeries)>,
    series: Arc<[UsageSeries]>,
    seen: Sampled,
    interval: Duration,
}

impl Scrape {
    /// Reads before, during and after the act.
    pub(super) async fn usage(&self, of: &Name, slot: &Slot) -> Result<Seen, Gap> {
        let claims = series::claimed(&self.usage, &self.name, of)?;
        let until = slot.deadline.checked_sub(MARGIN).unwrap_or(slot.deadline);
        // Readings end before the engine gives up on the whole answer.
        let slot = &Slot { deadline: until, ..slot.clone() };
        let (interval, url) = (Duration::from_secs_f64(self.interval.0 / 1e3), self.pages.url());
        let owned = claims.iter().map(|c| c.1.clone()).collect();
        let mut watcher = Watcher { scrape: self, seen: Sampled::of(claims.len()), claims, series: owned, interval };
        let (from, origin) = watcher.first(slot).await?;
        slot.say_ready();

        let mut next = Instant::now() + interval;
        let act = loop {
            tokio::select! {
                biased;
                act = slot.act_done() => break act.map_err(not_reached)?,
                () = slot.cancel.cancelled() => return Err(Gap::NotReached("interrupted".into())),
                () = sleep_until(until.into()) => return Err(Gap::TooLate(format!("{url}: the act did not end before the deadline"))),
                () = sleep_until(next.into()) => {}
            }
            watcher.read(Instant::now().checked_sub(interval / 2).unwrap_or(next), slot).await?;
            next = Instant::now().max(next + interval);
        };

        let (done, to) = (Instant::now(), act.covered.to);
        let mut notes = vec![];
        let last = loop {
            let (at, _) = watcher.read(done.max(Instant::now().checked_sub(interval / 2).unwrap_or(done)), slot).await?;
            let next = Instant::now() + interval;
            if watcher.seen.reached(to) && next > done + BEYOND {
                break at;
            }
            if next >= until || next > done + LONGEST {
                notes.push("not all that was wanted had come when watching ended".into());
                break at;
            }
            tokio::select! {
                () = slot.cancel.cancelled() => return Err(Gap::NotReached("interrupted".into())),
                () = sleep_until(next.into()) => {}
            }
        };
        if self.pages.avoided_draft() {
            notes.push("the page prefers OpenMetrics 2, a draft; it is read as text 0.0.4".into());
        }
        let Watcher { claims, mut seen, .. } = watcher;
        let mut answer = Tracks { interval_ms: self.interval.0, doubt_us: seen.doubt_us(), ..Tracks::default() };
        answer.readings = std::mem::take(&mut seen.readings);
        let (tracks, more, partial) = seen.finish(&claims, url, to);
        answer.tracks = tracks;
        notes.extend(more);
        Ok(Seen { payload: Payload::Usage(answer), covered: Span { from, to: last }, origin, notes, partial })
    }
}

impl Watcher<'_> {
    /// The readings before the act.
    async fn first(&mut self, slot: &Slot) -> Result<(Wall, Origin), Gap> {
        let mut tries = 0;
        let found = loop {
            // Readings of others of this page that began a moment ago are as good: the act has not begun.
            let since = Instant::now().checked_sub(self.interval / 2).filter(|_| tries == 0).unwrap_or_else(Instant::now);
            let (at, origin) = self.read(since, slot).await?;
            match (self.seen.last_gap.clone(), origin) {
                (None, Some(origin)) => break (at, origin),
                (Some(gap), _) if gap.transient() && tries + 1 < TRIES => {
                    tries += 1;
                    self.pause(self.interval.min(Duration::from_secs(1)), slot).await?;
                }
                (gap, _) => return Err(gap.unwrap_or_else(|| Gap::Malformed(format!("{}: no page came", self.scrape.pages.url())))),
            }
        };
        if self.interval <= TWO_BEFORE {
            self.pause(self.interval, slot).await?;
            self.read(Instant::now().checked_sub(self.interval / 2).unwrap_or_else(Instant::now), slot).await?;
        }
        Ok(found)
    }

    async fn pause(&self, time: Duration, slot: &Slot) -> Result<(), Gap> {
        tokio::select! {
            () = slot.cancel.cancelled() => Err(Gap::NotReached("interrupted".into())),
            () = tokio::time::sleep(time) => Ok(()),
        }
    }

    /// One reading; a gap only where no other reading would help.
    async fn read(&mut self, since: Instant, slot: &Slot) -> Result<(Wall, Option<Origin>), Gap> {
        let (scrape, url) = (self.scrape, self.scrape.pages.url());
        let (at, page) = scrape.pages.read(Form::Lines, since, slot).await;
        let told = page.as_ref().ok().map(|page| (origin(page), page.took));
        let found = match page {
            Ok(page) => {
                let (claims, instance) = (Arc::clone(&self.series), scrape.instance.clone());
                let _turn = scrape.turn.lock().await;
                // A large page must not hold up the load generator's own tasks.
                let read = tokio::task::spawn_blocking(move || points(&page, &claims, &instance)).await;
                read.map_err(|e| Gap::Panicked(e.to_string()))
            }
            Err(gap) => Err(gap),
        };
        if let Ok(Points { over: Some(n), .. }) = found {
            let (claim, of) = self.claims[n];
            return Err(series::too_many(url, claim, of));
        }
        let target = BTreeMap::from([("instance".to_owned(), scrape.instance.clone())]);
        let took_ms = told.as_ref().map(|t| t.1.as_secs_f64() * 1e3);
        let reading = Reading { target, at, ok: found.is_ok(), took_ms, timeout_ms: Some(TIMEOUT.as_secs_f64() * 1e3) };
        // Another watcher of this page may have made the reading that this one has seen already.
        if self.seen.readings.last().is_none_or(|last| last.at < at) {
            self.seen.add(reading, found);
        }
        if self.seen.too_many() {
            return Err(series::too_much(url, &self.claims[0].0.workload));
        }
        Ok((at, told.map(|t| t.0)))
    }
}
