//! The rules of a server: what it records and alerts by.

use super::{Build, Prometheus, facts, targets};
use crate::{
    engine::wall_now,
    model::{
        evidence::{Gap, Method, Origin, Seen},
        key::Payload,
        payload::{StoredQueries, StoredQuery},
        source::Slot,
        units::Span,
    },
    sources::stored_query::{self, MOST},
};
use serde::{Deserialize, de::IgnoredAny};

/// Groups of one answer; who does not know the word answers with all of them.
const PAGE: usize = 500;
/// A server whose pages never end is left after so many.
const PAGES: usize = 100;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    #[serde(default)]
    groups: Vec<Group>,
    #[serde(default)]
    group_next_token: String,
}

#[derive(Deserialize)]
struct Group {
    /// Seconds between two evaluations.
    #[serde(default)]
    interval: f64,
    #[serde(default)]
    rules: Vec<Rule>,
}

#[derive(Deserialize)]
struct Rule {
    #[serde(default)]
    name: String,
    #[serde(default)]
    query: String,
    #[serde(rename = "type", default)]
    kind: String,
}

impl Prometheus {
    /// Recording and alerting rules, and how often targets are scraped.
    pub(super) async fn queries(&self, slot: &Slot) -> Result<Seen, Gap> {
        let from = wall_now();
        let (mut queries, mut request, mut token, mut partial) = (vec![], String::new(), String::new(), None);
        for page in 0.. {
            let mut query = vec![("group_limit", PAGE.to_string())];
            if !token.is_empty() {
                query.push(("group_next_token", token.clone()));
            }
            let told = self.api.get::<Page>("rules", &query, slot).await?;
            if page == 0 {
                request = told.request;
            }
            queries.extend(told.data.groups.iter().flat_map(stored));
            let next = told.data.group_next_token;
            if queries.len() > MOST || page + 1 == PAGES && !next.is_empty() {
                queries.truncate(MOST);
                partial = Some(stored_query::too_many(self.api.url()));
                break;
            }
            // A token that leads to itself leads nowhere.
            if next.is_empty() || next == token {
                break;
            }
            token = next;
        }
        if queries.is_empty() && self.keeps_no_rules(slot).await {
            return Err(Gap::NotConfigured(format!(
                "{request}: this server evaluates no rules: it answers every question about them with an empty list, even one that \
                 cannot be read; name who does, such as vmalert, as a source of kind `prometheus` (or start VictoriaMetrics with \
                 `-vmalert.proxyURL`)"
            )));
        }
        let active = targets::active(&self.api, slot).await.unwrap_or_default();
        self.learn_interval(&active);
        let interval_ms = match targets::usual_ms(&active) {
            Some(ms) => Some(ms),
            None => facts::scrape_interval_ms(&self.api, slot).await,
        };
        let server = facts::build(&self.api, slot).await.ok().as_ref().and_then(Build::title);
        let notes = if interval_ms.is_none() { vec![format!("{}: does not tell how often it scrapes", self.api.url())] } else { vec![] };
        Ok(Seen {
            payload: Payload::Queries(StoredQueries { queries, interval_ms }),
            covered: Span { from, to: wall_now() },
            origin: Origin { request, server, method: Method::Reported },
            notes,
            partial,
        })
    }

    /// Told by what it does: Prometheus and whoever evaluates rules refuse a type of rule that there is not.
    async fn keeps_no_rules(&self, slot: &Slot) -> bool {
        self.api.get::<IgnoredAny>("rules", &[("type", "neither".into())], slot).await.is_ok()
    }
}

fn stored(group: &Group) -> impl Iterator<Item = StoredQuery> {
    let every_ms = (group.interval > 0.0 && group.interval < 1e9).then(|| (group.interval * 1e3).round() as u64);
    group.rules.iter().filter(|r| !r.query.is_empty()).map(move |rule| {
        let kind = if rule.kind == "alerting" { "alert" } else { "rule" };
        stored_query::stored(format!("{kind} {}", stored_query::title(&rule.name)), &rule.query, every_ms)
    })
}
