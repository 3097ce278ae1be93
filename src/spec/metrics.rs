//! The section `metrics`: which series claim to measure what.

use super::{
    diagnostics::Problem,
    sources::{Declared, METRICS, quantity, unit_ms},
    table::{Field, Reading, check_name},
};
use crate::model::{
    name::{Name, name},
    rig::{By, Claim, HistogramOf, Quantity},
    times::{Moment, Times},
};
use std::collections::BTreeMap;

/// What the section says.
#[derive(Default)]
pub(super) struct Metrics {
    /// In the order of the spec.
    pub(super) claims: Vec<Claim>,
    /// Which events they time, by subject, where it is stated.
    pub(super) definitions: BTreeMap<Name, Times>,
}

/// Reads the claims, in the order of the spec; one per source that can answer. `guessed` says that there are sources which were
/// not understood.
pub(super) fn read(section: &Field<'_>, sources: &[Declared], guessed: bool, cx: &Reading) -> Metrics {
    let mut all = Metrics::default();
    for (key, field) in section.entries(cx) {
        if check_name("a metric", key, field.key, cx)
            && let Some((claims, times)) = claim(key, &field, sources, guessed, cx)
        {
            all.definitions.extend(times.iter().flat_map(|times| claims.iter().map(|c| (c.subject(), *times))));
            all.claims.extend(claims);
        }
    }
    all
}

fn claim(key: &str, field: &Field<'_>, sources: &[Declared], guessed: bool, cx: &Reading) -> Option<(Vec<Claim>, Option<Times>)> {
    let mut table = field.table(cx)?;
    let metric = table.need("histogram", "gateway_ttft_seconds", cx).and_then(|f| metric(&f, cx));
    let unit = match (table.get("unit"), &metric) {
        (Some(field), _) => unit_ms(&field, cx),
        (None, None) => None,
        (None, Some(metric)) => unit_of_name(metric, field, cx),
    };
    let labels = table.get("match").map_or_else(|| Some(BTreeMap::new()), |f| labels(&f, cx));
    let exemplars = table.get("exemplars").map_or(Some(false), |f| f.flag(cx));
    let times = table.get("definition").map_or(Some(None), |f| definition(&f, cx).map(Some));
    let default = Quantity::ALL.into_iter().find(|q| q.word() == key);
    let of = match table.get("of") {
        Some(field) => quantity(&field, cx),
        None if default.is_some() => default,
        None => {
            let words = Quantity::ALL.map(Quantity::word).join("`, `");
            cx.problem(
                Problem::new(field.key, format!("`{}` does not say what it measures", field.path)).label(format!("add `of:`, one of `{words}`")),
            );
            None
        }
    };
    let able: Vec<_> = sources.iter().filter(|s| METRICS.contains(&s.kind)).collect();
    let from: Option<Vec<Name>> = match table.get("source") {
        Some(field) => source(&field, sources, &able, cx).map(|s| vec![s]),
        None if able.is_empty() && guessed => None,
        None if able.is_empty() => {
            cx.problem(
                Problem::new(field.key, format!("no source can be asked for `{}`", field.path)).label("add `sources.prometheus` or `sources.scrape`"),
            );
            None
        }
        None => Some(able.iter().map(|s| s.name.clone()).collect()),
    };
    table.close(cx);
    let histogram = HistogramOf { metric: metric?, labels: labels?, unit_ms: unit?, exemplars: exemplars? };
    let quantity = of?;
    let claim = |source| Claim { name: name(key), source, quantity, by: By::Histogram(histogram.clone()) };
    Some((from?.into_iter().map(claim).collect(), times?))
}

