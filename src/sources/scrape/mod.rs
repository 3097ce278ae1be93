//! A metrics page, read directly: the series of a histogram and of what workloads use around an act, and how well formed the page is.
#![allow(clippy::float_cmp, reason = "a counter that did not change has the same value to the last bit")]
#![allow(clippy::disallowed_methods, reason = "readings keep a pace on the monotonic clock")]

pub(super) mod delimited;
pub(super) mod extract;
mod pages;
mod risen;
mod sampled;
mod usage;
mod watched;

use super::{
    exposition::lost_by_lax_reader,
    failing::advised,
    ours::{mask_labels, performed, sort, succeeded},
};
use crate::{
    engine::wall_now,
    model::{
        audit::Effort,
        evidence::{Gap, Method, Origin, Seen},
        key::{Histogram, Payload, Query, When},
        name::Name,
        payload::Exposition,
        rig::{Claim, HistogramOf, Quantity},
        source::{Answer, Cost, Slot, Source, Timing},
        units::{Ms, Span, Wall},
        usage::UsageClaim,
    },
    spec::settings::Connection,
};
pub(super) use extract::MOST as KEPT;
use extract::{Extract, extract};
pub(super) use pages::{CAP, Fetched};
use pages::{Form, Pages};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{sync::Mutex, time::sleep_until};
use watched::Watched;

/// Counts that did not move for so many readings, and for so long, stand still.
const STILL_READINGS: u32 = 3;
const STILL: Duration = Duration::from_secs(2);
/// Counts that neither close nor stand still (foreign traffic, workers with registries of their own) are waited for no
/// longer than this after the act; the requests themselves were over at its end.
const LONGEST: Duration = Duration::from_secs(30);
/// What is left of the time before the deadline for handing the answer over.
const MARGIN: Duration = Duration::from_millis(300);
/// A first reading that fails in passing is tried again so often: without it there is no baseline.
const FIRST_TRIES: u32 = 3;
/// Beyond this size the well-formedness of a page is not told: a lax reader, with which it is compared, keeps every sample.
const COMPARED: usize = 16 << 20;
/// Doubts that are kept in the evidence of a page.
const FIRST_DOUBTS: usize = 20;

/// When a reading began, and what the page said of a claim.
type Reading = (Wall, Result<(Extract, Arc<Fetched>), Gap>);

/// One metrics page.
pub struct Scrape {
    name: Name,
    pages: Pages,
    instance: String,
    interval: Ms,
    claims: Vec<Claim>,
    usage: Vec<UsageClaim>,
    /// Claims of one page read it one after the other: it may be large, and what is remembered of it with it.
    turn: Mutex<()>,
}

impl Scrape {
    /// The page at the connection's URL, read every `interval` while an act runs.
    pub fn new(name: Name, connection: &Connection, interval: Ms, claims: Vec<Claim>) -> Result<Self, Gap> {
        let url = reqwest::Url::parse(&connection.url).map_err(|e| Gap::NotConfigured(format!("{}: {e}", connection.url)))?;
        let port = url.port_or_known_default().map(|p| format!(":{p}")).unwrap_or_default();
        let instance = format!("{}{port}", url.host_str().unwrap_or_default());
        Ok(Scrape {
            name,
            pages: Pages::new(connection)?,
            instance,
            interval: Ms(interval.0.max(50.0)),
            claims,
            usage: vec![],
            turn: Mutex::default(),
        })
    }
    /// The same, with what it claims of workloads.
    #[must_use]
    pub fn with_usage(self, usage: Vec<UsageClaim>) -> Self {
        Scrape { usage, ..self }
    }

    fn claim(&self, query: &Histogram) -> Result<(&Claim, &HistogramOf), Gap> {
        let claim = self.claims.iter().find(|c| c.name == query.claim && c.source == self.name);
        claim
            .and_then(|c| Some((c, c.histogram()?)))
            .ok_or_else(|| Gap::NotConfigured(format!("{}: no histogram claim named `{}`", self.name, query.claim)))
    }

