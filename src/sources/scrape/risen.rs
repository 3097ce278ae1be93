//! What rose on a page between a reading before an act and one after it; only a probe asks.

use super::{
    STILL, STILL_READINGS,
    extract::{MOST, labels, pairs, takes},
    not_reached, origin,
    pages::{Fetched, Form},
};
use crate::{
    model::{
        evidence::{Gap, Seen},
        key::{Question as _, Risen},
        payload::Rise,
        source::Slot,
        units::{Span, Wall},
    },
    sources::{
        exposition::Kind,
        ours::{performed, rises, succeeded},
    },
};
use std::{
    cell::Cell,
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

/// Foreign traffic may keep a page moving: after this time what rose is told all the same.
const LONGEST: Duration = Duration::from_secs(10);

/// Count and sum by metric and labels.
type Counts = BTreeMap<(String, BTreeMap<String, String>), (f64, Option<f64>)>;

impl super::Scrape {
    /// The page before the act and after it, once its counts stand still.
    pub(super) async fn risen(&self, slot: &Slot) -> Result<Seen, Gap> {
        let interval = Duration::from_secs_f64(self.interval.0 / 1e3);
        let until = slot.deadline.checked_sub(super::MARGIN).unwrap_or(slot.deadline);
        let slot = &Slot { deadline: until, ..slot.clone() };
        // Readings of the claims of this page that began a moment ago are as good: the act has not begun.
        let (from, first) = self.counts(Instant::now().checked_sub(interval / 2).unwrap_or_else(Instant::now), slot).await;
        let (before, page) = first?;
        slot.say_ready();
        let act = tokio::select! {
            act = slot.act_done() => act.map_err(not_reached)?,
            () = slot.cancel.cancelled() => return Err(Gap::NotReached("interrupted".into())),
        };
        let expected = succeeded(performed(&act)?) as f64;
        let (done, mut moved, mut still) = (Instant::now(), Instant::now(), 0);
        let mut last: Option<Counts> = None;
        loop {
            let (at, read) = self.counts(done.max(Instant::now().checked_sub(interval / 2).unwrap_or(done)), slot).await;
            let (after, _) = read?;
            let now = Instant::now();
            (still, moved) = if last.as_ref() == Some(&after) { (still + 1, moved) } else { (0, now) };
            let rest = still >= STILL_READINGS && now - moved >= STILL;
            if rest || now - done >= LONGEST || now + interval >= until {
                let watched = after.len() as u64;
                let payload = Risen::wrap(rises(risen(&before, after), watched, expected, &self.claims));
                return Ok(Seen { payload, covered: Span { from, to: at }, origin: origin(&page), notes: vec![], partial: None });
            }
            last = Some(after);
            tokio::select! {
                () = slot.cancel.cancelled() => return Err(Gap::NotReached("interrupted".into())),
                () = tokio::time::sleep(interval) => {}
            }
        }
    }

    async fn counts(&self, since: Instant, slot: &Slot) -> (Wall, Result<(Counts, Arc<Fetched>), Gap>) {
        let (at, page) = self.pages.read(Form::Lines, since, slot).await;
        let page = match page {
            Ok(page) => page,
            Err(gap) => return (at, Err(gap)),
        };
        let (shared, instance) = (Arc::clone(&page), self.instance.clone());
        let read = tokio::task::spawn_blocking(move || counts(&shared, &instance)).await;
        (at, read.unwrap_or_else(|e| Err(Gap::Panicked(e.to_string()))).map(|counts| (counts, page)))
    }
}

/// Counts and sums of all histograms and summaries, and of what has no declared type and looks like one.
fn counts(page: &Fetched, instance: &str) -> Result<Counts, Gap> {
    // None once they take more than is kept of a page.
    let left = Cell::new(Some(MOST));
    let read = page.lines(&|sample| {
        let counts = sample.name.ends_with("_count") || sample.name.ends_with("_sum");
        if counts {
            left.set(left.get().and_then(|left| left.checked_sub(takes(pairs(&sample.labels)))));
        }
        counts && left.get().is_some()
    });
    if left.get().is_none() {
        return Err(Gap::Truncated(format!("{}: its counts and sums take more than {} MiB", page.request, MOST >> 20)));
    }
    let families = read.families.iter().filter(|f| matches!(f.kind, Kind::Histogram | Kind::Summary | Kind::Unknown));
    let mut counts = Counts::new();
    let mut sums: BTreeMap<(String, BTreeMap<String, String>), f64> = BTreeMap::new();
    for sample in families.flat_map(|f| &f.samples).filter(|s| s.value.is_finite()) {
        if let Some(metric) = sample.name.strip_suffix("_count") {
            counts.insert((metric.to_owned(), labels(pairs(&sample.labels), instance)), (sample.value, None));
        } else if let Some(metric) = sample.name.strip_suffix("_sum") {
            sums.insert((metric.to_owned(), labels(pairs(&sample.labels), instance)), sample.value);
        }
    }
    for (series, count) in &mut counts {
        count.1 = sums.get(series).copied();
    }
    Ok(counts)
}

/// What grew; a series that was not there before counted from zero, and so did one that fell.
fn risen(before: &Counts, after: Counts) -> Vec<Rise> {
    let grown = after.into_iter().filter_map(|((metric, labels), (count, sum))| {
        let key = (metric, labels);
        let (was, had) = before.get(&key).filter(|(was, _)| *was <= count).copied().unwrap_or((0.0, None));
        let (metric, labels) = key;
        (count > was).then(|| Rise { metric, labels, count: count - was, sum: sum.map(|s| s - had.unwrap_or(0.0)) })
    });
    grown.collect()
}
