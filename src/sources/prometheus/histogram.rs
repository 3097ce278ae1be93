#![allow(clippy::disallowed_methods, reason = "waits until a server has stored what it saw")]

use super::{
    api::{Told, told},
    closing::{Closing, Moving, State},
    exemplars, facts, replicas, samples, selector,
    selector::Names,
    stale, targets,
    targets::Target,
};
use crate::{
    engine::wall_now,
    model::{
        evidence::{Gap, Method, Origin, Seen},
        key::Payload,
        payload::{HistogramSeries, Scrape, Series},
        rig::{Claim, HistogramOf, Quantity},
        source::Slot,
        units::{Ms, Span, Wall},
    },
    sources::{
        native,
        ours::{mask_labels, performed, sort, succeeded},
    },
};
use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

/// The window reaches back before the act at least so far, or three scrape intervals: one sample before the act must be in
/// it, whatever the phase, also where a scrape was missed.
const BACK_MS: f64 = 5.0 * 60e3;
/// Where no target tells its interval and no samples show it: Prometheus configurations mostly say this.
pub(super) const DEFAULT_INTERVAL_MS: f64 = 15e3;
/// What is left of the time before the deadline for handing the answer over.
pub(super) const MARGIN: Duration = Duration::from_millis(500);
/// The rest of the answer (targets' `up`, metadata, exemplars) is kept for after the waiting.
const REST: Duration = Duration::from_secs(3);

/// A page is rendered a moment after its scrape is stamped, and no two clocks of a rig agree to better than this.
const SLACK_US: i64 = 50_000;

/// A server's clock.
pub(super) struct Clock {
    /// How far it is taken to be ahead of ours, µs.
    pub ahead_us: i64,
    /// How far that may be wrong, µs.
    pub doubt_us: i64,
}

impl Clock {
    /// On this clock: from where the act surely had not begun to where it was surely over.
    pub fn around(&self, act: Span) -> Span {
        Span { from: act.from.plus_us(self.ahead_us - self.doubt_us), to: act.to.plus_us(self.ahead_us + self.doubt_us) }
    }
}

/// The state of the store at one asking.
struct Asked {
    read: samples::Read,
    warnings: Vec<String>,
    infos: Vec<String>,
    request: String,
    from: Wall,
    at: Wall,
}