    /// One reading. The page is asked for in protobuf once its lines show that they cannot hold the histogram, and as lines
    /// again if it has no other form.
    async fn read(&self, of: &HistogramOf, since: Instant, form: &mut Option<Form>, slot: &Slot) -> Reading {
        let (at, read) = self.read_as(form.unwrap_or(Form::Lines), of, since, slot).await;
        let lacks_buckets = read.as_ref().is_ok_and(|(extract, _)| extract.perhaps_native());
        if form.is_some() || !lacks_buckets {
            return (at, read);
        }
        let native = self.read_as(Form::Protobuf, of, since, slot).await;
        match &native.1 {
            Ok((_, page)) if page.format.is_none() => {
                *form = Some(Form::Protobuf);
                native
            }
            // A form that it refuses (406, a page of something else) is one that it does not have.
            Err(gap) if gap.transient() => native,
            _ => {
                *form = Some(Form::Lines);
                (at, read)
            }
        }
    }

    async fn read_as(&self, form: Form, of: &HistogramOf, since: Instant, slot: &Slot) -> Reading {
        let (at, page) = self.pages.read(form, since, slot).await;
        let page = match page {
            Ok(page) => page,
            Err(gap) => return (at, Err(gap)),
        };
        let (shared, of, instance) = (Arc::clone(&page), of.clone(), self.instance.clone());
        let _turn = self.turn.lock().await;
        // A large page must not hold up the load generator's own tasks.
        let read = tokio::task::spawn_blocking(move || extract(&shared, &of, &instance)).await;
        (at, read.map(|extract| (extract, page)).map_err(|e| Gap::Panicked(e.to_string())))
    }

    /// Reads before, during and after the act, until its requests are counted.
    async fn watch(&self, query: &Histogram, slot: &Slot) -> Result<Seen, Gap> {
        let (claim, of) = self.claim(query)?;
        let interval = Duration::from_secs_f64(self.interval.0 / 1e3);
        let until = slot.deadline.checked_sub(MARGIN).unwrap_or(slot.deadline);
        // Readings end before the engine gives up on the whole answer.
        let slot = &Slot { deadline: until, ..slot.clone() };
        let mut seen = Watched::new(&of.metric, &self.instance, self.interval);
        let mut form = None;
        let (from, origin) = self.first(of, slot, interval, &mut seen, &mut form).await?;
        slot.say_ready();

        let mut next = Instant::now() + interval;
        let act = loop {
            tokio::select! {
                biased;
                act = slot.act_done() => break act.map_err(not_reached)?,
                () = slot.cancel.cancelled() => return Err(Gap::NotReached("interrupted".into())),
                () = sleep_until(until.into()) => return Err(Gap::TooLate(format!("{}: the act did not end before the deadline", self.pages.url()))),
                () = sleep_until(next.into()) => {}
            }
            let (at, reading) = self.read(of, Instant::now().checked_sub(interval / 2).unwrap_or(next), &mut form, slot).await;
            next = Instant::now().max(next + interval);
            seen.add(at, reading.map(|r| r.0));
        };

        let (done, performed) = (Instant::now(), performed(&act)?);
        // Gaps between chunks are not counted per request: only standing still ends them.
        let expected = (claim.quantity != Quantity::InterChunk).then(|| succeeded(performed) as f64);
        let mut notes = vec![];
        let (mut before, mut moved, mut still) = (seen.counted(), done, 0);
        let last = loop {
            let (at, reading) = self.read(of, done.max(Instant::now().checked_sub(interval / 2).unwrap_or(done)), &mut form, slot).await;
            let worked = reading.is_ok();
            seen.add(at, reading.map(|r| r.0));
            let (now, counted) = (Instant::now(), seen.counted());
            if worked {
                (still, moved) = if counted == before { (still + 1, moved) } else { (0, now) };
                before = counted;
                let closed = expected.is_some_and(|e| counted >= e) && (still > 0 || now - done >= STILL);
                if closed || still >= STILL_READINGS && now - moved >= STILL {
                    break at;
                }
            }
            if now + interval >= until || now - done >= LONGEST {
                notes.push("the counts had neither closed nor come to rest when watching ended".into());
                break at;
            }
            tokio::select! {
                () = slot.cancel.cancelled() => return Err(Gap::NotReached("interrupted".into())),
                () = tokio::time::sleep(interval) => {}
            }
        };
        if let Some(expected) = expected.filter(|e| before < *e) {
            notes.push(format!("{} counted {before} observations, our load had {expected} successful requests", of.metric));
        }
        let (mut answer, more, partial) = seen.finish(performed);
        mask_labels(&mut answer.series, of);
        sort(&mut answer.series);
        notes.extend(more);
        if self.pages.avoided_draft() {
            notes.push("the page prefers OpenMetrics 2, a draft; it is read as text 0.0.4, which carries no exemplars".into());
        }
        Ok(Seen { payload: Payload::Histogram(answer), covered: Span { from, to: last }, origin, notes, partial })
    }

