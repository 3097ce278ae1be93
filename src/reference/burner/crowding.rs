//! What else the machine does meanwhile.

use super::{clocks::process_cpu, room::Room};
use crate::model::payload::Crowding;
use procfs::{Current as _, CurrentSI as _};

/// The machine's counters when a burn began.
pub struct Before(Counters);

/// Seconds.
#[derive(Clone, Copy, Default)]
struct Counters {
    steal: Option<f64>,
    busy: Option<f64>,
    waited: Option<f64>,
    own: f64,
}

impl Before {
    /// Reads them.
    pub fn now() -> Before {
        Before(Counters::now())
    }
    /// What was added since.
    pub fn since(&self, room: &Room) -> Crowding {
        let (then, now) = (self.0, Counters::now());
        let added = |then: Option<f64>, now: Option<f64>| Some((now? - then?).max(0.0));
        Crowding {
            cores: room.cores,
            steal_s: added(then.steal, now.steal),
            others_s: added(then.busy, now.busy).map(|busy| (busy - (now.own - then.own)).max(0.0)),
            waited_s: added(then.waited, now.waited),
        }
    }
}

impl Counters {
    fn now() -> Counters {
        let seconds = |ticks: u64| ticks as f64 / procfs::ticks_per_second() as f64;
        let all = procfs::KernelStats::current().ok().map(|stat| stat.total);
        // Guests' time lies within `user` and `nice` (proc_stat(5)).
        let busy = all.as_ref().map(|c| c.user + c.nice + c.system + c.irq.unwrap_or(0) + c.softirq.unwrap_or(0));
        Counters {
            steal: all.as_ref().and_then(|c| c.steal).map(seconds),
            busy: busy.map(seconds),
            waited: procfs::CpuPressure::current().ok().map(|p| p.some.total as f64 / 1e6),
            own: process_cpu().as_secs_f64(),
        }
    }
}
