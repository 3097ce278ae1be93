//! Standard input as a log: it can be read once only, whoever asks how often.

use crate::model::{evidence::Gap, source::Slot, units::Count};
use bytes::Bytes;
use std::{
    io::{self, Read},
    sync::atomic::{AtomicU64, Ordering},
    time::Instant,
};
use tokio::sync::{Mutex, oneshot};

/// More is not read.
pub const CAP: usize = 256 << 20;

/// What standard input brought, or will bring.
pub struct Stdin {
    state: Mutex<State>,
    read: AtomicU64,
}

enum State {
    Unread(Box<dyn Read + Send>),
    Reading(oneshot::Receiver<io::Result<Vec<u8>>>),
    Over(Result<Bytes, Gap>),
}

impl Stdin {
    /// Reads nothing yet.
    pub fn new(input: impl Read + Send + 'static) -> Stdin {
        Stdin { state: Mutex::new(State::Unread(Box::new(input))), read: AtomicU64::new(0) }
    }
    /// Bytes read so far.
    pub fn read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }
    /// All of it, once it has ended.
    pub async fn bytes(&self, slot: &Slot, until: Instant) -> Result<Bytes, Gap> {
        tokio::select! {
            bytes = self.whole() => bytes,
            () = slot.cancel.cancelled() => Err(Gap::NotReached("interrupted before standard input ended".into())),
            () = tokio::time::sleep_until(until.into()) => {
                Err(Gap::TooLate("standard input did not end before the deadline; close it, or name the log file".into()))
            }
        }
    }
    async fn whole(&self) -> Result<Bytes, Gap> {
        let mut state = self.state.lock().await;
        if let State::Unread(_) = &*state {
            let (done, reading) = oneshot::channel();
            if let State::Unread(input) = std::mem::replace(&mut *state, State::Reading(reading)) {
                // A thread of its own: a read that never returns must not keep the runtime from ending.
                std::thread::spawn(move || {
                    let mut bytes = vec![];
                    let read = input.take(CAP as u64 + 1).read_to_end(&mut bytes);
                    // Nobody waits any more: the run is over.
                    let _ = done.send(read.map(|_| bytes));
                });
            }
        }
        if let State::Reading(reading) = &mut *state {
            let read = reading.await.unwrap_or_else(|_| Err(io::ErrorKind::UnexpectedEof.into()));
            let whole = read.map_err(|e| Gap::Malformed(format!("standard input: {}", e.kind()))).and_then(|bytes| {
                self.read.store(bytes.len() as u64, Ordering::Relaxed);
                match bytes.len() {
                    n if n > CAP => Err(Gap::Truncated(format!("standard input: more than {} bytes; name the log file", Count(CAP as u64)))),
                    _ => Ok(bytes.into()),
                }
            });
            *state = State::Over(whole);
        }
        match &*state {
            State::Over(whole) => whole.clone(),
            State::Unread(_) | State::Reading(_) => Err(Gap::Panicked("standard input was not read".into())),
        }
    }
}
