//! The series that claim to measure a workload: `resources.NAME.metrics`.

use super::{
    diagnostics::Problem,
    known_series,
    metrics::{labels, series_name},
    resources::cores,
    sources::{Declared, SERIES},
    table::{Field, Reading, check_name},
};
use crate::model::{
    name::{Name, name},
    node::At,
    usage::{Measure, Shape, Told, UsageClaim, UsageSeries},
};

/// Units of values, in the base unit of what they measure; `percent` and `percent_of_cores` are rates of CPU time.
const SECONDS: [(&str, f64); 4] = [("s", 1.0), ("ms", 1e-3), ("us", 1e-6), ("ns", 1e-9)];
const BYTES: [(&str, f64); 7] =
    [("bytes", 1.0), ("kB", 1e3), ("MB", 1e6), ("GB", 1e9), ("KiB", 1024.0), ("MiB", 1_048_576.0), ("GiB", 1_073_741_824.0)];
/// `percent` is of one core, as Docker's command and `top` show it; with `cores` of so many, as clouds tell it of an instance.
const RATES: [(&str, f64); 4] = [("cores", 1.0), ("millicores", 1e-3), ("percent", 0.01), ("ratio", 1.0)];

/// Reads the claims of one workload, in the order of the spec; one per source that can answer.
pub(super) fn read(workload: &str, section: &Field<'_>, sources: &[Declared], cx: &Reading) -> Vec<UsageClaim> {
    let entries = section.entries(cx).into_iter().filter(|(key, field)| check_name("a metric", key, field.key, cx));
    let claims = entries.filter_map(|(key, field)| claims(workload, key, &field, sources, cx));
    claims.flatten().collect()
}

fn claims(workload: &str, key: &str, field: &Field<'_>, sources: &[Declared], cx: &Reading) -> Option<Vec<UsageClaim>> {
    let mut table = field.table(cx)?;
    let metric = table.need("series", "container_cpu_usage_seconds_total", cx).and_then(|f| series_name(&f, cx));
    let known = metric.as_deref().and_then(known_series::of);
    let by_key = Measure::ALL.into_iter().find(|m| m.word() == key);
    let measure = match table.get("of") {
        Some(of) => of.word("measure", &Measure::ALL.map(|m| (m.word(), m)), cx),
        None => by_key.or(known.map(|k| k.measure)).or_else(|| {
            let words = Measure::ALL.map(Measure::word).join("`, `");
            cx.problem(
                Problem::new(field.key, format!("`{}` does not say what it measures", field.path)).label(format!("add `of:`, one of `{words}`")),
            );
            None
        }),
    };
    let known = known.filter(|k| measure == Some(k.measure));
    let told = table.get("type").map(|f| f.word("type of a series", &[("counter", Shape::Counter), ("gauge", Shape::Level)], cx));
    let unit = table.get("unit");
    let of_cores = table.get("cores").map(|f| cores(&f, cx));
    let labels = table.get("match").map_or_else(|| Some(std::collections::BTreeMap::new()), |f| labels(&f, cx));
    let from = from(table.get("source").as_ref(), field.key, &field.path, sources, cx);
    table.close(cx);
    let (metric, measure) = (metric?, measure?);
    let shape = match told {
        Some(told) => told?,
        None => known.map_or_else(|| shape_of(&metric, measure, unit.as_ref()), |k| k.shape),
    };
    let unit = match (unit, known) {
        (None, Some(known)) => known.unit,
        (Some(unit), _) => unit.word("unit", units(measure, shape), cx)?,
        (None, None) => unit_of_name(&metric, measure, shape, field, cx)?,
    };
    let cores = match of_cores {
        Some(cores) if measure == Measure::Cpu && shape == Shape::Level => f64::from(cores?) / 1e3,
        Some(_) => {
            cx.problem(
                Problem::new(field.key, format!("`{}.cores` is of a share of CPU time", field.path)).label("remove it, or say `unit: percent`"),
            );
            return None;
        }
        None => 1.0,
    };
    let series = UsageSeries { metric, labels: labels?, shape, unit: unit * cores };
    let claim = |source| UsageClaim { name: name(key), source, workload: name(workload), measure, told: Told::Series(series.clone()) };
    Some(from?.into_iter().map(claim).collect())
}

/// Prometheus' convention, and what a unit says: only a rate is told in cores.
fn shape_of(metric: &str, measure: Measure, unit: Option<&Field<'_>>) -> Shape {
    let rate = unit.and_then(|u| u.node.text()).is_some_and(|unit| RATES.iter().any(|(word, _)| *word == unit));
    if measure.cumulative() && !rate || metric.ends_with("_total") { Shape::Counter } else { Shape::Level }
}

fn units(measure: Measure, shape: Shape) -> &'static [(&'static str, f64)] {
    match measure {
        Measure::Cpu | Measure::Steal if shape == Shape::Level => &RATES,
        Measure::CpuLimit => &RATES,
        Measure::Cpu | Measure::Steal | Measure::Throttled | Measure::Waiting | Measure::Started => &SECONDS,
        Measure::Periods | Measure::ThrottledPeriods => &[("periods", 1.0)],
        _ => &BYTES,
    }
}

/// Prometheus' own convention: the unit is the end of the name, before `_total`.
fn unit_of_name(metric: &str, measure: Measure, shape: Shape, field: &Field<'_>, cx: &Reading) -> Option<f64> {
    let stem = metric.strip_suffix("_total").unwrap_or(metric);
    let known = [
        ("_milliseconds", 1e-3),
        ("_microseconds", 1e-6),
        ("_nanoseconds", 1e-9),
        ("_seconds", 1.0),
        ("_bytes", 1.0),
        ("_periods", 1.0),
        ("_cores", 1.0),
    ];
    let found = known.iter().find(|(end, _)| stem.ends_with(end)).map(|(_, unit)| *unit);
    if found.is_none() {
        let words = units(measure, shape).iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ");
        cx.problem(
            Problem::new(field.key, format!("`{}` does not say its unit, nor does the series' name", field.path))
                .label(format!("add `unit:`, one of {words}")),
        );
    }
    found
}

/// The sources that are asked: the one that is named, else every store, else every page.
fn from(told: Option<&Field<'_>>, at: At, path: &str, sources: &[Declared], cx: &Reading) -> Option<Vec<Name>> {
    let of = |kind: &str| sources.iter().filter(|s| s.kind == kind).map(|s| s.name.clone()).collect::<Vec<_>>();
    let Some(field) = told else {
        let found = [of("prometheus"), of("scrape")].into_iter().find(|found| !found.is_empty());
        if found.is_none() {
            cx.problem(
                Problem::new(at, format!("no source can be asked for `{path}`"))
                    .label("add `sources.prometheus` or `sources.scrape`, or name another by `source:`"),
            );
        }
        return found;
    };
    let text = field.text(cx)?;
    match sources.iter().find(|s| s.name.as_str() == text) {
        Some(found) if SERIES.contains(&found.kind) => Some(vec![found.name.clone()]),
        Some(found) => {
            let what = format!("is of kind `{}`, which holds no series", found.kind);
            cx.problem(field.refuse(what, format!("name a source of kind {}", SERIES.join(", "))).also(found.at, "declared here"));
            None
        }
        None => {
            cx.problem(Problem::unknown(
                field.node.at,
                "source",
                &text,
                sources.iter().filter(|s| SERIES.contains(&s.kind)).map(|s| s.name.as_str()),
            ));
            None
        }
    }
}
