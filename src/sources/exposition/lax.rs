#![allow(clippy::float_cmp, reason = "two readers of one text must agree to the last bit")]

use super::page::{Page, Sample};
use prometheus_parse::{Scrape, Value};
use std::{collections::HashMap, fmt::Write as _};

/// How many samples of a page a lax reader (`prometheus-parse`) loses or changes: the reader that many small tools use,
/// without a word about what it drops. `text` is the page that `page` was read from.
pub fn lost_by_lax_reader(text: &[u8], page: &Page<'_>) -> u64 {
    let lines = String::from_utf8_lossy(text);
    let Ok(lax) = Scrape::parse(lines.lines().map(|line| Ok(line.to_owned()))) else {
        return page.samples().count() as u64;
    };
    let mut found: HashMap<String, Vec<(f64, i64)>> = HashMap::new();
    for sample in &lax.samples {
        let at = sample.timestamp.timestamp_millis();
        let labels = || sample.labels.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect::<Vec<_>>();
        let mut put = |name: &str, extra: Option<(&str, f64)>, value| {
            found.entry(key(name, labels(), extra)).or_default().push((value, at));
        };
        match &sample.value {
            Value::Counter(x) | Value::Gauge(x) | Value::Untyped(x) => put(&sample.metric, None, *x),
            Value::Histogram(buckets) => {
                let name = format!("{}_bucket", sample.metric);
                for bucket in buckets {
                    put(&name, Some(("le", bucket.less_than)), bucket.count);
                }
            }
            Value::Summary(quantiles) => {
                for quantile in quantiles {
                    put(&sample.metric, Some(("quantile", quantile.quantile)), quantile.count);
                }
            }
        }
    }
    let kept = |sample: &Sample<'_>| {
        let same = |(value, at): &(f64, i64)| {
            let value_same = *value == sample.value || value.is_nan() && sample.value.is_nan();
            value_same && sample.timestamp.is_none_or(|t| t.0.div_euclid(1_000) == *at)
        };
        let edge = ["le", "quantile"].into_iter().find_map(|edge| Some((edge, super::number::number(sample.labels.get(edge)?)?)));
        let labels = sample.labels.0.iter().map(|(n, v)| (n.as_ref(), v.as_ref()));
        let rest = labels.clone().filter(|(n, _)| edge.is_none_or(|(e, _)| e != *n)).collect();
        // A lax reader sees an edge as a number in declared histograms and summaries, and as text elsewhere.
        let keys = [key(&sample.name, rest, edge), key(&sample.name, labels.collect(), None)];
        keys.iter().filter_map(|k| found.get(k)).flatten().any(same)
    };
    page.samples().filter(|sample| !kept(sample)).count() as u64
}

/// Name and labels as one text, whatever the order of the labels.
fn key(name: &str, mut labels: Vec<(&str, &str)>, edge: Option<(&str, f64)>) -> String {
    labels.sort_unstable();
    let mut text = format!("{name}\u{1}");
    for (n, v) in labels {
        text.extend([n, "\u{2}", v, "\u{1}"]);
    }
    if let Some((n, edge)) = edge {
        let _ = write!(text, "\u{3}{n}\u{2}{edge:?}");
    }
    text
}
