//! What makes a machine other than idle. Each is really done to this machine, small and for the length of a window, or stands in the files
//! of a kernel that the audit reads instead of this one's.

/// A disturbance, and what must come of it.
pub struct Loud {
    pub name: &'static str,
    /// One sentence without a full stop.
    pub title: &'static str,
    pub does: Disturbs,
    /// Rules that must fail.
    pub must: &'static [&'static str],
    /// Rules that must warn or fail.
    pub warns: &'static [&'static str],
    /// Rules that may fail, too, since the same thing is wrong in their eyes.
    pub may: &'static [&'static str],
    /// What the report must say of who or what it was.
    pub says: &'static [&'static str],
    /// Is it found only where little else goes on? Then `make faults` runs it, which has the machine for itself.
    pub calm: bool,
}

/// What is really done.
#[derive(Clone, Copy, PartialEq)]
pub enum Disturbs {
    /// A program of this name uses so many cores, at this nice value.
    Spin { program: &'static str, cores: f64, nice: i32 },
    /// The same from the middle of the window on.
    Late { program: &'static str, cores: f64 },
    /// A shell starts a loop of so many ms, each so many ms.
    Bursts { lasting_ms: u32, every_ms: u32 },
    /// A program works for a millisecond and sleeps for three.
    Wakes,
    /// A container uses so many cores.
    Container { cores: f64 },
    /// A container wants a core and may have a fifth of one.
    Limited,
    /// A shell starts programs that end at once.
    Forks,
    /// Programs of some 20 ms are started that nobody waits for: their time is counted to nobody.
    Unreaped,
    /// Blocks are written to a disk, each waited for.
    Writes,
    /// So many MB/s go over loopback.
    Flood { mb_per_s: u32 },
    /// Small datagrams, as many as one core can send.
    Packets,
    /// A program reads a file again and again that is larger than the memory that it may use.
    Squeezed,
    /// The audit itself may use a tenth of a core.
    OwnQuota,
    /// The files of the kernel say this.
    Files(Planted),
}

/// What the files of a kernel say, beside what an idle machine's say.
#[derive(Clone, Copy, PartialEq)]
pub enum Planted {
    /// The hypervisor takes 3 % of the CPUs.
    Steal,
    /// The clock source changes in the middle.
    ClockSource,
    /// Pages come back from swap.
    Swap,
    /// A network card raises 5,000 interrupts a second on each CPU.
    Device,
    /// Packets are dropped unlooked at, beside a flood of them.
    Dropped,
    /// All tasks wait for memory in a tenth of the time.
    Pressure,
}

const PLAIN: Loud = Loud { name: "", title: "", does: Disturbs::Forks, must: &[], warns: &[], may: &[], says: &[], calm: false };

/// The one whose use is told by other means than the audit's, too.
pub const WAKES: &str = "int-wake-ups";

/// In the order of the documentation.
pub const LOUD: &[Loud] = &[
    Loud {
        name: "int-steady-neighbour",
        title: "a program uses 20 % of a CPU all the time",
        does: Disturbs::Spin { program: "batch-job", cores: 0.2, nice: 0 },
        must: &["INT-06"],
        may: &["INT-01", "INT-03", "INT-15"],
        says: &["batch-job"],
        ..PLAIN
    },
    Loud {
        name: "int-busy-loop-nice",
        title: "a program of the lowest priority (nice 19) uses a whole CPU",
        does: Disturbs::Spin { program: "folding", cores: 1.0, nice: 19 },
        must: &["INT-01", "INT-06"],
        may: &["INT-03", "INT-15"],
        says: &["folding", "nice 19"],
        calm: true,
        ..PLAIN
    },
    Loud {
        name: "int-noisy-half",
        title: "a program begins in the middle of the window and uses 80 % of a CPU",
        does: Disturbs::Late { program: "nightly", cores: 0.8 },
        must: &["INT-06", "INT-15"],
        may: &["INT-01", "INT-03"],
        says: &["nightly"],
        calm: true,
        ..PLAIN
    },
    Loud {
        name: "int-bursts",
        title: "a job of 0.6 s is started each 3 s",
        does: Disturbs::Bursts { lasting_ms: 600, every_ms: 3_000 },
        must: &["INT-06"],
        may: &["INT-01", "INT-03", "INT-15"],
        says: &["sh"],
        ..PLAIN
    },
    Loud {
        name: WAKES,
        title: "a program works for a millisecond and sleeps for three, which ticks may miss",
        does: Disturbs::Wakes,
        must: &["INT-06"],
        may: &["INT-01", "INT-03", "INT-15"],
        says: &["python3"],
        ..PLAIN
    },
    Loud {
        name: "int-container",
        title: "a container uses 30 % of a CPU",
        does: Disturbs::Container { cores: 0.3 },
        must: &["INT-06"],
        may: &["INT-01", "INT-03", "INT-15"],
        says: &["container rigcheck-neighbour"],
        ..PLAIN
    },
    Loud {
        name: "int-limited-container",
        title: "a container is held back by its own quota",
        does: Disturbs::Limited,
        must: &["INT-06"],
        warns: &["INT-13"],
        may: &["INT-01", "INT-03", "INT-15"],
        says: &["held back by its own quota", "no neighbour's doing"],
        ..PLAIN
    },
    Loud {
        name: "int-short-lived",
        title: "a shell starts programs that end at once, one after another",
        does: Disturbs::Forks,
        must: &["INT-06", "INT-09"],
        may: &["INT-01", "INT-03", "INT-08", "INT-15"],
        says: &["ended children of"],
        ..PLAIN
    },
    Loud {
        name: "int-unnamed",
        title: "programs of some 20 ms are started, and nobody waits for them",
        does: Disturbs::Unreaped,
        must: &["INT-08", "INT-09"],
        may: &["INT-01", "INT-03", "INT-06", "INT-15"],
        says: &["cannot be told by name"],
        ..PLAIN
    },
    Loud {
        name: "int-disk-flood",
        title: "blocks are written to a disk, and each is waited for",
        does: Disturbs::Writes,
        must: &["INT-11"],
        may: &["INT-01", "INT-03", "INT-05", "INT-06", "INT-08", "INT-09", "INT-10", "INT-15"],
        ..PLAIN
    },
    Loud {
        name: "int-network-flood",
        title: "40 MB/s go over loopback",
        does: Disturbs::Flood { mb_per_s: 40 },
        must: &["INT-12"],
        may: &["INT-01", "INT-03", "INT-06", "INT-08", "INT-10", "INT-15"],
        ..PLAIN
    },
    Loud {
        name: "int-packets",
        title: "small datagrams, as many as a core can send",
        does: Disturbs::Packets,
        must: &["INT-01", "INT-06", "INT-10"],
        may: &["INT-03", "INT-08", "INT-12", "INT-15"],
        says: &["NET_RX"],
        ..PLAIN
    },
    Loud {
        name: "int-memory-pressure",
        title: "a program reads a file again and again that is larger than the memory that it may use",
        does: Disturbs::Squeezed,
        must: &["INT-04"],
        may: &["INT-01", "INT-03", "INT-05", "INT-06", "INT-08", "INT-10", "INT-11", "INT-15"],
        ..PLAIN
    },
    Loud {
        name: "int-monitor",
        title: "the monitoring itself uses 60 % of a CPU",
        does: Disturbs::Spin { program: "prometheus", cores: 0.6, nice: 0 },
        must: &["INT-07"],
        may: &["INT-01", "INT-03", "INT-15"],
        says: &["prometheus"],
        ..PLAIN
    },
    Loud {
        name: "int-own-quota",
        title: "whoever measures may use a tenth of a CPU",
        does: Disturbs::OwnQuota,
        must: &["INT-13"],
        // Whoever is held back looks rarely.
        may: &["INT-01", "INT-03", "INT-08", "INT-15"],
        says: &["our own quota"],
        ..PLAIN
    },
    Loud {
        name: "int-disturbed-loads",
        title: "more programs spin than there are CPUs, while the small fixed loads run",
        does: Disturbs::Spin { program: "crowd", cores: 4.0, nice: 0 },
        must: &["INT-01", "INT-03", "INT-06", "INT-16"],
        may: &["INT-08", "INT-15", "INT-17", "INT-18"],
        says: &["disturbed"],
        ..PLAIN
    },
    Loud { name: "int-steal", title: "the hypervisor takes 3 % of the CPUs", does: Disturbs::Files(Planted::Steal), must: &["INT-02"], ..PLAIN },
    Loud {
        name: "int-clock-source",
        title: "the kernel gives its clock source up in the middle",
        does: Disturbs::Files(Planted::ClockSource),
        must: &["INT-14"],
        says: &["tsc, then hpet"],
        ..PLAIN
    },
    Loud { name: "int-swap", title: "pages come back from swap", does: Disturbs::Files(Planted::Swap), must: &["INT-04"], ..PLAIN },
    Loud {
        name: "int-device",
        title: "a network card raises 5,000 interrupts a second on each CPU",
        does: Disturbs::Files(Planted::Device),
        must: &["INT-10"],
        says: &["nic0"],
        ..PLAIN
    },
    Loud {
        name: "int-dropped",
        title: "packets are dropped unlooked at, beside a flood of them",
        does: Disturbs::Files(Planted::Dropped),
        must: &["INT-12"],
        says: &["dropped"],
        ..PLAIN
    },
    Loud {
        name: "int-pressure",
        title: "all tasks wait for memory in a tenth of the time",
        does: Disturbs::Files(Planted::Pressure),
        must: &["INT-05"],
        ..PLAIN
    },
];

/// Rows that share a run where time is short: none hides another. Those that want a calm machine are run by `make faults` only.
pub const SHARED: &[&[&str]] = &[
    &["int-steady-neighbour", "int-monitor", "int-short-lived", "int-network-flood"],
    &["int-container", "int-unnamed", "int-disk-flood", WAKES],
    &["int-limited-container", "int-packets"],
    &["int-bursts", "int-memory-pressure"],
    &["int-own-quota"],
    &["int-disturbed-loads"],
];

impl Loud {
    /// What the files of a kernel say, where only those tell of it.
    pub fn planted(&self) -> Option<Planted> {
        if let Disturbs::Files(planted) = self.does { Some(planted) } else { None }
    }
    /// Rules that it may make fail.
    pub fn touches(&self, rule: &str) -> bool {
        self.must.contains(&rule) || self.warns.contains(&rule) || self.may.contains(&rule)
    }
}
