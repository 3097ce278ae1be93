//! What Docker's API says that containers use: raw counters of `GET /containers/NAME/stats`, with the daemon's own stamps.
//!
//! Claims are named by the measure's word; two more tracks are what the daemon's clients make a percentage with: `system_cpu`, s,
//! and `online_cpus`. The daemon reads once a second, whoever asks how often. Where no memory limit is set it tells the machine's
//! memory, and so does the track.
#![allow(clippy::disallowed_methods, reason = "keeps deadlines by the monotonic clock")]

mod frame;
mod watched;

use super::{containers::Daemon, failing::advised};
use crate::{
    engine::wall_now,
    model::{
        audit::Effort,
        evidence::{Gap, Method, Origin, Seen},
        key::{Payload, Query, Usage, When},
        name::Name,
        source::{Answer, Cost, Slot, Source, Timing},
        units::{Ms, Span},
        usage::Measure,
        workload::{BURN_CONTAINER, Found, Workload},
    },
};
use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU64, Ordering},
};
use watched::Watched;

/// Docker's daemon, asked for the stats of containers.
pub struct DockerStats {
    name: Name,
    host: Option<String>,
    workloads: BTreeMap<Name, Workload>,
    queries: AtomicU64,
}

impl DockerStats {
    /// The daemon at the given host (`unix://PATH`), else at that of `DOCKER_HOST`, else at the usual socket.
    pub fn new(name: Name, host: Option<String>, workloads: BTreeMap<Name, Workload>) -> DockerStats {
        DockerStats { name, host, workloads, queries: AtomicU64::new(0) }
    }

    async fn watch(&self, query: &Usage, slot: &Slot) -> Result<Seen, Gap> {
        let workload = self.workloads.get(&query.of);
        let workload = workload.ok_or_else(|| Gap::NotConfigured(format!("{}: `resources` has no `{}`", self.name, query.of)))?;
        let (found, comes) = match &workload.found {
            Found::Burn(act) if act.contained => (Found::Container(BURN_CONTAINER.into()), true),
            found @ (Found::Container(_) | Found::Label(_)) => (found.clone(), false),
            other => {
                return Err(Gap::NotConfigured(format!(
                    "{}: `{}` is found as {other}, which is no container; find it by `container` or `label`",
                    self.name, query.of
                )));
            }
        };
        let from = wall_now();
        let daemon = Daemon::connect(self.host.as_deref()).await?;
        let mut watched = Watched::new(&daemon, &found, comes);
        let until = watched.until_the_end(slot, from).await;
        self.queries.fetch_add(watched.asked(), Ordering::Relaxed);
        until?;
        let (id, book) = watched.close();
        let interval_ms = book.between_ms(Measure::Cpu);
        let (to, samples) = (book.last().unwrap_or(from), book.samples(Measure::Cpu));
        let (mut tracks, notes) = book.close();
        tracks.interval_ms = interval_ms;
        if tracks.lives.is_empty() {
            return Err(Gap::NotConfigured(format!("{}: {found} was not there while it was waited for", self.name)));
        }
        let partial = (samples < 2).then(|| Gap::Truncated(format!("{}: {found} was read less than twice", self.name)));
        let origin = Origin {
            request: format!("GET /containers/{id:.12}/stats?stream=true"),
            server: Some(format!("Docker API {}", daemon.docker.client_version())),
            method: Method::Reported,
        };
        Ok(Seen { payload: Payload::Usage(tracks), covered: Span { from, to }, origin, notes, partial })
    }
}

impl Source for DockerStats {
    fn name(&self) -> &Name {
        &self.name
    }
    fn timing(&self, query: &Query) -> Timing {
        match query {
            Query::Usage(_) => Timing::Watch,
            _ => Timing::Recall { settle: Ms(0.0) },
        }
    }
    fn ask<'a>(&'a self, query: &'a Query, _: Effort, slot: &'a Slot) -> Answer<'a> {
        Box::pin(async move {
            let answer = match query {
                Query::Usage(q) if matches!(q.when, When::During(_)) => self.watch(q, slot).await,
                other => Err(Gap::NotConfigured(format!("{}: Docker's stats cannot answer {} of that time", self.name, other.word()))),
            };
            answer.map_err(|gap| advised(gap, &self.name))
        })
    }
    fn cost(&self) -> Cost {
        Cost { queries: self.queries.load(Ordering::Relaxed), bytes: 0 }
    }
}
