//! From metric families to the claims of the section `metrics`: which histogram measures what, by which labels, in which unit.

use super::{
    found::{Family, Kind},
    generic,
    known::{self, Measures},
    labels, unit,
};
use crate::model::rig::Quantity;
use std::collections::{BTreeMap, BTreeSet};

/// What is proposed, and what is not.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mapping {
    /// The best first, per quantity, in report order.
    pub proposals: Vec<Proposal>,
    /// Families that look like a latency and are no help, each with why.
    pub unusable: Vec<(String, String)>,
}

/// One histogram for one quantity.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    /// What it measures.
    pub quantity: Quantity,
    /// The histogram's base name.
    pub metric: String,
    /// The spec's word for its unit.
    pub unit: &'static str,
    /// Labels that must match.
    pub labels: BTreeMap<String, String>,
    /// Do buckets carry trace ids?
    pub exemplars: bool,
    /// Where this comes from, in one line.
    pub why: String,
    /// What is to be looked at before it is trusted.
    pub doubt: Option<String>,
    /// The sources that have it.
    pub sources: BTreeSet<String>,
    /// How sure; only the order matters.
    pub score: u32,
}

/// How much a name is worth asking for: a store may hold thousands of histograms. `None` is not at all.
pub fn worth(name: &str, help: &str) -> Option<u32> {
    let known = known::of(name).map(|k| if matches!(k.what, Measures::Quantity(_)) { 100 } else { 1 });
    known.or_else(|| generic::read(name, help).map(|r| r.score))
}

/// Proposes claims.
pub fn propose(families: &[Family], chat_path: Option<&str>) -> Mapping {
    let mut mapping = Mapping::default();
    for family in families {
        match one(family, chat_path) {
            Ok(Some(proposal)) => mapping.proposals.push(proposal),
            Ok(None) => {}
            Err(why) => mapping.unusable.push((family.name.clone(), why)),
        }
    }
    mapping.proposals.sort_by(|a, b| (a.quantity, b.score, &a.metric).cmp(&(b.quantity, a.score, &b.metric)));
    mapping.unusable.sort();
    mapping
}

/// The labels by which the other sets differ. Their values may be models and routes of others, which are nobody's business.
fn others(series: &BTreeSet<BTreeMap<String, String>>, kept: &BTreeMap<String, String>) -> String {
    let differs = |label: &String, value: &String| series.iter().any(|s| s.get(label) != Some(value));
    let labels: Vec<_> = kept.iter().filter(|(label, value)| differs(label, value)).map(|(label, _)| format!("`{label}`")).collect();
    if labels.is_empty() { String::new() } else { format!(" (the others differ in {})", labels.join(", ")) }
}

fn one(family: &Family, chat_path: Option<&str>) -> Result<Option<Proposal>, String> {
    let known = known::of(&family.name);
    let (quantity, base, by) = match known.map(|k| (k, k.what)) {
        Some((_, Measures::No(why))) => return Err(why.into()),
        Some((k, Measures::Quantity(quantity))) => (quantity, 100, format!("its name, {}", k.product)),
        None => match generic::read(&family.name, &family.help) {
            Some(reading) => (reading.quantity, reading.score, reading.by.to_owned()),
            None => return Ok(None),
        },
    };
    match family.kind {
        Kind::Histogram => {}
        Kind::Summary => return Err("a summary: its quantiles can be neither summed nor compared; expose a histogram".into()),
        // A bare word or two in the name of a counter is no reason to speak of it.
        Kind::Other if base < 40 => return Ok(None),
        Kind::Other => return Err("no histogram: one number cannot tell how requests are spread; expose a histogram".into()),
    }
    let selected =
        labels::select(&family.series, chat_path).map_err(|label| format!("its series are of other routes (label `{label}`), none like chat"))?;
    let (unit, unit_why) = known.map_or_else(|| unit::of(family), |k| (k.unit, format!("unit {} as documented", k.unit)));
    let on = match family.instances {
        0 => String::new(),
        1 => " on 1 instance".into(),
        n => format!(" on {n} instances"),
    };
    let seen = match family.series.len() {
        0 => "no series yet".to_owned(),
        1 => format!("the one set of labels that it has{on}"),
        n => format!("{} of {n} sets of labels{on}{}", selected.kept, others(&family.series, &selected.labels)),
    };
    let none_yet = "it shows its labels after the first request: then run init again, or add `match`".to_owned();
    let routed = selected.labels.keys().any(|label| label != "method");
    Ok(Some(Proposal {
        quantity,
        metric: family.name.clone(),
        unit,
        score: base + if family.of_target { 200 } else { 0 } + if routed { 20 } else { 0 } + u32::from(!family.series.is_empty()) * 5,
        labels: selected.labels,
        exemplars: family.exemplars,
        why: format!("by {by}: {seen}; {unit_why}"),
        doubt: if family.series.is_empty() { Some(none_yet) } else { selected.doubt },
        sources: family.sources.clone(),
    }))
}
