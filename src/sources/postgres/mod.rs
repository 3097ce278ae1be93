//! A PostgreSQL server: its settings as it runs with them, what waits for a restart, what roles and databases have of their
//! own, its extensions.

mod named;
mod questions;
mod refused;
mod server;
mod session;
mod settings;
mod value;

use super::failing::advised;
use crate::{
    engine::wall_now,
    kept::variables::Variables,
    model::{
        audit::Effort,
        evidence::{Gap, Method, Origin, Seen},
        key::{Payload, Query},
        name::Name,
        payload::FactTable,
        source::{Answer, Cost, Slot, Source, Timing},
        units::{Ms, Span},
    },
    spec::postgres::PostgresServer,
};
use server::Known;
use session::{Session, Spent};
use std::sync::atomic::Ordering;

/// One server, asked over one connection for each question.
pub struct Postgres {
    name: Name,
    server: PostgresServer,
    variables: Variables,
    spent: Spent,
}

impl Postgres {
    /// The server of a spec. What of its settings is not shown is told as variables are.
    pub fn new(name: Name, server: PostgresServer, variables: Variables) -> Postgres {
        Postgres { name, server, variables, spent: Spent::default() }
    }

    /// What the server tells of itself.
    pub async fn server(&self, slot: &Slot) -> Result<Seen, Gap> {
        self.facts(slot).await.map_err(|gap| advised(gap, &self.name))
    }

    async fn facts(&self, slot: &Slot) -> Result<Seen, Gap> {
        let from = wall_now();
        let mut session = Session::open(&self.server, slot, &self.spent).await?;
        let mut facts = FactTable::default();
        let known = match self.all(&mut session, &mut facts).await {
            Ok(known) => known,
            Err(gap) => {
                session.close().await;
                return Err(gap);
            }
        };
        session.close().await;
        let request = format!("{}: SELECT from pg_settings, pg_db_role_setting, pg_database, pg_extension, pg_stat_replication", self.server.url);
        let origin = Origin { request, server: known.title, method: Method::Measured };
        Ok(Seen { payload: Payload::Facts(facts), covered: Span { from, to: wall_now() }, origin, notes: vec![], partial: None })
    }

    /// Without its identity there is no server to tell facts about; each other group may be missing.
    async fn all(&self, session: &mut Session<'_>, facts: &mut FactTable) -> Result<Known, Gap> {
        let known = server::identity(facts, &session.read(questions::SERVER, "version()").await?, &self.server.url)?;
        let settings = session.read(questions::SETTINGS, "pg_settings").await;
        settings::tell(facts, settings, &known, &self.server.url, &self.variables);
        server::database(facts, session.read(questions::DATABASE, "pg_database").await, &self.server.url);
        let overrides = session.read(questions::OVERRIDES, "pg_db_role_setting").await;
        server::overridden(facts, overrides, &self.server.url, &self.variables);
        server::extensions(facts, session.read(questions::EXTENSIONS, "pg_extension").await);
        server::replicas(facts, session.read(questions::REPLICAS, "pg_stat_replication").await, &self.server.url);
        Ok(known)
    }
}

impl Source for Postgres {
    fn name(&self) -> &Name {
        &self.name
    }
    fn timing(&self, _: &Query) -> Timing {
        Timing::Recall { settle: Ms(0.0) }
    }
    fn ask<'a>(&'a self, query: &'a Query, _effort: Effort, slot: &'a Slot) -> Answer<'a> {
        Box::pin(async move {
            match query {
                Query::Facts(q) if q.scope.as_str() == "server" => self.server(slot).await,
                Query::Facts(q) => Err(Gap::NotConfigured(format!("{}: has facts about `server` only, not about `{}`", self.name, q.scope))),
                other => Err(Gap::NotConfigured(format!("{}: a PostgreSQL server cannot answer {}", self.name, other.word()))),
            }
        })
    }
    fn cost(&self) -> Cost {
        Cost { queries: self.spent.queries.load(Ordering::Relaxed), bytes: self.spent.bytes.load(Ordering::Relaxed) }
    }
}
