//! The open loop: every request is sent when it is due, whatever became of the others.
#![allow(clippy::disallowed_methods, reason = "the load generator reads the wall clock once, at nanosecond 0 of its timelines, and once at the end")]

use super::{
    heartbeat::{Beats, end_of},
    plan::Plan,
    send::{Endpoint, Limits, Sent, send},
};
use crate::engine::wall_now;
use crate::model::{
    act::Api,
    evidence::{Gap, Method, Origin, Seen},
    key::{Perform, Question},
    payload::Performed,
    rows::RowsWriter,
    source::Slot,
    timeline::{Nanos, Timeline},
    units::{Span, Wall},
};
use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, sleep_until},
};
use tokio_util::sync::CancellationToken;

/// This many failures in a row end the act: the target is not there, or not what the spec says.
const FAILURES: u32 = 5;
/// So do this many among the latest [`LATEST`]: at a fifth, what is left over is no sample of the target's traffic.
const BURST: u32 = 10;
const LATEST: u32 = 50;
/// Time that is kept before the deadline to hand over what there is, or a quarter of all if that is less: on a busy host
/// ending what is under way and waiting for the last heartbeat take more than half a second.
const HAND_OVER: Duration = Duration::from_millis(1_500);

/// Performs the plan and counts the requests that were begun.
pub async fn run(endpoint: &Arc<Endpoint>, plan: &Plan, request_timeout: Duration, slot: &Slot, begun: &AtomicU64) -> Result<Seen, Gap> {
    let (start, started) = (Instant::now(), wall_now());
    let limits = Arc::new(Limits { start, timeout: request_timeout, stop: CancellationToken::new() });
    let deadline = Instant::from_std(slot.deadline);
    let give_up = deadline - HAND_OVER.min(deadline.saturating_duration_since(start) / 4);
    let mut course = Course::new(plan, slot);
    // Both sets end their tasks when they are dropped, and with them everything that this act started.
    let mut pulse = JoinSet::new();
    pulse.spawn(course.beats.clone().run(start));
    let mut tasks = JoinSet::new();
    let mut next = 0;
    loop {
        let sending = course.ending.is_none() && next < plan.total();
        if !sending && tasks.is_empty() {
            break;
        }
        tokio::select! {
            biased;
            () = slot.cancel.cancelled(), if !limits.stop.is_cancelled() => {
                course.end(Ending::Interrupted);
                limits.stop.cancel();
            }
            () = sleep_until(give_up), if !limits.stop.is_cancelled() => {
                course.end(Ending::Deadline);
                limits.stop.cancel();
            }
            () = sleep_until(start + Duration::from_nanos(plan.due(next).0)), if sending => {
                let mut request = plan.request(next);
                let built = endpoint.build(&plan.act().path, &mut request)?;
                let (endpoint, limits) = (Arc::clone(endpoint), Arc::clone(&limits));
                tasks.spawn(async move { send(&endpoint, built, request, &limits).await });
                next += 1;
                begun.store(next, Ordering::Relaxed);
            }
            Some(done) = tasks.join_next() => {
                let done = done.map_err(|e| Gap::Panicked(format!("a request's task: {e}")))?;
                course.take(done)?;
            }
        }
    }
    let ended = wall_now();
    let origin = Origin {
        request: format!("POST {}{}{} × {} at {}/s", endpoint.url(), plan.act().path, endpoint.through(), plan.total(), plan.rate()),
        server: course.server.take(),
        method: Method::Measured,
    };
    let place = format!("{}{}", endpoint.url(), plan.act().path);
    let (performed, partial) = course.finish(started, next, &place).await?;
    let covered = Span { from: started, to: ended.max(started) };
    match partial {
        Some(gap) if next == 0 => Err(gap),
        partial => Ok(Seen { payload: Perform::wrap(performed), covered, origin, notes: vec![], partial }),
    }
}

/// Why the act ended before all was sent and answered.
enum Ending {
    /// The target asks for it.
    Busy(String),
    /// The target is not there, or fails too often.
    Failing(String),
    /// The run was interrupted.
    Interrupted,
    /// The time was over.
    Deadline,
}

/// How the act goes.
struct Course<'a> {
    plan: &'a Plan,
    slot: &'a Slot,
    rows: RowsWriter<Timeline>,
    /// Over, but a stall that touched them may not be known yet.
    waiting: VecDeque<Timeline>,
    beats: Beats,
    ending: Option<Ending>,
    /// Whether the latest requests failed, one bit each, the last one lowest.
    failures: u64,
    answered: bool,
    done: u64,
    server: Option<String>,
}

