use super::target::Target;
use crate::{
    model::{evidence::Gap, units::Wall},
    reference::burner::{
        Stop,
        clocks::{thread_cpu, wall_us},
    },
    sources::notebook::Notebook,
};
use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
    thread::{Builder, JoinHandle},
    time::{Duration, Instant},
};
use tokio::sync::watch;

/// Time between two readings of CPU time.
pub const EVERY: Duration = Duration::from_millis(100);
/// All the rest is read with each fifth of them.
const SLOW: u64 = 5;

/// How the sampling stands.
#[derive(Clone, Debug)]
enum State {
    /// Nothing is read yet.
    Begun,
    /// The first reading is in.
    Reading,
    /// It was seen to be gone.
    Gone(Wall, Gap),
}

/// What sampling took.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spent {
    /// CPU time of its thread.
    pub cpu: Duration,
    /// For how long.
    pub over: Duration,
}

/// Reads a target again and again on a thread of its own, until it is stopped or the target is gone.
pub struct Sampler {
    stop: Arc<Stop>,
    state: watch::Receiver<State>,
    thread: Option<JoinHandle<Spent>>,
}

impl Sampler {
    /// Begins; what is read goes into the book.
    pub fn start(mut target: Target, book: Arc<Mutex<Notebook>>) -> io::Result<Sampler> {
        let (say, state) = watch::channel(State::Begun);
        let stop = Arc::new(Stop::default());
        let until = Arc::clone(&stop);
        let work = move || {
            let (began, cpu) = (Instant::now(), thread_cpu());
            let mut read = |slow: bool| target.read(slow, &mut book.lock().unwrap_or_else(PoisonError::into_inner));
            let (mut n, mut slow): (u64, u64) = (0, 0);
            loop {
                let stopped = until.is_set();
                let turn = stopped || n >= slow;
                if turn {
                    slow = (n / SLOW + 1) * SLOW;
                }
                if let Err(gap) = read(turn) {
                    say.send_replace(State::Gone(Wall(wall_us()), gap));
                    break;
                }
                if n == 0 {
                    say.send_replace(State::Reading);
                }
                if stopped {
                    break;
                }
                // A turn that was missed is left out, and the others keep their pace.
                let now = u64::try_from(began.elapsed().as_nanos().div_ceil(EVERY.as_nanos())).unwrap_or(u64::MAX);
                n = now.max(n + 1);
                until.wait_until(began + EVERY * u32::try_from(n).unwrap_or(u32::MAX));
            }
            Spent { cpu: thread_cpu().saturating_sub(cpu), over: began.elapsed() }
        };
        let thread = Builder::new().name("kernel-sampler".into()).spawn(work)?;
        Ok(Sampler { stop, state, thread: Some(thread) })
    }
    /// Waits for the first reading.
    pub async fn first(&mut self) -> Result<(), Gap> {
        match self.state.wait_for(|s| !matches!(s, State::Begun)).await.as_deref() {
            Ok(State::Gone(_, gap)) => Err(gap.clone()),
            Ok(_) => Ok(()),
            Err(_) => Err(Gap::Panicked("kernel: the sampler ended".into())),
        }
    }
    /// Waits until it is gone: when that was seen, and how.
    pub async fn gone(&mut self) -> (Wall, Gap) {
        match self.state.wait_for(|s| matches!(s, State::Gone(..))).await.as_deref() {
            Ok(State::Gone(at, gap)) => (*at, gap.clone()),
            _ => (Wall(wall_us()), Gap::Panicked("kernel: the sampler ended".into())),
        }
    }
    /// Ends it with a last reading; blocks for as long as that takes, about a millisecond.
    pub fn stop(mut self) -> Spent {
        self.end()
    }
    fn end(&mut self) -> Spent {
        self.stop.set();
        self.thread.take().and_then(|thread| thread.join().ok()).unwrap_or_default()
    }
}

impl Drop for Sampler {
    fn drop(&mut self) {
        self.end();
    }
}
