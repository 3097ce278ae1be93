//! A server that speaks the Prometheus HTTP API: stored samples of histograms and of what
//! workloads use around an act, its rules, and facts about the server.

pub(super) mod api;
mod buckets;
mod closing;
pub mod config_facts;
mod exemplars;
mod facts;
mod histogram;
mod readings;
mod replicas;
mod risen;
mod rules;
pub(super) mod samples;
mod selector;
mod stale;
mod targets;
mod usage;

use crate::{
    engine::wall_now,
    model::{
        audit::Effort,
        evidence::{Gap, Method, Origin, Seen},
        key::{Facts, Histogram, Payload, Query, Question, When},
        name::Name,
        rig::{Claim, DEFAULT_SETTLE, HistogramOf},
        source::{Answer, Cost, Slot, Source, Timing},
        units::{Ms, Span},
        usage::UsageClaim,
    },
    sources::failing::advised,
    spec::settings::Connection,
};
use api::Api;
pub(super) use facts::Build;
use std::sync::atomic::{AtomicU64, Ordering};
use targets::Target;

/// A target that is scraped less often than this is not waited for. Prometheus' own queries take a series that has no sample
/// for 5 min for one that has ended (`query.lookback-delta`).
const RAREST: Ms = Ms(5.0 * 60e3);

/// One server.
pub struct Prometheus {
    name: Name,
    api: Api,
    claims: Vec<Claim>,
    usage: Vec<UsageClaim>,
    /// The longest scrape interval it has told of, ms; those beyond [`RAREST`] do not count.
    interval_ms: AtomicU64,
}

impl Prometheus {
    /// The server whose API lies below the connection's URL.
    pub fn new(name: Name, connection: &Connection, claims: Vec<Claim>) -> Result<Self, Gap> {
        Ok(Prometheus { name, api: Api::new(connection)?, claims, usage: vec![], interval_ms: AtomicU64::new(0) })
    }
    /// The same, with what it claims of workloads.
    #[must_use]
    pub fn with_usage(self, usage: Vec<UsageClaim>) -> Self {
        Prometheus { usage, ..self }
    }

    fn claim(&self, query: &Histogram) -> Result<(&Claim, &HistogramOf), Gap> {
        let claim = self.claims.iter().find(|c| c.name == query.claim && c.source == self.name);
        claim
            .and_then(|c| Some((c, c.histogram()?)))
            .ok_or_else(|| Gap::NotConfigured(format!("{}: no histogram claim named `{}`", self.name, query.claim)))
    }

    /// The configuration by which its figures are read: its own, and the edges of the histograms that are claimed.
    pub async fn configuration(&self, slot: &Slot) -> Result<Seen, Gap> {
        let mut told = self.server(slot).await?;
        if let Some(table) = Facts::pick_mut(&mut told.payload) {
            *table = config_facts::typed(table);
            buckets::tell(table, &self.api, &self.claims, slot).await;
        }
        // Of its own configuration nobody knows more than it does.
        told.origin.method = Method::Measured;
        Ok(told)
    }

    async fn server(&self, slot: &Slot) -> Result<Seen, Gap> {
        self.facts(&Facts { scope: "server".into() }, slot).await.map_err(|gap| advised(gap, &self.name))
    }

    async fn facts(&self, query: &Facts, slot: &Slot) -> Result<Seen, Gap> {
        if query.scope.as_str() != "server" {
            return Err(Gap::NotConfigured(format!("{}: has facts about `server` only, not about `{}`", self.name, query.scope)));
        }
        let from = wall_now();
        // Without its identity there is no server to tell facts about; the other groups may each be missing.
        let build = facts::build(&self.api, slot).await;
        if let Err(gap @ (Gap::Unreachable(_) | Gap::TooLate(_) | Gap::NotReached(_) | Gap::Denied(_))) = build {
            return Err(gap);
        }
        let targets = targets::active(&self.api, slot).await;
        self.learn_interval(targets.as_deref().unwrap_or_default());
        let server = build.as_ref().ok().and_then(Build::title);
        let payload = Payload::Facts(facts::server(&self.api, build, targets, slot).await);
        let request = format!("{}/api/v1/{{status/buildinfo,status/flags,status/config,features,targets}}", self.api.url());
        let origin = Origin { request, server, method: Method::Reported };
        Ok(Seen { payload, covered: Span { from, to: wall_now() }, origin, notes: vec![], partial: None })
    }
}

impl Prometheus {
    fn learn_interval(&self, targets: &[Target]) {
        let longest = targets.iter().filter_map(Target::interval_ms).filter(|ms| *ms <= RAREST.0).fold(0.0, f64::max);
        // Who tells none now, or is not heard, may have told it before.
        if longest > 0.0 {
            self.interval_ms.store(longest as u64, Ordering::Relaxed);
        }
    }
}

impl Source for Prometheus {
    fn name(&self) -> &Name {
        &self.name
    }
    fn timing(&self, query: &Query) -> Timing {
        match query {
            Query::Histogram(_) | Query::Risen(_) | Query::Usage(_) => Timing::Recall { settle: DEFAULT_SETTLE },
            _ => Timing::Recall { settle: Ms(0.0) },
        }
    }
    /// The next scrape of a target may be a whole interval away; how long that is, the server tells with its facts.
    fn waits(&self) -> Ms {
        Ms(self.interval_ms.load(Ordering::Relaxed) as f64)
    }
    fn ask<'a>(&'a self, query: &'a Query, _effort: Effort, slot: &'a Slot) -> Answer<'a> {
        Box::pin(async move {
            let answer = match query {
                Query::Histogram(q) if matches!(q.when, When::During(_)) => {
                    let (claim, of) = self.claim(q)?;
                    self.histogram(claim, of, slot).await
                }
                Query::Risen(q) if matches!(q.when, When::During(_)) => self.risen(slot).await,
                Query::Usage(q) if matches!(q.when, When::During(_)) => self.usage(&q.of, slot).await,
                Query::Queries(_) => self.queries(slot).await,
                Query::Facts(q) => self.facts(q, slot).await,
                other => Err(Gap::NotConfigured(format!("{}: a Prometheus server cannot answer {} of that time", self.name, other.word()))),
            };
            answer.map_err(|gap| advised(gap, &self.name))
        })
    }
    fn cost(&self) -> Cost {
        self.api.cost()
    }
}