impl super::Prometheus {
    /// Stored samples of the claim's series, from before the act until its requests are counted.
    pub(super) async fn histogram(&self, claim: &Claim, of: &HistogramOf, slot: &Slot) -> Result<Seen, Gap> {
        let act = slot.act_done().await.map_err(|gap| match gap {
            gap @ Gap::NotReached(_) => gap,
            gap => Gap::NotReached(format!("the act failed: {gap}")),
        })?;
        let ours = performed(&act)?;
        let slot = &Slot { deadline: slot.deadline.checked_sub(MARGIN).unwrap_or(slot.deadline), ..slot.clone() };
        let (clock, mut notes) = self.clock(slot).await;
        let (ahead_us, span) = (clock.ahead_us, clock.around(act.covered));
        let targets = targets::active(&self.api, slot).await;
        let scraped = targets.as_deref().unwrap_or_default();
        // Gaps between chunks are not counted per request: only standing still ends them.
        let expected = (claim.quantity != Quantity::InterChunk).then(|| succeeded(ours) as f64);

        let (mut interval_ms, mut moving) = (None, Moving::default());
        let (mut asked, state, store) = loop {
            let back = BACK_MS.max(3.0 * interval_ms.unwrap_or_default());
            let asked = self.stored(of, span.from.plus_us((-back * 1e3) as i64), wall_now().plus_us(ahead_us), slot).await?;
            let known = interval(scraped, &of.labels, &asked.read.series);
            let widen = known.is_some_and(|ms| 3.0 * ms > back);
            interval_ms = known.or(interval_ms);
            if widen {
                continue;
            }
            let spacing = interval_ms.unwrap_or(DEFAULT_INTERVAL_MS);
            let series = &asked.read.series;
            let mut closing = Closing { series, from: span.from, to: span.to, interval_ms: spacing, expected, store: None, targets: scraped };
            let mut store = Ok(None);
            if closing.newest().is_none() {
                store = self.newest_of_all(asked.at, slot).await;
                closing.store = store.clone().ok().flatten();
            }
            let state = closing.state(asked.at, moving.look(closing.newest().or(closing.store), asked.at));
            let pause = Duration::from_secs_f64((spacing / 4.0).clamp(200.0, 3_000.0) / 1e3);
            if state != State::Open || Instant::now() + pause + REST >= slot.deadline {
                break (asked, state, store);
            }
            tokio::select! {
                () = slot.cancel.cancelled() => return Err(Gap::NotReached("interrupted".into())),
                () = tokio::time::sleep(pause) => {}
            }
        };
        if asked.read.series.is_empty() && store == Ok(None) {
            notes.push(format!(
                "{}: shows no sample of `up` either; where tenants are kept apart, `headers` must name the one that has it",
                self.api.url()
            ));
        }
        let spacing = interval_ms.unwrap_or(DEFAULT_INTERVAL_MS);
        let store = store.ok().flatten();
        let series = &asked.read.series;
        let closing = Closing { series, from: span.from, to: span.to, interval_ms: spacing, expected, store, targets: scraped };
        let late = self.late(&closing, &state, &asked);
        if interval_ms.is_none() {
            notes.push(format!("the scrape interval could not be told; {} is assumed", Ms(spacing)));
        }
        if matches!(state, State::Over | State::Open) && !asked.read.series.is_empty() {
            notes.push("the counts had neither closed nor come to rest when waiting ended".into());
        }
        if let Some(expected) = expected.filter(|e| closing.counted() < *e) {
            notes.push(format!("{} counted {} observations, our load had {expected} successful requests", of.metric, closing.counted()));
        }
        notes.extend(asked.infos.iter().chain(&asked.warnings).map(|text| told(text)));
        if asked.read.both > 0 {
            notes.push(format!(
                "{} series of {} are native histograms too; the classic ones, which are coarser, are read",
                asked.read.both, of.metric
            ));
        }
        if asked.read.without_buckets() {
            notes.push(format!(
                "`{}` has no bucket but the last: perhaps a native histogram of which the server stores no buckets (`scrape_native_histograms: true` in Prometheus 3)",
                of.metric
            ));
        }
        let schema = asked.read.unfold();
        let native = !asked.read.native.is_empty();
        if native {
            notes.push(native::told(&of.metric, schema));
        }
        let mut partial = asked.read.broken.clone().or_else(|| incomplete(&asked.request, &asked.warnings)).or(late);
        let mut answer =
            HistogramSeries { metric: of.metric.clone(), interval_ms: spacing, schema, doubt_us: clock.doubt_us, ..HistogramSeries::default() };
        let mut add = |gap: Gap| {
            partial.get_or_insert(gap);
        };
        match self.scrapes(of, &asked, slot).await {
            Ok(scrapes) => answer.scrapes = scrapes,
            Err(gap) => add(gap),
        }
        if of.exemplars {
            match exemplars::of(&self.api, selector::exemplars(of, native), (asked.from, asked.at), ours, slot).await {
                Ok(found) => answer.exemplars = found,
                Err(gap) => answer.no_exemplars = Some(gap),
            }
        }
        (answer.declared_type, answer.declared_unit) = self.metadata(&of.metric, slot).await;
        if answer.declared_type.as_deref() == Some("gaugehistogram") {
            partial.get_or_insert(Gap::Malformed(format!("`{}` is a gauge histogram: its counts may fall, so they count no requests", of.metric)));
        }
        answer.series = asked.read.series;
        to_our_clock(&mut answer, ahead_us);
        mask_labels(&mut answer.series, of);
        sort(&mut answer.series);
        let server = facts::build(&self.api, slot).await.ok().and_then(|b| b.title());
        let origin = Origin { request: asked.request, server, method: Method::Measured };
        Ok(Seen {
            payload: Payload::Histogram(answer),
            covered: Span { from: asked.from.plus_us(-ahead_us), to: asked.at.plus_us(-ahead_us) },
            origin,
            notes,
            partial,
        })
    }