/// `{from: arrival, to: first_token}`.
fn definition(field: &Field<'_>, cx: &Reading) -> Option<Times> {
    let words = Moment::ALL.map(|m| (m.word(), m));
    let mut table = field.table(cx)?;
    let from = table.need("from", "arrival", cx).and_then(|f| f.word("event", &words, cx));
    let to = table.need("to", "first_token", cx).and_then(|f| f.word("event", &words, cx));
    table.close(cx);
    let times = Times { from: from?, to: to? };
    if !times.in_order() {
        let (from, to) = (times.from.word(), times.to.word());
        let label = if times.from.recurs() || times.to.recurs() {
            "chunks and tokens recur and are timed from one to the next: `{from: chunk, to: chunk}`".to_owned()
        } else if times.from == times.to {
            "name the event at which the clock stops; `rigcheck explain LAT-09` lists them in their order".to_owned()
        } else {
            format!("a request runs the other way: `{{from: {to}, to: {from}}}`")
        };
        cx.problem(field.refuse(format!("says that the clock runs from `{from}` to `{to}`"), label));
        return None;
    }
    Some(times)
}

/// The name of a metric.
pub(super) fn series_name(field: &Field<'_>, cx: &Reading) -> Option<String> {
    let text = field.text(cx)?;
    if !is_name(&text, "_:.-/") {
        cx.problem(field.refuse("is not the name of a metric", "letters, digits, `_`, `:`, `.`, `-` and `/`; labels go under `match`"));
        return None;
    }
    Some(text)
}

fn metric(field: &Field<'_>, cx: &Reading) -> Option<String> {
    let text = series_name(field, cx)?;
    for suffix in ["_bucket", "_sum", "_count"] {
        if let Some(base) = text.strip_suffix(suffix) {
            cx.problem(field.refuse(format!("names one series of the histogram (`{suffix}`)"), format!("write `{base}`")));
            return None;
        }
    }
    Some(text)
}

/// Names as Prometheus has them, and as OpenTelemetry has them (`http.server.request.duration`), which Prometheus 3 and others
/// store unchanged.
fn is_name(text: &str, also: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || "_:".contains(c)) && text.chars().all(|c| c.is_ascii_alphanumeric() || also.contains(c))
}

/// Prometheus' own convention: the unit is the end of the name.
fn unit_of_name(metric: &str, field: &Field<'_>, cx: &Reading) -> Option<f64> {
    let known = [("_milliseconds", 1.0), ("_microseconds", 1e-3), ("_nanoseconds", 1e-6), ("_seconds", 1e3)];
    let found = known.iter().find(|(end, _)| metric.ends_with(end)).map(|(_, ms)| *ms);
    if found.is_none() {
        cx.problem(
            Problem::new(field.key, format!("`{}` does not say its unit, nor does the metric's name", field.path))
                .label("add `unit:`, one of s, ms, us, ns, min"),
        );
    }
    found
}

pub(super) fn labels(field: &Field<'_>, cx: &Reading) -> Option<BTreeMap<String, String>> {
    let before = cx.count();
    let mut labels = BTreeMap::new();
    for (key, value) in field.entries(cx) {
        if !is_name(key, "_.-/") || key == "le" {
            let why = if key == "le" {
                "`le` is the histogram's own label".to_owned()
            } else {
                format!("`{}` is not the name of a label", super::diagnostics::plain(key))
            };
            cx.problem(Problem::new(value.key, why).label("name labels that tell this series from others"));
        } else if let Some(text) = value.text(cx) {
            labels.insert(key.to_owned(), text);
        }
    }
    (cx.count() == before).then_some(labels)
}

fn source(field: &Field<'_>, sources: &[Declared], able: &[&Declared], cx: &Reading) -> Option<Name> {
    let text = field.text(cx)?;
    match sources.iter().find(|s| s.name.as_str() == text) {
        Some(found) if METRICS.contains(&found.kind) => Some(found.name.clone()),
        Some(found) => {
            cx.problem(
                field
                    .refuse(format!("is of kind `{}`, which holds no histograms", found.kind), "name a source of kind prometheus or scrape")
                    .also(found.at, "declared here"),
            );
            None
        }
        None => {
            cx.problem(Problem::unknown(field.node.at, "source", &text, able.iter().map(|s| s.name.as_str())));
            None
        }
    }
}
