//! Spans that a collector writes to a file as OTLP-JSON (`file` exporter: one export per line), or that somebody saved as
//! one document.
#![allow(clippy::disallowed_methods, reason = "exported traces are files, read off the runtime's own threads")]

use super::documents::Documents;
use crate::{
    model::{
        audit::Effort,
        evidence::{Gap, Method, Origin, Seen},
        key::{Payload, Query},
        name::Name,
        source::{Answer, Cost, Slot, Source, Timing},
        units::{Ms, Span, Wall},
    },
    sources::{
        lines::{Files, Kind, Pieces},
        spans::{Gathered, Ours, Pace, act_over, in_time, interrupted_or, pause},
    },
};
use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::SystemTime,
};
use tokio::time::Instant;

/// Longer documents are not read: a batch has some megabytes at most, and a saved search some tens.
pub const CAP: usize = 32 << 20;
const FILES: Kind = Kind { word: "file of traces", ending: ".jsonl", instead: "", pieces: || Pieces::documents(CAP) };

/// Files that grow by what a collector exports. What was there before the act is left out.
pub struct OtlpFiles {
    name: Name,
    path: PathBuf,
    service: String,
    pace: Pace,
    looks: AtomicU64,
    bytes: AtomicU64,
}

/// What is read, and how far.
struct State {
    files: Files,
    documents: Documents,
}

impl OtlpFiles {
    /// The file at `path` with its rotated siblings; a `*` in its name stands for anything. Only spans of `service` count;
    /// empty means any.
    pub fn new(name: Name, path: PathBuf, service: String) -> OtlpFiles {
        OtlpFiles { name, path, service, pace: Pace::default(), looks: AtomicU64::new(0), bytes: AtomicU64::new(0) }
    }
    /// Waits at another pace for late spans.
    #[must_use]
    pub fn with_pace(self, pace: Pace) -> OtlpFiles {
        OtlpFiles { pace, ..self }
    }

    async fn spans(&self, slot: &Slot) -> Result<Seen, Gap> {
        let (path, now) = (self.path.clone(), SystemTime::now());
        let begun = async {
            // Files may lie on a disk that hangs: never on the runtime's own threads.
            let skipping = tokio::task::spawn_blocking(move || {
                let mut files = Files::new(FILES, &path, now);
                files.skip().map(|()| files)
            });
            skipping.await.map_err(|e| self.panicked(&e))?
        };
        let late = || Err(Gap::TooLate(format!("{}: no look at it before the deadline", self.path.display())));
        let files = interrupted_or(slot, begun).await.unwrap_or_else(late)?;
        slot.say_ready();
        let slot = in_time(slot);
        let act = act_over(&slot).await?;
        let gathered = Gathered::new(Ours::of(&act)?, Arc::clone(&slot.blobs));
        let state = State { files, documents: Documents::new(gathered, self.service.clone()) };
        let (state, cut) = self.until_settled(state, &slot).await?;
        self.bytes.fetch_add(state.files.bytes(), Ordering::Relaxed);
        Self::answer(state, cut)
    }

    /// Reads on until every expected trace is there and nothing has been added for a while, or until nothing has been added
    /// for so long that the rest is not coming. With it, what kept us from either.
    async fn until_settled(&self, mut state: State, slot: &Slot) -> Result<(State, Option<Gap>), Gap> {
        let mut last_growth = Instant::now();
        loop {
            let before = state.documents.gathered.spans();
            let (read, end) = self.read(state, slot).await?;
            state = read;
            self.looks.fetch_add(1, Ordering::Relaxed);
            let gathered = &mut state.documents.gathered;
            (slot.progress)(gathered.traces(), gathered.expected());
            if gathered.spans() > before {
                last_growth = Instant::now();
            }
            let (complete, at_end) = (gathered.complete(), matches!(end, Ok(true)));
            let settled = at_end && last_growth.elapsed() >= if complete { self.pace.confirm } else { self.pace.quiet };
            match end {
                // A file that is not there yet is worth waiting for: the collector creates it with its first span.
                Ok(_) | Err(Gap::Unreachable(_)) if !settled => {}
                Ok(_) => return Ok((State::ended(state, complete), None)),
                Err(gap) => return Err(gap),
            }
            let waited_enough = last_growth.elapsed() >= self.pace.quiet;
            if let Err(gap @ Gap::Unreachable(_)) = end
                && waited_enough
            {
                return Err(gap);
            }
            if Instant::now() + self.pace.poll >= Instant::from_std(slot.deadline) {
                let late = state.documents.gathered.too_late(&self.path.display().to_string(), last_growth.elapsed());
                return Ok((state, (!complete || !at_end).then_some(late)));
            }
            pause(slot, self.pace.poll).await?;
        }
    }

    /// One look, and whether it came to the end.
    async fn read(&self, mut state: State, slot: &Slot) -> Result<(State, Result<bool, Gap>), Gap> {
        let (cancel, until) = (slot.cancel.clone(), slot.deadline);
        let reading = tokio::task::spawn_blocking(move || {
            let State { files, documents } = &mut state;
            let end = files.moved().and_then(|moved| {
                if moved {
                    files.rewind();
                    documents.anew();
                }
                files.read(documents, &|| cancel.is_cancelled() || std::time::Instant::now() >= until)
            });
            (state, end)
        });
        let (state, end) = reading.await.map_err(|e| self.panicked(&e))?;
        if slot.cancel.is_cancelled() {
            return Err(Gap::NotReached("interrupted".into()));
        }
        Ok((state, end))
    }

    fn answer(state: State, cut: Option<Gap>) -> Result<Seen, Gap> {
        let State { files, documents } = state;
        let (place, act) = (files.request(), documents.gathered.ours().covered);
        let told = documents.told(&place)?;
        Ok(Seen {
            covered: Span { from: act.from, to: act.to.max(Wall(told.last_us)) },
            origin: Origin { request: format!("read {place}"), server: None, method: Method::Measured },
            notes: told.notes,
            partial: cut.or(told.partial),
            payload: Payload::Spans(told.spans),
        })
    }

    fn panicked(&self, error: &tokio::task::JoinError) -> Gap {
        Gap::Panicked(format!("{}: {error}", self.name))
    }
}

impl State {
    /// Nothing will be added any more: the last document is one without its line end, too. Where all is there already, what is
    /// being written now is none of ours.
    fn ended(mut state: State, complete: bool) -> State {
        if !complete {
            state.files.end(&mut state.documents);
        }
        state
    }
}

impl Source for OtlpFiles {
    fn name(&self) -> &Name {
        &self.name
    }
    fn timing(&self, _query: &Query) -> Timing {
        // How long the files are by now must be known before the act.
        Timing::Watch
    }
    fn waits(&self) -> Ms {
        self.pace.waits()
    }
    fn ask<'a>(&'a self, query: &'a Query, _effort: Effort, slot: &'a Slot) -> Answer<'a> {
        Box::pin(async move {
            match query {
                Query::Spans(_) => self.spans(slot).await,
                other => Err(Gap::NotConfigured(format!("{} is a file of traces: it cannot tell {}", self.name, other.word()))),
            }
        })
    }
    fn cost(&self) -> Cost {
        Cost { queries: self.looks.load(Ordering::Relaxed), bytes: self.bytes.load(Ordering::Relaxed) }
    }
}
