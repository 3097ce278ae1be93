use super::super::random::Pcg;
use rigcheck::model::{
    act::{Act, CalibrateAct, QuietAct},
    capability::Capability,
    evidence::{Evidence, Method, Origin, Seen},
    key::{Calibrate, Idle, Key, Payload, World as Whose},
    name::name,
    noise::Noise,
    payload::{
        By, Calibration, CalibrationHost, CalibrationKernel, CalibrationRound, CalibrationRun, ClockSourceAt, IdleSecond, IdleWindow, Interrupts,
        LogBins, OwnCost, Pressure, ProbedCpu, UsedBy,
    },
    rig::{Rig, SourceInfo},
    units::{Span, Wall},
    workload::{Found, NOISE, Workload},
};
use std::{sync::Arc, time::Duration};

pub const CPUS: u32 = 4;
const SECONDS: f64 = 60.0;
const BEGAN: i64 = 1_800_000_000_000_000;

/// A machine with four CPUs on which a database idles, a monitor scrapes, and nobody else does anything to speak of.
pub struct World {
    pub rig: Rig,
    pub window: IdleWindow,
    pub calibration: Calibration,
    /// Of earlier runs, the latest first.
    pub earlier: Vec<(IdleWindow, Calibration)>,
}

impl World {
    pub fn new(seed: u64) -> World {
        let mut rng = Pcg::new(seed);
        let hour = 3_600_000_000;
        let earlier = (1..=3).map(|ago| (window(&mut rng, BEGAN - ago * hour), calibration(&mut rng, BEGAN - ago * hour))).collect();
        World { rig: rig(), window: window(&mut rng, BEGAN), calibration: calibration(&mut rng, BEGAN), earlier }
    }

    pub fn evidence(&self) -> Evidence {
        let mut evidence = Evidence::default();
        let mut put = |world: Whose, window: &IdleWindow, calibration: &Calibration| {
            let key = |query| Key { world: world.clone(), source: name(NOISE), query };
            evidence.put(key(quiet().into()), Ok(Arc::new(seen(Payload::Idle(window.clone())))));
            evidence.put(key(loads().into()), Ok(Arc::new(seen(Payload::Calibrate(calibration.clone())))));
        };
        put(Whose::Live, &self.window, &self.calibration);
        for ((window, calibration), nth) in self.earlier.iter().zip(1..) {
            put(Whose::Earlier(nth), window, calibration);
        }
        evidence
    }

    /// Somebody uses so many cores in the seconds that are chosen, and is told by name.
    pub fn neighbour(&mut self, by: By, cores: f64, when: impl Fn(usize) -> bool) {
        let seconds: Vec<usize> = (0..self.window.seconds.len()).filter(|n| when(*n)).collect();
        for n in &seconds {
            self.window.seconds[*n].busy_s += cores;
            self.window.seconds[*n].named_s += cores;
        }
        let cpu_s = cores * seconds.len() as f64;
        let when = seconds.iter().map(|n| (*n as u32, cores)).collect();
        self.window.used_by.push(UsedBy { by, programs: vec![], cpu_s, when, nice: None });
        self.window.used_by.sort_by(|a, b| b.cpu_s.total_cmp(&a.cpu_s));
    }

    pub fn each_second(&mut self, change: impl FnMut(&mut IdleSecond)) {
        self.window.seconds.iter_mut().for_each(change);
    }
}

pub fn process(name: &str) -> By {
    By::Process { pid: 4_711, name: name.into(), kernel: false }
}

pub fn quiet() -> Idle {
    Idle { act: Act::Quiet(QuietAct { name: name("idle") }) }
}

pub fn loads() -> Calibrate {
    Calibrate { act: Act::Calibrate(CalibrateAct { name: name("calibration") }) }
}

fn seen(payload: Payload) -> Seen {
    let covered = Span { from: Wall(BEGAN), to: Wall(BEGAN + 60_000_000) };
    Seen { payload, covered, origin: Origin { request: "example".into(), server: None, method: Method::Measured }, notes: vec![], partial: None }
}

