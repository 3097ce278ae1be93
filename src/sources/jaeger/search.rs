use super::client::{Client, Page};
use crate::{
    model::{
        evidence::Gap,
        source::Slot,
        units::{Span, Wall},
    },
    sources::spans::Gathered,
};
use std::collections::BTreeSet;

/// Windows of this length, µs, are not halved any more.
const SHORTEST_US: i64 = 1_000;
/// The smallest number of traces that is asked for where a server finds the usual number too many.
const SHALLOWEST: usize = 20;

/// A search that is repeated until all our traces are there.
pub struct Search<'h> {
    /// Who is asked.
    pub client: Client<'h>,
    /// What was found.
    pub gathered: Gathered,
    /// What is searched: around the act on our clock, and on that of a service whose clock is found to be off.
    pub windows: Vec<Span>,
    /// A search that returns this many traces counts as full.
    pub limit: usize,
    /// Most traces that one search returned.
    pub largest: usize,
    /// Starts of the windows that came back full and could not be halved.
    pub truncated: BTreeSet<Wall>,
    /// What a reader of the answer should know.
    pub notes: Vec<String>,
}

impl<'h> Search<'h> {
    /// Nothing searched yet.
    pub fn new(client: Client<'h>, gathered: Gathered, window: Span, limit: usize) -> Self {
        Search { client, gathered, windows: vec![window], limit, largest: 0, truncated: BTreeSet::new(), notes: vec![] }
    }

    /// Searches a window whole: a search that comes back full says nothing of what it left out, so its window is halved
    /// until each comes back with room to spare.
    pub async fn sweep(&mut self, window: Span, slot: &Slot) -> Result<(), Gap> {
        let mut open = self.slices(window);
        while let Some(within) = open.pop() {
            let full = match self.client.search(within, self.limit, slot).await? {
                Page::Spans(rows, traces) => {
                    for row in rows {
                        self.gathered.take(row)?;
                    }
                    self.largest = self.largest.max(traces);
                    traces >= self.limit
                }
                Page::TooDeep if self.limit > SHALLOWEST => {
                    self.limit = (self.limit / 4).max(SHALLOWEST);
                    open.push(within);
                    false
                }
                Page::TooDeep => return Err(Gap::Refused(format!("{}: refuses to search even for {SHALLOWEST} traces", self.client.url()))),
                Page::TooMuch => true,
            };
            let middle = Wall(within.from.0.midpoint(within.to.0));
            if !full {
                self.truncated.remove(&within.from);
            } else if within.to.0 - within.from.0 <= SHORTEST_US {
                self.truncated.insert(within.from);
            } else {
                open.push(Span { from: middle, ..within });
                open.push(Span { to: middle, ..within });
            }
            (slot.progress)(self.gathered.traces(), self.gathered.expected());
        }
        Ok(())
    }

    /// Equal parts of a window, as many as make each at most half full with our own traces; in reverse order of time.
    fn slices(&self, window: Span) -> Vec<Span> {
        let parts = (2 * self.gathered.expected()).div_ceil(self.limit as u64).clamp(1, 1_000);
        let parts = i64::try_from(parts).unwrap_or(1);
        let edge = |i: i64| Wall(window.from.0 + (i128::from(window.to.0 - window.from.0) * i128::from(i) / i128::from(parts)) as i64);
        (0..parts).rev().map(|i| Span { from: edge(i), to: edge(i + 1) }).collect()
    }

    /// Where traces that are still missing must lie if the clocks agree; everywhere where none is.
    pub fn windows_of_missing(&self, margin_us: i64) -> Vec<Span> {
        let sent = self.gathered.missing().map(|(_, sent)| Span { from: sent.plus_us(-margin_us), to: sent.plus_us(margin_us) });
        sent.reduce(Span::hull).map_or_else(|| self.windows.clone(), |hull| vec![hull])
    }
}
