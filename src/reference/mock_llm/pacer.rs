#![allow(clippy::disallowed_methods, reason = "keeps time on a thread of its own, which no task of the runtime delays")]

use super::clock::now;
use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    future::Future,
    io,
    pin::Pin,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    thread::JoinHandle,
    time::{Duration, Instant},
};

/// Woken this much before the deadline; the rest is spent yielding. The kernel's timer slack (50 µs by default, prctl(2)
/// PR_SET_TIMERSLACK) and waking a worker take about as long, so little of it is spun away.
const EARLY: Duration = Duration::from_micros(100);

/// Wakes tasks at absolute deadlines, more finely than the runtime's own timer, whose steps are 1 ms. A thread of its
/// own sleeps on the kernel's timer until the next deadline, so that exactness does not cost a spinning CPU.
pub struct Pacer {
    due: Arc<Due>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// A future that ends at its deadline, never before it.
pub struct Until {
    due: Arc<Due>,
    deadline: Instant,
    waiting: Option<Waker>,
}

#[derive(Default)]
struct Due {
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Default)]
struct Queue {
    next: BinaryHeap<Reverse<Entry>>,
    stop: bool,
}

struct Entry {
    at: Instant,
    waker: Waker,
}

impl Pacer {
    /// Starts the thread, named after its mock.
    pub fn start(mock: &str) -> io::Result<Pacer> {
        let due = Arc::new(Due::default());
        let of_thread = due.clone();
        let thread = std::thread::Builder::new().name(format!("{mock}-pace")).spawn(move || of_thread.run())?;
        Ok(Pacer { due, thread: Mutex::new(Some(thread)) })
    }
    /// Ends at `deadline`, or at once if that has passed.
    pub fn until(&self, deadline: Instant) -> Until {
        Until { due: self.due.clone(), deadline, waiting: None }
    }
    /// Ends the thread; whoever still waits is not woken any more.
    pub fn stop(&self) {
        self.due.lock().stop = true;
        self.due.changed.notify_all();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            drop(thread.join());
        }
    }
}

impl Drop for Pacer {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Due {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        // A panic elsewhere leaves the queue whole: entries are only pushed and popped.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
    fn run(&self) {
        let mut queue = self.lock();
        while !queue.stop {
            let Some(Reverse(first)) = queue.next.peek() else {
                queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let left = first.at.saturating_duration_since(now());
            if left.is_zero() {
                let first = queue.next.pop();
                drop(queue);
                if let Some(Reverse(entry)) = first {
                    entry.waker.wake();
                }
                queue = self.lock();
            } else {
                queue = self.changed.wait_timeout(queue, left).unwrap_or_else(PoisonError::into_inner).0;
            }
        }
    }
}

impl Future for Until {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let left = self.deadline.saturating_duration_since(now());
        if left.is_zero() {
            return Poll::Ready(());
        }
        if left <= EARLY {
            // Back to the scheduler, not a loop here: others run, and a chunk that was handed over before is flushed.
            cx.waker().wake_by_ref();
        } else if !self.waiting.as_ref().is_some_and(|w| w.will_wake(cx.waker())) {
            self.waiting = Some(cx.waker().clone());
            let entry = Entry { at: self.deadline.checked_sub(EARLY).unwrap_or(self.deadline), waker: cx.waker().clone() };
            let mut queue = self.due.lock();
            let first = queue.next.peek().is_none_or(|Reverse(e)| entry.at < e.at);
            queue.next.push(Reverse(entry));
            drop(queue);
            if first {
                self.due.changed.notify_one();
            }
        }
        Poll::Pending
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Entry) -> bool {
        self.at == other.at
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Entry) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Entry) -> std::cmp::Ordering {
        self.at.cmp(&other.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn wakes_in_order_and_never_early() {
        let pacer = Pacer::start("test").unwrap();
        let start = now();
        let wait = |ms: u64| {
            let until = pacer.until(start + Duration::from_millis(ms));
            async move {
                until.await;
                (ms, start.elapsed())
            }
        };
        let done: Vec<_> = futures_util::future::join_all([30, 0, 20, 20, 10].map(wait)).await;
        for (asked, waited) in done {
            assert!(waited >= Duration::from_millis(asked), "{asked} ms came after {waited:?}");
            assert!(waited < Duration::from_secs(5), "{asked} ms came after {waited:?}");
        }
        pacer.stop();
        pacer.stop();
    }
}
