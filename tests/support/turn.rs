//! Audits take turns, and what starts a rig, too: too many disturb one another.

use std::sync::{Condvar, Mutex, PoisonError};

/// So many run at once, others wait for their turn: they wait most of their time, and three leave the processors half idle.
const AT_ONCE: u32 = 3;

/// A turn, of this weight; ends when it is dropped. Who has one takes no second one.
pub struct Turn(u32);

/// Who comes first is served first: one that needs much room would wait for ever behind those that need little.
struct Queue {
    running: u32,
    served: u64,
    drawn: u64,
}

static QUEUE: (Mutex<Queue>, Condvar) = (Mutex::new(Queue { running: 0, served: 0, drawn: 0 }), Condvar::new());

impl Turn {
    pub fn take(weight: u32) -> Turn {
        let mut queue = QUEUE.0.lock().unwrap_or_else(PoisonError::into_inner);
        let ours = queue.drawn;
        queue.drawn += 1;
        let waits = |queue: &mut Queue| queue.served != ours || queue.running + weight > AT_ONCE;
        let mut queue = QUEUE.1.wait_while(queue, waits).unwrap_or_else(PoisonError::into_inner);
        queue.served += 1;
        queue.running += weight;
        QUEUE.1.notify_all();
        Turn(weight)
    }

    /// For an audit that must find a clean rig READY: the first try bears one neighbour, those after it have none.
    pub fn calm(nth: usize) -> Turn {
        if nth <= 1 { Turn::take(AT_ONCE - 1) } else { Turn::alone() }
    }

    /// Nobody else has a turn.
    pub fn alone() -> Turn {
        Turn::take(AT_ONCE)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        QUEUE.0.lock().unwrap_or_else(PoisonError::into_inner).running -= self.0;
        QUEUE.1.notify_all();
    }
}

/// Held by whose children alone run in this process: the kernel counts them to whoever started them, and they take its processors.
pub static CHILDREN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
