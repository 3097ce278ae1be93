use super::Cgroup;
use crate::{model::payload::CgroupReading, reference::burner::Stop};
use std::{
    collections::VecDeque,
    io, mem,
    sync::{Arc, Mutex, PoisonError},
    thread::{Builder, JoinHandle},
    time::{Duration, Instant},
};

/// Readings that are kept: an hour of ten a second. Older ones are forgotten.
const KEPT: usize = 36_000;

/// Reads a control group again and again, on a thread of its own, until it is stopped or the group is gone.
pub struct Sampler {
    stop: Arc<Stop>,
    ring: Arc<Mutex<VecDeque<CgroupReading>>>,
    thread: Option<JoinHandle<()>>,
}

impl Sampler {
    /// Begins, at absolute times so far apart.
    pub fn start(cgroup: Cgroup, every: Duration) -> io::Result<Sampler> {
        let mut sampler = Sampler { stop: Arc::default(), ring: Arc::default(), thread: None };
        let (stop, ring, began) = (sampler.stop.clone(), sampler.ring.clone(), Instant::now());
        let read = move || {
            for n in 0_u32.. {
                if stop.wait_until(began + every * n) {
                    return;
                }
                let Ok(reading) = cgroup.read() else { return };
                let mut ring = ring.lock().unwrap_or_else(PoisonError::into_inner);
                if ring.len() == KEPT {
                    ring.pop_front();
                }
                ring.push_back(reading);
            }
        };
        sampler.thread = Some(Builder::new().name("cgroup-sampler".into()).spawn(read)?);
        Ok(sampler)
    }
    /// How many readings there are.
    pub fn read(&self) -> usize {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
    /// Ends it; what was read, oldest first.
    pub fn stop(mut self) -> Vec<CgroupReading> {
        self.end();
        mem::take(&mut *self.ring.lock().unwrap_or_else(PoisonError::into_inner)).into()
    }
    fn end(&mut self) {
        self.stop.set();
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

impl Drop for Sampler {
    fn drop(&mut self) {
        self.end();
    }
}
