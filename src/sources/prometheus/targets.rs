use super::api::Api;
use crate::{
    model::{evidence::Gap, source::Slot},
    sources::duration,
};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Scrapes that come less often than Prometheus' own default (`global.scrape_interval`) are rarely those of a server under load.
const USUAL_MS: f64 = 60e3;

/// A scrape target as the server sees it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    /// `job`, `instance` and what else the server attached.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// Its scrape pool, usually the job.
    #[serde(default)]
    pub scrape_pool: String,
    /// `up`, `down` or `unknown`.
    #[serde(default)]
    pub health: String,
    /// Why the last scrape failed; empty if it did not.
    #[serde(default)]
    pub last_error: String,
    /// `15s`, `1m30s`.
    #[serde(default)]
    pub scrape_interval: String,
    /// How long a scrape may take, in the same form.
    #[serde(default)]
    pub scrape_timeout: String,
    /// Labels before relabelling. Only `__scrape_interval__` and `__scrape_timeout__` are read of them, where an engine tells them
    /// nowhere else.
    #[serde(default)]
    discovered_labels: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Active {
    active_targets: Vec<Target>,
}

/// The active targets; engines that scrape nothing themselves have none to tell of.
pub async fn active(api: &Api, slot: &Slot) -> Result<Vec<Target>, Gap> {
    let told = api.get::<Active>("targets", &[("state", "active".into())], slot).await?;
    Ok(told.data.active_targets)
}

/// The longest scrape interval of these, ms; `None` where none is told.
pub fn longest_ms<'t>(targets: impl Iterator<Item = &'t Target>) -> Option<f64> {
    targets.filter_map(Target::interval_ms).max_by(f64::total_cmp)
}

/// The scrape interval of one of these, where nobody knows which, ms: the longest of those up to a minute; else the shortest.
pub fn usual_ms(targets: &[Target]) -> Option<f64> {
    let (usual, rare): (Vec<f64>, Vec<f64>) = targets.iter().filter_map(Target::interval_ms).partition(|ms| *ms <= USUAL_MS);
    usual.into_iter().max_by(f64::total_cmp).or(rare.into_iter().min_by(f64::total_cmp))
}

impl Target {
    /// A label's value, or an empty text.
    pub fn label(&self, name: &str) -> &str {
        self.labels.get(name).map_or("", String::as_str)
    }
    /// Its scrape interval, ms, if told.
    pub fn interval_ms(&self) -> Option<f64> {
        self.told(&self.scrape_interval, "__scrape_interval__")
    }
    /// How long a scrape of it may take, ms, if told.
    pub fn timeout_ms(&self) -> Option<f64> {
        self.told(&self.scrape_timeout, "__scrape_timeout__")
    }
    fn told(&self, text: &str, label: &str) -> Option<f64> {
        let told = |text: &str| duration::ms(text).filter(|ms| *ms > 0.0);
        told(text).or_else(|| told(self.discovered_labels.get(label)?))
    }
    /// What went wrong, without the address that Go puts before it.
    pub fn error(&self) -> &str {
        self.last_error.rsplit(": ").next().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_unknown_targets_the_longest_usual_interval_counts() {
        let usual = |intervals: &[&str]| {
            let told = |interval: &&str| serde_json::from_value(serde_json::json!({"scrapeInterval": interval})).unwrap();
            usual_ms(&intervals.iter().map(told).collect::<Vec<_>>())
        };
        assert_eq!(usual(&["15s", "1m", "5s", "5m"]), Some(60e3));
        assert_eq!(usual(&["1h", "5m", ""]), Some(300e3));
        assert_eq!((usual(&[]), usual(&["", "0s"])), (None, None));
    }

    #[test]
    fn errors_lose_their_address() {
        let target = |error: &str| Target { last_error: error.into(), ..serde_json::from_str("{}").unwrap() };
        assert_eq!(target("Get \"http://10.1.2.3:9/metrics\": dial tcp 10.1.2.3:9: connect: connection refused").error(), "connection refused");
        assert_eq!(target("").error(), "");
    }
}
