use crate::model::bytes::Bytes;
use procfs::{Current as _, Meminfo};

/// How much a burn may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// CPUs that this process may run on (`sched_getaffinity(2)`): a quota does not count, since it may be what is to be seen.
    pub cores: u32,
    /// Memory that can be had without swapping (`MemAvailable` of `/proc/meminfo`); `None` where that is not told.
    pub memory: Option<Bytes>,
}

impl Room {
    /// This machine's.
    pub fn here() -> Room {
        // An affinity that cannot be read lets nobody run: one CPU is what there must be.
        let cores = rustix::thread::sched_getaffinity(None).map_or(1, |set| set.count().max(1));
        let memory = Meminfo::current().ok().and_then(|m| m.mem_available).map(Bytes);
        Room { cores, memory }
    }
    /// The same where a control group lets no more than this be taken, if it tells.
    #[must_use]
    pub fn within(self, left: Option<Bytes>) -> Room {
        Room { memory: self.memory.map(|there| left.map_or(there, |left| left.min(there))), ..self }
    }
}
