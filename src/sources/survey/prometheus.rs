//! What a Prometheus holds, by names: its version, histograms that may time requests, their labels, instances and bounds.

use super::{
    Goal, host,
    look::{Looker, NO_TENANT},
};
use crate::{
    sources::prometheus::Build,
    spec::draft::{
        found::{Asked, Family, Kind, Server},
        speaks_llm, worth,
    },
};
use serde::{Deserialize, de::DeserializeOwned};
use std::collections::{BTreeMap, BTreeSet};

/// So many candidates are looked at closely.
const CANDIDATES: usize = 24;
/// Labels that the server attaches: they tell instances apart, not requests.
const ATTACHED: [&str; 6] = ["__name__", "job", "instance", "le", "pod", "container"];

/// A place and its answer.
pub struct Said {
    pub at: String,
    pub asked: Asked,
    pub answer: Result<Answer, String>,
}

/// What it holds.
pub struct Answer {
    /// The server.
    pub server: Server,
    /// Candidates.
    pub families: Vec<Stored>,
    /// The pages that it scrapes.
    pub scraped: Vec<String>,
}

/// A family with the instances that have it.
pub struct Stored {
    pub family: Family,
    pub instances: BTreeSet<String>,
}

#[derive(Deserialize)]
struct Envelope<T> {
    data: Option<T>,
}

