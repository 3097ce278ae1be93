//! What claims of usage by series have in common, whoever holds the series: which are asked for, what is kept of their labels, how
//! many are read.

use crate::model::{
    evidence::{Gap, digest},
    name::Name,
    payload::{Sample, Track},
    units::Wall,
    usage::{UsageClaim, UsageSeries},
};
use std::collections::BTreeMap;

/// Series of one claim that are read at most: a container has one for each of its interfaces, a machine one for each CPU.
pub const MOST_SERIES: usize = 1_000;
/// Samples of one answer that are kept at most.
pub const MOST_SAMPLES: usize = 1_000_000;

/// Labels whose values are kept, beside those that the claim names: who was read, and which part of whom it is.
const KEPT: [&str; 13] =
    ["job", "instance", "id", "name", "container", "container_id", "pod", "namespace", "interface", "device", "cpu", "mode", "groupname"];

/// What a source claims of a workload by series, in the order of the spec.
pub fn claimed<'c>(claims: &'c [UsageClaim], source: &Name, of: &Name) -> Result<Vec<(&'c UsageClaim, &'c UsageSeries)>, Gap> {
    let ours = claims.iter().filter(|c| c.source == *source && c.workload == *of);
    let found: Vec<_> = ours.filter_map(|c| Some((c, c.series()?))).collect();
    if found.is_empty() {
        Err(Gap::NotConfigured(format!("{source}: nothing under `resources.{of}.metrics` names a series of it")))
    } else {
        Ok(found)
    }
}

/// Labels without what others wrote into them: a value only tells one series from another, so a digest does.
#[must_use]
pub fn masked(mut labels: BTreeMap<String, String>, of: &UsageSeries) -> BTreeMap<String, String> {
    labels.remove("__name__");
    for (name, value) in &mut labels {
        if !KEPT.contains(&name.as_str()) && !of.labels.contains_key(name) {
            *value = format!("~{}", &digest(value.as_bytes())[..12]);
        }
    }
    labels
}

/// How people write the series of a claim: `container_memory_rss{name="db"}`.
pub fn shown(of: &UsageSeries) -> String {
    let labels: Vec<String> = of.labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
    if labels.is_empty() { of.metric.clone() } else { format!("{}{{{}}}", of.metric, labels.join(",")) }
}

/// Said of a claim that matches nothing: an empty answer.
pub fn nothing(claim: &UsageClaim, of: &UsageSeries) -> String {
    format!("`{}`: no series is {}; correct `series` or `match` of resources.{}.metrics.{}", claim.subject(), shown(of), claim.workload, claim.name)
}

/// Said of a claim that matches more series than a workload has.
pub fn too_many(place: &str, claim: &UsageClaim, of: &UsageSeries) -> Gap {
    Gap::Truncated(format!(
        "{place}: more than {MOST_SERIES} series are {}, which no workload has; name labels under resources.{}.metrics.{}.match",
        shown(of),
        claim.workload,
        claim.name
    ))
}

/// Said where all claims of a workload together have more samples than are kept.
pub fn too_much(place: &str, of: &Name) -> Gap {
    Gap::Truncated(format!("{place}: more than {MOST_SAMPLES} samples of `{of}`; name labels under `match`, or lengthen the interval"))
}

/// The series of a claim in the base unit of its measure, in a defined order.
pub fn tracks(claim: &UsageClaim, of: &UsageSeries, mut series: Vec<(BTreeMap<String, String>, Vec<Sample>)>) -> Vec<Track> {
    series.sort_by(|a, b| a.0.cmp(&b.0));
    let based = |samples: Vec<Sample>| samples.into_iter().map(|s| Sample(s.0, s.1 * of.unit)).collect();
    series.into_iter().map(|(labels, samples)| Track { claim: claim.name.clone(), labels: masked(labels, of), samples: based(samples) }).collect()
}

/// The usual distance of samples, ms; `None` where no series has two.
pub fn spacing_ms<'s>(series: impl Iterator<Item = &'s [Sample]>) -> Option<f64> {
    let mut steps: Vec<f64> = series.flat_map(|samples| samples.windows(2).map(|w| apart_ms(w[0].0, w[1].0))).filter(|ms| *ms > 0.0).collect();
    steps.sort_by(f64::total_cmp);
    steps.get(steps.len() / 2).copied()
}

fn apart_ms(a: Wall, b: Wall) -> f64 {
    b.0.saturating_sub(a.0) as f64 / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        name,
        usage::{Measure, Shape, Told},
    };

    fn series(labels: &[(&str, &str)]) -> UsageSeries {
        let labels = labels.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        UsageSeries { metric: "m".into(), labels, shape: Shape::Counter, unit: 1e-3 }
    }

    fn claim(of: &str) -> UsageClaim {
        UsageClaim { name: name("cpu"), source: name("p"), workload: name(of), measure: Measure::Cpu, told: Told::Series(series(&[])) }
    }

    #[test]
    fn a_workloads_claims_are_found_and_none_is_a_gap() {
        let all = [claim("a"), claim("b"), UsageClaim { told: Told::Own, ..claim("c") }];
        assert_eq!(claimed(&all, &name("p"), &name("a")).unwrap().len(), 1);
        for (source, of) in [("q", "a"), ("p", "c"), ("p", "d")] {
            assert!(matches!(claimed(&all, &name(source), &name(of)), Err(Gap::NotConfigured(_))), "{source} {of}");
        }
    }

    #[test]
    fn labels_that_say_who_it_is_stay_and_others_are_digests() {
        let of = series(&[("app", "gateway")]);
        let labels = [("__name__", "m"), ("app", "gateway"), ("interface", "eth0"), ("user", "jane@example.com")];
        let kept = masked(labels.map(|(n, v)| (n.to_owned(), v.to_owned())).into(), &of);
        assert_eq!((kept["app"].as_str(), kept["interface"].as_str(), kept.len()), ("gateway", "eth0", 3));
        assert!(kept["user"].starts_with('~') && kept["user"].len() == 13, "{kept:?}");
        assert_eq!(shown(&of), "m{app=\"gateway\"}");
    }

    #[test]
    fn values_are_in_the_base_unit_and_series_in_order() {
        let one = |cpu: &str| (BTreeMap::from([("cpu".to_owned(), cpu.to_owned())]), vec![Sample(Wall(1), 2_000.0)]);
        let tracks = tracks(&claim("a"), &series(&[]), vec![one("1"), one("0")]);
        assert_eq!(tracks.iter().map(|t| (t.labels["cpu"].as_str(), t.samples[0].1)).collect::<Vec<_>>(), [("0", 2.0), ("1", 2.0)]);
    }

    #[test]
    fn the_usual_distance_is_the_middle_one() {
        let at = |seconds: &[i64]| seconds.iter().map(|s| Sample(Wall(s * 1_000_000), 0.0)).collect::<Vec<_>>();
        let (a, b) = (at(&[0, 5, 10, 40]), at(&[7]));
        assert_eq!(spacing_ms([a.as_slice(), b.as_slice()].into_iter()), Some(5e3));
        assert_eq!(spacing_ms([b.as_slice()].into_iter()), None);
    }
}
