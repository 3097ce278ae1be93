//! Metrics pages as protobuf: messages of `io.prometheus.client` (`metrics.proto` of prometheus/client_model), each with its
//! length before it. Only this form carries native histograms. It is read in place, one family at a time: fields that are
//! not known are passed over, and what is kept of a page is bounded whatever its bytes say.

mod histogram;

use super::line::MOST_LABELS;
pub use crate::sources::wire::Broken;
use crate::sources::wire::{Fields, Value, bytes};
pub use histogram::{Buckets, Histogram, Mark};

/// The content type, without its parameters.
pub const MEDIA: &str = "application/vnd.google.protobuf";
/// What to ask for where a native histogram is wanted; text where the page has no such form. The weights are those of
/// Prometheus' own order.
pub const ACCEPT: &str = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited,\
                          application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1";

/// Is it this form: messages with their lengths before them?
pub fn is_delimited(content_type: &str) -> bool {
    let mut parts = content_type.split(';').map(|p| p.trim().to_ascii_lowercase());
    let encoding = |p: &String| p.trim_start().starts_with("encoding=");
    parts.next().as_deref() == Some(MEDIA) && parts.find(encoding).is_none_or(|e| e == "encoding=delimited")
}

/// A metric family, not yet read further.
#[derive(Clone, Copy, Debug, Default)]
pub struct Family<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its type as a word; empty for one that the format does not have.
    pub kind: &'static str,
    /// Its unit; empty if untold.
    pub unit: &'a str,
    message: &'a [u8],
}

/// One series of a family.
#[derive(Clone, Debug, Default)]
pub struct Metric<'a> {
    /// Labels as they stand.
    pub labels: Vec<(&'a str, &'a str)>,
    /// Its own timestamp, ms since the epoch, if it has one.
    pub timestamp_ms: Option<i64>,
    /// What it holds, if it is a histogram.
    pub histogram: Option<Histogram<'a>>,
}

/// The family of a name. `Err` where the page cannot be read up to its end: it may have been there, or be only in part.
pub fn family<'a>(page: &'a [u8], name: &str) -> Result<Option<Family<'a>>, Broken> {
    let (mut rest, mut found) = (page, None);
    while !rest.is_empty() {
        let message = bytes(&mut rest)?;
        if named(message)? == name.as_bytes() && found.is_none() {
            found = Some(head(message)?);
        }
    }
    Ok(found)
}

/// All names, for whoever only looks.
fn named(family: &[u8]) -> Result<&[u8], Broken> {
    for field in Fields::of(family) {
        if let (1, Value::Bytes(name)) = field? {
            return Ok(name);
        }
    }
    Ok(&[])
}

fn head(message: &[u8]) -> Result<Family<'_>, Broken> {
    let mut family = Family { message, kind: KINDS[0], ..Family::default() };
    for field in Fields::of(message) {
        match field? {
            (1, Value::Bytes(name)) => family.name = text(name)?,
            (3, Value::Varint(kind)) => family.kind = usize::try_from(kind).ok().and_then(|k| KINDS.get(k)).copied().unwrap_or_default(),
            (5, Value::Bytes(unit)) => family.unit = text(unit)?,
            _ => {}
        }
    }
    Ok(family)
}

/// `MetricType`, in the words of the text formats.
const KINDS: [&str; 6] = ["counter", "gauge", "summary", "unknown", "histogram", "gaugehistogram"];

impl<'a> Family<'a> {
    /// Its series, one after another.
    pub fn metrics(&self) -> impl Iterator<Item = Result<Metric<'a>, Broken>> + use<'a> {
        let metrics = Fields::of(self.message).filter_map(|field| match field {
            Ok((4, Value::Bytes(metric))) => Some(Ok(metric)),
            Ok(_) => None,
            Err(broken) => Some(Err(broken)),
        });
        metrics.map(|metric| one(metric?))
    }
}

fn one(message: &[u8]) -> Result<Metric<'_>, Broken> {
    let mut metric = Metric::default();
    for field in Fields::of(message) {
        match field? {
            (1, Value::Bytes(_)) if metric.labels.len() >= MOST_LABELS => return Err(Broken("a series has more labels than any has")),
            (1, Value::Bytes(pair)) => metric.labels.push(label(pair)?),
            (6, Value::Varint(ms)) => metric.timestamp_ms = Some(ms.cast_signed()),
            (7, Value::Bytes(histogram)) => metric.histogram = Some(Histogram::of(histogram)),
            _ => {}
        }
    }
    Ok(metric)
}

fn label(pair: &[u8]) -> Result<(&str, &str), Broken> {
    let (mut name, mut value) = ("", "");
    for field in Fields::of(pair) {
        match field? {
            (1, Value::Bytes(bytes)) => name = text(bytes)?,
            (2, Value::Bytes(bytes)) => value = text(bytes)?,
            _ => {}
        }
    }
    Ok((name, value))
}

fn text(bytes: &[u8]) -> Result<&str, Broken> {
    std::str::from_utf8(bytes).map_err(|_| Broken("a text is not valid UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::is_delimited;

    #[test]
    fn the_answers_type_decides() {
        for yes in [
            "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited",
            "application/vnd.google.protobuf;proto=io.prometheus.client.metricfamily;encoding=delimited;escaping=values",
        ] {
            assert!(is_delimited(yes), "{yes}");
        }
        for no in ["application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=text", "text/plain", ""] {
            assert!(!is_delimited(no), "{no}");
        }
    }
}
