use std::{
    sync::{
        Condvar, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

/// The word by which all threads of a burn end.
#[derive(Debug, Default)]
pub struct Stop {
    said: AtomicBool,
    sleeping: Mutex<()>,
    changed: Condvar,
}

impl Stop {
    /// Says it.
    pub fn set(&self) {
        let _nobody_falls_asleep_meanwhile = self.sleeping.lock().unwrap_or_else(PoisonError::into_inner);
        self.said.store(true, Ordering::Relaxed);
        self.changed.notify_all();
    }
    /// Was it said?
    pub fn is_set(&self) -> bool {
        self.said.load(Ordering::Relaxed)
    }
    /// Sleeps to the deadline, or until it is said; was it?
    pub fn wait_until(&self, deadline: Instant) -> bool {
        let mut sleeping = self.sleeping.lock().unwrap_or_else(PoisonError::into_inner);
        while !self.is_set() {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            sleeping = self.changed.wait_timeout(sleeping, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }
}
