//! One quiet window, on a thread that reads counters once a second.

use super::{
    Watching,
    busy::Busy,
    clock_source::ClockSource,
    counters::{CounterFiles, Counters, once},
    interrupt_lines::InterruptLines,
    ladder::{GroupName, Hierarchy, Ladder, Names},
    missed::Missed,
    own_group::OwnGroup,
    probe::{AllProbed, Board, Frame, Probes, allowed},
    tracing::Tracer,
};
use crate::{
    model::{
        evidence::Gap,
        payload::{IdleSecond, IdleWindow, OwnCost, ThrottledGroup},
        units::Wall,
    },
    reference::burner::{
        Stop,
        clocks::{mono_ns, process_cpu, thread_cpu, wall_us},
    },
    sources::environment::root::Root,
};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// A last part of a second that is shorter is no second.
const SHORTEST: Duration = Duration::from_millis(50);
/// A second whose use is told by name but for less than this is not traced, s.
const UNEXPLAINED_S: f64 = 0.05;
/// Culprits that whoever watches is told each second.
const LATEST: usize = 3;

/// What is to be looked at, and how long.
pub struct Job {
    /// Where `/proc` and `/sys` are.
    pub root: Root,
    /// The window.
    pub lasting: Duration,
    /// What is left out before it.
    pub warmup: Duration,
    /// The word to end early.
    pub stop: Arc<Stop>,
    /// Names of containers, as far as they are known.
    pub names: Arc<Mutex<Names>>,
    /// Is told how much is done, ms.
    pub progress: Box<dyn Fn(u64) + Send>,
    /// Who watches.
    pub watching: Option<Watching>,
}

/// A window that is over.
pub struct Done {
    /// What was seen; its culprits and what was held back are told by [`Done::name`].
    pub window: IdleWindow,
    /// What the reader should know.
    pub notes: Vec<String>,
    /// What could not be looked at.
    pub missed: Missed,
    /// Was it ended early?
    pub interrupted: bool,
    ladder: Ladder,
    held: Vec<(GroupName, crate::model::payload::Throttling)>,
}

impl Done {
    /// Names who used time, now that all names are known.
    pub fn name(&mut self, names: &Names) {
        self.window.used_by = self.ladder.told(names);
        let named = |name: GroupName| match name {
            GroupName::Container(id) => names.get(&id).cloned().unwrap_or(id),
            GroupName::Service(path) | GroupName::Runtime(path) => path,
        };
        let held = self.held.drain(..).map(|(name, by)| ThrottledGroup { name: named(name), ours: false, by });
        self.window.throttled.extend(held);
        self.window.missing = self.missed.told();
    }
}

impl Job {
    /// Watches, and blocks until it is over.
    pub fn run(self) -> Result<Done, Gap> {
        let begins_ns = mono_ns() + u64::try_from(self.warmup.as_nanos()).unwrap_or(u64::MAX);
        let begins = Instant::now() + self.warmup;
        let (root, mut missed, mut buffer) = (&self.root, Missed::default(), vec![]);
        let groups = once(root, "/proc/self/cgroup", &mut buffer).into_owned();
        let mounts = once(root, "/proc/self/mountinfo", &mut buffer).into_owned();
        let hierarchy = Hierarchy::of(root, &groups, &mounts);
        let mut files = CounterFiles::new(root, hierarchy.machines_group());
        let tick_s = 1.0 / procfs::ticks_per_second() as f64;
        let mut ladder = Ladder::new(root, hierarchy, std::process::id(), &groups, (tick_s * 1e9) as u64);
        let mut tracer = Tracer::new(root, &mounts);
        let (mut interrupts, mut clock_source) = (InterruptLines::new(root), ClockSource::new(root));
        // The first look opens what stays open; what it finds is not kept.
        files.read(&mut missed)?;
        ladder.first(&mut missed)?;
        let cpus = allowed();
        let whole_s = u32::try_from(self.lasting.as_secs()).unwrap_or(u32::MAX);
        let board = Arc::new(Board::new(whole_s.min(86_400)));
        let frame = Frame { began_ns: begins_ns, lasting: self.lasting, tick_s };
        let probing = Probing(Some(Probes::start(&cpus, frame, &board, &self.stop, &mut missed)), Arc::clone(&self.stop));
        if self.stop.wait_until(begins) {
            return Err(Gap::NotReached("noise: interrupted before the window began".into()));
        }

        let (cpu, process) = (thread_cpu(), process_cpu());
        let first = files.read(&mut missed)?;
        let (mut at, began) = (Instant::now(), Wall(wall_us()));
        let mut window = IdleWindow {
            began,
            asked_s: self.lasting.as_secs_f64(),
            left_out_s: self.warmup.as_secs_f64(),
            online: u32::try_from(first.stat.cpus.len()).unwrap_or(0),
            cpus,
            ..IdleWindow::default()
        };
        let own_group = OwnGroup::of(root, &groups, &mounts);
        window.quota_cores = own_group.quota_cores();
        ladder.begin(&mut missed)?;
        interrupts.read(true);
        clock_source.read(began);
        let (mut busy, mut before, mut interrupted) = (Busy::new(first.clone(), tick_s), first.clone(), false);
        let mut others_s = 0.0;
        for n in 0.. {
            let due = (Duration::from_secs(1) * (n + 1)).min(self.lasting);
            interrupted = self.stop.wait_until(begins + due);
            let last = interrupted || due == self.lasting;
            if interrupted && at.elapsed() < SHORTEST {
                break;
            }
            let now = files.read(&mut missed)?;
            let over = std::mem::replace(&mut at, Instant::now()).elapsed();
            let mut second = Counters::second(&before, &now, tick_s);
            (second.at, second.over_s, second.busy_s) = (Wall(wall_us()), over.as_secs_f64(), busy.since_last(&now));
            let cpus = now.stat.cpus.len().max(1);
            others_s += second.others_s();
            // Ticks lag behind.
            let room_s = others_s * 1.02 + 2.0 * tick_s * cpus as f64;
            second.own_s += ladder.count(n, last, second.over_s, room_s, cpus, &mut missed);
            interrupts.read(last);
            clock_source.read(second.at);
            before = now;
            (second.worst_stall_us, second.stalls) = board.told(n as usize);
            second.named_s = ladder.named_s(n as usize);
            self.tell(&second, &ladder, due);
            tracer.over(n, !last && (second.stalls > 0 || second.others_s() - second.named_s > UNEXPLAINED_S));
            window.seconds.push(second);
            if last {
                break;
            }
        }

        if !interrupted && before.stat.all == first.stat.all {
            return Err(Gap::NotConfigured("noise: /proc/stat stands still: this sandbox does not count there; run on the machine itself".into()));
        }

        let sampler = thread_cpu().saturating_sub(cpu);
        let probed = probing.end(&mut missed);
        for (n, second) in window.seconds.iter_mut().enumerate() {
            // Looks that were seconds apart, and probes that were still held up when their second was told.
            second.named_s = ladder.named_s(n);
            (second.worst_stall_us, second.stalls) = board.told(n);
        }
        window.own = OwnCost {
            sampler_s: sampler.as_secs_f64(),
            probes_s: probed.cpu_s,
            duty_s: probed.cpus.iter().map(|p| (p.spun_s - p.gap_s).max(0.0)).sum(),
            process_s: process_cpu().saturating_sub(process).as_secs_f64(),
            over_s: window.lasted_s(),
            scans: ladder.scans(),
        };
        let mut notes = vec![busy.told_by().to_owned()];
        notes.extend(explain_apart(&mut window, probed, &first, &before, tick_s));
        window.traced = tracer.told();
        if let Some(gap) = tracer.missing() {
            missed.say("tracing", || gap);
        }
        window.interrupts = interrupts.told();
        window.clock_sources = clock_source.told();
        if let Some(gap) = own_group.missing() {
            missed.say("own quota", || gap);
        }
        window.throttled = own_group.throttled();
        let held = ladder.throttled();
        notes.extend(rarely("the list of processes", ladder.rarest()));
        notes.extend(rarely("/proc/interrupts", interrupts.rarest()));
        hidden(root, &ladder, &mut missed);
        Ok(Done { window, notes, missed, interrupted, ladder, held })
    }

