//! The relay's thread: reads from both devices, keeps packets until they are due, and writes them to the other device.

use super::{
    header::Header,
    log::{Direction, Fate, Packet, Why},
    relay::{Shared, now_ns},
    too_big,
};
use rustix::{
    event::{PollFd, PollFlags, poll},
    io::{Errno, read, write},
    thread::{gettid, set_current_timer_slack},
    time::{Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime},
};
use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    io,
    num::NonZeroU64,
    os::fd::OwnedFd,
    process::Command,
    sync::{Arc, mpsc::Sender},
};

/// So many packets are read from a device before those that are due get their turn.
const AT_ONCE: usize = 16;

/// A packet that waits: when it is due, its place in the log, and its bytes. Of two that are due at once, the one that was read first goes first.
type Waiting = Reverse<(u64, usize, Vec<u8>)>;

/// The thread's state.
pub(super) struct Loop {
    /// Near the client, and far from it.
    devices: [OwnedFd; 2],
    timer: OwnedFd,
    stop: Arc<OwnedFd>,
    shared: Arc<Shared>,
    waiting: BinaryHeap<Waiting>,
    buffer: Box<[u8]>,
}

impl Loop {
    pub fn new(near: OwnedFd, far: OwnedFd, shared: Arc<Shared>, stop: Arc<OwnedFd>) -> io::Result<Loop> {
        let timer = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK)?;
        Ok(Loop { devices: [near, far], timer, stop, shared, waiting: BinaryHeap::new(), buffer: vec![0; 1 << 16].into() })
    }

    /// Until it is stopped or a device is gone; says when it begins. It goes before other threads where it may: a late relay disturbs
    /// what is measured.
    pub fn run(&mut self, begins: &Sender<()>) {
        let _ = set_current_timer_slack(NonZeroU64::new(1));
        // the first real-time class; it computes too little to starve anybody
        let _ = Command::new("chrt").args(["--fifo", "--pid", "1", &gettid().to_string()]).output();
        let _ = begins.send(());
        loop {
            let Ok(Some(readable)) = self.wait() else { return };
            self.write_due();
            for (direction, is_readable) in [(Direction::Forward, readable[0]), (Direction::Reverse, readable[1])] {
                if is_readable && self.take(direction).is_err() {
                    return;
                }
                self.write_due();
            }
        }
    }

    /// Waits for a packet or for the first one's time; nothing when stopped, else which of the devices, near and far, have a packet.
    fn wait(&self) -> io::Result<Option<[bool; 2]>> {
        let due_ns = self.waiting.peek().map_or(0, |Reverse((due_ns, ..))| (*due_ns).max(1));
        let at = Timespec { tv_sec: (due_ns / 1_000_000_000).cast_signed(), tv_nsec: (due_ns % 1_000_000_000).cast_signed() };
        let once = Itimerspec { it_interval: Timespec::default(), it_value: at };
        timerfd_settime(&self.timer, TimerfdTimerFlags::ABSTIME, &once)?;
        let [near, far] = &self.devices;
        let mut ready = [near, far, &self.timer, &*self.stop].map(|fd| PollFd::new(fd, PollFlags::IN));
        match poll(&mut ready, None) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let [near, far, _, stop] = ready.map(|fd| !fd.revents().is_empty());
        Ok((!stop).then_some([near, far]))
    }

    /// Reads packets and decides what becomes of them.
    fn take(&mut self, direction: Direction) -> io::Result<()> {
        for _ in 0..AT_ONCE {
            let bytes = match read(sender(&self.devices, direction), &mut self.buffer[..]) {
                Ok(bytes) => bytes,
                Err(Errno::AGAIN | Errno::INTR) => return Ok(()),
                Err(error) => return Err(error.into()),
            };
            let read_ns = now_ns();
            if let Some(header) = Header::parse(&self.buffer[..bytes]) {
                self.decide(direction, header, bytes, read_ns);
            }
        }
        Ok(())
    }

    fn decide(&mut self, direction: Direction, header: Header, bytes: usize, read_ns: u64) {
        let server = if direction == Direction::Forward { header.target } else { header.source };
        let (decided, mtu) = {
            let mut lanes = self.shared.lanes();
            let lane = lanes.lane(direction, server);
            (lane.decide(&header, bytes, read_ns), lane.mtu())
        };
        let packet = &self.buffer[..bytes];
        let fate = match decided {
            Ok(due_ns) => Fate::Waiting { due_ns },
            Err(why) => {
                if let (Why::TooLarge { told: true }, Some(mtu)) = (why, mtu)
                    && let Some(answer) = too_big::answer(packet, mtu)
                {
                    let _ = write(sender(&self.devices, direction), &answer);
                }
                Fate::Dropped(why)
            }
        };
        let mut log = self.shared.log();
        if let Fate::Waiting { due_ns } = fate {
            self.waiting.push(Reverse((due_ns, log.packets.len(), packet.to_vec())));
        }
        log.packets.push(Packet { direction, read_ns, bytes, header, fate });
    }

    /// Writes all packets whose time has come.
    fn write_due(&mut self) {
        while self.waiting.peek().is_some_and(|Reverse((due_ns, ..))| *due_ns <= now_ns()) {
            let Some(Reverse((due_ns, place, packet))) = self.waiting.pop() else { return };
            let direction = self.shared.log().packets[place].direction;
            let at_ns = now_ns();
            let written = write(sender(&self.devices, direction.opposite()), &packet);
            let fate = if written.is_ok() { Fate::Written { due_ns, at_ns } } else { Fate::Dropped(Why::NotTaken) };
            self.shared.log().packets[place].fate = fate;
        }
    }
}

/// The device from which packets of this direction come.
fn sender(devices: &[OwnedFd; 2], direction: Direction) -> &OwnedFd {
    match direction {
        Direction::Forward => &devices[0],
        Direction::Reverse => &devices[1],
    }
}
