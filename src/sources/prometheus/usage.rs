//! Stored samples of what a workload uses, around an act.
#![allow(clippy::disallowed_methods, reason = "waits until a server has stored what it saw")]

use super::{
    RAREST,
    api::{Raw, Told, told, wall},
    closing::{Closing, Moving, State},
    facts,
    histogram::{Clock, DEFAULT_INTERVAL_MS, MARGIN, incomplete, interval},
    readings,
    selector::{self, Names},
    targets::{self, Target},
};
use crate::{
    engine::wall_now,
    model::{
        evidence::{Gap, Method, Origin, Seen},
        key::Payload,
        name::Name,
        payload::{Part, Sample, Series, Tracks},
        source::Slot,
        units::{Ms, Span, Wall},
        usage::{UsageClaim, UsageSeries},
    },
    sources::{exposition::number, series},
};
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

/// The window reaches back before the act at least so far, or three scrape intervals: cAdvisor looks at a container that does
/// nothing once a minute only, and stamps what it then saw.
const BACK_MS: f64 = 120e3;
/// Samples are waited for until so long after the act's end, ms, or a scrape interval if that is shorter: what a source that
/// lags behind tells of the act's last seconds.
const BEYOND_MS: f64 = 5e3;
/// The readings of the targets are asked for after the waiting.
const REST: Duration = Duration::from_secs(3);

/// One claim, and how far the store has come with it.
struct Watched<'c> {
    claim: &'c UsageClaim,
    of: &'c UsageSeries,
    series: Vec<Series>,
    /// As its targets state it, or its samples show it, ms.
    interval_ms: Option<f64>,
    moving: Moving,
    state: State,
    request: String,
    said: Vec<String>,
    partial: Option<Gap>,
    /// Samples that are no number.
    nan: usize,
    at: Wall,
    from: Wall,
}

impl super::Prometheus {
    /// Stored samples of a workload's series, from before the act to after it.
    pub(super) async fn usage(&self, of: &Name, slot: &Slot) -> Result<Seen, Gap> {
        let claims = series::claimed(&self.usage, &self.name, of)?;
        let act = slot.act_done().await.map_err(|gap| match gap {
            gap @ Gap::NotReached(_) => gap,
            gap => Gap::NotReached(format!("the act failed: {gap}")),
        })?;
        let slot = &Slot { deadline: slot.deadline.checked_sub(MARGIN).unwrap_or(slot.deadline), ..slot.clone() };
        let (clock, mut notes) = self.clock(slot).await;
        let span = clock.around(act.covered);
        let targets = targets::active(&self.api, slot).await.unwrap_or_default();
        for (claim, series) in &claims {
            self.bounded(claim, series, span.to, slot).await?;
        }
        let mut watched: Vec<_> = claims.into_iter().map(|(claim, of)| Watched::new(claim, of)).collect();
        let store = self.wait(&mut watched, &clock, span, &targets, slot).await?;
        if watched.iter().all(|w| w.series.is_empty()) && store.is_none() {
            notes.push(format!(
                "{}: shows no sample of `up` either; where tenants are kept apart, `headers` must name the one that has it",
                self.api.url()
            ));
        }
        let mut newest = watched.iter().filter_map(Watched::last).chain(store).max();
        // Of a container that ended with the act, all series end before it does: then others must show that the store went on.
        if let Some(at) = watched.iter().map(|w| w.at).max().filter(|_| newest.is_some_and(|newest| newest < span.to)) {
            newest = newest.max(self.newest_of_all(at, slot).await.ok().flatten());
        }
        let mut partial = None;
        for one in &mut watched {
            notes.append(&mut one.said);
            let late = one.late(self.api.url(), span, newest, &mut notes);
            partial = partial.or(one.partial.take()).or(late);
        }
        let readings = match self.readings(&watched, &targets, slot).await {
            Ok(readings) => readings,
            Err(gap) => {
                partial.get_or_insert(gap);
                vec![]
            }
        };
        let interval_ms = watched.iter().filter_map(|w| w.interval_ms).max_by(f64::total_cmp).unwrap_or_else(|| {
            notes.push(format!("the scrape interval could not be told; {} is assumed", Ms(DEFAULT_INTERVAL_MS)));
            DEFAULT_INTERVAL_MS
        });
        let request = watched.iter().map(|w| w.request.as_str()).collect::<Vec<_>>().join("; ");
        let (from, to) = (watched.iter().map(|w| w.from).min().unwrap_or(span.from), watched.iter().map(|w| w.at).max().unwrap_or(span.to));
        let mut answer = Tracks { interval_ms, doubt_us: clock.doubt_us, readings, ..Tracks::default() };
        for one in watched {
            answer.tracks.extend(series::tracks(one.claim, one.of, one.series.into_iter().map(|s| (s.labels, s.samples)).collect()));
        }
        // The act is told on our clock.
        let ours = |at: Wall| at.plus_us(-clock.ahead_us);
        answer.tracks.iter_mut().flat_map(|t| &mut t.samples).for_each(|s| s.0 = ours(s.0));
        answer.readings.iter_mut().for_each(|r| r.at = ours(r.at));
        notes.sort();
        notes.dedup();
        let server = facts::build(&self.api, slot).await.ok().and_then(|b| b.title());
        let origin = Origin { request, server, method: Method::Measured };
        Ok(Seen { payload: Payload::Usage(answer), covered: Span { from: ours(from), to: ours(to) }, origin, notes, partial })
    }

