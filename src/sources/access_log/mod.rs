//! Access logs: the lines of our own requests, from files (while they grow and rotate), a container or standard input.
//! Of our own lines the named fields are kept; of all others, only that they exist.
#![allow(clippy::disallowed_methods, reason = "waits for lines until a deadline that the engine gives as an instant")]

pub(super) mod docker;
mod ids;
pub(super) mod line;
mod nginx;
mod resolution;
mod stdin;
mod tally;
pub(super) mod value;

use crate::{
    model::{
        audit::Effort,
        evidence::{Gap, Method, Origin, Seen},
        key::{LogLines, Perform, Query, Question, When},
        name::Name,
        source::{Answer, Cost, Slot, Source, Timing},
        units::{Ms, Span},
    },
    sources::lines::{Files, Kind, Line, Pieces, Take as _},
    spec::settings::{AccessLog, LogPlace},
};
use ids::Ids;
use line::Reader;
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant, UNIX_EPOCH},
};
pub(super) use stdin::CAP as STDIN_CAP;
use stdin::Stdin;
use tally::Tally;

/// Loggers buffer: a log that brought no line of ours for this long brings none any more.
const QUIET: Duration = Duration::from_secs(3);
/// Time between two looks.
const LOOK: Duration = Duration::from_millis(250);
/// Time that is kept before the deadline to hand over what there is.
const HAND_OVER: Duration = Duration::from_millis(300);
const FILES: Kind = Kind { word: "access log", ending: ".log", instead: "; write `-` to read standard input", pieces: Pieces::default };

/// An access log, as a source.
pub struct Log {
    name: Name,
    from: LogPlace,
    reader: Arc<Reader>,
    docker_host: Option<String>,
    stdin: Stdin,
    looks: AtomicU64,
    bytes: AtomicU64,
}

/// How reading ended.
struct End {
    tally: Tally,
    request: String,
    partial: Option<Gap>,
}

impl Log {
    /// A log and how its lines are read; fails where the settings contradict themselves.
    pub fn new(name: Name, settings: &AccessLog) -> Result<Log, Gap> {
        Ok(Log {
            name,
            from: settings.from.clone(),
            reader: Arc::new(Reader::new(settings)?),
            docker_host: None,
            stdin: Stdin::new(std::io::stdin()),
            looks: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
        })
    }
    /// Asks this Docker daemon (`unix:///path`, `tcp://host:port`) instead of the default one.
    #[must_use]
    pub fn with_docker_host(mut self, host: &str) -> Log {
        self.docker_host = Some(host.into());
        self
    }
    /// Reads this instead of the process's standard input.
    #[must_use]
    pub fn with_stdin(mut self, input: impl std::io::Read + Send + 'static) -> Log {
        self.stdin = Stdin::new(input);
        self
    }
    async fn lines(&self, when: &When, slot: &Slot) -> Result<Seen, Gap> {
        if !matches!(when, When::During(_) | When::After(_)) {
            return Err(Gap::NotConfigured(format!("{}: log lines can only be asked for around a load", self.name)));
        }
        let act = tokio::select! {
            act = slot.act_done() => act?,
            () = slot.cancel.cancelled() => return Err(Gap::NotReached("interrupted".into())),
        };
        let performed = Perform::pick(&act.payload).ok_or_else(|| Gap::NotReached("the act sent no requests".into()))?;
        let fresh = Fresh { reader: Arc::clone(&self.reader), ids: Arc::new(Ids::of(performed)), span: act.covered, slot };
        let end = match &self.from {
            LogPlace::File(path) => self.file(path, &fresh).await,
            LogPlace::Docker(container) => self.docker(container, &fresh).await,
            LogPlace::Stdin => self.standard_input(&fresh).await,
        }?;
        let (lines, notes) = end.tally.finish().map_err(|e| Gap::Truncated(format!("{}: lines could not be stored: {e}", self.name)))?;
        Ok(Seen {
            payload: LogLines::wrap(lines),
            covered: act.covered,
            origin: Origin { request: end.request, server: None, method: Method::Measured },
            notes,
            partial: end.partial,
        })
    }

    async fn file(&self, path: &Path, fresh: &Fresh<'_>) -> Result<End, Gap> {
        let start = UNIX_EPOCH + Duration::from_micros(u64::try_from(fresh.span.from.0).unwrap_or(0));
        let mut state = Some((Files::new(FILES, path, start), fresh.tally()));
        let mut patience = Patience::new(fresh.slot);
        loop {
            // Files may lie on a disk that hangs: never on the runtime's own threads.
            let Some((mut files, mut tally)) = state.take() else { return Err(Gap::Panicked("the log's state was lost".into())) };
            let (empty, stop) = (fresh.tally(), Stop::of(fresh.slot));
            let pass = tokio::task::spawn_blocking(move || {
                let whole = files.moved().and_then(|moved| {
                    if moved {
                        files.rewind();
                        tally = empty;
                    }
                    files.read(&mut tally, &|| stop.now())
                });
                (files, tally, whole)
            });
            self.looks.fetch_add(1, Ordering::Relaxed);
            let (mut files, mut tally, whole) = pass.await.map_err(|e| Gap::Panicked(format!("{}: {e}", self.name)))?;
            let verdict = match &whole {
                // A log that is not there yet is worth waiting for: the target may create it with its first line.
                Ok(true) | Err(Gap::Unreachable(_)) => patience.look(&tally),
                Ok(false) => patience.stopped(&tally),
                Err(gap) => return Err(gap.clone()),
            };
            if let Some(partial) = verdict {
                self.bytes.fetch_add(files.bytes(), Ordering::Relaxed);
                whole?;
                files.end(&mut tally);
                return Ok(End { request: files.request(), tally, partial: partial.into_gap(&files.request()) });
            }
            state = Some((files, tally));
            patience.wait().await;
        }
    }

