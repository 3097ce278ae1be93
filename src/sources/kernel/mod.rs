//! What workloads of this machine use, by the kernel's own files: the reference beside which other sources are laid.
//!
//! | found by | read | labels of bytes |
//! |---|---|---|
//! | container, label, cgroup | files of the control group; `/proc/PID/net/dev` of its first process | `interface`; `netns: host` where it shares ours |
//! | pid, port, process | `/proc/PID/stat` of the processes and all that they start | the same, of the first process |
//! | host | `/proc/stat`, `/proc/meminfo`, `/proc/pressure/cpu`, `/proc/net/dev` | the same |
//!
//! Claims are named by the measure's word; the machine has one track more, `system_cpu`, which is Docker's time of all CPUs by the
//! kernel itself. CPU time is read each 100 ms, all the rest each 500 ms, by stamps of our own; a track keeps at most 20,000 samples,
//! and halves its resolution whenever it is full. A limit that is not set has no track. Resident memory of several processes is their
//! sum, in which shared pages count for each. A workload that ends and comes back is another life: its counters begin anew, as they are.
#![allow(clippy::disallowed_methods, reason = "reads the kernel's files on a thread of its own, and stamps what it read")]

mod find;
mod group;
mod host;
mod network;
pub(crate) mod port;
pub(crate) mod processes;
mod sampler;
mod target;
mod tree;

use super::notebook::Notebook;
use crate::{
    engine::wall_now,
    model::{
        audit::Effort,
        evidence::{Gap, Method, Origin, Seen},
        key::{Payload, Query, Usage, When},
        name::{Name, name},
        source::{Answer, Cost, Slot, Source, Timing},
        units::{Ms, Span},
        usage::Measure,
        workload::{Found, KERNEL, Workload},
    },
};
use sampler::{EVERY, Sampler, Spent};
use std::{
    collections::BTreeMap,
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use target::Target;
use tokio::time::sleep_until;

/// For so long it is watched after the act.
const AFTER: Duration = Duration::from_millis(300);
/// A workload that is gone is looked for again so often.
const AGAIN: Duration = Duration::from_millis(500);
/// Looking for it again takes no longer than this.
const LOOK: Duration = Duration::from_secs(2);
/// What is left of the time before the deadline for handing the answer over.
const MARGIN: Duration = Duration::from_millis(300);

/// This machine's kernel.
pub struct Kernel {
    name: Name,
    workloads: BTreeMap<Name, Workload>,
    docker: Option<String>,
}

/// One workload while it is watched.
struct Watched<'k> {
    found: &'k Found,
    docker: Option<&'k str>,
    book: Arc<Mutex<Notebook>>,
    sampler: Option<Sampler>,
    spent: Spent,
}

impl Kernel {
    /// For the workloads of a rig; containers are looked for where `docker` is (`unix://PATH`), else at the usual place.
    pub fn new(workloads: BTreeMap<Name, Workload>, docker: Option<String>) -> Kernel {
        Kernel { name: name(KERNEL), workloads, docker }
    }

    async fn watch(&self, query: &Usage, slot: &Slot) -> Result<Seen, Gap> {
        let workload = self.workloads.get(&query.of);
        let workload = workload.ok_or_else(|| Gap::NotConfigured(format!("kernel: `resources` has no `{}`", query.of)))?;
        let (book, from) = (Arc::default(), wall_now());
        let mut watched = Watched { found: &workload.found, docker: self.docker.as_deref(), book, sampler: None, spent: Spent::default() };
        watched.begin().await?;
        slot.say_ready();
        watched.until_the_end(slot).await?;
        watched.stop();
        watched.look_back().await;
        let Watched { book, spent, .. } = watched;
        let book = mem::take(&mut *lock(&book));
        let to = book.last().unwrap_or(from);
        let (samples, interval_ms) = (book.samples(Measure::Cpu), book.between_ms(Measure::Cpu));
        let (mut tracks, notes) = book.close();
        tracks.interval_ms = if interval_ms > 0.0 { interval_ms } else { EVERY.as_secs_f64() * 1e3 };
        (tracks.cost_s, tracks.over_s) = (Some(spent.cpu.as_secs_f64()), Some(spent.over.as_secs_f64()));
        let few = || Gap::Truncated(format!("kernel: {} was gone before it was read twice", workload.found));
        let partial = (samples < 2 && tracks.lives.iter().any(|l| l.ended.is_some())).then(few);
        let origin = Origin { request: request(&workload.found), server: server(), method: Method::Measured };
        Ok(Seen { payload: Payload::Usage(tracks), covered: Span { from, to }, origin, notes, partial })
    }
}

