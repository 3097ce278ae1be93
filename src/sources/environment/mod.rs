//! The configuration of an environment, part by part. Nothing is changed: files are read, engines and servers are asked.
//!
//! | part | read |
//! |---|---|
//! | `host` | files below `/proc` and `/sys`, `/etc/os-release`, `/etc/resolv.conf` |
//! | workload in a container | Docker's inspect; then like a process, with its interpreter asked inside the container |
//! | other workload | files of its processes and of their control groups; packages by the process's own interpreter |
//! | `postgres`, `prometheus` | what the source of that name tells of its server |
#![allow(clippy::disallowed_methods, reason = "reads the files of the machine and of its containers on a thread of its own")]

pub mod container;
mod cpu_list;
pub mod host;
pub mod limits;
pub mod process;
pub mod python;
pub mod root;
mod workload;

use crate::{
    engine::wall_now,
    kept::variables::Variables,
    model::{
        audit::Effort,
        environment::{ENVIRONMENT, PartKind, SNAPSHOT},
        evidence::{Gap, Method, Origin, Seen},
        key::{Payload, Query},
        name::{Name, name},
        payload::FactTable,
        rig::Rig,
        snapshot::About,
        source::{Answer, Cost, Slot, Source, Timing},
        units::{Ms, Span},
        workload::Workload,
    },
    sources::{postgres::Postgres, prometheus::Prometheus},
    spec::settings::{Settings, SourceSettings},
    store::THIS,
};
use root::Root;
use std::collections::BTreeMap;

/// Where the kernel tells the name of the machine.
const HOSTNAME: &str = "/proc/sys/kernel/hostname";

/// Whoever reads configurations.
pub struct Environment {
    name: Name,
    rig: Name,
    parts: BTreeMap<Name, PartKind>,
    workloads: BTreeMap<Name, Workload>,
    docker: Option<String>,
    variables: Variables,
    servers: BTreeMap<Name, Result<Server, Gap>>,
}

/// A server that tells of itself.
enum Server {
    Postgres(Postgres),
    Prometheus(Prometheus),
}

impl Environment {
    /// Of a rig; containers are looked for where `docker` is, servers are asked as their own sources ask them.
    pub fn new(rig: &Rig, docker: Option<String>, settings: &Settings) -> Environment {
        let parts = rig.environment.as_ref().map(|e| e.parts.clone()).unwrap_or_default();
        let variables = settings.environment.as_ref().map(|e| e.variables.clone()).unwrap_or_default();
        let servers = settings.sources.iter().filter(|(source, _)| parts.contains_key(*source));
        let servers = servers.filter_map(|(source, how)| Some((source.clone(), server(source, how, rig, &variables)?))).collect();
        Environment { name: name(ENVIRONMENT), rig: rig.name.clone(), workloads: rig.workloads.clone(), parts, docker, variables, servers }
    }

    async fn facts(&self, part: &Name, slot: &Slot) -> Result<Seen, Gap> {
        let from = wall_now();
        if part.as_str() == SNAPSHOT {
            return Ok(seen(self.about().table(), Span { from, to: from }, "this machine"));
        }
        let kind = self.parts.get(part).ok_or_else(|| Gap::NotConfigured(format!("environment: the rig has no part `{part}`")))?;
        let (table, request) = match kind {
            PartKind::Host => (off_thread(|| host::facts(&Root::machine())).await?, "files below /proc, /sys and /etc".to_owned()),
            PartKind::Workload => {
                let workload = self.workloads.get(part).ok_or_else(|| Gap::NotConfigured(format!("environment: `resources` has no `{part}`")))?;
                let table = workload::facts(&workload.found, self.docker.as_deref(), &self.variables, slot).await?;
                (table, format!("configuration of {}", workload.found))
            }
            PartKind::Postgres | PartKind::Prometheus => return self.server(part, slot).await,
        };
        Ok(seen(table, Span { from, to: wall_now() }, &request))
    }

    /// What a server tells of itself.
    async fn server(&self, part: &Name, slot: &Slot) -> Result<Seen, Gap> {
        let missing = || Err(Gap::NotConfigured(format!("environment: there is no source `{part}`")));
        match self.servers.get(part).map_or_else(missing, |server| server.as_ref().map_err(Clone::clone))? {
            Server::Postgres(server) => server.server(slot).await,
            Server::Prometheus(server) => server.configuration(slot).await,
        }
    }

    fn about(&self) -> About {
        About {
            name: self.rig.0.clone(),
            as_of: wall_now(),
            by: String::new(),
            tool: THIS.into(),
            host: Root::machine().read(HOSTNAME).ok().flatten().unwrap_or_default().trim().to_owned(),
            parts: self.parts.clone(),
            key: self.variables.key_id(),
            accepted: None,
        }
    }
}

/// The server behind a source, if it is one that is a part.
fn server(source: &Name, how: &SourceSettings, rig: &Rig, variables: &Variables) -> Option<Result<Server, Gap>> {
    let claims = || rig.claims.iter().filter(|c| c.source == *source).cloned().collect();
    match how {
        SourceSettings::Postgres { server } => Some(Ok(Server::Postgres(Postgres::new(source.clone(), server.clone(), variables.clone())))),
        SourceSettings::Prometheus { connection } => Some(Prometheus::new(source.clone(), connection, claims()).map(Server::Prometheus)),
        _ => None,
    }
}

/// Reads files where nobody waits for them.
async fn off_thread(read: impl FnOnce() -> FactTable + Send + 'static) -> Result<FactTable, Gap> {
    tokio::task::spawn_blocking(read).await.map_err(|e| Gap::Panicked(e.to_string()))
}

fn seen(table: FactTable, covered: Span, request: &str) -> Seen {
    let origin = Origin { request: request.into(), server: None, method: Method::Measured };
    Seen { payload: Payload::Facts(table), covered, origin, notes: vec![], partial: None }
}

impl Source for Environment {
    fn name(&self) -> &Name {
        &self.name
    }
    fn timing(&self, _: &Query) -> Timing {
        Timing::Recall { settle: Ms(0.0) }
    }
    fn ask<'a>(&'a self, query: &'a Query, _: Effort, slot: &'a Slot) -> Answer<'a> {
        Box::pin(async move {
            match query {
                Query::Facts(facts) => self.facts(&facts.scope, slot).await,
                _ => Err(Gap::NotConfigured("environment: it tells configurations only".into())),
            }
        })
    }
    fn cost(&self) -> Cost {
        let cost = |server: &Server| match server {
            Server::Postgres(server) => server.cost(),
            Server::Prometheus(server) => server.cost(),
        };
        self.servers.values().flatten().map(cost).fold(Cost::default(), |all, one| all + one)
    }
}
