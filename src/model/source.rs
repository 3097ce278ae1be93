//! The port of gathering: whoever can be asked. The engine names no concrete source.

use super::{
    audit::Effort,
    evidence::{Gap, Seen},
    key::Query,
    name::Name,
    rows::Blobs,
    units::{Ms, Wall},
};
use serde::{Deserialize, Serialize};
use std::{future::Future, pin::Pin, sync::Arc, time::Instant};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// When a source must be asked about an act.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Timing {
    /// First sample before the act, last after it.
    Watch,
    /// Can be asked afterwards, once what it saw has settled; `settle` is the least wait.
    Recall {
        /// Wait after the act before asking.
        settle: Ms,
    },
}

/// How an act stands, as its companions see it.
#[derive(Clone, Debug)]
pub enum ActState {
    /// Not begun.
    Waiting,
    /// Going on since this instant.
    Running(Wall),
    /// Done; this is the actor's answer.
    Done(Arc<Seen>),
    /// It failed; its companions are [`Gap::NotReached`].
    Failed(Gap),
}

/// Called with (done, total) as work goes on.
pub type Progress = Arc<dyn Fn(u64, u64) + Send + Sync>;

/// What a source gets beside the question. One per question.
#[derive(Clone)]
pub struct Slot {
    /// When the answer must be there; the engine gives up on it then.
    pub deadline: Instant,
    /// Cancelled when the run is interrupted.
    pub cancel: CancellationToken,
    /// How the act that the question is about stands; [`ActState::Waiting`] for ever where there is none.
    pub act: watch::Receiver<ActState>,
    /// A watcher says here that its first sample is in; dropping it unsaid counts as "will not watch".
    pub ready: watch::Sender<bool>,
    /// Progress.
    pub progress: Progress,
    /// Where many rows go.
    pub blobs: Arc<dyn Blobs>,
}

impl Slot {
    /// A slot of its own, for tests and for asking outside a run.
    pub fn detached(deadline: Instant, blobs: Arc<dyn Blobs>) -> Slot {
        Slot {
            deadline,
            cancel: CancellationToken::new(),
            act: watch::channel(ActState::Waiting).1,
            ready: watch::channel(false).0,
            progress: Arc::new(|_, _| {}),
            blobs,
        }
    }
    /// The same slot with an act that is over: what a recall sees.
    #[must_use]
    pub fn after(mut self, act: Arc<Seen>) -> Slot {
        self.act = watch::channel(ActState::Done(act)).1;
        self
    }
    /// Time left until the deadline.
    pub fn left(&self, now: Instant) -> std::time::Duration {
        self.deadline.saturating_duration_since(now)
    }
    /// Says that the first sample is in.
    pub fn say_ready(&self) {
        self.ready.send_replace(true);
    }
    /// Waits until the act is over and returns the actor's answer.
    pub async fn act_done(&self) -> Result<Arc<Seen>, Gap> {
        let mut act = self.act.clone();
        loop {
            match &*act.borrow_and_update() {
                ActState::Done(seen) => return Ok(Arc::clone(seen)),
                ActState::Failed(gap) => return Err(gap.clone()),
                ActState::Waiting | ActState::Running(_) => {}
            }
            if act.changed().await.is_err() {
                return Err(Gap::NotReached("the act never began".into()));
            }
        }
    }
}

/// A boxed answer to come.
pub type Answer<'a> = Pin<Box<dyn Future<Output = Result<Seen, Gap>> + Send + 'a>>;

/// What asking has cost so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// Requests sent to the source.
    pub queries: u64,
    /// Bytes read from it.
    pub bytes: u64,
}

impl std::ops::Add for Cost {
    type Output = Cost;
    fn add(self, other: Cost) -> Cost {
        Cost { queries: self.queries + other.queries, bytes: self.bytes + other.bytes }
    }
}

impl std::ops::Sub for Cost {
    type Output = Cost;
    fn sub(self, other: Cost) -> Cost {
        Cost { queries: self.queries.saturating_sub(other.queries), bytes: self.bytes.saturating_sub(other.bytes) }
    }
}

/// Someone who can be asked.
pub trait Source: Send + Sync {
    /// Its name in the spec.
    fn name(&self) -> &Name;
    /// When this question must be asked.
    fn timing(&self, query: &Query) -> Timing;
    /// How long the act of this question takes at worst and what it sends, for the plan; only actors answer.
    fn estimate(&self, _query: &Query, _effort: Effort) -> Estimate {
        Estimate::default()
    }
    /// How long after an act what it is asked for may take to come, as far as that is known yet: an earlier answer may have told.
    /// The plan says it; deadlines allow it twice, since what comes late may be followed by more.
    fn waits(&self) -> Ms {
        Ms(0.0)
    }
    /// Asks. Must end by itself when `slot.cancel` is cancelled; is dropped at the deadline.
    fn ask<'a>(&'a self, query: &'a Query, effort: Effort, slot: &'a Slot) -> Answer<'a>;
    /// What asking has cost so far.
    fn cost(&self) -> Cost;
}

/// What a question will take: time if all goes well, requests and tokens at worst.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// How long, if all goes well; deadlines add patience.
    pub lasting: Ms,
    /// Requests sent.
    pub requests: u64,
    /// Tokens that these may use.
    pub tokens: u64,
}

impl Default for Estimate {
    fn default() -> Self {
        Estimate { lasting: Ms(1_000.0), requests: 0, tokens: 0 }
    }
}