    async fn first(
        &self,
        of: &HistogramOf,
        slot: &Slot,
        pause: Duration,
        seen: &mut Watched,
        form: &mut Option<Form>,
    ) -> Result<(Wall, Origin), Gap> {
        // Readings of other claims of this page that began a moment ago are as good: the act has not begun.
        let since = Instant::now().checked_sub(pause / 2).unwrap_or_else(Instant::now);
        let mut tries = 0;
        loop {
            let (at, reading) = self.read(of, if tries == 0 { since } else { Instant::now() }, form, slot).await;
            match reading {
                Ok((extract, page)) => {
                    seen.add(at, Ok(extract));
                    return Ok((at, origin(&page)));
                }
                Err(gap) if gap.transient() && tries + 1 < FIRST_TRIES => {
                    tries += 1;
                    tokio::select! {
                        () = slot.cancel.cancelled() => return Err(Gap::NotReached("interrupted".into())),
                        () = tokio::time::sleep(pause.min(Duration::from_secs(1))) => {}
                    }
                }
                Err(gap) => return Err(gap),
            }
        }
    }

    /// How well formed the page is.
    async fn page(&self, slot: &Slot) -> Result<Seen, Gap> {
        let (at, page) = self.pages.read(Form::Lines, Instant::now(), slot).await;
        let (page, origin) = page.map(|p| (Arc::clone(&p), origin(&p)))?;
        if page.body.len() > COMPARED {
            return Err(Gap::Truncated(format!("{}: more than {} MiB: how well formed it is was not looked at", page.request, COMPARED >> 20)));
        }
        let read = tokio::task::spawn_blocking(move || exposition(&page)).await;
        let payload = Payload::Page(read.map_err(|e| Gap::Panicked(e.to_string()))?);
        Ok(Seen { payload, covered: Span { from: at, to: wall_now() }, origin, notes: vec![], partial: None })
    }
}

impl Source for Scrape {
    fn name(&self) -> &Name {
        &self.name
    }
    fn timing(&self, query: &Query) -> Timing {
        match query {
            Query::Histogram(_) | Query::Risen(_) | Query::Usage(_) => Timing::Watch,
            _ => Timing::Recall { settle: Ms(0.0) },
        }
    }
    fn ask<'a>(&'a self, query: &'a Query, _effort: Effort, slot: &'a Slot) -> Answer<'a> {
        Box::pin(async move {
            let answer = match query {
                Query::Histogram(q) if matches!(q.when, When::During(_)) => self.watch(q, slot).await,
                Query::Risen(q) if matches!(q.when, When::During(_)) => self.risen(slot).await,
                Query::Usage(q) if matches!(q.when, When::During(_)) => self.usage(&q.of, slot).await,
                Query::Page(_) => self.page(slot).await,
                other => Err(Gap::NotConfigured(format!("{}: a metrics page cannot answer {} of that time", self.name, other.word()))),
            };
            answer.map_err(|gap| advised(gap, &self.name))
        })
    }
    fn cost(&self) -> Cost {
        self.pages.cost()
    }
}

fn origin(page: &Fetched) -> Origin {
    Origin { request: page.request.clone(), server: page.server.clone(), method: Method::Measured }
}

fn not_reached(gap: Gap) -> Gap {
    if matches!(gap, Gap::NotReached(_)) { gap } else { Gap::NotReached(format!("the act failed: {gap}")) }
}

fn exposition(page: &Fetched) -> Exposition {
    let read = page.lines(&|_| true);
    Exposition {
        format: read.format.title().into(),
        families: read.families.len() as u64,
        samples: read.samples().count() as u64,
        exemplars: read.samples().filter(|s| s.exemplar.is_some()).count() as u64,
        doubts: read.doubtful_lines,
        lost_by_lax_reader: lost_by_lax_reader(&page.body, &read),
        first_doubts: read.doubts.into_iter().take(FIRST_DOUBTS).collect(),
        bytes: page.body.len() as u64,
    }
}
