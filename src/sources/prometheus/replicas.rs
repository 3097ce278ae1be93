use super::api::Raw;
use crate::model::{
    evidence::Gap,
    payload::{Part, Series},
};
use std::collections::{BTreeMap, BTreeSet};

/// Two scrapers that scrape the same targets store everything twice, and a querier that does not know by which label they
/// differ hands out both: added up, every count would be doubled. `up` tells them from label sets of the target's own: it
/// has none, so whatever one target's `up` differs in was added by who scraped it. `None` where nothing is stored twice, or
/// the claim's `match` chooses one.
pub fn kept_apart(request: &str, up: &[Raw], series: &[Series], matched: &BTreeMap<String, String>) -> Option<Gap> {
    // One that ended before another began was replaced by it: a target that got other labels, not a second scraper.
    let label = |raw: &Raw, name: &str| raw.metric.get(name).cloned();
    let began = |of: &Raw| {
        let same = up.iter().filter(|other| ["job", "instance"].iter().all(|name| label(other, name) == label(of, name)));
        same.filter_map(|other| other.values.first()).map(|v| v.0).fold(f64::MIN, f64::max)
    };
    let together = up.iter().filter(|raw| raw.values.last().is_some_and(|last| last.0 >= began(raw)));
    let added = differing(together.map(|raw| &raw.metric), matched);
    let read = series.iter().filter(|s| s.part == Part::Count || s.part == Part::Bucket(f64::INFINITY));
    let doubled = differing(read.map(|s| &s.labels), matched);
    let label = added.intersection(&doubled).next()?;
    Some(Gap::Malformed(format!(
        "{request}: targets are stored more than once, by scrapers that differ in the label `{label}`, and their values would add up; \
         let the querier deduplicate by it (Thanos: `--query.replica-label={label}`), or name one of them under `match`"
    )))
}

/// The labels, besides those that the claim matches, in which series of one target differ.
fn differing<'s>(series: impl Iterator<Item = &'s BTreeMap<String, String>>, matched: &BTreeMap<String, String>) -> BTreeSet<&'s str> {
    let mut targets: BTreeMap<[Option<&str>; 2], Vec<&BTreeMap<String, String>>> = BTreeMap::new();
    for labels in series {
        let label = |name| labels.get(name).map(String::as_str);
        targets.entry([label("job"), label("instance")]).or_default().push(labels);
    }
    let mut found = BTreeSet::new();
    for labels in targets.values() {
        let names: BTreeSet<&str> = labels.iter().flat_map(|l| l.keys().map(String::as_str)).collect();
        let differs = |name: &&str| labels.iter().any(|l| l.get(*name) != labels[0].get(*name));
        found.extend(names.into_iter().filter(|name| !matched.contains_key(*name)).filter(differs));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_scrapers_add_tells_replicas() {
        let labels = |list: &[(&str, &str)]| -> BTreeMap<String, String> { list.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect() };
        let up_then = |replica, times: [f64; 2]| Raw {
            metric: labels(&[("job", "g"), ("instance", "a"), ("replica", replica)]),
            values: times.map(|at| (at, "1".to_owned())).to_vec(),
            histograms: vec![],
        };
        let up = |replica| up_then(replica, [0.0, 9.0]);
        let one = |replica, route| {
            let labels = labels(&[("job", "g"), ("instance", "a"), ("replica", replica), ("route", route)]);
            Series { part: Part::Count, labels, samples: vec![], created: None }
        };
        let two = [one("x", "/a"), one("x", "/b"), one("y", "/a"), one("y", "/b")];
        let gap = kept_apart("R", &[up("x"), up("y")], &two, &labels(&[])).expect("a gap").to_string();
        assert!(gap.contains("label `replica`") && !gap.contains("route"), "{gap}");
        assert_eq!(kept_apart("R", &[up("x"), up("y")], &two[..2], &labels(&[("replica", "x")])), None, "one is chosen");
        assert_eq!(kept_apart("R", &[up("x"), up("x")], &two[..2], &labels(&[])), None, "routes are the target's own");
        assert_eq!(kept_apart("R", &[up("x"), up("y")], &two[..2], &labels(&[])), None, "only one has the claim's");
        assert_eq!(kept_apart("R", &[up("x"), up_then("y", [9.5, 12.0])], &two, &labels(&[])), None, "one was replaced by the other");
    }
}
