use crate::{
    audits::resource_accuracy::{ResourceAccuracy, say, view::Usages, with_queries},
    model::{
        audit::{Judgement, Rule},
        evidence::Evidence,
        key::Queries,
        name::Name,
        outcome::{Figure, Finding, Status},
        payload::StoredQuery,
        rig::Rig,
        units::Ms,
    },
    usage::promql::{OF_COUNTERS, Window, ranges},
};
use serde::Deserialize;

/// Each window over a counter holds several scrapes; else a rate is extrapolated from one pair of samples, or from nothing.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RangeHonesty {
    /// Fewer scrape intervals a window are a warning ...
    warn: f64,
    /// ... and fewer than this a failure.
    fail: f64,
}

impl Rule<ResourceAccuracy> for RangeHonesty {
    const NAME: &'static str = "range_honesty";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        with_queries(rig).cloned().collect()
    }

    fn judge(&self, view: &Usages<'_>, subject: &Name) -> Judgement {
        let stored = view.queries(subject)?;
        let mut from = vec![stored.key.clone()];
        let expected = format!("windows over counters of at least {} scrape intervals", self.warn);
        let windows: Vec<(&StoredQuery, String, Window)> = stored
            .value
            .queries
            .iter()
            .flat_map(|q| ranges(&q.expr).into_iter().filter(|r| OF_COUNTERS.contains(&r.function.as_str())).map(move |r| (q, r.metric, r.window)))
            .collect();
        if windows.is_empty() {
            let why = format!("none of {} stored queries of {subject} reads a counter by a window", stored.value.queries.len());
            return Ok(say::not_applicable(why, expected, stored.value.queries.len() as u64, from));
        }
        let mut interval = stored.value.interval_ms.filter(|ms| *ms > 0.0);
        if interval.is_none() {
            // Who is scraped says it, by its own samples.
            for claim in view.rig.usage.iter().filter(|c| super::scraped(view.rig, c)) {
                let told = view.told(&claim.subject())?;
                from.push(told.key.clone());
                interval = interval.into_iter().chain(Some(told.tracks.interval_ms).filter(|ms| *ms > 0.0)).max_by(f64::total_cmp);
            }
        }
        let from = super::keys(from);
        let n = windows.len() as u64;
        let Some(interval) = interval else {
            let why = format!("how often {subject}'s series are scraped is not told");
            return Ok(say::cannot_tell(why, expected, n, from)
                .settled_by("set `scrape_interval` in the store's configuration, and name a series of it under `resources`"));
        };
        let spans: Vec<(f64, String)> = windows
            .iter()
            .filter_map(|(query, metric, window)| match window {
                Window::Ms(ms) => Some((ms / interval, format!("{}: `{metric}[{}]`", query.place, Ms(*ms)))),
                Window::RateInterval | Window::Variable(_) => None,
            })
            .collect();
        let unknown = windows.iter().filter(|(.., w)| matches!(w, Window::Variable(_))).count();
        let shortest = spans.iter().map(|s| s.0).fold(f64::INFINITY, f64::min);
        let status = match shortest {
            s if s < self.fail => Status::Fail,
            s if s < self.warn => Status::Warn,
            // What only the dashboard knows may be anything.
            _ if unknown > 0 => Status::Warn,
            _ => Status::Pass,
        };
        let few = spans.iter().filter(|s| s.0 < self.warn).count();
        let observed = format!("{few} of {n} windows over counters hold fewer than {} intervals of {}", self.warn, Ms(interval));
        let mut because: Vec<String> = spans.iter().filter(|s| s.0 < self.warn).map(|(s, what)| format!("{what} holds {s:.1}")).take(5).collect();
        because.extend((unknown > 0).then(|| format!("{unknown} windows are variables of a dashboard: use `$__rate_interval`")));
        let value = if shortest.is_finite() { shortest } else { self.warn };
        let figure = Figure::exact("intervals in the shortest window", value, n, "");
        Ok(Finding { margin: Some((value - self.warn) / self.warn), because, from, ..say::finding(status, figure, observed, expected) })
    }

    fn spoil(&self, _: &ResourceAccuracy, _: &Rig, subject: &Name, copy: &mut Evidence) {
        let query =
            StoredQuery { place: "a rule of a tenth of a second".into(), expr: "rate(process_cpu_seconds_total[100ms])".into(), every_ms: None };
        copy.alter(subject, &Queries {}, |stored| stored.queries.push(query));
    }
}
