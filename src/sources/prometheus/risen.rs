//! What rose in the jobs of the claimed metrics, by stored samples; only a probe asks.
#![allow(clippy::disallowed_methods, reason = "waits until a server has stored what it saw")]

use super::{
    api::{Raw, seconds, wall},
    closing::{Closing, Moving, State},
    histogram::{DEFAULT_INTERVAL_MS, MARGIN, incomplete},
    selector, targets,
    targets::Target,
};
use crate::{
    engine::wall_now,
    model::{
        evidence::{Gap, Method, Origin, Seen},
        key::{Question as _, Risen},
        payload::{Part, Rise, Sample, Series},
        rig::Claim,
        source::Slot,
        units::{Span, Wall},
    },
    sources::{
        exposition::number,
        ours::{grown, performed, rises, succeeded},
    },
};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

/// More counts and sums than this are not read: at a scrape a second their samples would be tens of megabytes.
const MOST: f64 = 4_000.0;
/// Whoever counts a request has counted it so long after its end, µs. Two scrapes without a rise, which end the waiting too, may
/// be minutes apart.
const COUNTED_US: i64 = 5_000_000;
/// A store that shows its samples later than this, µs, is not waited for.
const BEHIND_US: i64 = 60_000_000;
/// The window reaches back before the act at least so far, or three scrape intervals.
const BACK_MS: f64 = 15_000.0;

impl super::Prometheus {
    /// Counts of the claimed metrics' jobs, whatever their names and labels, from before the act until they stand still.
    pub(super) async fn risen(&self, slot: &Slot) -> Result<Seen, Gap> {
        let act = slot.act_done().await?;
        let expected = succeeded(performed(&act)?) as f64;
        let slot = &Slot { deadline: slot.deadline.checked_sub(MARGIN).unwrap_or(slot.deadline), ..slot.clone() };
        let (clock, notes) = self.clock(slot).await;
        let (ahead_us, span) = (clock.ahead_us, clock.around(act.covered));
        let jobs = self.jobs(span, slot).await;
        let interval_ms = interval(&targets::active(&self.api, slot).await.unwrap_or_default(), &jobs);
        let back = span.from.plus_us((-BACK_MS.max(3.0 * interval_ms) * 1e3) as i64);
        let selector = selector::counts(jobs.iter().map(String::as_str));
        let there = self.api.number(&format!("scalar(count({selector}))"), span.to, slot).await?.unwrap_or(0.0);
        if there > MOST {
            let whose = if jobs.is_empty() { "of all jobs (none has a claimed metric)".to_owned() } else { format!("of job {}", joined(&jobs)) };
            return Err(Gap::Truncated(format!(
                "{}: {there} counts and sums {whose} are too many to look through; at most {MOST} are",
                self.api.url()
            )));
        }
        let mut moving = Moving::default();
        loop {
            let at = wall_now().plus_us(ahead_us);
            let told = self.api.raw(&selector, at, ((at.0 - back.0) / 1_000).max(1), slot).await?;
            let series = read(told.data);
            let closing = Closing { series: &series, from: span.from, to: span.to, interval_ms, expected: None, store: None, targets: &[] };
            let pause = Duration::from_secs_f64((interval_ms / 2.0).clamp(500.0, 5_000.0) / 1e3);
            let state = closing.state(at, moving.look(closing.newest(), at));
            let counted = closing.newest().is_some_and(|newest| newest >= span.to.plus_us(COUNTED_US));
            // Some target of another job may be scraped more rarely than whoever serves requests.
            let over = counted || at >= span.to.plus_us((2.0 * interval_ms * 1e3) as i64 + BEHIND_US);
            if state == State::Open && !over && Instant::now() + pause < slot.deadline {
                tokio::select! {
                    () = slot.cancel.cancelled() => return Err(Gap::NotReached("interrupted".into())),
                    () = tokio::time::sleep(pause) => continue,
                }
            }
            let stale = !closing.fresh() && !series.is_empty();
            let late = stale.then(|| Gap::TooLate(format!("{}: not every instance has a sample from after the act's end", self.api.url())));
            let partial = incomplete(&told.request, &told.warnings).or(late);
            let (found, watched) = risen(&series, span.from);
            return Ok(Seen {
                payload: Risen::wrap(rises(found, watched, expected, &self.claims)),
                covered: Span { from: back.plus_us(-ahead_us), to: at.plus_us(-ahead_us) },
                origin: Origin { request: told.request, server: None, method: Method::Measured },
                notes,
                partial,
            });
        }
    }

    /// The jobs that have a claimed metric, under whatever labels; else those that the claims name.
    async fn jobs(&self, span: Span, slot: &Slot) -> BTreeSet<String> {
        let claimed = || self.claims.iter().filter_map(Claim::histogram);
        let parts = selector::parts(claimed().map(|h| h.metric.as_str()));
        let query = [("match[]", parts), ("start", seconds(span.from.plus_us(-3_600_000_000))), ("end", seconds(wall_now().max(span.to)))];
        let told = self.api.get::<BTreeSet<String>>("label/job/values", &query, slot).await.map(|told| told.data).unwrap_or_default();
        if told.is_empty() { claimed().filter_map(|h| h.labels.get("job").cloned()).collect() } else { told }
    }
}

/// The longest interval of the targets of these jobs, or the usual one of all, ms.
fn interval(targets: &[Target], jobs: &BTreeSet<String>) -> f64 {
    let longest = targets::longest_ms(targets.iter().filter(|t| jobs.contains(t.label("job"))));
    longest.or_else(|| targets::usual_ms(targets)).unwrap_or(DEFAULT_INTERVAL_MS)
}

/// Counts and sums, with the metric's name among the labels.
fn read(raw: Vec<Raw>) -> Vec<Series> {
    let read = raw.into_iter().filter_map(|mut one| {
        let name = one.metric.get("__name__")?;
        let (part, metric) =
            name.strip_suffix("_count").map(|m| (Part::Count, m.to_owned())).or_else(|| Some((Part::Sum, name.strip_suffix("_sum")?.to_owned())))?;
        one.metric.insert("__name__".into(), metric);
        let samples: Vec<Sample> = one.values.iter().filter_map(|(at, v)| Some(Sample(wall(*at)?, number(v).filter(|v| v.is_finite())?))).collect();
        (!samples.is_empty()).then_some(Series { part, labels: one.metric, samples, created: None })
    });
    read.collect()
}

/// What grew, and how many counts were watched. A count without a sum beside it is no histogram or summary.
fn risen(series: &[Series], from: Wall) -> (Vec<Rise>, u64) {
    let sums: BTreeMap<_, _> = series.iter().filter(|s| s.part == Part::Sum).map(|s| (&s.labels, grown(s, from))).collect();
    let counts: Vec<_> = series.iter().filter(|s| s.part == Part::Count && sums.contains_key(&s.labels)).collect();
    let grew = counts.iter().map(|s| (s, grown(s, from))).filter(|(_, by)| *by > 0.0);
    let found = grew.map(|(s, count)| {
        let mut labels = s.labels.clone();
        Rise { metric: labels.remove("__name__").unwrap_or_default(), labels, count, sum: sums.get(&s.labels).copied() }
    });
    (found.collect(), counts.len() as u64)
}

fn joined(jobs: &BTreeSet<String>) -> String {
    jobs.iter().map(|j| format!("`{j}`")).collect::<Vec<_>>().join(", ")
}
