//! Asks everything that the plan names. The only place that fans out over questions: acts one at a time, watchers beside them,
//! recalls after them; one deadline per question, one cancellation token per run.
#![allow(clippy::disallowed_methods, reason = "gathering owns deadlines and tasks")]

use super::{
    Job, Journal, RunError,
    plan::{ActPlan, Plan, timing, waits},
    retry,
};
use crate::model::{
    act::{Act, Destination},
    audit::Need,
    event::{Answered, Event, Sent},
    evidence::{Evidence, Fact, Gap, Seen, digest},
    key::{Payload, World},
    panics,
    redactor::UNCLEAN,
    rows::{Blobs, Redacted},
    source::{ActState, Progress, Slot, Timing},
    units::{Count, Ms, Share},
};
use futures_util::FutureExt;
use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::{sync::watch, task::JoinSet};

/// Watchers that are not ready by then will not watch.
const READY: Duration = Duration::from_secs(15);
/// A source that has not ended by itself so long after an interruption is left behind.
const GRACE: Duration = Duration::from_secs(3);
/// Progress is told at most this often.
const PROGRESS: Duration = Duration::from_millis(200);

/// Gathers; the answers are recorded as they arrive.
pub async fn gather(job: &Job, plan: &Plan, journal: &Journal) -> Result<Evidence, RunError> {
    let blobs: Arc<dyn Blobs> = Arc::new(Redacted { blobs: Arc::clone(&job.blobs), redactor: journal.redactor().clone() });
    let mut gathering = Gathering { job, journal, blobs, evidence: Evidence::default(), step: 0 };
    for need in &plan.others {
        gathering.copy_from_other_world(need)?;
    }
    if !plan.plain.is_empty() {
        let begun = gathering.begin();
        let mut asked = Asked::new();
        for need in &plan.plain {
            gathering.spawn(&mut asked, need, watch::channel(ActState::Waiting).1, How { allowed: job.patience, again: true, settles: false });
        }
        let (ok, says) = gathering.collect(asked).await?;
        gathering.end(begun, says, ok);
    }
    for act in &plan.acts {
        if job.cancel.is_cancelled() { gathering.skip(act)? } else { gathering.act(act).await? }
    }
    Ok(gathering.evidence)
}

struct Gathering<'a> {
    job: &'a Job,
    journal: &'a Journal,
    /// Where sources put many rows.
    blobs: Arc<dyn Blobs>,
    evidence: Evidence,
    step: usize,
}

/// A finished question.
struct Reply {
    need: Need,
    answer: Result<Seen, Gap>,
    retries: u32,
    took: Ms,
}

type Asked = JoinSet<Reply>;

/// How a question is asked.
#[derive(Clone, Copy)]
struct How {
    /// Time for it, beside the settling.
    allowed: Ms,
    /// May it be asked again after a passing fault? Acts and watchers are not.
    again: bool,
    /// Does it wait until what the source saw has settled?
    settles: bool,
}

