//! Exported spans: our own receiver of OTLP over HTTP, to which the rig's exporter or a collector sends them, or the files that
//! a collector writes.

mod documents;
mod files;
mod intake;
mod receiver;

pub(super) use documents::OTHER_SIGNALS;
pub(super) use files::CAP as DOCUMENT_CAP;
pub use files::OtlpFiles;

use crate::{
    model::{
        audit::Effort,
        evidence::{Gap, Method, Origin, Seen},
        key::{Payload, Query},
        name::Name,
        source::{Answer, Cost, Slot, Source, Timing},
        units::{Ms, Span, Wall},
    },
    sources::spans::{Gathered, Ours, Pace, act_over, in_time, interrupted_or, pause},
    traces::trace_number,
};
use intake::Intake;
pub(super) use receiver::BODY_CAP as CAP;
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    net::TcpListener,
    time::{Instant, sleep},
};

/// How often a port that is still being closed is tried again.
const BIND_TRIES: u32 = 5;
/// How often we look at what has arrived.
const LOOK: Duration = Duration::from_millis(100);

/// A receiver that listens from before an act until its spans have arrived.
pub struct Otlp {
    name: Name,
    listen: SocketAddr,
    service: String,
    pace: Pace,
    requests: AtomicU64,
    bytes: AtomicU64,
}

impl Otlp {
    /// A receiver at `listen`, which must be a loopback address. Only spans of `service` count; empty means any.
    pub fn new(name: Name, listen: SocketAddr, service: String) -> Result<Otlp, Gap> {
        if !listen.ip().is_loopback() {
            return Err(Gap::NotConfigured(format!(
                "sources.{name}.listen is {listen}, which others can reach: write a loopback address (127.0.0.1:4318) and let a collector on this host forward to it"
            )));
        }
        Ok(Otlp { name, listen, service, pace: Pace::default(), requests: AtomicU64::new(0), bytes: AtomicU64::new(0) })
    }
    /// Waits at another pace for late spans.
    #[must_use]
    pub fn with_pace(self, pace: Pace) -> Otlp {
        Otlp { pace, ..self }
    }
    fn place(&self) -> String {
        format!("http://{}/v1/traces", self.listen)
    }

    async fn spans(&self, slot: &Slot) -> Result<Seen, Gap> {
        let listener =
            interrupted_or(slot, self.bind()).await.unwrap_or_else(|| Err(Gap::TooLate(format!("{}: no port before the deadline", self.listen))))?;
        let slot = in_time(slot);
        let intake = Arc::new(Intake::new(self.service.clone()));
        let served = receiver::serve(listener, Arc::clone(&intake), async {
            slot.say_ready();
            self.receive(&intake, &slot).await
        });
        let answer = served.await;
        let received = intake.received();
        self.requests.fetch_add(received.requests, Ordering::Relaxed);
        self.bytes.fetch_add(received.bytes, Ordering::Relaxed);
        answer
    }

    #[allow(clippy::disallowed_methods, reason = "the receiver listens, on loopback only")]
    async fn bind(&self) -> Result<TcpListener, Gap> {
        let mut tries = 0;
        loop {
            match TcpListener::bind(self.listen).await {
                Ok(listener) => return Ok(listener),
                Err(e) if e.kind() == std::io::ErrorKind::AddrInUse && tries < BIND_TRIES => {
                    tries += 1;
                    sleep(LOOK * 2).await;
                }
                Err(e) if e.kind() == std::io::ErrorKind::AddrInUse => {
                    return Err(Gap::Unreachable(format!(
                        "{}: port in use by another program; stop that, or change sources.{}.listen and the exporter's endpoint",
                        self.listen, self.name
                    )));
                }
                Err(e) => return Err(Gap::Unreachable(format!("{}: cannot listen: {e}; change sources.{}.listen", self.listen, self.name))),
            }
        }
    }