fn rig() -> Rig {
    let workload = |found| Workload { found, observer: false };
    Rig {
        name: name("synthetic"),
        noise: Some(Noise { monitors: vec!["watchful".into()], calibrate: true }),
        sources: [(name(NOISE), SourceInfo { kind: name(NOISE), place: "this machine".into(), reads: String::new() })].into(),
        workloads: [(name("database"), workload(Found::Process("postgres".into())))].into(),
        capabilities: [Capability::IdleNoise, Capability::Calibration].into(),
        ..Rig::default()
    }
}

fn window(rng: &mut Pcg, began: i64) -> IdleWindow {
    let mut seconds = vec![];
    let used = |name: &str| UsedBy { by: process(name), programs: vec![], cpu_s: 0.0, when: vec![], nice: None };
    let mut all = [used("postgres"), used("prometheus")];
    for n in 0..60_u32 {
        let each = [0.004 + 0.004 * rng.unit(), 0.01 + 0.01 * rng.unit()];
        for (who, cpu_s) in all.iter_mut().zip(each) {
            who.cpu_s += cpu_s;
            who.when.push((n, cpu_s));
        }
        let named_s = each.iter().sum::<f64>();
        // What is not counted to anybody: some short piece of work.
        let nobodys = 0.002 * rng.unit();
        seconds.push(IdleSecond {
            at: Wall(began + (i64::from(n) + 1) * 1_000_000),
            over_s: 1.0,
            busy_s: 0.45 + named_s + nobodys,
            own_s: 0.45,
            steal_s: Some(0.0),
            named_s,
            pressure: Some(Pressure { cpu_some_s: 0.001, ..Pressure::default() }),
            forks: u64::from(rng.unit() < 0.1),
            interrupts: 900,
            disk_bytes: 4_096,
            disk_busy_s: 0.001,
            network_bytes: 2_000,
            loopback_bytes: 8_000,
            worst_stall_us: 80.0,
            ..IdleSecond::default()
        });
    }
    let probe = |cpu: u32| {
        let (mut gaps, mut late) = (LogBins::default(), LogBins::default());
        (0..600).for_each(|_| gaps.add(Duration::from_micros(9)));
        (0..54_000).for_each(|_| late.add(Duration::from_micros(60)));
        ProbedCpu {
            cpu,
            spun_s: 6.0,
            gaps,
            gap_s: 0.0054,
            run_delay_s: Some(0.005),
            steal_s: Some(0.0),
            worst_gap_us: 20.0,
            wakes: 54_000,
            slept_s: 54.0,
            late,
            worst_late_us: 80.0,
            ..ProbedCpu::default()
        }
    };
    all.sort_by(|a, b| b.cpu_s.total_cmp(&a.cpu_s));
    IdleWindow {
        began: Wall(began),
        asked_s: SECONDS,
        left_out_s: 5.0,
        online: CPUS,
        cpus: (0..CPUS).collect(),
        seconds,
        probes: (0..CPUS).map(probe).collect(),
        used_by: all.into(),
        interrupts: vec![Interrupts { line: "LOC".into(), of: "Local timer interrupts".into(), deferred: false, count: 60_000, peak: 1_000, cpu: 0 }],
        clock_sources: vec![ClockSourceAt { at: Wall(began), name: "tsc".into() }],
        own: OwnCost { sampler_s: 0.3, probes_s: 26.0, duty_s: 24.0, process_s: 27.0, over_s: 60.0, scans: 60 },
        ..IdleWindow::default()
    }
}

fn calibration(rng: &mut Pcg, began: i64) -> Calibration {
    let mut rounds = vec![];
    for round in 0..5 {
        let level = 1.0 + 0.004 * (rng.unit() - 0.5);
        let mut runs = vec![];
        for _ in 0..30 {
            for kernel in CalibrationKernel::ALL {
                let cpu_ms = 20.0 * level * (1.0 + 0.01 * rng.unit());
                let preempted = u32::from(rng.unit() < 0.02);
                runs.push(CalibrationRun { kernel, wall_ms: cpu_ms * 1.002 + 0.5 * f64::from(preempted), cpu_ms, preempted });
            }
        }
        rounds.push(CalibrationRound { at: Wall(began + round * 5_000_000), runs });
    }
    let host = CalibrationHost {
        name: "perf-1".into(),
        machine: "0123456789abcdef".into(),
        cpu: "Example CPU".into(),
        cpus: CPUS,
        loads: 1,
        optimised: true,
    };
    Calibration { host, rounds }
}