impl Gathering<'_> {
    fn begin(&self) -> Instant {
        self.journal.say(Event::StepBegan { step: self.step });
        Instant::now()
    }
    fn end(&mut self, begun: Instant, says: String, ok: bool) {
        self.journal.say(Event::StepEnded { step: self.step, took: ms_since(begun), says, ok });
        self.step += 1;
    }

    /// Questions about other worlds are copied into the run, so that a replay needs nothing else.
    fn copy_from_other_world(&mut self, need: &Need) -> Result<(), RunError> {
        let live = crate::model::key::Key { world: World::Live, ..need.key.clone() };
        let other = self.job.others.get(&need.key.world);
        let Some((other, answer)) = other.and_then(|o| Some((o, o.evidence.raw(&live)?))) else {
            return self.keep(need, Err(Gap::NoBaseline(format!("{} is not recorded there", need.key))), 0, Ms(0.0));
        };
        for digest in answer.iter().flat_map(|seen| seen.payload.blobs()) {
            self.job.blobs.store(&mut |out| std::io::copy(&mut other.blobs.open(&digest)?, out).map(drop))?;
        }
        self.keep(need, answer.clone(), 0, Ms(0.0))
    }

    /// After an interruption nothing more is begun.
    fn skip(&mut self, plan: &ActPlan) -> Result<(), RunError> {
        for need in plan.perform.iter().chain(&plan.watch).chain(&plan.recall) {
            self.keep(need, Err(Gap::NotReached("interrupted".into())), 0, Ms(0.0))?;
        }
        Ok(())
    }

    /// One act: watchers first, then the act, then the questions about it.
    async fn act(&mut self, plan: &ActPlan) -> Result<(), RunError> {
        let begun = self.begin();
        let (state, stands) = watch::channel(ActState::Waiting);
        let (patience, lasting) = (self.job.patience.0, plan.estimate.lasting.0);
        let beside = How { allowed: Ms(lasting * 2.0 + 2.0 * patience), again: false, settles: false };
        let after = How { allowed: Ms(2.0 * patience), again: true, settles: true };
        let mut watchers = Asked::new();
        let mut ready = vec![];
        for need in &plan.watch {
            ready.push(self.spawn(&mut watchers, need, stands.clone(), beside));
        }
        let all_ready = async {
            for mut said in ready {
                let _ = said.wait_for(|r| *r).await; // an error means that the watcher ended: its answer says why
            }
        };
        let _ = tokio::time::timeout(READY, all_ready).await;

        let performed = self.perform(plan, &state).await?;
        let answer = plan.perform.as_ref().and_then(|need| self.evidence.raw(&need.key));
        let ok = answer.is_some_and(|a| a.as_ref().is_ok_and(|seen| seen.partial.is_none()));
        let says = match &performed {
            Ok(says) => says.clone(),
            Err(gap) => gap.to_string(),
        };
        self.end(begun, says, ok);
        if plan.recall.is_empty() && plan.watch.is_empty() {
            return Ok(());
        }

        let begun = self.begin();
        let mut asked = watchers;
        let Err(gap) = performed else {
            for need in &plan.recall {
                self.spawn(&mut asked, need, stands.clone(), after);
            }
            let (ok, says) = self.collect(asked).await?;
            self.end(begun, says, ok);
            return Ok(());
        };
        self.collect(asked).await?;
        for need in &plan.recall {
            self.keep(need, Err(Gap::NotReached(format!("{}: {gap}", plan.act.title()))), 0, Ms(0.0))?;
        }
        self.end(begun, "not asked: the act before it failed".into(), false);
        Ok(())
    }

    /// Performs the act and tells its companions how it went: what it says of itself, or why it did not come to that.
    async fn perform(&mut self, plan: &ActPlan, state: &watch::Sender<ActState>) -> Result<Result<String, Gap>, RunError> {
        let outcome = self.perform_inner(plan, state).await?;
        Ok(match outcome {
            Ok((seen, says)) => {
                state.send_replace(ActState::Done(seen));
                Ok(says)
            }
            Err(gap) => {
                state.send_replace(ActState::Failed(Gap::NotReached(format!("{}: {gap}", plan.act.title()))));
                Err(gap)
            }
        })
    }

    async fn perform_inner(&mut self, plan: &ActPlan, state: &watch::Sender<ActState>) -> Result<Result<(Arc<Seen>, String), Gap>, RunError> {
        let Some(need) = &plan.perform else { return Ok(Err(Gap::NotReached("no case asked for this act".into()))) };
        state.send_replace(ActState::Running(super::wall_now()));
        let mut one = Asked::new();
        // Acts are never repeated behind the user's back.
        let allowed = Ms(plan.estimate.lasting.0 * 1.5 + self.job.patience.0 * 2.0);
        self.spawn(&mut one, need, watch::channel(ActState::Waiting).1, How { allowed, again: false, settles: false });
        let Some(reply) = join_next(&mut one).await else { return Ok(Err(Gap::Panicked("the act ended without an answer".into()))) };
        let key = reply.need.key.clone();
        self.keep(&reply.need, reply.answer.map(Arc::new), reply.retries, reply.took)?;
        let seen = match self.evidence.raw(&key) {
            Some(Ok(seen)) => Arc::clone(seen),
            Some(Err(gap)) => return Ok(Err(gap.clone())),
            None => return Ok(Err(Gap::NotRecorded)),
        };
        let sent = sent(&seen, &plan.act, &self.job.profile.rig);
        let says = sent.as_ref().map(says).or_else(|| seen.payload.size()).unwrap_or_default();
        if let Some(sent) = sent {
            self.journal.say(Event::Sent(sent));
        }
        Ok(Ok((seen, says)))
    }

    /// Asks one question in a task of its own: what hangs, floods or panics costs its own question only.
    fn spawn(&self, tasks: &mut Asked, need: &Need, act: watch::Receiver<ActState>, how: How) -> watch::Receiver<bool> {
        let (ready, said) = watch::channel(false);
        let source = retry::find(need, &self.job.sources);
        let settle = match source.as_ref().map(|s| timing(&**s, &need.key.query)) {
            Ok(Timing::Recall { settle }) if how.settles => settle,
            _ => Ms(0.0),
        };
        let waits = source.as_ref().map_or(0.0, |s| waits(&**s).0);
        let slot = Slot {
            deadline: Instant::now() + duration(Ms(settle.0 + how.allowed.0 + 2.0 * waits)),
            cancel: self.job.cancel.child_token(),
            act,
            ready,
            progress: self.progress(need),
            blobs: Arc::clone(&self.blobs),
        };
        let (need, begun) = (need.clone(), Instant::now());
        tasks.spawn(async move {
            let (answer, retries) = match source {
                Err(gap) => (Err(gap), 0),
                Ok(source) => {
                    let cancel = slot.cancel.clone();
                    let work = async {
                        tokio::time::sleep(duration(settle)).await;
                        AssertUnwindSafe(retry::ask(&*source, &need, &slot, how.again)).catch_unwind().await
                    };
                    let too_late = async {
                        cancel.cancelled().await;
                        tokio::time::sleep(GRACE).await;
                    };
                    tokio::select! {
                        done = work => done.unwrap_or_else(|panic| (Err(Gap::Panicked(format!("source {}: {}", need.key.source, panics::text(&*panic)))), 0)),
                        () = too_late => (Err(Gap::NotReached("interrupted".into())), 0),
                    }
                }
            };
            Reply { need, answer, retries, took: ms_since(begun) }
        });
        said
    }

    fn progress(&self, need: &Need) -> Progress {
        let (journal, step) = (self.journal.clone(), self.step);
        let acts = need.key.query.performs().is_some();
        let last = Mutex::new(None::<Instant>);
        Arc::new(move |done, total| {
            let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
            if acts && (done == total || last.is_none_or(|t| t.elapsed() >= PROGRESS)) {
                *last = Some(Instant::now());
                journal.say(Event::StepMoved { step, done, total });
            }
        })
    }

    /// Waits for all answers and keeps them; says whether all are whole, and what came.
    async fn collect(&mut self, mut asked: Asked) -> Result<(bool, String), RunError> {
        let (mut says, mut ok) = (vec![], true);
        while let Some(reply) = join_next(&mut asked).await {
            ok &= matches!(&reply.answer, Ok(seen) if seen.partial.is_none());
            match &reply.answer {
                Ok(seen) => says.extend(seen.payload.size()),
                Err(gap) => says.push(format!("{}: {}", reply.need.key.source, gap.word())),
            }
            self.keep(&reply.need, reply.answer.map(Arc::new), reply.retries, reply.took)?;
        }
        says.sort();
        says.dedup();
        Ok((ok, says.join(" · ")))
    }

    /// Records an answer without secrets and tells of it.
    fn keep(&mut self, need: &Need, answer: Result<Arc<Seen>, Gap>, retries: u32, took: Ms) -> Result<(), RunError> {
        let redactor = self.journal.redactor();
        let answer = match answer {
            Ok(seen) => match redactor.strip((*seen).clone()) {
                Some(mut cleaned) => {
                    cleaned.payload.attach(&self.job.blobs);
                    Ok(Arc::new(cleaned))
                }
                None => Err(Gap::Malformed(UNCLEAN.into())),
            },
            Err(gap) => Err(redactor.strip(gap).unwrap_or_else(|| Gap::Malformed(UNCLEAN.into()))),
        };
        let fact = Fact { key: need.key.clone(), answer };
        let text = serde_json::to_vec(&fact.answer).unwrap_or_default();
        self.job.recorder.keep(&fact)?;
        let seen = fact.answer.as_ref().ok();
        self.journal.say(Event::Answered(Answered {
            key: fact.key.clone(),
            took,
            retries,
            gap: fact.answer.as_ref().err().cloned().or_else(|| seen.and_then(|s| s.partial.clone())),
            request: seen.map(|s| s.origin.request.clone()).unwrap_or_default(),
            server: seen.and_then(|s| s.origin.server.clone()),
            digest: seen.map(|_| digest(&text)),
            notes: seen.map(|s| s.notes.clone()).unwrap_or_default(),
        }));
        self.evidence.put(fact.key, fact.answer);
        Ok(())
    }
}

