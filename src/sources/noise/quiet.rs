//! The quiet window as an answer: the thread that watches, Docker beside it, and the words to end early.

use super::{
    Noise,
    names::names,
    window::{Done, Job},
};
use crate::{
    model::{
        audit::Effort,
        evidence::{Gap, Method, Origin, Seen},
        key::Payload,
        source::Slot,
        units::{Ms, Span},
    },
    reference::burner::Stop,
};
use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
    thread::{Builder, JoinHandle},
    time::{Duration, Instant},
};
use tokio::{sync::oneshot, time::sleep_until};

/// An answer that comes so long before the deadline is in time.
const MARGIN: Duration = Duration::from_millis(1_500);
/// A window is no shorter: three seconds are the least of which anything can be said.
const SHORTEST_MS: u64 = 500;

/// The thread that watches. It ends when it is dropped, and nothing of it is left behind.
struct Watch {
    stop: Arc<Stop>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    fn start(job: Job) -> io::Result<(Watch, oneshot::Receiver<Result<Done, Gap>>)> {
        let (tell, told) = oneshot::channel();
        let stop = Arc::clone(&job.stop);
        let work = move || drop(tell.send(job.run()));
        let thread = Builder::new().name("noise-sampler".into()).spawn(work)?;
        Ok((Watch { stop, thread: Some(thread) }, told))
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.stop.set();
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

impl Noise {
    /// Watches for as long as the effort says, and tells who did what.
    pub(super) async fn quiet(&self, effort: Effort, slot: &Slot) -> Result<Seen, Gap> {
        let lasting = Duration::from_millis(effort.lasting_ms);
        if effort.lasting_ms < SHORTEST_MS {
            return Err(Gap::Refused(format!("noise: a quiet window of {lasting:?} tells nothing; let it last 3 s at the least")));
        }
        let total = effort.lasting_ms + effort.warmup;
        let (progress, known) = (Arc::clone(&slot.progress), Arc::new(Mutex::default()));
        let job = Job {
            root: self.root.clone(),
            lasting,
            warmup: Duration::from_millis(effort.warmup),
            stop: Arc::default(),
            names: Arc::clone(&known),
            progress: Box::new(move |done| progress(done.min(total), total)),
            watching: self.watching.clone(),
        };
        let refused = |e: io::Error| Gap::Refused(format!("noise: the thread that watches could not be started: {e}"));
        let (watch, mut told) = Watch::start(job).map_err(refused)?;
        let late = slot.deadline.checked_sub(MARGIN).unwrap_or_else(Instant::now);
        let mut asking = std::pin::pin!(names(self.docker.as_deref()));
        let (mut asked, mut cut) = (None, false);
        let done = loop {
            tokio::select! {
                biased;
                done = &mut told => break done.unwrap_or_else(|_| Err(Gap::Panicked("noise: the thread that watches broke off".into()))),
                () = slot.cancel.cancelled(), if !cut => { cut = true; watch.stop.set(); }
                () = sleep_until(late.into()), if !cut => { cut = true; watch.stop.set(); }
                names = &mut asking, if asked.is_none() => {
                    if let Ok(names) = &names {
                        known.lock().unwrap_or_else(PoisonError::into_inner).clone_from(names);
                    }
                    asked = Some(names);
                }
            }
        };
        drop(watch);
        let mut done = done?;
        // Containers that were started meanwhile; of those that were removed the first answer tells.
        let again = if done.interrupted { None } else { Some(names(self.docker.as_deref()).await) };
        let mut all = known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match (asked, again) {
            (_, Some(Ok(names))) => all.extend(names),
            (Some(Ok(_)), _) | (None, None) => {}
            (Some(Err(gap)), _) | (None, Some(Err(gap))) => done.missed.say("names of containers", || nameless(gap)),
        }
        done.name(&all);
        Ok(self.seen(done, effort))
    }

    fn seen(&self, done: Done, effort: Effort) -> Seen {
        let Done { window, notes, interrupted, .. } = done;
        let lasted_s = window.lasted_s();
        let covered = Span { from: window.began, to: window.seconds.last().map_or(window.began, |last| last.at) };
        let partial = interrupted
            .then(|| Gap::NotReached(format!("noise: interrupted after {} of {}", Ms((lasted_s * 1e3).round()), Ms(effort.lasting_ms as f64))));
        let request = "/proc/stat, pressure, vmstat, interrupts, softirqs, diskstats, net/dev, net/softnet_stat, PID/stat and PID/schedstat, control groups' own files, each 1 s; a probe on each CPU";
        let server = super::counters::once(&self.root, "/proc/sys/kernel/osrelease", &mut vec![]).trim().to_owned();
        let server = (!server.is_empty()).then(|| format!("Linux {}", crate::kept::plain(&server)));
        let origin = Origin { request: request.into(), server, method: Method::Measured };
        Seen { payload: Payload::Idle(window), covered, origin, notes, partial }
    }
}

/// Without names containers are told by their ids.
fn nameless(gap: Gap) -> Gap {
    let why = |why: &str| format!("noise: containers are told by their ids: {why}");
    match gap {
        Gap::Denied(text) => Gap::Denied(why(&text)),
        Gap::TooLate(text) => Gap::TooLate(why(&text)),
        Gap::Malformed(text) => Gap::Malformed(why(&text)),
        gap => Gap::Unreachable(why(gap.detail())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::{
            act::{Act, QuietAct},
            key::{Idle, Query},
            name::name,
            payload::IdleWindow,
            rows::InMemory,
            source::Source as _,
        },
        sources::environment::root::Root,
    };
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn query() -> Query {
        Query::Idle(Idle { act: Act::Quiet(QuietAct { name: name("noise") }) })
    }

    fn slot() -> Slot {
        Slot::detached(Instant::now() + Duration::from_mins(1), Arc::new(InMemory::default()))
    }

    fn effort(lasting_ms: u64, warmup: u64) -> Effort {
        Effort { warmup, lasting_ms, ..Effort::default() }
    }

    fn idle(seen: &Seen) -> &IdleWindow {
        let Payload::Idle(window) = &seen.payload else { panic!("{seen:?}") };
        window
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_window_of_this_machine_is_told_second_by_second() {
        let heard = Arc::new(AtomicUsize::new(0));
        let hears = Arc::clone(&heard);
        let noise = Noise::new(None).watched_by(Arc::new(move |second, largest| {
            assert!(second.over_s > 0.0 && largest.len() <= 3);
            hears.fetch_add(1, Ordering::Relaxed);
        }));
        let mut slot = slot();
        let told = Arc::new(Mutex::new(vec![]));
        let tells = Arc::clone(&told);
        slot.progress = Arc::new(move |done, total| tells.lock().unwrap().push((done, total)));
        let asked = effort(3_000, 200);
        assert_eq!(noise.estimate(&query(), asked).lasting, Ms(3_200.0));
        let seen = noise.ask(&query(), asked, &slot).await.unwrap();
        let window = idle(&seen);
        println!("{}", serde_json::to_string_pretty(window).unwrap());
        println!("sampler {:.4} cores, {} scans", window.own.sampler_cores(), window.own.scans);
        assert_eq!((&seen.partial, window.seconds.len(), heard.load(Ordering::Relaxed)), (&None, 3, 3));
        assert_eq!(*told.lock().unwrap(), [(1_200, 3_200), (2_200, 3_200), (3_200, 3_200)]);
        assert!((window.lasted_s() - 3.0).abs() < 0.2 && window.began <= window.seconds[0].at, "{}", window.lasted_s());
        assert_eq!(window.probes.iter().map(|p| p.cpu).collect::<Vec<_>>(), window.cpus);
        assert!(window.own.process_s > 0.0 && window.own.scans >= 2 && !window.clock_sources.is_empty());
        assert!(window.sum(|s| s.busy_s) > 0.0 && window.sum(|s| s.own_s) > 0.0 && window.sum(|s| s.interrupts as f64) > 0.0);
        assert!(window.sum(|s| s.named_s) <= window.sum(|s| s.busy_s) + 0.1 * window.lasted_s());
        // A debug build, whose every step is dear.
        assert!(window.own.sampler_cores() < 0.05, "{:?}", window.own);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn an_interrupted_window_ends_at_once_and_tells_what_it_saw() {
        let slot = slot();
        let (cancel, began) = (slot.cancel.clone(), Instant::now());
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(1_600)).await;
            cancel.cancel();
        });
        let seen = Noise::new(None).ask(&query(), effort(600_000, 100), &slot).await.unwrap();
        assert!(began.elapsed() < Duration::from_millis(2_600), "{:?}", began.elapsed());
        assert!(
            matches!(&seen.partial, Some(Gap::NotReached(why)) if why.contains("interrupted after 1.5") && why.contains("of 10.0 min")),
            "{:?}",
            seen.partial
        );
        assert_eq!(idle(&seen).seconds.len(), 2);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_deadline_ends_it_in_time_and_before_the_window_there_is_nothing_to_tell() {
        let slot = Slot::detached(Instant::now() + Duration::from_secs(3), Arc::new(InMemory::default()));
        let seen = Noise::new(None).ask(&query(), effort(60_000, 100), &slot).await.unwrap();
        assert!(seen.partial.is_some() && slot.deadline > Instant::now());
        let slot = Slot::detached(Instant::now() + Duration::from_millis(1_700), Arc::new(InMemory::default()));
        let none = Noise::new(None).ask(&query(), effort(60_000, 5_000), &slot).await;
        assert!(matches!(&none, Err(Gap::NotReached(why)) if why.contains("before the window began")), "{none:?}");
        let short = Noise::new(None).ask(&query(), effort(10, 0), &slot).await;
        assert!(matches!(short, Err(Gap::Refused(_))));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn without_proc_there_is_a_gap() {
        let folder = tempfile::tempdir().unwrap();
        let told = Noise::rooted(Root::at(folder.path()), None).ask(&query(), effort(1_000, 0), &slot()).await;
        assert!(matches!(told, Err(Gap::Unreachable(why)) if why.contains("/proc/stat")));
    }
}
