//! Audits take turns: they disturb one another.

use std::sync::{Condvar, Mutex, PoisonError};

/// Audits disturb one another: so many run at once, others wait for their turn.
pub const AT_ONCE: u32 = 3;

/// A turn to audit; ends when it is dropped.
pub struct Turn(u32);

static RUNNING: (Mutex<u32>, Condvar) = (Mutex::new(0), Condvar::new());

impl Turn {
    pub fn take(weight: u32) -> Turn {
        let running = RUNNING.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut running = RUNNING.1.wait_while(running, |n| *n + weight > AT_ONCE).unwrap_or_else(PoisonError::into_inner);
        *running += weight;
        Turn(weight)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        *RUNNING.0.lock().unwrap_or_else(PoisonError::into_inner) -= self.0;
        RUNNING.1.notify_all();
    }
}