    async fn docker(&self, container: &str, fresh: &Fresh<'_>) -> Result<End, Gap> {
        let docker = docker::connect(self.docker_host.as_deref())?;
        let mut patience = Patience::new(fresh.slot);
        loop {
            // Each look asks for everything since the act began: the daemon has no finer place to go on from than a second.
            let mut tally = fresh.tally();
            self.looks.fetch_add(1, Ordering::Relaxed);
            let read = tokio::select! {
                read = docker::read(&docker, container, fresh.span.from, &mut tally) => Some(read?),
                () = fresh.slot.cancel.cancelled() => None,
                () = tokio::time::sleep_until(hand_over(fresh.slot).into()) => None,
            };
            self.bytes.fetch_add(read.map_or(0, |r| r.1), Ordering::Relaxed);
            let verdict = if read.is_some() { patience.look(&tally) } else { patience.stopped(&tally) };
            if let Some(partial) = verdict {
                let request = format!("docker logs {container}:1-{}", read.map_or(0, |r| r.0));
                let partial = partial.into_gap(&request);
                return Ok(End { tally, request, partial });
            }
            patience.wait().await;
        }
    }

    async fn standard_input(&self, fresh: &Fresh<'_>) -> Result<End, Gap> {
        let bytes = self.stdin.bytes(fresh.slot, hand_over(fresh.slot)).await?;
        self.looks.fetch_add(1, Ordering::Relaxed);
        let mut tally = fresh.tally();
        let mut pieces = Pieces::default();
        let mut each = |n: u64, line: Line<'_>| tally.line(line, &|| format!("stdin:{n}"));
        pieces.feed(&bytes, &mut each);
        pieces.end(&mut each);
        Ok(End { tally, request: format!("stdin:1-{}", pieces.lines()), partial: None })
    }
}

/// What a tally begins with.
struct Fresh<'s> {
    reader: Arc<Reader>,
    ids: Arc<Ids>,
    span: Span,
    slot: &'s Slot,
}

impl Fresh<'_> {
    fn tally(&self) -> Tally {
        Tally::new(Arc::clone(&self.reader), Arc::clone(&self.ids), self.span, Arc::clone(&self.slot.blobs))
    }
}

/// When work on another thread must end.
struct Stop {
    cancel: tokio_util::sync::CancellationToken,
    at: Instant,
}

impl Stop {
    fn of(slot: &Slot) -> Stop {
        Stop { cancel: slot.cancel.clone(), at: hand_over(slot) }
    }
    fn now(&self) -> bool {
        self.cancel.is_cancelled() || Instant::now() >= self.at
    }
}

fn hand_over(slot: &Slot) -> Instant {
    slot.deadline.checked_sub(HAND_OVER).unwrap_or(slot.deadline)
}

/// How long to go on looking.
struct Patience<'s> {
    slot: &'s Slot,
    ours: u64,
    since: Instant,
}

/// It is over.
enum Over {
    /// All that was due is there, or nothing came for long enough.
    Whole,
    /// Lines were still due, and still coming.
    Deadline(usize),
    /// The run was interrupted.
    Interrupted,
}

impl Over {
    fn into_gap(self, place: &str) -> Option<Gap> {
        match self {
            Over::Whole => None,
            Over::Deadline(missing) => Some(Gap::TooLate(format!("{place}: {missing} requests had no line yet when the time was over"))),
            Over::Interrupted => Some(Gap::NotReached(format!("{place}: interrupted while reading"))),
        }
    }
}

impl<'s> Patience<'s> {
    fn new(slot: &'s Slot) -> Patience<'s> {
        Patience { slot, ours: 0, since: Instant::now() }
    }
    /// After a look that came to the end of the log.
    fn look(&mut self, tally: &Tally) -> Option<Over> {
        let now = Instant::now();
        if tally.ours() != self.ours {
            (self.ours, self.since) = (tally.ours(), now);
        }
        if tally.missing() == 0 || now.duration_since(self.since) >= QUIET { Some(Over::Whole) } else { self.end(tally, now) }
    }
    /// After a look that did not.
    fn stopped(&self, tally: &Tally) -> Option<Over> {
        self.end(tally, Instant::now()).or(Some(Over::Deadline(tally.missing())))
    }
    fn end(&self, tally: &Tally, now: Instant) -> Option<Over> {
        if self.slot.cancel.is_cancelled() {
            Some(Over::Interrupted)
        } else {
            (now + LOOK >= hand_over(self.slot)).then(|| Over::Deadline(tally.missing()))
        }
    }
    async fn wait(&self) {
        tokio::select! {
            () = self.slot.cancel.cancelled() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

impl Source for Log {
    fn name(&self) -> &Name {
        &self.name
    }
    fn timing(&self, _query: &Query) -> Timing {
        // It waits by itself, for as long as lines are due.
        Timing::Recall { settle: Ms(0.0) }
    }
    fn ask<'a>(&'a self, query: &'a Query, _effort: Effort, slot: &'a Slot) -> Answer<'a> {
        Box::pin(async move {
            match query {
                Query::LogLines(LogLines { when }) => self.lines(when, slot).await,
                other => Err(Gap::NotConfigured(format!("{}: an access log does not answer {}", self.name, other.word()))),
            }
        })
    }
    fn cost(&self) -> Cost {
        Cost { queries: self.looks.load(Ordering::Relaxed), bytes: self.bytes.load(Ordering::Relaxed) + self.stdin.read() }
    }
}
