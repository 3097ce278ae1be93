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
        units::{Ms, Wall},
    },
    usage::{
        promql::{Window, ranges},
        refresh,
    },
};
use serde::Deserialize;

/// The windows by which stored queries read a series span several of its real refreshes, which may be rarer than scrapes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WindowsAndRefresh {
    /// So many refreshes a window should span.
    pass: f64,
    /// Fewer than this are a failure.
    fail: f64,
}

/// Scrapes come a tenth of their interval late without being late.
const JITTER: f64 = 0.9;
/// Fewest distances between refreshes.
const FEWEST: u64 = 3;

impl Rule<ResourceAccuracy> for WindowsAndRefresh {
    const NAME: &'static str = "windows_and_refresh";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        super::or_all(rig, |rig, c| super::scraped(rig, c) && c.measure.cumulative())
    }

    fn judge(&self, view: &Usages<'_>, subject: &Name) -> Judgement {
        let told = view.told(subject)?;
        let metric = told.claim.series().map(|s| s.metric.as_str()).unwrap_or_default();
        let known = view.known_if_here(told.claim)?;
        let mut from: Vec<_> = [told.key.clone()].into_iter().chain(known.as_ref().map(super::super::known::Known::key)).collect();
        let mut windows: Vec<(f64, &str)> = vec![];
        let scraped = Ms(told.tracks.interval_ms);
        for source in with_queries(view.rig) {
            let stored = view.queries(source)?;
            from.push(stored.key.clone());
            for query in &stored.value.queries {
                let read = ranges(&query.expr).into_iter().filter(|r| r.metric == metric);
                windows.extend(read.filter_map(|r| match r.window {
                    Window::Ms(ms) => Some((ms, query.place.as_str())),
                    Window::RateInterval => Some((4.0 * scraped.0, query.place.as_str())),
                    Window::Variable(_) => None,
                }));
            }
        }
        let expected = format!("each window over `{metric}` spans {} refreshes", self.pass);
        if told.samples() == 0 {
            return Ok(say::no_samples(told, expected, from));
        }
        let Some((shortest, place)) = windows.into_iter().min_by(|a, b| a.0.total_cmp(&b.0)) else {
            return Ok(say::not_applicable(format!("no stored query reads `{metric}` by a window"), expected, told.samples(), from));
        };
        if told.curve.total() <= 0.0 {
            return Ok(say::not_applicable(format!("{subject} counts nothing meanwhile"), expected, told.samples(), from));
        }
        if known.as_ref().is_some_and(|k| k.curve.is_empty()) {
            let why = format!("nothing tells when {} used CPU time, and so when the series had to change", told.claim.workload);
            return Ok(say::cannot_tell(why, expected, told.samples(), from).settled_by("look whether it runs while the audit does"));
        }
        let used = |a: Wall, b: Wall| known.as_ref().is_none_or(|k| k.curve.rose(a, b).is_none_or(|rose| rose > 0.02 * (b.seconds() - a.seconds())));
        let Some(found) = refresh(&told.curve, used).filter(|r| r.n >= FEWEST) else {
            let why = format!("{subject} hardly changed, so that its refresh does not show");
            return Ok(say::cannot_tell(why, expected, told.samples(), from).settled_by(say::LONGER));
        };
        let spans = shortest / 1e3 / found.most_s;
        let status = match spans {
            s if s >= self.pass * JITTER => Status::Pass,
            _ if shortest / 1e3 / found.usual_s < self.fail => Status::Fail,
            _ => Status::Warn,
        };
        let observed = format!(
            "{place} reads {subject} by a window of {}; 95 % of its refreshes are no more than {} apart",
            Ms(shortest),
            Ms(1e3 * found.most_s)
        );
        let because = if status == Status::Pass {
            vec![]
        } else {
            vec![format!("a window of {} would span {}", Ms(1e3 * self.pass * found.most_s), self.pass)]
        };
        let figure = Figure {
            name: "refreshes a window".into(),
            value: spans,
            lo: spans,
            hi: shortest / 1e3 / found.usual_s,
            n: found.n,
            unit: String::new(),
        };
        let figure = Figure { hi: figure.hi.max(spans), ..figure };
        Ok(Finding { margin: Some((spans - self.pass) / self.pass), because, from, ..say::finding(status, figure, observed, expected) })
    }

    fn spoil(&self, _: &ResourceAccuracy, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        let Some(metric) = rig.usage_claim(subject).and_then(|c| c.series()).map(|s| s.metric.clone()) else { return };
        for source in with_queries(rig) {
            let query = StoredQuery { place: "a rule of a tenth of a second".into(), expr: format!("rate({metric}[100ms])"), every_ms: None };
            copy.alter(source, &Queries {}, |stored| stored.queries.push(query));
        }
    }
}