#[derive(Deserialize)]
struct Meta {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    help: String,
    #[serde(default)]
    unit: String,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Targets {
    active_targets: Vec<Scraped>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Scraped {
    scrape_url: String,
}

#[derive(Deserialize)]
struct Queried {
    #[serde(default)]
    result: Vec<Sample>,
}

#[derive(Deserialize)]
struct Sample {
    #[serde(default)]
    metric: BTreeMap<String, String>,
}

impl Answer {
    /// In words.
    pub fn told(&self) -> String {
        let names = self.families.len();
        format!("{}, {} histograms, {names} of them perhaps of requests", self.server.title, self.server.histograms)
    }
    /// The page that it scrapes on the host of this URL, on the same port if there is one. A page with a query in its URL may
    /// hold a secret there.
    pub fn page_of(&self, url: &str) -> Option<&str> {
        let address = host::address(url);
        let host = |address: &str| address.rsplit_once(':').map(|(host, _)| host.to_owned());
        let near = self.scraped.iter().filter(|s| !s.contains(['?', '@']) && host(&host::address(s)) == host(&address));
        let mut near: Vec<_> = near.collect();
        near.sort_by_key(|s| (host::address(s) != address, (*s).clone()));
        near.first().filter(|s| host::address(s) == address || near.len() == 1).map(|s| s.as_str())
    }
    /// Instances with metrics of language models, at most four.
    pub fn llm_instances(&self) -> Vec<String> {
        let llm = self.families.iter().filter(|s| speaks_llm(std::slice::from_ref(&s.family)));
        llm.flat_map(|s| s.instances.iter().cloned()).collect::<BTreeSet<_>>().into_iter().take(4).collect()
    }
}

/// Looks at a server, and where nothing is at the address, below the path at which Mimir has its API.
pub async fn look(looker: &Looker, goal: &Goal) -> Said {
    const BELOW: &str = "prometheus";
    let nothing = |answer: &Result<Answer, String>| answer.as_ref().is_err_and(|why| why.starts_with("answered 404"));
    let (mut at, mut answer) = (goal.at.clone(), ask(looker, goal, "").await);
    if nothing(&answer) {
        let below = ask(looker, goal, &format!("/{BELOW}")).await;
        if !nothing(&below) {
            (at, answer) = (format!("{}/{BELOW}", at.trim_end_matches('/')), below);
        }
    }
    Said { at, asked: goal.asked, answer }
}

async fn get<T: DeserializeOwned>(looker: &Looker, goal: &Goal, prefix: &str, path: &str, query: &[(&str, String)]) -> Result<T, String> {
    let envelope: Envelope<T> = looker.json(goal, &format!("{prefix}/api/v1/{path}"), query).await?;
    envelope.data.ok_or_else(|| format!("{}{prefix}/api/v1/{path}: no data in the answer", goal.at))
}

async fn ask(looker: &Looker, goal: &Goal, prefix: &str) -> Result<Answer, String> {
    let buckets = [("match[]", r#"{__name__=~".+_bucket"}"#.to_owned())];
    let active = [("state", "active".to_owned())];
    let (build, names, metadata, targets) = tokio::join!(
        get::<Build>(looker, goal, prefix, "status/buildinfo", &[]),
        get::<Vec<String>>(looker, goal, prefix, "label/__name__/values", &buckets),
        get::<BTreeMap<String, Vec<Meta>>>(looker, goal, prefix, "metadata", &[]),
        get::<Targets>(looker, goal, prefix, "targets", &active),
    );
    // Engines without build info are known by their names; without either it is no Prometheus.
    let names = match (&build, names) {
        (_, Ok(names)) => names,
        // What it is it tells everybody, what it has only to tenants.
        (_, Err(why)) if why == NO_TENANT => return Err(why),
        (Ok(_), Err(_)) => vec![],
        (Err(why), Err(_)) => return Err(why.clone()),
    };
    let title = build.unwrap_or_default().title().unwrap_or_else(|| "a server with the Prometheus API".into());
    let metadata = metadata.unwrap_or_default();
    let stored: BTreeSet<&str> = names.iter().filter_map(|n| n.strip_suffix("_bucket")).collect();
    let server = Server { title, histograms: stored.len() };
    let mut families = candidates(&stored, &metadata);
    closer(looker, goal, prefix, &mut families).await;
    let scraped = targets.unwrap_or_default().active_targets.into_iter().map(|t| t.scrape_url).collect();
    Ok(Answer { server, families, scraped })
}

/// The names most worth a closer look, and summaries and others of such names, to be told that they are no help.
fn candidates(stored: &BTreeSet<&str>, metadata: &BTreeMap<String, Vec<Meta>>) -> Vec<Stored> {
    let meta = |name: &str| metadata.get(name).and_then(|m| m.first());
    let all: BTreeSet<&str> = stored.iter().copied().chain(metadata.keys().map(String::as_str)).collect();
    let rated = all.into_iter().filter_map(|name| {
        let help = meta(name).map_or("", |m| &m.help);
        let kind = match meta(name).map(|m| m.kind.as_str()) {
            _ if stored.contains(name) => Kind::Histogram,
            Some("histogram") => Kind::Histogram,
            Some("summary") => Kind::Summary,
            _ => Kind::Other,
        };
        Some((kind != Kind::Histogram, std::cmp::Reverse(worth(name, help)?), name, kind, help))
    });
    let mut rated: Vec<_> = rated.collect();
    rated.sort_by_key(|(other, score, name, ..)| (*other, *score, *name));
    let family = |(_, _, name, kind, help): (bool, _, &str, Kind, &str)| Family {
        name: name.to_owned(),
        kind,
        help: help.to_owned(),
        unit: meta(name).map(|m| m.unit.clone()).filter(|u| !u.is_empty()),
        series: BTreeSet::new(),
        instances: 0,
        bounds: vec![],
        exemplars: false,
        of_target: false,
        sources: BTreeSet::new(),
    };
    rated.into_iter().take(CANDIDATES).map(|r| Stored { family: family(r), instances: BTreeSet::new() }).collect()
}

/// Labels, instances and bounds of the candidates: two questions for all of them.
async fn closer(looker: &Looker, goal: &Goal, prefix: &str, families: &mut [Stored]) {
    let names: Vec<String> = families.iter().filter(|s| s.family.kind == Kind::Histogram).map(|s| escaped(&s.family.name)).collect();
    if names.is_empty() {
        return;
    }
    let any = names.join("|");
    // VictoriaMetrics hides the latest 30 s of what it may cache.
    let uncached = |query: String| [("query", query), ("nocache", "1".to_owned())];
    // The bare name is that of a native histogram.
    let counts = uncached(format!("{{__name__=~\"({any})(_count)?\"}}"));
    let bounds = uncached(format!("count by (__name__, le) ({{__name__=~\"({any})_bucket\"}})"));
    let of = async |query| get::<Queried>(looker, goal, prefix, "query", query).await;
    let (counts, bounds) = tokio::join!(of(&counts), of(&bounds));
    for Sample { metric } in counts.map(|q| q.result).unwrap_or_default() {
        let end = if metric.get("__name__").is_some_and(|name| name.ends_with("_count")) { "_count" } else { "" };
        let Some(stored) = family_of(families, &metric, end) else { continue };
        stored.instances.extend(metric.get("instance").cloned());
        stored.family.series.insert(metric.into_iter().filter(|(name, _)| !ATTACHED.contains(&name.as_str())).collect());
    }
    for Sample { metric } in bounds.map(|q| q.result).unwrap_or_default() {
        let Some(bound) = metric.get("le").and_then(|le| le.parse::<f64>().ok()).filter(|b| b.is_finite()) else { continue };
        if let Some(stored) = family_of(families, &metric, "_bucket") {
            stored.family.bounds.push(bound);
        }
    }
    for stored in families {
        stored.family.bounds.sort_by(f64::total_cmp);
    }
}

fn family_of<'f>(families: &'f mut [Stored], metric: &BTreeMap<String, String>, end: &str) -> Option<&'f mut Stored> {
    let name = metric.get("__name__")?.strip_suffix(end)?;
    families.iter_mut().find(|s| s.family.name == name)
}

/// Names of metrics hold nothing that an expression would read; anything else is matched as any character.
fn escaped(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' || c == ':' { c } else { '.' }).collect()
}