impl<'a> Course<'a> {
    fn new(plan: &'a Plan, slot: &'a Slot) -> Course<'a> {
        Course {
            plan,
            slot,
            rows: RowsWriter::new(Arc::clone(&slot.blobs)),
            waiting: VecDeque::new(),
            beats: Beats::default(),
            ending: None,
            failures: 0,
            answered: false,
            done: 0,
            server: None,
        }
    }
    /// The first reason counts.
    fn end(&mut self, why: Ending) {
        self.ending.get_or_insert(why);
    }
    /// Takes a request that is over.
    fn take(&mut self, sent: Sent) -> Result<(), Gap> {
        self.answered |= sent.timeline.status.is_some() && sent.unreachable.is_none();
        if let (false, Some(gap)) = (self.answered, sent.unreachable) {
            // The target has not answered yet and is not reached: no load, no timelines, nothing to keep.
            return Err(gap);
        }
        self.done += 1;
        self.server = sent.server.or(self.server.take());
        self.watch(&sent.timeline);
        self.waiting.push_back(sent.timeline);
        self.settle(false)?;
        (self.slot.progress)(self.done, self.plan.total());
        Ok(())
    }
    /// Ends the act when the target asks for it.
    fn watch(&mut self, timeline: &Timeline) {
        if timeline.status == Some(429) {
            self.end(Ending::Busy("the target answered 429 (too many requests); lower `target.chat.rate`, or raise its limit".into()));
        }
        // A page of a login or an error object comes with 200, too.
        let failed = !timeline.ok();
        self.failures = self.failures << 1 | u64::from(failed);
        let (latest, in_a_row) = ((self.failures & ((1 << LATEST) - 1)).count_ones(), self.failures.trailing_ones());
        if failed && (in_a_row >= FAILURES || latest >= BURST) {
            let many = if in_a_row >= FAILURES { format!("{in_a_row} requests in a row") } else { format!("{latest} of the last {LATEST} requests") };
            let last = timeline.error.clone().unwrap_or_default();
            let advice = advice(timeline.status, &self.plan.act().api);
            self.end(Ending::Failing(format!("{many} failed, the last with: {last}; {advice}")));
        }
    }
    fn settle(&mut self, all: bool) -> Result<(), Gap> {
        while self.waiting.front().is_some_and(|t| all || self.beats.covers(end_of(t))) {
            if let Some(mut timeline) = self.waiting.pop_front() {
                self.beats.mark(&mut timeline);
                self.rows.push(timeline).map_err(|e| kept(&e))?;
            }
        }
        Ok(())
    }
    /// The answer, and why it is not the whole one.
    async fn finish(mut self, started: Wall, begun: u64, place: &str) -> Result<(Performed, Option<Gap>), Gap> {
        let last = self.waiting.iter().map(end_of).max().unwrap_or(Nanos(0));
        for _ in 0..20 {
            if self.beats.covers(last) {
                break;
            }
            sleep(Duration::from_millis(10)).await;
        }
        self.settle(true)?;
        let (title, total) = (format!("{} on {place}", self.plan.title()), self.plan.total());
        let partial = self.ending.as_ref().map(|why| match why {
            Ending::Busy(text) => Gap::Busy(format!("{title}: ended after {begun} of {total} requests: {text}")),
            Ending::Failing(text) => Gap::NotReached(format!("{title}: ended after {begun} of {total} requests: {text}")),
            Ending::Interrupted => Gap::NotReached(format!("{title}: interrupted after {begun} of {total} requests")),
            Ending::Deadline => {
                let advice = advice(None, &self.plan.act().api);
                Gap::TooLate(format!("{title}: the time was over before the {begun} requests that were sent, of {total}, had all ended; {advice}"))
            }
        });
        let performed = Performed {
            started,
            asked: total,
            requests: self.rows.finish().map_err(|e| kept(&e))?,
            heartbeat: self.beats.heartbeat(),
            tokens_allowed: self.plan.tokens(begun),
            cut: match self.ending {
                None => None,
                Some(Ending::Busy(text) | Ending::Failing(text)) => Some(text),
                Some(Ending::Interrupted) => Some("interrupted".into()),
                Some(Ending::Deadline) => Some("the deadline passed".into()),
            },
        };
        Ok((performed, partial))
    }
}

/// What to do about a target that refuses or fails.
fn advice(status: Option<u16>, api: &Api) -> String {
    let (key, speaks) = match api {
        Api::Chat => ("chat", "chat completions"),
        Api::Embeddings => ("embeddings", "embeddings"),
    };
    match status {
        Some(401 | 403) => "add `bearer`, `basic` or `headers` to `target`".into(),
        Some(300..=399 | 404 | 405) => format!("correct `target.url` or `target.{key}.path`"),
        Some(400 | 422) => format!("does it speak OpenAI's {speaks}, and know `target.{key}.model`?"),
        Some(200..=299) => format!("is this an OpenAI-compatible {key} endpoint, and not a login page or another program?"),
        Some(_) => "its own log should say why".into(),
        None => "is it up, and fast enough for `target.chat.rate`?".into(),
    }
}

fn kept(error: &std::io::Error) -> Gap {
    Gap::Truncated(format!("the timelines could not be stored: {error}"))
}
