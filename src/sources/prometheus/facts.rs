use super::{api::Api, targets::Target};
use crate::{
    model::{
        evidence::Gap,
        payload::{FactTable, FactValue},
        source::Slot,
    },
    sources::duration,
};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Flags that change what a query answers; nothing else of the command line is kept.
const FLAGS: [&str; 6] =
    ["enable-feature", "query.lookback-delta", "query.timeout", "query.max-samples", "storage.tsdb.retention.time", "storage.tsdb.retention.size"];

/// Features that change what is stored or answered, as group and name of `/api/v1/features` (Prometheus 3.8).
const FEATURES: [(&str, &str); 4] =
    [("api", "otlp_write_receiver"), ("api", "remote_write_receiver"), ("promql", "delayed_name_removal"), ("promql", "type_and_unit_labels")];

/// What `/status/buildinfo` says.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Build {
    /// `2.42.0`.
    pub version: String,
    /// Empty on engines that only claim a version for compatibility.
    pub revision: String,
    pub go_version: String,
    /// `Grafana Mimir`; Prometheus itself does not say it.
    pub application: String,
}

impl Build {
    /// The server's name with its version; `None` where it tells none (VictoriaMetrics answers without data).
    pub fn title(&self) -> Option<String> {
        // A word or two, and nothing else that a server may put there.
        let plain = |text: &str| text.chars().filter(|c| c.is_ascii_alphanumeric() || " .-+".contains(*c)).take(30).collect::<String>();
        let version = plain(&self.version);
        match (version.as_str(), self.application.as_str(), self.go_version.as_str()) {
            ("", _, _) => None,
            (version, "", "") => Some(format!("a server that claims Prometheus {version}")),
            // Prometheus has been past 1.0 since 2016; Thanos counts its own versions.
            (version, "", _) if version.starts_with("0.") => Some(format!("a server with the Prometheus API, version {version}")),
            (version, "", _) => Some(format!("Prometheus {version}")),
            (version, application, _) => Some(format!("{} {version}", plain(application))),
        }
    }
}

/// The server's identity.
pub async fn build(api: &Api, slot: &Slot) -> Result<Build, Gap> {
    Ok(api.get::<Build>("status/buildinfo", &[], slot).await?.data)
}

/// Its command line.
pub async fn flags(api: &Api, slot: &Slot) -> Result<BTreeMap<String, String>, Gap> {
    Ok(api.get::<BTreeMap<String, String>>("status/flags", &[], slot).await?.data)
}

#[derive(Deserialize)]
struct ConfigText {
    yaml: String,
}

/// The allow-listed part of the server's configuration.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Config {
    global: Global,
    scrape_configs: Vec<Job>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Global {
    scrape_interval: Option<String>,
    scrape_timeout: Option<String>,
    evaluation_interval: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Job {
    #[serde(rename = "job_name")]
    name: String,
    honor_labels: Option<bool>,
    honor_timestamps: Option<bool>,
    scrape_interval: Option<String>,
    scrape_timeout: Option<String>,
    sample_limit: Option<u64>,
}

/// Everything about the server that bears on its answers; its identity and its targets were asked for before. A group that
/// cannot be read is a gap in its own cell.
pub async fn server(api: &Api, build: Result<Build, Gap>, active: Result<Vec<Target>, Gap>, slot: &Slot) -> FactTable {
    let mut facts = FactTable::default();
    match build {
        Ok(build) => {
            put(&mut facts, "version", Some(build.version));
            put(&mut facts, "revision", Some(build.revision));
        }
        Err(gap) => gone(&mut facts, "version", gap),
    }
    match flags(api, slot).await {
        Ok(mut told) => FLAGS.iter().for_each(|flag| put(&mut facts, &format!("flag.{flag}"), told.remove(*flag))),
        Err(gap) => gone(&mut facts, "flags", gap),
    }
    // Who does not know the question has no features to tell of.
    if let Ok(told) = api.get::<BTreeMap<String, BTreeMap<String, bool>>>("features", &[], slot).await {
        let on = |(group, name): (&str, &str)| told.data.get(group)?.get(name).map(bool::to_string);
        for (group, name) in FEATURES {
            put(&mut facts, &format!("feature.{name}"), on((group, name)));
        }
    }
    match api.get::<ConfigText>("status/config", &[], slot).await {
        Ok(told) => config(&mut facts, &told.data.yaml),
        Err(gap) => gone(&mut facts, "config", gap),
    }
    match active {
        Ok(active) => targets(&mut facts, &active),
        Err(gap) => gone(&mut facts, "targets", gap),
    }
    facts
}

/// The scrape interval of its configuration, ms, if it tells it.
pub async fn scrape_interval_ms(api: &Api, slot: &Slot) -> Option<f64> {
    let told = api.get::<ConfigText>("status/config", &[], slot).await.ok()?;
    let config: Config = serde_yaml::from_str(&told.data.yaml).ok()?;
    duration::ms(&config.global.scrape_interval?).filter(|ms| *ms > 0.0)
}

fn config(facts: &mut FactTable, yaml: &str) {
    let config: Config = match serde_yaml::from_str(yaml) {
        Ok(config) => config,
        // The reader's own message would quote the file.
        Err(_) => return gone(facts, "config", Gap::Malformed("the server's configuration could not be read as YAML".into())),
    };
    put(facts, "config.scrape_interval", config.global.scrape_interval);
    put(facts, "config.scrape_timeout", config.global.scrape_timeout);
    put(facts, "config.evaluation_interval", config.global.evaluation_interval);
    for job in config.scrape_configs {
        let name = |fact: &str| format!("job.{}.{fact}", job.name);
        put(facts, &name("scrape_interval"), job.scrape_interval);
        put(facts, &name("scrape_timeout"), job.scrape_timeout);
        put(facts, &name("honor_timestamps"), job.honor_timestamps.map(|b| b.to_string()));
        put(facts, &name("honor_labels"), job.honor_labels.map(|b| b.to_string()));
        if let Some(limit) = job.sample_limit.filter(|l| *l > 0) {
            facts.set(name("sample_limit"), limit.to_string());
        }
    }
}

fn targets(facts: &mut FactTable, active: &[Target]) {
    let up = active.iter().filter(|t| t.health == "up").count();
    facts.set("targets", active.len().to_string());
    facts.set("targets.up", up.to_string());
    let mut jobs: BTreeMap<&str, Vec<&Target>> = BTreeMap::new();
    for target in active {
        jobs.entry(&target.scrape_pool).or_default().push(target);
    }
    for (job, targets) in jobs {
        let up = targets.iter().filter(|t| t.health == "up").count();
        facts.set(format!("job.{job}.targets"), targets.len().to_string());
        facts.set(format!("job.{job}.targets_up"), up.to_string());
        if let Some(failing) = targets.iter().find(|t| !t.last_error.is_empty()) {
            facts.set(format!("job.{job}.last_error"), failing.error());
        }
    }
}

fn put(facts: &mut FactTable, fact: &str, value: Option<String>) {
    facts.answer(fact, Ok(value.filter(|v| !v.is_empty()).map(FactValue::Text)), "");
}

fn gone(facts: &mut FactTable, fact: &str, gap: Gap) {
    facts.gap(fact, gap);
}