    /// How the server's clock stands to ours. Below what asking took it counts as ours.
    pub(super) async fn clock(&self, slot: &Slot) -> (Clock, Vec<String>) {
        let before = wall_now();
        let told = self.api.now(slot).await;
        let after = wall_now();
        let mut unsure = (after.0 - before.0) / 2 + SLACK_US;
        // A server that cannot tell its time is taken at our own.
        let Ok((theirs, resolution_us)) = told else { return (Clock { ahead_us: 0, doubt_us: unsure }, vec![]) };
        unsure += resolution_us / 2;
        let ahead = theirs.0 + resolution_us / 2 - i64::midpoint(before.0, after.0);
        if ahead.abs() <= unsure {
            return (Clock { ahead_us: 0, doubt_us: ahead.abs() + unsure }, vec![]);
        }
        let words = if ahead > 0 { "ahead of" } else { "behind" };
        let note = format!("the server's clock is {} {words} ours; the times of its samples are moved to ours", Ms(ahead.abs() as f64 / 1e3));
        (Clock { ahead_us: ahead, doubt_us: unsure }, vec![note])
    }

    async fn stored(&self, of: &HistogramOf, from: Wall, at: Wall, slot: &Slot) -> Result<Asked, Gap> {
        let length_ms = ((at.0 - from.0) / 1_000).max(1);
        let raw = async |names| self.api.raw(&selector::histogram(of, names), at, length_ms, slot).await;
        let Told { data, warnings, infos, request } = match raw(Names::Quoted).await {
            // Who does not know quoted names of labels may know escaped ones.
            Err(gap @ Gap::Malformed(_)) if selector::has_odd_names(&of.labels) => raw(Names::Escaped).await.map_err(|_| gap)?,
            told => told?,
        };
        Ok(Asked { read: samples::read(&of.metric, stale::without_markers(data)), warnings, infos, request, from, at })
    }

    /// The newest sample of any target's `up`: how far the store has come, whatever it has of the claim.
    pub(super) async fn newest_of_all(&self, at: Wall, slot: &Slot) -> Result<Option<Wall>, Gap> {
        Ok(self.api.number("max(timestamp(up))", at, slot).await?.and_then(super::api::wall))
    }

    /// Why the end of the window is not there, if it is not: an old state is no answer about an act.
    fn late(&self, closing: &Closing<'_>, state: &State, asked: &Asked) -> Option<Gap> {
        let url = self.api.url();
        let behind = |newest: Wall| Ms((asked.at.0 - newest.0) as f64 / 1e3);
        if *state == State::Open && asked.read.series.is_empty() {
            let shown = closing.store.filter(|shown| *shown < closing.to);
            let why = shown.map_or_else(
                || "no series yet, and no time left to wait for two more scrapes".into(),
                |shown| {
                    format!(
                        "no series yet; the newest sample that it shows of any target is {} old: it gets its samples late, or hides the latest",
                        behind(shown)
                    )
                },
            );
            return Some(Gap::TooLate(format!("{url}: {why}")));
        }
        let stale = !closing.fresh() && !asked.read.series.is_empty();
        stale.then(|| {
            let newest = closing.newest().map_or_else(String::new, |newest| match state {
                // It need not lag: its next scrape is not due.
                State::Open if (asked.at.0 - newest.0) as f64 / 1e3 < closing.interval_ms => format!(
                    "; the newest of the one that lags most is {} old, the next one is due {} after it and was not waited for: scrape more often",
                    behind(newest),
                    Ms(closing.interval_ms)
                ),
                State::Open => format!(
                    "; the newest of the one that lags most is {} old, and newer ones appear: it gets its samples late, or hides the latest",
                    behind(newest)
                ),
                _ => format!("; the newest of the one that lags most is {} old, and none follows", behind(newest)),
            });
            Gap::TooLate(format!("{url}: not every instance has a sample from after the act's end{newest}"))
        })
    }

