//! Level 5: plan, gather, judge. Names no concrete source; only [`gather`] fans out over questions.

pub mod gather;
mod journal;
pub mod judge;
pub mod own_cost;
pub mod plan;
pub mod prove;
pub mod recorded;
pub mod replay;
mod retry;

pub use journal::Journal;
pub use plan::Plan;

use crate::{
    model::{
        audit::{AnyCase, Context, Need},
        event::{Event, Header, Recorder},
        evidence::Evidence,
        key::World,
        rows::Blobs,
        source::Source,
        units::{Ms, Wall},
    },
    spec::profile::Profile,
};
use std::{collections::BTreeMap, sync::Arc};
use tokio_util::sync::CancellationToken;

/// Everything that a run needs.
pub struct Job {
    /// How it is described.
    pub header: Header,
    /// What is judged.
    pub profile: Profile,
    /// The profile's cases, bound.
    pub cases: Vec<Box<dyn AnyCase>>,
    /// Who can be asked.
    pub sources: Vec<Arc<dyn Source>>,
    /// Other worlds: accepted baselines, earlier runs.
    pub others: BTreeMap<World, Elsewhere>,
    /// Where many rows go.
    pub blobs: Arc<dyn Blobs>,
    /// Who keeps the answers.
    pub recorder: Arc<dyn Recorder>,
    /// Cancelled on Ctrl-C: ends with a partial report.
    pub cancel: CancellationToken,
    /// How long one question may take beside the act that it is about.
    pub patience: Ms,
}

impl Job {
    /// How long a question may take at most once its act is over and has settled, as far as the sources know yet.
    pub fn longest_wait(&self) -> Ms {
        let longest = self.sources.iter().map(|s| plan::waits(&**s).0).fold(0.0, f64::max);
        Ms(2.0 * (self.patience.0 + longest))
    }
}

/// What was recorded in another world.
pub struct Elsewhere {
    /// The facts.
    pub evidence: Evidence,
    /// Where their rows lie.
    pub blobs: Arc<dyn Blobs>,
}

/// How long one question may take beside its act, unless told otherwise. Traces of a batching exporter need most of it.
pub const PATIENCE: Ms = Ms(30_000.0);

/// Our own failures; whatever the rig does is evidence, not an error.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// What was answered could not be kept.
    #[error("cannot record the run: {0}")]
    Record(#[from] std::io::Error),
}

/// Plans, gathers, judges. All that is found is said to the journal; the report is a fold of it.
pub async fn run(job: &Job, journal: &Journal) -> Result<Evidence, RunError> {
    journal.say(Event::Began(job.header.clone()));
    let plan = Plan::make(&job.cases, &job.profile.rig, &job.sources);
    journal.say(Event::Planned { steps: plan.steps() });
    let meter = own_cost::Meter::start(&job.sources);
    let evidence = gather::gather(job, &plan, journal).await?;
    let as_of = wall_now();
    journal.say(Event::Gathered { as_of, own: meter.read(&job.sources), interrupted: job.cancel.is_cancelled() });
    judge::judge(&job.cases, &Context { rig: &job.profile.rig, evidence: &evidence, as_of }, &job.profile, job.header.prove, journal);
    journal.say(Event::Ended);
    Ok(evidence)
}

/// Asks what is needed, and judges nothing.
pub async fn ask(job: &Job, needs: Vec<Need>, journal: &Journal) -> Result<Evidence, RunError> {
    let plan = Plan::of(needs, &job.sources);
    journal.say(Event::Planned { steps: plan.steps() });
    let meter = own_cost::Meter::start(&job.sources);
    let evidence = gather::gather(job, &plan, journal).await?;
    journal.say(Event::Gathered { as_of: wall_now(), own: meter.read(&job.sources), interrupted: job.cancel.is_cancelled() });
    Ok(evidence)
}

/// The wall clock of this host.
#[allow(clippy::disallowed_methods, reason = "the engine owns the run's one wall clock")]
pub fn wall_now() -> Wall {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Wall(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
