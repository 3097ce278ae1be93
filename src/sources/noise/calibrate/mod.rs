//! Rounds of small fixed loads, on a thread of their own.

mod exchange;
mod host;
mod loads;

use super::Noise;
use crate::{
    model::{
        audit::Effort,
        evidence::{Gap, Method, Origin, Seen},
        key::Payload,
        payload::{Calibration, CalibrationKernel, CalibrationRound},
        source::Slot,
        units::{Span, Wall},
    },
    reference::burner::{Stop, clocks::wall_us},
    sources::environment::root::Root,
};
use loads::Loads;
use rand::{SeedableRng as _, seq::SliceRandom as _};
use rand_pcg::Pcg64Mcg;
use std::{
    io,
    sync::Arc,
    thread::{Builder, JoinHandle},
    time::{Duration, Instant},
};
use tokio::{sync::oneshot, time::sleep_until};

/// How long a run of a load takes, ms.
const RUN_MS: u64 = 25;
/// Taking memory and touching it, ms.
const START_MS: u64 = 200;
/// An answer that comes so long before the deadline is in time.
const MARGIN: Duration = Duration::from_secs(1);

/// What is to be done.
struct Job {
    rounds: u64,
    /// Runs of each load in a round.
    runs: u64,
    pause: Duration,
    stop: Arc<Stop>,
    progress: Box<dyn Fn(u64) + Send>,
    root: Root,
}

/// The thread that runs the loads; it ends when this is dropped.
struct Running {
    stop: Arc<Stop>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.set();
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// How long a calibration takes, if all goes well, ms.
pub fn estimate(effort: Effort) -> u64 {
    let round = effort.requests.saturating_mul(CalibrationKernel::ALL.len() as u64).saturating_mul(RUN_MS);
    let pauses = effort.rounds.saturating_sub(1).saturating_mul(effort.lasting_ms);
    START_MS.saturating_add(effort.rounds.saturating_mul(round)).saturating_add(pauses)
}

impl Noise {
    /// Runs the rounds that the effort says.
    pub(super) async fn calibrate(&self, effort: Effort, slot: &Slot) -> Result<Seen, Gap> {
        let Effort { rounds, requests: runs, lasting_ms, .. } = effort;
        if rounds == 0 || runs == 0 {
            return Err(Gap::Refused("noise: a calibration without rounds or runs tells nothing; let it have one at the least".into()));
        }
        let total = estimate(effort);
        let progress = Arc::clone(&slot.progress);
        let progress = Box::new(move |done: u64| progress(done.min(total), total));
        let stop = Arc::<Stop>::default();
        let job = Job { rounds, runs, pause: Duration::from_millis(lasting_ms), stop: Arc::clone(&stop), progress, root: self.root.clone() };
        let (tell, mut told) = oneshot::channel();
        let failed = |e: io::Error| Gap::Refused(format!("noise: the loads could not be run: {e}"));
        let thread = Builder::new().name("noise-loads".into()).spawn(move || drop(tell.send(job.run()))).map_err(failed)?;
        let running = Running { stop, thread: Some(thread) };
        let late = slot.deadline.checked_sub(MARGIN).unwrap_or_else(Instant::now);
        let done = tokio::select! {
            biased;
            done = &mut told => done,
            () = slot.cancel.cancelled() => { running.stop.set(); told.await }
            () = sleep_until(late.into()) => { running.stop.set(); told.await }
        };
        drop(running);
        let calibration = done.unwrap_or_else(|_| Err(io::Error::other("the thread that runs them broke off"))).map_err(failed)?;
        let whole = calibration.rounds.len() as u64;
        let (Some(first), Some(last)) = (calibration.rounds.first(), calibration.rounds.last()) else {
            return Err(Gap::NotReached("noise: interrupted before the first round of the calibration was over".into()));
        };
        let lasted_us = last.runs.iter().map(|run| run.wall_ms * 1e3).sum::<f64>() as i64;
        let covered = Span { from: first.at, to: last.at.plus_us(lasted_us) };
        let partial = (whole < rounds).then(|| Gap::NotReached(format!("noise: interrupted after {whole} of {rounds} rounds")));
        let request = format!("{rounds} rounds of {runs} runs each of the loads cpu, memory and loopback (release {})", loads::RELEASE);
        let origin = Origin { request, server: None, method: Method::Measured };
        Ok(Seen { payload: Payload::Calibrate(calibration), covered, origin, notes: vec![], partial })
    }
}

impl Job {
    /// Runs them, and blocks; only whole rounds are told.
    fn run(self) -> io::Result<Calibration> {
        let mut loads = Loads::new()?;
        let mut calibration = Calibration { host: host::host(&self.root), rounds: vec![] };
        for kernel in CalibrationKernel::ALL {
            loads.run(kernel)?;
        }
        let mut done_ms = START_MS;
        for n in 0..self.rounds {
            let at = Wall(wall_us());
            // The order is another one in each round, and no two calibrations have the same.
            let mut order: Vec<CalibrationKernel> = (0..self.runs).flat_map(|_| CalibrationKernel::ALL).collect();
            order.shuffle(&mut Pcg64Mcg::seed_from_u64(at.0.cast_unsigned() ^ n.rotate_left(32)));
            let mut round = CalibrationRound { at, runs: vec![] };
            for kernel in order {
                if self.stop.is_set() {
                    return Ok(calibration);
                }
                round.runs.push(loads.run(kernel)?);
                done_ms += RUN_MS;
                (self.progress)(done_ms);
            }
            calibration.rounds.push(round);
            if n + 1 < self.rounds && self.stop.wait_until(Instant::now() + self.pause) {
                break;
            }
            done_ms += u64::try_from(self.pause.as_millis()).unwrap_or(u64::MAX);
        }
        Ok(calibration)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        act::{Act, CalibrateAct},
        key::{Calibrate, Query},
        name::name,
        rows::InMemory,
        source::Source as _,
        units::Ms,
    };