    /// From the start of listening until the spans of the act are there.
    async fn receive(&self, intake: &Intake, slot: &Slot) -> Result<Seen, Gap> {
        let act = act_over(slot).await?;
        let mut gathered = Gathered::new(Ours::of(&act)?, Arc::clone(&slot.blobs));
        let cut = match self.until_settled(intake, &mut gathered, slot).await {
            Ok(()) => None,
            Err(gap) if slot.cancel.is_cancelled() => return Err(gap),
            Err(gap) => Some(gap),
        };
        let covered = gathered.ours().covered;
        self.answer(intake, gathered, covered, cut)
    }

    async fn until_settled(&self, intake: &Intake, gathered: &mut Gathered, slot: &Slot) -> Result<(), Gap> {
        let mut last_growth = Instant::now();
        loop {
            let before = gathered.spans();
            for row in intake.take() {
                gathered.take(row)?;
            }
            (slot.progress)(gathered.traces(), gathered.expected());
            if gathered.spans() > before {
                last_growth = Instant::now();
            }
            let complete = gathered.complete();
            if last_growth.elapsed() >= if complete { self.pace.confirm } else { self.pace.quiet } {
                return Ok(());
            }
            if Instant::now() + LOOK >= Instant::from_std(slot.deadline) {
                return if complete { Ok(()) } else { Err(gathered.too_late(&self.place(), last_growth.elapsed())) };
            }
            pause(slot, LOOK).await?;
        }
    }

    fn answer(&self, intake: &Intake, mut gathered: Gathered, act: Span, cut: Option<Gap>) -> Result<Seen, Gap> {
        let received = intake.received();
        gathered.lost(received.dropped);
        gathered.passed_by(intake.strangers());
        let place = self.place();
        let too_many = (gathered.dropped() > 0 || received.too_large > 0).then(|| {
            Gap::Truncated(format!(
                "{place}: {} spans found no room and {} exports were larger than {} MiB; send us less other traffic during the act, or smaller batches",
                gathered.dropped(),
                received.too_large,
                receiver::BODY_CAP >> 20
            ))
        });
        let unreadable = (received.unreadable > 0).then(|| {
            Gap::Malformed(format!(
                "{place}: {} of {} exports could not be read; send OTLP over HTTP as protobuf or JSON, plain or gzipped",
                received.unreadable, received.requests
            ))
        });
        if gathered.traces() == 0 {
            for (trace, service) in intake.others() {
                if trace_number(&trace).is_some_and(|id| gathered.ours().has(id)) {
                    gathered.found_at(service);
                }
            }
        }
        let nothing = (gathered.traces() == 0).then(|| {
            let other = if received.of_others > 0 { format!(", {} of them of other services than `{}`", received.of_others, self.service) } else { String::new() };
            format!(
                "{place}: {} exports with {} spans came{other}, none of a request of ours; does the exporter send here (OTEL_EXPORTER_OTLP_TRACES_ENDPOINT), and does the target take up `traceparent`?",
                received.requests, received.spans
            )
        });
        let without_id = (received.without_id > 0).then(|| format!("{} spans without a valid id were left out", received.without_id));
        Ok(Seen {
            covered: Span { from: act.from, to: act.to.max(Wall(intake.last_us())) },
            origin: Origin { request: format!("listened at {place}"), server: None, method: Method::Measured },
            notes: nothing.into_iter().chain(without_id).collect(),
            partial: cut.or(too_many).or(unreadable),
            payload: Payload::Spans(gathered.finish(received.too_large)?),
        })
    }
}

impl Source for Otlp {
    fn name(&self) -> &Name {
        &self.name
    }
    fn timing(&self, _query: &Query) -> Timing {
        Timing::Watch
    }
    fn waits(&self) -> Ms {
        self.pace.waits()
    }
    fn ask<'a>(&'a self, query: &'a Query, _effort: Effort, slot: &'a Slot) -> Answer<'a> {
        Box::pin(async move {
            match query {
                Query::Spans(_) => self.spans(slot).await,
                other => Err(Gap::NotConfigured(format!("{} is a receiver of traces: it cannot tell {}", self.name, other.word()))),
            }
        })
    }
    fn cost(&self) -> Cost {
        Cost { queries: self.requests.load(Ordering::Relaxed), bytes: self.bytes.load(Ordering::Relaxed) }
    }
}
