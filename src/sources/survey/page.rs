//! A metrics page.

use super::{Goal, look::Looker};
use crate::{
    sources::exposition::{self, Format, Kind as Declared},
    spec::draft::found::{Family, Kind, Page},
};
use std::collections::{BTreeMap, BTreeSet};

/// What was on a page.
pub struct Seen {
    /// Its size.
    pub page: Page,
    /// Its families.
    pub families: Vec<Family>,
}

impl Seen {
    /// In words.
    pub fn told(&self) -> String {
        match self.page.families {
            0 => "no metrics on it yet: send a request, then look again".into(),
            n => format!("{n} families, {} of them histograms", self.page.histograms),
        }
    }
}

/// The page below an API's URL: `/metrics`, or `/metrics/` where that redirects (LiteLLM).
pub async fn below(looker: &Looker, goal: &Goal) -> (String, Result<Seen, String>) {
    let at = |path: &str| format!("{}{path}", goal.at.trim_end_matches('/'));
    match read(looker, goal, "/metrics").await {
        Ok(seen) => (at("/metrics"), Ok(seen)),
        Err(why) if why.contains("redirects") || why.contains("404") => match read(looker, goal, "/metrics/").await {
            Ok(seen) => (at("/metrics/"), Ok(seen)),
            Err(_) => (at("/metrics"), Err(why)),
        },
        Err(why) => (at("/metrics"), Err(why)),
    }
}

/// The page at a URL.
pub async fn look(looker: &Looker, goal: &Goal) -> Result<Seen, String> {
    read(looker, goal, "").await
}

async fn read(looker: &Looker, goal: &Goal, path: &str) -> Result<Seen, String> {
    let answered = looker.get(goal, path, &[], Format::ACCEPT).await?;
    if answered.looks_like_html() {
        return Err("answered with a web page, not with metrics".into());
    }
    let format = Format::from_content_type(&answered.content_type).ok_or("answered something else than metrics in a text format")?;
    let families = families(&answered.body, format);
    // A client library may have an empty page before the first request, but it says of which format.
    if families.is_empty() && !answered.content_type.contains("version=") {
        return Err("answered without a single metric".into());
    }
    let histograms = families.iter().filter(|f| f.kind == Kind::Histogram).count();
    Ok(Seen { page: Page { families: families.len(), histograms }, families })
}

/// The families of a page: names, labels and bounds, no values.
pub fn families(body: &[u8], format: Format) -> Vec<Family> {
    let page = exposition::parse(body, format);
    let declared = page.families.iter().filter(|f| f.declared || !f.samples.is_empty());
    declared.map(family).collect()
}

fn family(of: &exposition::Family<'_>) -> Family {
    let kind = match of.kind {
        Declared::Histogram => Kind::Histogram,
        Declared::Summary => Kind::Summary,
        _ => Kind::Other,
    };
    let mut series: BTreeSet<BTreeMap<String, String>> = BTreeSet::new();
    let (mut bounds, mut exemplars): (Vec<f64>, bool) = (vec![], false);
    for sample in &of.samples {
        exemplars |= sample.exemplar.as_ref().is_some_and(|e| e.labels.get("trace_id").is_some());
        if let Some(bound) = sample.labels.get("le").and_then(exposition::number).filter(|b| b.is_finite()) {
            bounds.push(bound);
        }
        let labels = sample.labels.0.iter().filter(|(n, _)| n != "le" && n != "quantile");
        series.insert(labels.map(|(n, v)| (n.to_string(), v.to_string())).collect());
    }
    bounds.sort_by(f64::total_cmp);
    bounds.dedup();
    Family {
        name: of.name.to_string(),
        kind,
        help: of.help.as_deref().unwrap_or_default().to_owned(),
        unit: of.unit.as_deref().filter(|u| !u.is_empty()).map(str::to_owned),
        series,
        instances: 0,
        bounds,
        exemplars,
        of_target: false,
        sources: BTreeSet::new(),
    }
}
