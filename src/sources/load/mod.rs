//! Our own controlled load: open loop from absolute deadlines, raw stamps on one monotonic clock, spending limits that
//! are checked before anything is sent. Also the round trip to the target, from where we stand.

mod body;
mod classify;
mod connecting;
mod drive;
pub(super) mod framing;
mod heartbeat;
mod plan;
mod round_trip;
mod send;
mod spending;

use crate::{
    model::{
        act::{Act, Destination, LoadAct},
        audit::Effort,
        evidence::{Gap, Seen},
        key::{Perform, Query},
        name::{Name, name},
        source::{Answer, Cost, Estimate, Slot, Source, Timing},
        units::Ms,
    },
    sources::{client::client_with, http::Http},
    spec::settings::{Connection, TargetSettings},
};
pub(super) use body::CAP;
use connecting::Stamping;
use plan::Plan;
use send::Endpoint;
use spending::Ledger;
use std::{
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

/// A request that is not over after this time is given up; the time counts from its own sending.
pub const REQUEST_TIMEOUT: Duration = Duration::from_mins(1);

/// The load generator, as a source. Its name is `load`.
pub struct Load {
    name: Name,
    target: Option<Arc<Endpoint>>,
    reference: Option<Arc<Endpoint>>,
    ledger: Ledger,
    request_timeout: Duration,
}

impl Load {
    /// A load generator that may send to the target within its limits, and to the reference endpoint, which is ours and free.
    pub fn new(target: Option<&TargetSettings>, reference: Option<&Connection>) -> Result<Load, Gap> {
        Ok(Load {
            name: name("load"),
            target: target.map(|t| endpoint(&t.connection)).transpose()?,
            reference: reference.map(endpoint).transpose()?,
            ledger: Ledger::new(target.map(|t| t.allow)),
            request_timeout: REQUEST_TIMEOUT,
        })
    }
    /// Gives requests another time than [`REQUEST_TIMEOUT`].
    #[must_use]
    pub fn with_request_timeout(mut self, timeout: Duration) -> Load {
        self.request_timeout = timeout;
        self
    }
    fn endpoint(&self, to: &Destination) -> Result<&Arc<Endpoint>, Gap> {
        match to {
            Destination::Target => self.target.as_ref().ok_or_else(|| Gap::NotConfigured("no target: add `target.url` to the spec".into())),
            Destination::Reference => {
                self.reference.as_ref().ok_or_else(|| Gap::NotConfigured("no reference endpoint: add `sources.truth` to the spec".into()))
            }
        }
    }
    async fn perform(&self, act: &LoadAct, effort: Effort, slot: &Slot) -> Result<Seen, Gap> {
        let endpoint = self.endpoint(&act.to)?;
        let plan = Plan::new(act, effort)?;
        if act.to == Destination::Reference {
            endpoint.must_be_a_mock(slot).await?;
            return drive::run(endpoint, &plan, self.request_timeout, slot, &AtomicU64::new(0)).await;
        }
        let reserved = self.ledger.reserve(&plan, act)?;
        drive::run(endpoint, &plan, self.request_timeout, slot, &reserved.begun).await
    }
}

/// Adds what to do where nobody is there.
fn advised(gap: Gap, to: &Destination) -> Gap {
    match (gap, to) {
        (Gap::Unreachable(t), Destination::Target) => Gap::Unreachable(format!("{t}; start the target, or correct `target.url`")),
        (Gap::Unreachable(t), Destination::Reference) => {
            Gap::Unreachable(format!("{t}; start `rigcheck mock`, or correct the URL of the `truth` source"))
        }
        (other, _) => other,
    }
}

/// A client for one origin: connections are reused, answers arrive as they were sent (no compression), nothing is sent twice.
fn endpoint(connection: &Connection) -> Result<Arc<Endpoint>, Gap> {
    let client = client_with(connection, |b| b.no_gzip().tcp_nodelay(true).connector_layer(Stamping).retry(reqwest::retry::never()))?;
    Ok(Arc::new(Endpoint::new(Http::new(connection)?, client)))
}

impl Source for Load {
    fn name(&self) -> &Name {
        &self.name
    }
    fn timing(&self, _query: &Query) -> Timing {
        Timing::Recall { settle: Ms(0.0) }
    }
    fn estimate(&self, query: &Query, effort: Effort) -> Estimate {
        match query {
            Query::Perform(Perform { act: Act::Load(act) }) => Plan::new(act, effort).map_or_else(|_| Estimate::default(), |plan| plan.estimate()),
            Query::RoundTrip(_) => Estimate { lasting: round_trip::lasting(effort), ..Estimate::default() },
            _ => Estimate::default(),
        }
    }
    fn ask<'a>(&'a self, query: &'a Query, effort: Effort, slot: &'a Slot) -> Answer<'a> {
        Box::pin(async move {
            match query {
                Query::Perform(Perform { act: Act::Load(act) }) => self.perform(act, effort, slot).await.map_err(|gap| advised(gap, &act.to)),
                Query::RoundTrip(_) => {
                    let endpoint = self.endpoint(&Destination::Target)?;
                    round_trip::measure(endpoint.connection(), effort, slot).await.map_err(|gap| advised(gap, &Destination::Target))
                }
                other => Err(Gap::NotConfigured(format!("the load generator does not answer {}", other.word()))),
            }
        })
    }
    fn cost(&self) -> Cost {
        // Requests of an act are what was sent, not what reading costs; they are told as such.
        let read = [&self.target, &self.reference].into_iter().flatten().fold(Cost::default(), |sum, e| sum + e.cost());
        Cost { queries: 0, ..read }
    }
}