    fn query() -> Query {
        Query::Calibrate(Calibrate { act: Act::Calibrate(CalibrateAct { name: name("noise") }) })
    }

    fn slot() -> Slot {
        Slot::detached(Instant::now() + Duration::from_mins(1), Arc::new(InMemory::default()))
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn rounds_are_run_in_another_order_each() {
        let effort = Effort { requests: 4, rounds: 3, lasting_ms: 50, ..Effort::default() };
        let noise = Noise::new(None);
        assert_eq!(noise.estimate(&query(), effort).lasting, Ms(200.0 + 900.0 + 100.0));
        let seen = noise.ask(&query(), effort, &slot()).await.unwrap();
        let Payload::Calibrate(calibration) = &seen.payload else { panic!("{seen:?}") };
        assert_eq!((&seen.partial, calibration.rounds.len()), (&None, 3));
        for round in &calibration.rounds {
            for kernel in CalibrationKernel::ALL {
                assert_eq!(round.of(kernel).count(), 4);
            }
            assert!(round.runs.iter().all(|run| run.wall_ms > 0.0 && run.cpu_ms > 0.0));
        }
        let orders: Vec<Vec<CalibrationKernel>> = calibration.rounds.iter().map(|r| r.runs.iter().map(|run| run.kernel).collect()).collect();
        assert!(orders[0] != orders[1] || orders[1] != orders[2], "{orders:?}");
        assert!(calibration.rounds.windows(2).all(|pair| pair[0].at < pair[1].at));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn an_interrupted_calibration_tells_whole_rounds() {
        let slot = slot();
        let cancel = slot.cancel.clone();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(1_500)).await;
            cancel.cancel();
        });
        let began = Instant::now();
        let effort = Effort { requests: 1, rounds: 3, lasting_ms: 60_000, ..Effort::default() };
        let seen = Noise::new(None).ask(&query(), effort, &slot).await.unwrap();
        assert!(began.elapsed() < Duration::from_secs(5));
        assert_eq!(seen.partial, Some(Gap::NotReached("noise: interrupted after 1 of 3 rounds".into())));
        let none = Noise::new(None).ask(&query(), effort, &slot).await;
        assert!(matches!(none, Err(Gap::NotReached(_))), "{none:?}");
        let refused = Noise::new(None).ask(&query(), Effort::default(), &slot).await;
        assert!(matches!(refused, Err(Gap::Refused(_))));
    }
}
