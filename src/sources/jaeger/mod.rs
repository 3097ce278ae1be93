//! A Jaeger query service: the spans of our own requests, by its stable API (`/api/v3`, OTLP) or, where that is not
//! there, by the legacy one (`/api/traces`).

mod client;
mod doubt;
pub(super) mod legacy;
mod page;
mod search;
mod settle;

use crate::{
    model::{
        audit::Effort,
        evidence::{Gap, Method, Origin, Seen},
        key::{Payload, Query},
        name::Name,
        payload::{Shown, Spans},
        source::{Answer, Cost, Slot, Source, Timing},
        units::{Ms, Span},
    },
    sources::{
        failing::advised,
        http::Http,
        spans::{Gathered, Ours, Pace, act_over, in_time},
    },
    spec::settings::Connection,
};
pub(super) use client::Client;
use search::Search;
use std::sync::Arc;

/// Traces per search: at a hundred spans each of some 600 bytes an answer stays near the size that [`crate::sources::http::CAP`] allows.
const LIMIT: usize = 1_000;
/// How far before and after the act is searched, µs. Covers the difference of well-kept clocks many times over.
const MARGIN_US: i64 = 10_000_000;

/// A Jaeger query service.
pub struct Jaeger {
    name: Name,
    http: Http,
    service: String,
    pace: Pace,
    limit: usize,
}

impl Jaeger {
    /// A query service at `connection.url` (with its base path, if it has one); searches find the traces in which `service` has a span.
    pub fn new(name: Name, connection: &Connection, service: String) -> Result<Jaeger, Gap> {
        if service.is_empty() {
            return Err(Gap::NotConfigured(format!("{}: name the `service` of sources.{name} whose traces are searched", connection.url)));
        }
        Ok(Jaeger { name, http: Http::new(connection)?, service, pace: Pace::default(), limit: LIMIT })
    }
    /// Waits at another pace for late spans.
    #[must_use]
    pub fn with_pace(self, pace: Pace) -> Jaeger {
        Jaeger { pace, ..self }
    }
    /// Asks for at most `limit` traces a search.
    #[must_use]
    pub fn with_limit(self, limit: usize) -> Jaeger {
        Jaeger { limit: limit.max(1), ..self }
    }

    async fn spans(&self, slot: &Slot) -> Result<Seen, Gap> {
        let act = act_over(slot).await?;
        let ours = Ours::of(&act)?;
        let window = Span { from: act.covered.from.plus_us(-MARGIN_US), to: act.covered.to.plus_us(MARGIN_US) };
        let slot = in_time(slot);
        let client = Client::new(&self.http, &self.service);
        let mut search = Search::new(client, Gathered::new(ours, Arc::clone(&slot.blobs)), window, self.limit);
        let cut = match search.until_settled(&self.pace, &slot).await {
            Ok(()) => None,
            Err(gap) if search.gathered.traces() == 0 || slot.cancel.is_cancelled() => return Err(gap),
            Err(gap) => Some(gap),
        };
        if search.gathered.traces() == 0 {
            search.note_unknown_service(&self.name, &slot).await;
        }
        // Traces of ours that were found by their ids, and the searched service has no part in any of them.
        search.gathered.found_elsewhere(&self.service);
        let shown = if cut.is_none() { search.shown(&slot).await } else { None };
        self.answer(search, cut, shown)
    }

    fn answer(&self, search: Search<'_>, cut: Option<Gap>, shown: Option<Shown>) -> Result<Seen, Gap> {
        let Search { client, gathered, notes, truncated, windows, .. } = search;
        let dropped = gathered.dropped();
        let full = (!truncated.is_empty() || dropped > 0).then(|| {
            Gap::Truncated(format!(
                "{}: {} searches of a millisecond or less came back full and {dropped} spans found no room; \
                 lessen other traffic of service `{}` during the act",
                self.http.url(),
                truncated.len(),
                self.service
            ))
        });
        Ok(Seen {
            covered: windows.into_iter().reduce(Span::hull).unwrap_or_default(),
            origin: Origin { request: client.request(), server: Some(client.api_name().to_owned()), method: Method::Measured },
            notes: client.notes().into_iter().chain(notes).collect(),
            partial: cut.or(full),
            payload: Payload::Spans(Spans { shown, ..gathered.finish(truncated.len() as u64)? }),
        })
    }
}

impl Source for Jaeger {
    fn name(&self) -> &Name {
        &self.name
    }
    fn timing(&self, _query: &Query) -> Timing {
        Timing::Recall { settle: Ms(1_000.0) }
    }
    fn waits(&self) -> Ms {
        self.pace.waits()
    }
    fn ask<'a>(&'a self, query: &'a Query, _effort: Effort, slot: &'a Slot) -> Answer<'a> {
        Box::pin(async move {
            match query {
                Query::Spans(_) => self.spans(slot).await.map_err(|gap| advised(gap, &self.name)),
                other => Err(Gap::NotConfigured(format!("{} is a Jaeger query service: it cannot tell {}", self.name, other.word()))),
            }
        })
    }
    fn cost(&self) -> Cost {
        self.http.cost()
    }
}
