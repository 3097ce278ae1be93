//! What rose in the place of what was claimed, and what to write.

use super::{
    State,
    beside::{fitting, word},
};
use crate::{
    model::{
        payload::{Rise, Rises},
        rig::{Claim, HistogramOf, Quantity},
        units::Ms,
    },
    traces::Figures,
};
use std::collections::BTreeMap;

/// Candidates that are shown.
const SHOWN: usize = 3;
/// Labels that name who was scraped, not what was served: no part of a `match`.
const WHERE: [&str; 12] =
    ["instance", "job", "exported_instance", "exported_job", "pod", "container", "namespace", "node", "endpoint", "service", "host", "__replica__"];

/// Says what counted our request instead of the claimed series, best first.
pub fn instead(rises: &Rises, claim: &Claim, of: &HistogramOf, client: &Figures, gaps: u64, scraped: bool) -> Vec<(State, String)> {
    let own = client.get(claim.quantity);
    let ours = |r: &&Rise| {
        let gaps_of_ours = claim.quantity == Quantity::InterChunk && (r.count - gaps as f64).abs() < 0.5;
        (r.count - 1.0).abs() < 0.5 || gaps_of_ours
    };
    let value = |r: &Rise| r.sum.map(|s| s / r.count);
    let mut fits: Vec<(&Rise, f64)> = rises.series.iter().filter(ours).filter_map(|r| Some((r, fitting(value(r)?, own?, of.unit_ms)?))).collect();
    let similar = |r: &Rise| (r.metric != of.metric, of.labels.iter().filter(|(n, v)| r.labels.get(*n) != Some(*v)).count());
    fits.sort_by_key(|(r, _)| similar(r));
    // Where the claimed metric itself rose under other labels, other metrics are beside the point.
    if fits.first().is_some_and(|(r, _)| r.metric == of.metric) {
        fits.retain(|(r, _)| r.metric == of.metric);
    }
    if !fits.is_empty() {
        return fits.into_iter().take(SHOWN).map(|(r, unit)| (State::Wrong, written(r, claim, of, unit))).collect();
    }
    let doubt = |text: String| vec![(State::Doubtful, text)];
    if rises.series.is_empty() {
        let place = if scraped {
            "this page did not see our request: another replica or worker behind the target served it, or the page is of another deployment; read them all by a Prometheus, or name the page of the one that serves"
        } else {
            "the targets of this job did not serve our request: a replica that Prometheus does not scrape did, or they are of another deployment, or count only what they have sampled"
        };
        return doubt(format!("none of {} counts rose: {place}", rises.watched));
    }
    let shown: Vec<String> = rises.series.iter().take(SHOWN).map(|r| told(r, of)).collect();
    let more = rises.series.len() as u64 + rises.left_out - shown.len() as u64;
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    doubt(format!(
        "{}{more} rose meanwhile, none as our request would{}: traffic of others, perhaps of another deployment than the target; probe again while nothing else runs",
        shown.join(", "),
        own.map(|ms| format!(" (by 1, with {})", Ms(ms))).unwrap_or_default()
    ))
}

/// A series as PromQL writes it.
pub fn series(metric: &str, labels: &BTreeMap<String, String>) -> String {
    let labels: Vec<String> = labels.iter().map(|(n, v)| format!("{n}={v:?}")).collect();
    if labels.is_empty() { metric.to_owned() } else { format!("{metric}{{{}}}", labels.join(",")) }
}

fn told(rise: &Rise, of: &HistogramOf) -> String {
    let mean = rise.sum.map(|s| format!(", {} each", Ms(s / rise.count * of.unit_ms))).unwrap_or_default();
    format!("`{}` (by {}{mean})", series(&rise.metric, &served(&rise.labels)), rise.count)
}

/// What counted our request, and the line that means it.
fn written(rise: &Rise, claim: &Claim, of: &HistogramOf, unit_ms: f64) -> String {
    let served = served(&rise.labels);
    let value = rise.sum.map(|s| format!(" with {}", Ms(s / rise.count * unit_ms))).unwrap_or_default();
    let seen = format!("`{}` rose by {}{value} instead", series(&rise.metric, &served), rise.count);
    let unit = word(unit_ms).unwrap_or("s");
    let same_unit = (unit_ms / of.unit_ms - 1.0).abs() < 1e-6;
    if rise.metric == of.metric && same_unit {
        // Only what the spec names, as it should be named; labels that it leaves open stay open.
        let matching: BTreeMap<_, _> = of.labels.keys().filter_map(|n| Some((n.clone(), rise.labels.get(n)?.clone()))).collect();
        return format!("{seen}: write `match: {}`", flow(&matching));
    }
    format!("{seen}: write `{}: {{histogram: {}, unit: {unit}, match: {}}}`", claim.name, rise.metric, flow(&served))
}

fn served(labels: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    labels.iter().filter(|(n, _)| !WHERE.contains(&n.as_str())).map(|(n, v)| (n.clone(), v.clone())).collect()
}

/// A mapping in YAML's flow style; whatever is not plainly a word or a path is quoted.
fn flow(labels: &BTreeMap<String, String>) -> String {
    let plain = |v: &str| {
        v.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/')
            && v.chars().all(|c| c.is_ascii_alphanumeric() || "/_-.".contains(c))
            && !["true", "false", "null", "yes", "no", "on", "off"].contains(&v.to_ascii_lowercase().as_str())
    };
    let pairs: Vec<String> =
        labels.iter().map(|(n, v)| if plain(v) { format!("{n}: {v}") } else { format!("{n}: {}", serde_json::Value::from(v.as_str())) }).collect();
    format!("{{{}}}", pairs.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_to_be_written_can_be_read_as_yaml() {
        let labels = BTreeMap::from([
            ("route".to_owned(), "/v1/chat".to_owned()),
            ("code".into(), "200".into()),
            ("x".into(), "a: {b}".into()),
            ("y".into(), "Yes".into()),
        ]);
        assert_eq!(flow(&labels), r#"{code: "200", route: /v1/chat, x: "a: {b}", y: "Yes"}"#);
        assert_eq!(series("a_s", &labels), r#"a_s{code="200",route="/v1/chat",x="a: {b}",y="Yes"}"#);
        assert_eq!((series("a_s", &BTreeMap::new()), flow(&BTreeMap::new())), ("a_s".into(), "{}".into()));
    }
}
