#![allow(clippy::float_cmp, reason = "the formats name exact values")]

use super::{
    format::Format,
    page::{Exemplar, Family, Kind, Sample},
};

/// Endings that sample names add to the name of their family.
pub const ENDINGS: [&str; 8] = ["_bucket", "_sum", "_count", "_created", "_total", "_info", "_gsum", "_gcount"];

/// The type that a word declares, and whether the format knows it.
pub fn kind(word: &str, format: Format) -> (Kind, bool) {
    let open = format == Format::OpenMetrics;
    match word {
        "counter" => (Kind::Counter, true),
        "gauge" => (Kind::Gauge, true),
        "histogram" => (Kind::Histogram, true),
        "summary" => (Kind::Summary, true),
        "untyped" => (Kind::Unknown, !open),
        "unknown" => (Kind::Unknown, open),
        "gaugehistogram" => (Kind::GaugeHistogram, open),
        "info" => (Kind::Info, open),
        "stateset" => (Kind::StateSet, open),
        _ => (Kind::Unknown, false),
    }
}

/// May a sample of this name stand in a family of this name and type?
pub fn holds(family: &str, kind: Kind, sample: &str, format: Format) -> bool {
    let Some(ending) = sample.strip_prefix(family) else { return false };
    let open = format == Format::OpenMetrics;
    match (kind, ending) {
        (Kind::Counter, "_total" | "_created") | (Kind::Summary | Kind::Histogram, "_created") => open,
        (Kind::Info, ending) => ending == "_info",
        (Kind::Histogram, "_bucket" | "_sum" | "_count") | (Kind::Summary, "_sum" | "_count") => true,
        (Kind::GaugeHistogram, ending) => matches!(ending, "_bucket" | "_gsum" | "_gcount"),
        (_, ending) => ending.is_empty(),
    }
}

/// What is wrong with a sample beside its family's type, by itself.
pub fn doubt(family: &Family<'_>, sample: &Sample<'_>, format: Format) -> Option<&'static str> {
    let open = format == Format::OpenMetrics;
    let ending = sample.name.strip_prefix(family.name.as_ref()).unwrap_or_default();
    let negative = sample.value < 0.0 || sample.value.is_nan();
    let exemplar = sample.exemplar.as_deref();
    match (family.kind, ending) {
        (_, "_created") => None,
        (Kind::Counter, _) if negative => Some("a counter is negative or no number"),
        (Kind::Counter, "") if open => Some("the sample of a counter must end in `_total`"),
        (Kind::Counter, _) => None,
        (Kind::Histogram, "") => Some("a histogram has a sample without `_bucket`, `_sum` or `_count`"),
        (Kind::Summary, "") => quantile(sample),
        (Kind::Summary, "_count") if negative => Some("a count is negative or no number"),
        (Kind::Info, _) if sample.value != 1.0 => Some("the value of an info must be 1"),
        (Kind::StateSet, _) if sample.value != 0.0 && sample.value != 1.0 => Some("the value of a state must be 0 or 1"),
        (Kind::StateSet, _) if sample.labels.get(&family.name).is_none() => Some("a state has no label of its family's name"),
        (Kind::Histogram | Kind::GaugeHistogram, "_bucket") => exemplar.and_then(|e| above(e, sample)),
        _ if exemplar.is_some() && open => Some("an exemplar may stand only beside a bucket or a counter"),
        _ => None,
    }
}

fn quantile(sample: &Sample<'_>) -> Option<&'static str> {
    match sample.labels.get("quantile").map(super::number::number) {
        None => Some("a summary has a sample without `quantile`"),
        Some(Some(q)) if (0.0..=1.0).contains(&q) => None,
        Some(_) => Some("a quantile is not between 0 and 1"),
    }
}

fn above(exemplar: &Exemplar<'_>, bucket: &Sample<'_>) -> Option<&'static str> {
    let le = super::number::number(bucket.labels.get("le")?)?;
    (exemplar.value > le || exemplar.value.is_nan()).then_some("an exemplar lies outside its bucket")
}
