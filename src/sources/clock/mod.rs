//! How far the clock of a host may be off: chrony, the kernel's own bound (timex), ptp4l, or a time in the header of a response.

pub(super) mod chrony;
mod header;
pub(super) mod ptp;
mod timex;

use crate::{
    model::{
        audit::Effort,
        evidence::{Gap, Method, Origin, Seen},
        key::{Clock as Asked, Query, Question},
        name::Name,
        payload::ClockReadings,
        source::{Answer, Cost, Estimate, Slot, Source, Timing},
        units::{Ms, Span},
    },
    sources::{failing::advised, http::Http},
    spec::settings::ClockBy,
};

pub(super) use chrony::MOST as REPLY_CAP;
pub(super) use header::CAP as HEADER_CAP;
pub(super) use ptp::MOST as PTP_CAP;
pub(super) use timex::CAP as TIMEX_CAP;

/// A host's clock.
pub struct Clock {
    name: Name,
    by: By,
}

enum By {
    Chrony(chrony::Chronyd),
    Timex(Http),
    Ptp(ptp::Ptp4l),
    Header(header::Header),
}

/// What was told, with the request and who answered.
pub(super) struct Told {
    readings: ClockReadings,
    request: String,
    server: Option<String>,
    method: Method,
    notes: Vec<String>,
}

impl Clock {
    /// A clock that is told in one of the ways of the spec.
    pub fn new(name: Name, by: &ClockBy) -> Result<Clock, Gap> {
        let by = match by {
            ClockBy::Chrony { at } => By::Chrony(chrony::Chronyd::new(at.clone())),
            ClockBy::Timex { connection } => By::Timex(Http::new(connection)?),
            ClockBy::Ptp { socket, domain } => By::Ptp(ptp::Ptp4l::new(socket.clone(), *domain)),
            ClockBy::Header { connection, name, unit_ms } => By::Header(header::Header::new(connection, name.clone(), *unit_ms)?),
        };
        Ok(Clock { name, by })
    }

    async fn told(&self, effort: Effort, slot: &Slot) -> Result<Seen, Gap> {
        let told = match &self.by {
            By::Chrony(chronyd) => chronyd.tracking(slot).await?,
            By::Timex(http) => timex::read(http, slot).await?,
            By::Ptp(ptp4l) => ptp4l.following(slot).await?,
            By::Header(header) => header.probe(effort, slot).await?,
        };
        let at = |reading: Option<&crate::model::payload::ClockReading>| reading.map(|r| r.at).unwrap_or_default();
        Ok(Seen {
            covered: Span { from: at(told.readings.readings.first()), to: at(told.readings.readings.last()) },
            origin: Origin { request: told.request, server: told.server, method: told.method },
            notes: told.notes,
            partial: None,
            payload: Asked::wrap(told.readings),
        })
    }
}

impl Source for Clock {
    fn name(&self) -> &Name {
        &self.name
    }
    fn timing(&self, _query: &Query) -> Timing {
        Timing::Recall { settle: Ms(0.0) }
    }
    fn estimate(&self, _query: &Query, effort: Effort) -> Estimate {
        match &self.by {
            By::Header(_) => Estimate { lasting: header::lasting(effort), ..Estimate::default() },
            By::Chrony(_) | By::Timex(_) | By::Ptp(_) => Estimate::default(),
        }
    }
    fn ask<'a>(&'a self, query: &'a Query, effort: Effort, slot: &'a Slot) -> Answer<'a> {
        Box::pin(async move {
            match query {
                Query::Clock(_) => self.told(effort, slot).await.map_err(|gap| advised(gap, &self.name)),
                other => Err(Gap::NotConfigured(format!("{} is a clock: it cannot tell {}", self.name, other.word()))),
            }
        })
    }
    fn cost(&self) -> Cost {
        match &self.by {
            By::Chrony(chronyd) => chronyd.cost(),
            By::Timex(http) => http.cost(),
            By::Ptp(ptp4l) => ptp4l.cost(),
            By::Header(header) => header.cost(),
        }
    }
}
