//! Passes packets between two TUN devices, later and fewer of them, and keeps a log.

use super::{
    conditions::Conditions,
    lane::Lane,
    log::{Direction, Log, Packet},
    loops,
};
use rustix::{
    event::{EventfdFlags, eventfd},
    time::{ClockId, clock_gettime},
};
use std::{
    collections::BTreeMap,
    io,
    net::IpAddr,
    os::fd::OwnedFd,
    sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc},
    thread::{self, JoinHandle},
    time::Duration,
};

/// One link, with a thread that passes its packets. It ends when dropped.
pub struct Relay {
    shared: Arc<Shared>,
    stop: Arc<OwnedFd>,
    thread: Option<JoinHandle<()>>,
}

/// What the thread of the relay and its owner both touch.
pub(super) struct Shared {
    lanes: Mutex<Lanes>,
    log: Mutex<Log>,
}

/// The lanes of both directions.
pub(super) struct Lanes {
    seed: u64,
    forward: Lane,
    reverse: Lane,
    by_address: BTreeMap<(IpAddr, Direction), Lane>,
}

impl Relay {
    /// Begins to pass packets between two devices without any delay; all random numbers follow from the seed.
    pub(super) fn between(near: OwnedFd, far: OwnedFd, seed: u64) -> io::Result<Relay> {
        let lane = |direction| Lane::new(Conditions::default(), seed_of(seed, None, direction));
        let lanes = Lanes { seed, forward: lane(Direction::Forward), reverse: lane(Direction::Reverse), by_address: BTreeMap::new() };
        let shared = Arc::new(Shared { lanes: Mutex::new(lanes), log: Mutex::default() });
        let stop = Arc::new(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?);
        let (ours, stopped) = (Arc::clone(&shared), Arc::clone(&stop));
        let mut passing = loops::Loop::new(near, far, ours, stopped)?;
        let (begins, has_begun) = mpsc::channel();
        let thread = thread::Builder::new().name("relay".to_owned()).spawn(move || passing.run(&begins))?;
        let _ = has_begun.recv();
        Ok(Relay { shared, stop, thread: Some(thread) })
    }

    /// Sets the conditions of one direction, for all addresses that have none of their own. They hold for each packet that is read from now on;
    /// returns when that is, monotonic ns.
    pub fn set(&self, direction: Direction, conditions: Conditions) -> u64 {
        let mut lanes = self.shared.lanes();
        lanes.of(direction).set(conditions);
        now_ns()
    }

    /// Sets both directions at once.
    pub fn set_both(&self, forward: Conditions, reverse: Conditions) -> u64 {
        let mut lanes = self.shared.lanes();
        lanes.forward.set(forward);
        lanes.reverse.set(reverse);
        now_ns()
    }

    /// Sets conditions for the packets to a server's address, and for those from it.
    pub fn set_for(&self, server: IpAddr, forward: Conditions, reverse: Conditions) -> u64 {
        let mut lanes = self.shared.lanes();
        for (direction, conditions) in [(Direction::Forward, forward), (Direction::Reverse, reverse)] {
            let seed = seed_of(lanes.seed, Some(server), direction);
            let lane = lanes.by_address.entry((server, direction)).or_insert_with(|| Lane::new(Conditions::default(), seed));
            lane.set(conditions);
        }
        now_ns()
    }

    /// A copy of all that was seen so far.
    pub fn log(&self) -> Log {
        self.shared.log().clone()
    }

    /// Waits until no packet is under way, at most `seconds`; then the log.
    pub fn settled_log(&self, seconds: f64) -> Log {
        let until = now_ns() + (seconds * 1e9) as u64;
        loop {
            let log = self.log();
            if !log.packets.iter().any(Packet::is_under_way) || now_ns() > until {
                return log;
            }
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = rustix::io::write(&self.stop, &1u64.to_ne_bytes());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Shared {
    pub fn lanes(&self) -> MutexGuard<'_, Lanes> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lanes {
    fn of(&mut self, direction: Direction) -> &mut Lane {
        match direction {
            Direction::Forward => &mut self.forward,
            Direction::Reverse => &mut self.reverse,
        }
    }

    /// The lane of a packet to or from this server address.
    pub fn lane(&mut self, direction: Direction, server: IpAddr) -> &mut Lane {
        if self.by_address.contains_key(&(server, direction)) {
            return self.by_address.get_mut(&(server, direction)).expect("just seen");
        }
        self.of(direction)
    }
}

/// Now, `CLOCK_MONOTONIC` in ns: the clock of the log.
pub fn now_ns() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec.cast_unsigned() * 1_000_000_000 + now.tv_nsec.cast_unsigned()
}

/// Each lane has random numbers of its own.
fn seed_of(seed: u64, server: Option<IpAddr>, direction: Direction) -> u64 {
    let address = server.map_or(0, |server| match server {
        IpAddr::V4(v4) => u64::from(u32::from(v4)),
        IpAddr::V6(v6) => u128::from(v6) as u64 ^ 1 << 63,
    });
    seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ address.rotate_left(8) ^ u64::from(direction == Direction::Reverse)
}