impl Watched<'_> {
    /// Finds it, and reads it once.
    async fn begin(&mut self) -> Result<(), Gap> {
        let target = self.find().await?;
        let mut sampler =
            Sampler::start(target, Arc::clone(&self.book)).map_err(|e| Gap::Unreachable(format!("kernel: no thread to sample: {e}")))?;
        let first = sampler.first().await;
        if let Err(gap) = first {
            lock(&self.book).ends(None, wall_now());
            return Err(gap);
        }
        self.sampler = Some(sampler);
        Ok(())
    }

    async fn find(&self) -> Result<Target, Gap> {
        if let Found::Container(_) | Found::Label(_) = self.found {
            return find::container(self.docker, self.found, &self.book).await;
        }
        let (found, book) = (self.found.clone(), Arc::clone(&self.book));
        // Looking for a socket's holder reads what all processes have open.
        let looked = tokio::task::spawn_blocking(move || find::here(&found, &book)).await;
        looked.unwrap_or_else(|e| Err(Gap::Panicked(e.to_string())))
    }

    /// Goes on until a moment after the act. Whoever is gone is looked for again.
    async fn until_the_end(&mut self, slot: &Slot) -> Result<(), Gap> {
        let late = slot.deadline.checked_sub(MARGIN).unwrap_or(slot.deadline);
        let mut over = None;
        loop {
            let (until, again) = (over.unwrap_or(late).min(late), Instant::now() + AGAIN);
            tokio::select! {
                biased;
                act = slot.act_done(), if over.is_none() => {
                    act.map_err(not_reached)?;
                    over = Some(Instant::now() + AFTER);
                }
                () = slot.cancel.cancelled() => return Err(Gap::NotReached("interrupted".into())),
                () = sleep_until(until.into()) => {
                    return if over.is_some() { Ok(()) } else { Err(Gap::TooLate("kernel: the act did not end before the deadline".into())) };
                }
                (at, gap) = gone(&mut self.sampler) => {
                    self.stop();
                    let mut book = lock(&self.book);
                    book.ends(None, at);
                    book.say(format!("{} was gone at {at}: {}", self.found, gap.detail()));
                }
                () = sleep_until(again.into()), if self.sampler.is_none() && !matches!(self.found, Found::Pid(_)) => {
                    // Who does not come back was said to be gone.
                    drop(tokio::time::timeout(LOOK, self.begin()).await);
                }
            }
        }
    }

    fn stop(&mut self) {
        if let Some(spent) = self.sampler.take().map(Sampler::stop) {
            self.spent.cpu += spent.cpu;
            self.spent.over += spent.over;
        }
    }

    /// A container that was restarted faster than anybody noticed shows by its start.
    async fn look_back(&self) {
        if !matches!(self.found, Found::Container(_) | Found::Label(_)) {
            return;
        }
        let told = find::told(self.docker, self.found).await;
        let mut book = lock(&self.book);
        match told {
            Ok(told) => {
                let alive = book.lives().iter().rev().find(|l| l.ended.is_none()).cloned();
                if let Some(alive) = alive
                    && (alive.id != told.id || alive.began != told.began)
                {
                    book.ends(Some(&alive.id), told.began.unwrap_or_else(wall_now));
                    book.begins(told.id, told.began);
                    book.say(format!("{} was started anew meanwhile", self.found));
                }
            }
            Err(gap) => book.say(format!("Docker could not be asked again whether {} was restarted: {}", self.found, gap.detail())),
        }
    }
}

async fn gone(sampler: &mut Option<Sampler>) -> (crate::model::units::Wall, Gap) {
    match sampler {
        Some(sampler) => sampler.gone().await,
        None => std::future::pending().await,
    }
}

fn lock(book: &Mutex<Notebook>) -> MutexGuard<'_, Notebook> {
    book.lock().unwrap_or_else(PoisonError::into_inner)
}

fn not_reached(gap: Gap) -> Gap {
    if matches!(gap, Gap::NotReached(_)) { gap } else { Gap::NotReached(format!("the act failed: {gap}")) }
}

/// Where it was read.
fn request(found: &Found) -> String {
    match found {
        Found::Host => "/proc/stat, /proc/meminfo, /proc/pressure/cpu, /proc/net/dev".into(),
        Found::Container(_) | Found::Label(_) | Found::Cgroup(_) => format!("control group files and /proc/PID/net/dev of {found}"),
        _ => format!("/proc/PID/stat and /proc/PID/net/dev of {found}"),
    }
}

fn server() -> Option<String> {
    std::fs::read_to_string("/proc/sys/kernel/osrelease").ok().map(|release| format!("Linux {}", release.trim()))
}

impl Source for Kernel {
    fn name(&self) -> &Name {
        &self.name
    }
    fn timing(&self, query: &Query) -> Timing {
        match query {
            Query::Usage(_) => Timing::Watch,
            _ => Timing::Recall { settle: Ms(0.0) },
        }
    }
    fn ask<'a>(&'a self, query: &'a Query, _: Effort, slot: &'a Slot) -> Answer<'a> {
        Box::pin(async move {
            match query {
                Query::Usage(q) if matches!(q.when, When::During(_)) => self.watch(q, slot).await,
                other => Err(Gap::NotConfigured(format!("kernel: cannot answer {} of that time", other.word()))),
            }
        })
    }
    fn cost(&self) -> Cost {
        Cost::default()
    }
}