    fn tell(&self, second: &IdleSecond, ladder: &Ladder, due: Duration) {
        (self.progress)(u64::try_from((self.warmup + due).as_millis()).unwrap_or(u64::MAX));
        if let Some(watching) = &self.watching {
            let latest = ladder.latest(LATEST, &self.names.lock().unwrap_or_else(PoisonError::into_inner));
            watching(second, &latest);
        }
    }
}

/// Probes that end, whatever else goes wrong.
struct Probing(Option<Probes>, Arc<Stop>);

impl Probing {
    fn end(mut self, missed: &mut Missed) -> AllProbed {
        self.0.take().map(|probes| probes.end(missed)).unwrap_or_default()
    }
}

impl Drop for Probing {
    fn drop(&mut self) {
        if let Some(probes) = self.0.take() {
            self.1.set();
            probes.end(&mut Missed::default());
        }
    }
}

/// Where reading `/proc/stat` beside each spin took too long, steal and interrupts of a CPU are their share of the window's.
fn explain_apart(window: &mut IdleWindow, probed: AllProbed, first: &Counters, last: &Counters, tick_s: f64) -> Option<String> {
    let lasted_s = window.lasted_s();
    let mut estimated = false;
    window.probes = probed.cpus;
    for probe in window.probes.iter_mut().filter(|p| p.irq_s.is_none() && lasted_s > 0.0) {
        if let (Some(was), Some(is)) = (first.stat.cpu(probe.cpu), last.stat.cpu(probe.cpu)) {
            let share = |rose: u64| rose as f64 * tick_s * probe.spun_s / lasted_s;
            probe.steal_s = was.steal.zip(is.steal).map(|(was, is)| share(is.saturating_sub(was)));
            probe.irq_s = Some(share((is.irq + is.softirq).saturating_sub(was.irq + was.softirq)));
            estimated = true;
        }
    }
    estimated.then(|| {
        "steal and interrupts within spins are their share of the whole window: reading /proc/stat beside each spin takes too long here".into()
    })
}

fn rarely(what: &str, seconds: u32) -> Option<String> {
    (seconds > 1).then(|| {
        format!("{what} was read as rarely as each {seconds} s, since reading it takes long here; its figures are spread evenly over those seconds")
    })
}

/// Does the machine have many more threads than its processes show?
fn hidden(root: &Root, ladder: &Ladder, missed: &mut Missed) {
    let mut buffer = vec![];
    let text = once(root, "/proc/loadavg", &mut buffer);
    let total = text.split_ascii_whitespace().nth(3).and_then(|tasks| tasks.split_once('/')?.1.parse::<u64>().ok());
    let (threads, processes) = ladder.seen();
    if let Some(total) = total.filter(|total| *total > threads + threads / 4 + 10) {
        missed.say("processes of others", || {
            Gap::Denied(format!(
                "noise: {processes} processes with {threads} threads are seen here, and the machine has {total} threads; run on the machine itself, \
                 in its own PID namespace (`--pid=host`), and as root where /proc is mounted with `hidepid`"
            ))
        });
    }
}
