//! What a server tells of its own scrapes of a target: whether each worked, and how long it took.

use super::{
    api::{Raw, wall},
    targets::Target,
};
use crate::{
    model::payload::{Reading, Series},
    sources::exposition::number,
};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Jobs and instances behind some series.
pub fn targets<'s>(series: impl Iterator<Item = &'s Series>) -> BTreeSet<(String, String)> {
    let label = |s: &Series, name: &str| s.labels.get(name).cloned();
    series.filter_map(|s| Some((label(s, "job")?, label(s, "instance")?))).collect()
}

/// Each scrape of these targets, in the order of time. `up` and `scrape_duration_seconds` of a scrape have the same stamp.
pub fn joined(up: &[Raw], took: &[Raw], whose: &BTreeSet<(String, String)>, targets: &[Target]) -> Vec<Reading> {
    let who = |raw: &Raw| {
        let label = |name: &str| raw.metric.get(name).cloned().unwrap_or_default();
        (label("job"), label("instance"))
    };
    let mut durations: HashMap<((String, String), u64), f64> = HashMap::new();
    for raw in took {
        let seconds = raw.values.iter().filter_map(|(at, value)| Some((at.to_bits(), number(value).filter(|s| s.is_finite())?)));
        durations.extend(seconds.map(|(at, seconds)| ((who(raw), at), seconds * 1e3)));
    }
    let mut readings = vec![];
    for raw in up {
        let (job, instance) = who(raw);
        if !whose.contains(&(job.clone(), instance.clone())) {
            continue;
        }
        let known = targets.iter().find(|t| t.label("job") == job && t.label("instance") == instance);
        let timeout_ms = known.and_then(Target::timeout_ms);
        let target = BTreeMap::from([("job".to_owned(), job.clone()), ("instance".to_owned(), instance.clone())]);
        // A marker of staleness is no scrape.
        for (at, value) in raw.values.iter().filter(|v| v.1 != "NaN") {
            let Some(when) = wall(*at) else { continue };
            let took_ms = durations.get(&((job.clone(), instance.clone()), at.to_bits())).copied();
            readings.push(Reading { target: target.clone(), at: when, ok: value == "1", took_ms, timeout_ms });
        }
    }
    readings.sort_by(|a, b| (&a.target, a.at).cmp(&(&b.target, b.at)));
    readings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(instance: &str, values: &[(f64, &str)]) -> Raw {
        Raw {
            metric: [("job", "g"), ("instance", instance)].map(|(n, v)| (n.to_owned(), v.to_owned())).into(),
            values: values.iter().map(|(at, v)| (*at, (*v).to_owned())).collect(),
            histograms: vec![],
        }
    }

    #[test]
    fn a_scrape_is_told_with_its_duration() {
        let whose = BTreeSet::from([("g".to_owned(), "a".to_owned())]);
        let target = serde_json::json!({"labels": {"job": "g", "instance": "a"}, "scrapeTimeout": "10s"});
        let targets = [serde_json::from_value::<Target>(target).unwrap()];
        let up = [raw("a", &[(1.0, "1"), (2.0, "0"), (3.0, "NaN")]), raw("b", &[(1.0, "1")])];
        let took = [raw("a", &[(1.0, "0.25")])];
        let read = joined(&up, &took, &whose, &targets);
        let told: Vec<_> = read.iter().map(|r| (r.at.0, r.ok, r.took_ms, r.timeout_ms)).collect();
        assert_eq!(told, [(1_000_000, true, Some(250.0), Some(10e3)), (2_000_000, false, None, Some(10e3))]);
        assert!(read.iter().all(|r| r.target["instance"] == "a"));
    }
}
