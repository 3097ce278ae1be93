//! What an act says of our own requests, for the sources that look for them.

use crate::model::{
    evidence::{Gap, Seen, digest},
    key::Payload,
    payload::{Exemplar, Part, Performed, Rise, Rises, Series},
    rig::{Claim, HistogramOf},
    units::Wall,
};
use std::collections::HashSet;

/// What the actor saw.
pub fn performed(act: &Seen) -> Result<&Performed, Gap> {
    match &act.payload {
        Payload::Perform(performed) => Ok(performed),
        _ => Err(Gap::NotReached("the act's answer is of another kind".into())),
    }
}

/// How many requests of the act succeeded, warm-ups included: the server counted them too.
pub fn succeeded(performed: &Performed) -> u64 {
    performed.requests.iter().filter(crate::model::timeline::Timeline::ok).count() as u64
}

/// The exemplars whose trace is one of ours; nothing of the others is kept.
pub fn only_ours(performed: &Performed, mut exemplars: Vec<Exemplar>) -> Vec<Exemplar> {
    let candidates: HashSet<&str> = exemplars.iter().map(|e| e.trace_id.as_str()).collect();
    // The act may have far more requests than there are exemplars: only what matches is held.
    let ours: HashSet<String> = performed.requests.iter().map(|t| t.trace_id).filter(|id| candidates.contains(id.as_str())).collect();
    exemplars.retain(|e| ours.contains(&e.trace_id));
    exemplars.sort_by(|a, b| (&a.trace_id, a.at).cmp(&(&b.trace_id, b.at)));
    exemplars
}

/// A trace id as 32 lower-case hex digits, if it is one.
pub fn trace_id(text: &str) -> Option<String> {
    (text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit())).then(|| text.to_ascii_lowercase())
}

/// Observations that a histogram counted since `from`, over all its series: by `_count`, or by the `+Inf` buckets where a
/// source has no counts. A series without a sample at or before `from` counts from zero; a decrease is a reset.
pub fn increase(series: &[Series], from: Wall) -> f64 {
    let counts = series.iter().any(|s| s.part == Part::Count);
    let counted = series.iter().filter(|s| if counts { s.part == Part::Count } else { s.part == Part::Bucket(f64::INFINITY) });
    counted.map(|s| grown(s, from)).sum()
}

/// What one series grew by since `from`.
pub fn grown(series: &Series, from: Wall) -> f64 {
    let (mut before, mut sum) = (0.0, 0.0);
    for sample in &series.samples {
        if sample.0 > from {
            sum += if sample.1 >= before { sample.1 - before } else { sample.1 };
        }
        before = sample.1;
    }
    sum
}

/// Rises that are listed; a page that counts more than this meanwhile tells nothing by more of them.
const LISTED: usize = 50;
/// Longest label value that is listed.
const LONGEST_VALUE: usize = 120;
/// A word that mixes letters and digits and is at least so long is a key or an id, not a part of a route or of a model's name.
const ID: usize = 12;
/// Labels by which clients of LLM APIs, web frameworks and OpenTelemetry say what was served.
const SERVED: [&str; 18] = [
    "route",
    "http_route",
    "handler",
    "path",
    "method",
    "http_method",
    "http_request_method",
    "status",
    "code",
    "status_code",
    "http_status_code",
    "http_response_status_code",
    "model",
    "model_name",
    "gen_ai_request_model",
    "gen_ai_response_model",
    "gen_ai_operation_name",
    "gen_ai_token_type",
];

/// The answer to what rose: those nearest to `expected` observations first. A `match` is to be written from the labels, so
/// values stand as they are where the label says what was served, or a claim names it, and the value looks like it; whatever
/// else others wrote into labels is left out.
pub fn rises(mut series: Vec<Rise>, watched: u64, expected: f64, claims: &[Claim]) -> Rises {
    series.sort_by(|a, b| {
        let far = |r: &Rise| (r.count - expected).abs();
        far(a).total_cmp(&far(b)).then_with(|| (&a.metric, &a.labels).cmp(&(&b.metric, &b.labels)))
    });
    let left_out = series.len().saturating_sub(LISTED) as u64;
    series.truncate(LISTED);
    for rise in &mut series {
        let named = |name: &str| SERVED.contains(&name) || claims.iter().filter_map(Claim::histogram).any(|of| of.labels.contains_key(name));
        rise.labels.retain(|name, value| KEPT.contains(&name.as_str()) || named(name) && serves(value));
    }
    Rises { series, left_out, watched }
}

/// Does a value look like a route, a method, a status or a model: no free text, no address, no key?
fn serves(value: &str) -> bool {
    let plain = value.chars().all(|c| c.is_ascii_alphanumeric() || "/_-.:{}<>*".contains(c));
    let id = |word: &str| word.len() >= ID && [u8::is_ascii_digit, u8::is_ascii_alphabetic].iter().all(|kind| word.bytes().any(|b| kind(&b)));
    plain && value.len() <= LONGEST_VALUE && !value.split(|c: char| !c.is_ascii_alphanumeric()).any(id)
}

/// Labels whose values are kept as they are, beside those that the claim itself names: who was read.
const KEPT: [&str; 2] = ["instance", "job"];

/// Series without what others wrote into labels: a value only tells one set of labels from another, so a digest does, and
/// a user's name or mail address is not kept.
pub fn mask_labels(series: &mut [Series], of: &HistogramOf) {
    for (name, value) in series.iter_mut().flat_map(|s| &mut s.labels) {
        if !KEPT.contains(&name.as_str()) && !of.labels.contains_key(name) {
            *value = format!("~{}", &digest(value.as_bytes())[..12]);
        }
    }
}

/// Puts series in a defined order: by labels, buckets by edge, then sum, then count.
pub fn sort(series: &mut [Series]) {
    let place = |part: Part| match part {
        Part::Bucket(le) => (0, le),
        Part::Sum => (1, 0.0),
        Part::Count => (2, 0.0),
    };
    series.sort_by(|a, b| {
        let parts = || place(a.part).partial_cmp(&place(b.part)).unwrap_or(std::cmp::Ordering::Equal);
        a.labels.cmp(&b.labels).then_with(parts)
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::payload::Sample;

    fn count(part: Part, samples: &[(i64, f64)]) -> Series {
        let samples = samples.iter().map(|(at, v)| Sample(Wall(*at), *v)).collect();
        Series { part, labels: std::collections::BTreeMap::new(), samples, created: None }
    }

    fn grew(series: &[Series]) -> u64 {
        increase(series, Wall(10)) as u64
    }

    #[test]
    fn increases_count_from_the_last_sample_before() {
        let old = count(Part::Count, &[(5, 2.0), (10, 7.0), (20, 9.0)]);
        let new = count(Part::Count, &[(20, 4.0)]);
        let reset = count(Part::Count, &[(10, 7.0), (20, 9.0), (30, 1.0), (40, 3.0)]);
        let top = count(Part::Bucket(f64::INFINITY), &[(10, 0.0), (20, 50.0)]);
        assert_eq!([grew(std::slice::from_ref(&old)), grew(&[old, new, top.clone()]), grew(&[reset])], [2, 6, 5]);
        assert_eq!([grew(&[top]), grew(&[])], [50, 0], "without counts the widest bucket tells");
    }
}
