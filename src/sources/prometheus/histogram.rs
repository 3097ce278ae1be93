#![allow(clippy::disallowed_methods, reason = "waits until a server has stored what it saw")]

use super::{
    api::{Told, told},
    closing::{Closing, State},
    exemplars, facts, samples, selector, targets,
    targets::Target,
};
use crate::{
    engine::wall_now,
    model::{
        evidence::{Gap, Method, Origin, Seen},
        key::Payload,
        payload::{HistogramSeries, Performed, Scrape, Series},
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
        let (ahead_us, mut notes) = self.clock(slot).await;
        let span = Span { from: act.covered.from.plus_us(ahead_us), to: act.covered.to.plus_us(ahead_us) };
        let targets = targets::active(&self.api, slot).await;
        // Gaps between chunks are not counted per request: only standing still ends them.
        let expected = (claim.quantity != Quantity::InterChunk).then(|| succeeded(ours) as f64);

        let mut interval_ms = None;
        let (mut asked, state) = loop {
            let back = BACK_MS.max(3.0 * interval_ms.unwrap_or_default());
            let asked = self.stored(of, span.from.plus_us((-back * 1e3) as i64), wall_now().plus_us(ahead_us), slot).await?;
            let known = interval(targets.as_deref().unwrap_or_default(), of, &asked.read.series);
            let widen = known.is_some_and(|ms| 3.0 * ms > back);
            interval_ms = known.or(interval_ms);
            if widen {
                continue;
            }
            let spacing = interval_ms.unwrap_or(DEFAULT_INTERVAL_MS);
            let closing = Closing { series: &asked.read.series, from: span.from, to: span.to, interval_ms: spacing, expected };
            let state = closing.state(asked.at);
            let pause = Duration::from_secs_f64((spacing / 4.0).clamp(200.0, 3_000.0) / 1e3);
            if state != State::Open || Instant::now() + pause + REST >= slot.deadline {
                break (asked, state);
            }
            tokio::select! {
                () = slot.cancel.cancelled() => return Err(Gap::NotReached("interrupted".into())),
                () = tokio::time::sleep(pause) => {}
            }
        };
        let spacing = interval_ms.unwrap_or(DEFAULT_INTERVAL_MS);
        let closing = Closing { series: &asked.read.series, from: span.from, to: span.to, interval_ms: spacing, expected };
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
        let mut answer = HistogramSeries { metric: of.metric.clone(), interval_ms: spacing, schema, ..HistogramSeries::default() };
        let mut add = |gap: Gap| {
            partial.get_or_insert(gap);
        };
        match self.scrapes(&asked, slot).await {
            Ok(scrapes) => answer.scrapes = scrapes,
            Err(gap) => add(gap),
        }
        if of.exemplars {
            match self.exemplars(selector::exemplars(of, native), &asked, ours, slot).await {
                Ok(found) => answer.exemplars = found,
                Err(gap) => add(gap),
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

    /// How far the server's clock is ahead of ours, µs; below what asking took it counts as nothing.
    pub(super) async fn clock(&self, slot: &Slot) -> (i64, Vec<String>) {
        let before = wall_now();
        // A server that cannot tell its time is taken at our own.
        let Ok(theirs) = self.api.now(slot).await else { return (0, vec![]) };
        let after = wall_now();
        let (ahead, doubt) = (theirs.0 - i64::midpoint(before.0, after.0), (after.0 - before.0) / 2 + 50_000);
        if ahead.abs() <= doubt {
            return (0, vec![]);
        }
        let words = if ahead > 0 { "ahead of" } else { "behind" };
        (ahead, vec![format!("the server's clock is {} {words} ours; the times of its samples are moved to ours", Ms(ahead.abs() as f64 / 1e3))])
    }

    async fn stored(&self, of: &HistogramOf, from: Wall, at: Wall, slot: &Slot) -> Result<Asked, Gap> {
        let length_ms = ((at.0 - from.0) / 1_000).max(1);
        let Told { data, warnings, infos, request } = self.api.raw(&selector::histogram(of), at, length_ms, slot).await?;
        Ok(Asked { read: samples::read(&of.metric, data), warnings, infos, request, from, at })
    }

    /// Why the end of the window is not there, if it is not: an old state is no answer about an act.
    fn late(&self, closing: &Closing<'_>, state: &State, asked: &Asked) -> Option<Gap> {
        if *state == State::Open && asked.read.series.is_empty() {
            return Some(Gap::TooLate(format!("{}: no series yet, and no time left to wait for two more scrapes", self.api.url())));
        }
        let stale = !closing.fresh() && !asked.read.series.is_empty();
        stale.then(|| Gap::TooLate(format!("{}: not every instance has a sample from after the act's end", self.api.url())))
    }

    /// What `up` says about the targets that the series come from.
    async fn scrapes(&self, asked: &Asked, slot: &Slot) -> Result<Vec<Scrape>, Gap> {
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
        let mut scrapes = vec![];
        for up in told.data {
            let of = |name: &str| up.metric.get(name).cloned().unwrap_or_default();
            let instance = of("instance");
            if !targets.contains(&(of("job"), instance.clone())) {
                continue;
            }
            let scrape = |at: f64, value: &str| Some(Scrape { instance: instance.clone(), at: super::api::wall(at)?, ok: value == "1" });
            scrapes.extend(up.values.iter().filter_map(|(at, value)| scrape(*at, value)));
        }
        scrapes.sort_by(|a, b| (&a.instance, a.at).cmp(&(&b.instance, b.at)));
        Ok(scrapes)
    }

    async fn exemplars(&self, selector: String, asked: &Asked, ours: &Performed, slot: &Slot) -> Result<Vec<crate::model::payload::Exemplar>, Gap> {
        let (found, warnings) = exemplars::of(&self.api, selector, (asked.from, asked.at), ours, slot).await?;
        incomplete(&format!("{}: query_exemplars", self.api.url()), &warnings).map_or(Ok(found), Err)
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

/// The longest interval of the targets that the series come from; else the usual distance of their samples.
fn interval(targets: &[Target], of: &HistogramOf, series: &[Series]) -> Option<f64> {
    let from = |t: &&Target| {
        let same = |name: &str, wanted: Option<&String>| wanted.is_none_or(|w| w == t.label(name));
        let listed = series.iter().any(|s| same("job", s.labels.get("job")) && same("instance", s.labels.get("instance")));
        let matched =
            ["job", "instance"].iter().any(|n| of.labels.contains_key(*n)) && ["job", "instance"].iter().all(|n| same(n, of.labels.get(*n)));
        if series.is_empty() { matched } else { listed }
    };
    let told = targets.iter().filter(from).filter_map(Target::interval_ms).max_by(f64::total_cmp);
    told.or_else(|| {
        let mut steps: Vec<f64> = series.iter().flat_map(|s| s.samples.windows(2).map(|w| (w[1].0.0 - w[0].0.0) as f64 / 1e3)).collect();
        steps.sort_by(f64::total_cmp);
        steps.get(steps.len() / 2).copied()
    })
}