    /// Refuses a claim that matches far more than a workload, before its samples are asked for.
    async fn bounded(&self, claim: &UsageClaim, of: &UsageSeries, at: Wall, slot: &Slot) -> Result<(), Gap> {
        let count = async |names| self.api.number(&format!("count({})", selector::series(&of.metric, &of.labels, names)), at, slot).await;
        let there = match count(Names::Quoted).await {
            // Who does not know quoted names of labels may know escaped ones.
            Err(gap @ Gap::Malformed(_)) if selector::has_odd_names(&of.labels) => count(Names::Escaped).await.map_err(|_| gap)?,
            told => told?,
        };
        let there = there.unwrap_or(0.0);
        if there > series::MOST_SERIES as f64 { Err(series::too_many(self.api.url(), claim, of)) } else { Ok(()) }
    }

    /// Asks until each claim has what is wanted, or nothing more is to be expected. The newest sample of any target, where a
    /// claim has none as new as the act.
    async fn wait(&self, watched: &mut [Watched<'_>], clock: &Clock, span: Span, targets: &[Target], slot: &Slot) -> Result<Option<Wall>, Gap> {
        let mut store = None;
        loop {
            let (mut pause_ms, mut looked) = (f64::INFINITY, false);
            for one in watched.iter_mut().filter(|w| w.state == State::Open) {
                self.look(one, span, clock.ahead_us, targets, slot).await?;
                let spacing = one.spacing_ms();
                let mut closing =
                    Closing { series: &one.series, from: span.from, to: span.to, interval_ms: spacing, expected: None, store: None, targets };
                if !closing.fresh() {
                    if !looked {
                        (store, looked) = (self.newest_of_all(one.at, slot).await.ok().flatten(), true);
                    }
                    closing.store = store;
                }
                let moved = one.moving.look(closing.newest().or(closing.store), one.at);
                one.state = closing.reached(one.at, moved, BEYOND_MS.min(spacing));
                if one.state == State::Open {
                    pause_ms = pause_ms.min((spacing / 4.0).clamp(200.0, 3_000.0));
                }
            }
            if pause_ms.is_infinite() {
                return Ok(store);
            }
            let pause = Duration::from_secs_f64(pause_ms / 1e3);
            if Instant::now() + pause + REST >= slot.deadline {
                return Ok(store);
            }
            tokio::select! {
                () = slot.cancel.cancelled() => return Err(Gap::NotReached("interrupted".into())),
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// The state of the store with one claim. The window is widened where its targets are scraped rarely.
    async fn look(&self, one: &mut Watched<'_>, span: Span, ahead_us: i64, targets: &[Target], slot: &Slot) -> Result<(), Gap> {
        loop {
            let back = BACK_MS.max(3.0 * one.interval_ms.unwrap_or_default());
            one.from = span.from.plus_us((-back * 1e3) as i64);
            one.at = wall_now().plus_us(ahead_us);
            let length_ms = ((one.at.0 - one.from.0) / 1_000).max(1);
            let raw = async |names| self.api.raw(&selector::series(&one.of.metric, &one.of.labels, names), one.at, length_ms, slot).await;
            let Told { data, warnings, infos, request } = match raw(Names::Quoted).await {
                Err(gap @ Gap::Malformed(_)) if selector::has_odd_names(&one.of.labels) => raw(Names::Escaped).await.map_err(|_| gap)?,
                told => told?,
            };
            if data.len() > series::MOST_SERIES {
                return Err(series::too_many(self.api.url(), one.claim, one.of));
            }
            if data.iter().map(|raw| raw.values.len()).sum::<usize>() > series::MOST_SAMPLES {
                return Err(series::too_much(self.api.url(), &one.claim.workload));
            }
            one.partial = incomplete(&request, &warnings);
            one.said = infos.iter().chain(&warnings).map(|text| told(text)).collect();
            one.request = request;
            one.take(data);
            let known = interval(targets, &one.of.labels, &one.series).map(|ms| ms.min(RAREST.0));
            let widen = known.is_some_and(|ms| 3.0 * ms > back);
            one.interval_ms = known.or(one.interval_ms);
            if !widen {
                return Ok(());
            }
        }
    }

    /// Each scrape of the targets behind the series.
    async fn readings(&self, watched: &[Watched<'_>], targets: &[Target], slot: &Slot) -> Result<Vec<crate::model::payload::Reading>, Gap> {
        let whose = readings::targets(watched.iter().flat_map(|w| &w.series));
        let (from, at) = (watched.iter().map(|w| w.from).min(), watched.iter().map(|w| w.at).max());
        let Some((from, at)) = from.zip(at).filter(|_| !whose.is_empty()) else { return Ok(vec![]) };
        let length_ms = ((at.0 - from.0) / 1_000).max(1);
        let (jobs, instances) = (|| whose.iter().map(|t| t.0.as_str()), || whose.iter().map(|t| t.1.as_str()));
        let up = self.api.raw(&selector::up(jobs(), instances()), at, length_ms, slot).await?;
        if let Some(gap) = incomplete(&up.request, &up.warnings) {
            return Err(gap);
        }
        for one in watched {
            if let Some(gap) = super::replicas::kept_apart(&up.request, &up.data, &one.series, &one.of.labels) {
                return Err(gap);
            }
        }
        // Who scrapes without saying how long it took has said that it scraped.
        let took = self.api.raw(&selector::took(jobs(), instances()), at, length_ms, slot).await.map(|told| told.data).unwrap_or_default();
        Ok(readings::joined(&up.data, &took, &whose, targets))
    }
}

impl<'c> Watched<'c> {
    fn new(claim: &'c UsageClaim, of: &'c UsageSeries) -> Watched<'c> {
        Watched {
            claim,
            of,
            series: vec![],
            interval_ms: None,
            moving: Moving::default(),
            state: State::Open,
            request: String::new(),
            said: vec![],
            partial: None,
            nan: 0,
            at: Wall(0),
            from: Wall(0),
        }
    }

    /// Stored samples as series. Staleness markers (VictoriaMetrics hands them out) are no samples.
    fn take(&mut self, raw: Vec<Raw>) {
        (self.series, self.nan) = (vec![], 0);
        let stale = markers(&raw);
        for one in raw {
            let target = of_target(&one);
            let marked = |at: f64| stale.get(&target).is_some_and(|times| times.contains(&at.to_bits()));
            let mut samples = Vec::with_capacity(one.values.len());
            for (at, value) in &one.values {
                match (wall(*at), number(value)) {
                    (Some(_), Some(v)) if v.is_nan() => self.nan += usize::from(!marked(*at)),
                    (Some(at), Some(v)) if (v * self.of.unit).is_finite() => samples.push(Sample(at, v)),
                    // A recording cannot hold it, and nobody used that much.
                    _ => {
                        let why = format!("`{}` is infinite or no number at {at:e}, or that is no time", self.of.metric);
                        self.partial.get_or_insert(Gap::Malformed(why));
                    }
                }
            }
            // Own stamps of a page may come out of order; of two values at one time the first was stored.
            samples.sort_by_key(|s| s.0);
            samples.dedup_by_key(|s| s.0);
            if !samples.is_empty() {
                self.series.push(Series { part: Part::Count, labels: one.metric, samples, created: None });
            }
        }
    }

    /// How far apart its samples are, ms: those with stamps of their own may come less often than the scrapes.
    fn spacing_ms(&self) -> f64 {
        let shown = series::spacing_ms(self.series.iter().map(|s| s.samples.as_slice()));
        shown.into_iter().chain(self.interval_ms).max_by(f64::total_cmp).unwrap_or(DEFAULT_INTERVAL_MS).min(RAREST.0)
    }

    fn last(&self) -> Option<Wall> {
        self.series.iter().filter_map(|s| s.samples.last()).map(|s| s.0).max()
    }

    /// Why the end of the window is not there, where the store may not have come to it yet. Series that ended while others went on
    /// are what there is to see.
    fn late(&self, url: &str, span: Span, newest: Option<Wall>, notes: &mut Vec<String>) -> Option<Gap> {
        let (subject, shown) = (self.claim.subject(), series::shown(self.of));
        if self.nan > 0 {
            notes.push(format!("`{subject}`: {} samples of {shown} are no number, and are left out", self.nan));
        }
        let past = newest.is_some_and(|newest| newest >= span.to);
        let Some(last) = self.last() else {
            notes.push(series::nothing(self.claim, self.of));
            let waited = self.state != State::Open || past;
            return (!waited).then(|| Gap::TooLate(format!("{url}: no series is {shown} yet, and no time left to wait for two more scrapes")));
        };
        if last >= span.to {
            return None;
        }
        let before = Ms((span.to.0 - last.0) as f64 / 1e3);
        if self.state == State::Over && past {
            notes.push(format!("`{subject}`: {shown} has ended: its newest sample lies {before} before the act's end, and others go on"));
            return None;
        }
        let more = if self.state == State::Open { "and no time is left to wait for the next" } else { "and none follows" };
        Some(Gap::TooLate(format!("{url}: {shown} has no sample from after the act's end: the newest lies {before} before it, {more}")))
    }
}

fn of_target(raw: &Raw) -> [Option<String>; 2] {
    ["job", "instance"].map(|name| raw.metric.get(name).cloned())
}

/// When all series of a target that had a value at all have none: it could not be scraped then.
fn markers(raw: &[Raw]) -> BTreeMap<[Option<String>; 2], std::collections::BTreeSet<u64>> {
    let mut markers: BTreeMap<_, std::collections::BTreeSet<u64>> = BTreeMap::new();
    for one in raw {
        let nans = || one.values.iter().filter(|v| v.1 == "NaN").map(|v| v.0.to_bits()).collect::<std::collections::BTreeSet<_>>();
        let all = markers.entry(of_target(one)).or_insert_with(nans);
        *all = all.intersection(&nans()).copied().collect();
    }
    markers
}
