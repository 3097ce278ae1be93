//! Audits take turns, and what starts a rig, too: too many disturb one another.

use std::sync::{Condvar, Mutex, PoisonError};

/// So many run at once, others wait for their turn: they wait most of their time, and three leave the processors half idle.
const AT_ONCE: u32 = 3;
/// The weight of an audit that must find a clean rig READY: it has one neighbour at most.
pub const CALM: u32 = 2;

/// A turn, of this weight; ends when it is dropped. Who has one takes no second one.
pub struct Turn(u32);

static RUNNING: (Mutex<u32>, Condvar) = (Mutex::new(0), Condvar::new());

impl Turn {
    pub fn take(weight: u32) -> Turn {
        let running = RUNNING.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut running = RUNNING.1.wait_while(running, |n| *n + weight > AT_ONCE).unwrap_or_else(PoisonError::into_inner);
        *running += weight;
        Turn(weight)
    }
    /// Nobody else has a turn.
    pub fn alone() -> Turn {
        Turn::take(AT_ONCE)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        *RUNNING.0.lock().unwrap_or_else(PoisonError::into_inner) -= self.0;
        RUNNING.1.notify_all();
    }
}

/// Held by whose children alone run in this process: the kernel counts them to whoever started them, and they take its processors.
pub static CHILDREN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
