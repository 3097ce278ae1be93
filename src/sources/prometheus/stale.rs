use super::api::Raw;
use std::collections::{BTreeMap, BTreeSet};

/// The value of a marker, as text.
const NAN: &str = "NaN";

/// Stored samples without staleness markers. Prometheus keeps them to itself; VictoriaMetrics hands them out as `NaN` in every
/// series of a target that could not be scraped. A `NaN` in some parts of a histogram only is no marker, and stays.
pub fn without_markers(mut raw: Vec<Raw>) -> Vec<Raw> {
    if !raw.iter().any(|one| one.values.iter().any(|v| v.1 == NAN)) {
        return raw;
    }
    let mut markers: BTreeMap<BTreeMap<String, String>, BTreeSet<u64>> = BTreeMap::new();
    for one in &raw {
        let nans = one.values.iter().filter(|v| v.1 == NAN).map(|v| v.0.to_bits()).collect();
        let all = markers.entry(whole(one)).or_insert_with(|| BTreeSet::clone(&nans));
        *all = all.intersection(&nans).copied().collect();
    }
    for one in &mut raw {
        if let Some(markers) = markers.get(&whole(one)) {
            one.values.retain(|v| !markers.contains(&v.0.to_bits()));
        }
    }
    raw
}

/// The labels of the histogram that a series is a part of.
fn whole(one: &Raw) -> BTreeMap<String, String> {
    one.metric.iter().filter(|(name, _)| !["__name__", "le"].contains(&name.as_str())).map(|(n, v)| (n.clone(), v.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_is_in_every_part_of_a_histogram() {
        let part = |name: &str, instance: &str, values: &[(f64, &str)]| Raw {
            metric: [("__name__", name), ("instance", instance), ("le", name)].map(|(n, v)| (n.to_owned(), v.to_owned())).into(),
            values: values.iter().map(|(at, v)| (*at, (*v).to_owned())).collect(),
            histograms: vec![],
        };
        let read = without_markers(vec![
            part("t_count", "a", &[(1.0, "5"), (2.0, "NaN")]),
            part("t_sum", "a", &[(1.0, "NaN"), (2.0, "NaN")]),
            part("t_count", "b", &[(1.0, "5"), (2.0, "6")]),
        ]);
        let left: Vec<Vec<&str>> = read.iter().map(|one| one.values.iter().map(|v| v.1.as_str()).collect()).collect();
        assert_eq!(left, [vec!["5"], vec!["NaN"], vec!["5", "6"]], "a sum that is no number is no marker");
    }
}