    /// What `up` says about the targets that the series come from.
    async fn scrapes(&self, of: &HistogramOf, asked: &Asked, slot: &Slot) -> Result<Vec<Scrape>, Gap> {
        let label = |s: &Series, name: &str| s.labels.get(name).cloned();
        let targets: BTreeSet<(String, String)> = asked.read.series.iter().filter_map(|s| Some((label(s, "job")?, label(s, "instance")?))).collect();
        if targets.is_empty() {
            return Ok(vec![]);
        }
        let selector = selector::up(targets.iter().map(|t| t.0.as_str()), targets.iter().map(|t| t.1.as_str()));
        let told = self.api.raw(&selector, asked.at, ((asked.at.0 - asked.from.0) / 1_000).max(1), slot).await?;
        if let Some(gap) = incomplete(&told.request, &told.warnings) {
            return Err(gap);
        }
        if let Some(gap) = replicas::kept_apart(&told.request, &told.data, &asked.read.series, &of.labels) {
            return Err(gap);
        }
        let mut scrapes = vec![];
        for up in told.data {
            let of = |name: &str| up.metric.get(name).cloned().unwrap_or_default();
            let instance = of("instance");
            if !targets.contains(&(of("job"), instance.clone())) {
                continue;
            }
            let scrape = |at: f64, value: &str| Some(Scrape { instance: instance.clone(), at: super::api::wall(at)?, ok: value == "1" });
            scrapes.extend(up.values.iter().filter(|v| v.1 != "NaN").filter_map(|(at, value)| scrape(*at, value)));
        }
        scrapes.sort_by(|a, b| (&a.instance, a.at).cmp(&(&b.instance, b.at)));
        Ok(scrapes)
    }

    /// Type and unit as declared; an engine without metadata does not tell.
    async fn metadata(&self, metric: &str, slot: &Slot) -> (Option<String>, Option<String>) {
        #[derive(Deserialize)]
        struct Declared {
            #[serde(rename = "type", default)]
            kind: String,
            #[serde(default)]
            unit: String,
        }
        let told = self.api.get::<BTreeMap<String, Vec<Declared>>>("metadata", &[("metric", metric.to_owned())], slot).await;
        let first = told.ok().and_then(|mut told| told.data.remove(metric)).and_then(|list| list.into_iter().next());
        let told = |text: String| Some(text).filter(|t| !t.is_empty());
        first.map_or((None, None), |d| (told(d.kind), told(d.unit)))
    }
}

/// The act is told on our clock: samples on another one would fall on the wrong side of its beginning.
fn to_our_clock(answer: &mut HistogramSeries, ahead_us: i64) {
    let move_back = |at: &mut Wall| *at = at.plus_us(-ahead_us);
    answer.series.iter_mut().flat_map(|s| &mut s.samples).for_each(|s| move_back(&mut s.0));
    answer.scrapes.iter_mut().for_each(|s| move_back(&mut s.at));
    answer.exemplars.iter_mut().filter_map(|e| e.at.as_mut()).for_each(move_back);
}

/// A warning beside stored samples speaks of data that is missing: a store that did not answer, a partial response. Only
/// notes of the query language's own are harmless.
pub(super) fn incomplete(request: &str, warnings: &[String]) -> Option<Gap> {
    let grave = warnings.iter().find(|w| !w.starts_with("PromQL"))?;
    Some(Gap::Truncated(format!("{request}: the server warns: {}", told(grave))))
}

/// The longest interval of the targets that the series come from. Where they come from none that is there now, or are not there
/// yet: the usual one, or the usual distance of the samples if that is longer.
pub(super) fn interval(targets: &[Target], labels: &BTreeMap<String, String>, series: &[Series]) -> Option<f64> {
    let from = |t: &&Target| {
        let same = |name: &str, wanted: Option<&String>| wanted.is_none_or(|w| w == t.label(name));
        let listed = series.iter().any(|s| same("job", s.labels.get("job")) && same("instance", s.labels.get("instance")));
        let matched = ["job", "instance"].iter().any(|n| labels.contains_key(*n)) && ["job", "instance"].iter().all(|n| same(n, labels.get(*n)));
        if series.is_empty() { matched } else { listed }
    };
    targets::longest_ms(targets.iter().filter(from)).or_else(|| {
        let mut steps: Vec<f64> = series.iter().flat_map(|s| s.samples.windows(2).map(|w| (w[1].0.0 - w[0].0.0) as f64 / 1e3)).collect();
        steps.sort_by(f64::total_cmp);
        let step = steps.get(steps.len() / 2).copied();
        step.into_iter().chain(targets::usual_ms(targets)).max_by(f64::total_cmp)
    })
}
