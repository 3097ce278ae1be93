//! Where searching does not bring all traces: are they not there, or do we not search well? A trace that is there by its
//! id shows that the clock of its service is off, that the server cuts answers without a word, or that the search is for
//! the wrong service.

use super::{MARGIN_US, search::Search};
use crate::model::{evidence::Gap, source::Slot, units::Span};
use std::collections::BTreeSet;

/// Traces asked for by id to find out.
const PROBES: usize = 3;
/// Most traces that are fetched one by one.
const MOST_SINGLE: usize = 2_000;
/// A server that returned fewer traces than this did not cut at a round limit of its own.
const SMALLEST_CAP: usize = 20;

/// What was tried already: each remedy once.
#[derive(Default)]
pub struct Doubt(BTreeSet<Remedy>);

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Remedy {
    /// Search once more: it may have come just after the last search.
    Again,
    /// Search where that service's clock puts its spans.
    Shift,
    /// Take the largest answer for the server's own limit.
    Cap,
    /// Fetch what is missing one by one.
    Fetch,
}

impl Doubt {
    /// Tries the next remedy; says whether searching again makes sense.
    pub async fn next(&mut self, search: &mut Search<'_>, slot: &Slot) -> Result<bool, Gap> {
        if self.0.contains(&Remedy::Fetch) {
            return Ok(false);
        }
        let Some(offset_us) = probe(search, slot).await? else { return Ok(false) };
        let far = offset_us.abs() > MARGIN_US;
        if !far && self.0.insert(Remedy::Again) {
            return Ok(true);
        }
        let url = search.client.url().to_owned();
        if far && self.0.insert(Remedy::Shift) {
            let covered = search.gathered.ours().covered;
            let there = Span { from: covered.from.plus_us(offset_us - MARGIN_US), to: covered.to.plus_us(offset_us + MARGIN_US) };
            search.windows.push(there);
            let seconds = offset_us as f64 / 1e6;
            search.notes.push(format!("{url}: spans of ours start {seconds:+.1} s away from when we sent the request: that service's clock is off"));
            return Ok(true);
        }
        if (SMALLEST_CAP..search.limit).contains(&search.largest) && self.0.insert(Remedy::Cap) {
            search.limit = search.largest;
            search.notes.push(format!("{url}: returns at most {} traces a search, whatever is asked for", search.largest));
            return Ok(true);
        }
        self.0.insert(Remedy::Fetch);
        let missing: Vec<u128> = search.gathered.missing().map(|(id, _)| id).collect();
        for id in missing.iter().take(MOST_SINGLE) {
            for row in search.client.trace(*id, slot).await?.into_iter().flatten() {
                search.gathered.take(row)?;
            }
        }
        if missing.len() > MOST_SINGLE {
            search.truncated.insert(search.gathered.ours().covered.to);
        }
        search.notes.push(format!(
            "{url}: searching for service `{}` leaves out traces of ours that are there by their ids; is that the service that receives the requests?",
            search.client.service()
        ));
        Ok(false)
    }
}

/// Asks for a few missing traces by id. Of one that is there: how far its clock is from ours, µs.
async fn probe(search: &mut Search<'_>, slot: &Slot) -> Result<Option<i64>, Gap> {
    let missing: Vec<_> = search.gathered.missing().take(PROBES).collect();
    let mut found = None;
    for (id, sent) in missing {
        for row in search.client.trace(id, slot).await?.into_iter().flatten() {
            search.gathered.take(row)?;
        }
        let start = search.gathered.first_ns(id).and_then(|ns| i64::try_from(ns / 1_000).ok());
        found = found.or(start.map(|us| us - sent.0));
    }
    Ok(found)
}