/// The next reply. What a source throws was caught and is a gap; a task that broke all the same loses its own question only.
async fn join_next(asked: &mut Asked) -> Option<Reply> {
    loop {
        if let Ok(reply) = asked.join_next().await? {
            return Some(reply);
        }
    }
}

fn duration(ms: Ms) -> Duration {
    Duration::from_secs_f64(ms.0.max(0.0) / 1e3)
}

/// What an act sent, from what the actor saw.
fn sent(seen: &Seen, act: &Act, rig: &crate::model::Rig) -> Option<Sent> {
    let (Payload::Perform(performed), Act::Load(load)) = (&seen.payload, act) else { return None };
    let mut lags: Vec<f64> = vec![];
    let mut sent = Sent {
        tokens_allowed: performed.tokens_allowed,
        planted: load.planted,
        target: match load.to {
            Destination::Target => rig.target.as_ref().map(|t| t.url.clone()).unwrap_or_default(),
            Destination::Reference => "the reference endpoint".into(),
        },
        ..Sent::default()
    };
    let mut stalled = 0_u64;
    for row in performed.requests.iter() {
        sent.requests += 1;
        sent.warmup += u64::from(row.warmup);
        // What we cut off ourselves says nothing about the target.
        let cut_off = row.error.as_deref() == Some("interrupted");
        sent.cut_off += u64::from(cut_off);
        sent.failed += u64::from(!cut_off && !row.ok());
        stalled += u64::from(row.stalled);
        sent.tokens_used += row.usage.map_or(0, |u| u.prompt + u.completion);
        lags.push(row.sent.since(row.scheduled).0);
    }
    sent.lag_p99 = Ms(crate::stats::quantile::quantile(&lags, 0.99).unwrap_or(0.0));
    sent.stalled = Share(if sent.requests == 0 { 0.0 } else { stalled as f64 / sent.requests as f64 });
    Some(sent)
}

/// The same in a few words.
fn says(sent: &Sent) -> String {
    let cut_off = if sent.cut_off > 0 { format!(", {} cut off", sent.cut_off) } else { String::new() };
    format!("{}, {} failed{cut_off}, schedule lag p99 {}", Count(sent.requests).of("request"), sent.failed, sent.lag_p99)
}

fn ms_since(begun: Instant) -> Ms {
    Ms(begun.elapsed().as_secs_f64() * 1e3)
}
