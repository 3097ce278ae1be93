//! A rig with a gateway and a database in containers, an exporter that watches, and a known load, told of by Docker and Prometheus.

use super::{
    super::{evidence::BEGAN, random::Pcg, rig::load},
    truth::{BURN_S, FROM, LOAD_S, TO, Truth, burnt, served},
};
use rigcheck::model::{
    act::{Act, BurnAct, Destination},
    capability::Capability,
    evidence::{Evidence, Origin, Seen},
    key::{Burn, Key, Payload, Perform, Queries, Query, Usage, When, World as Whose},
    name::{Name, name},
    payload::{
        BurnAsked, BurnPattern, BurnSample, Burned, BurnedBy, CgroupMemory, CgroupReading, Crowding, Heartbeat, Life, Performed, Reading, Sample,
        StoredQueries, StoredQuery, Track, Tracks,
    },
    rig::{Rig, SourceInfo},
    rows::Rows,
    timeline::{Nanos, Timeline},
    units::{Span, Wall},
    usage::{Measure, SYSTEM_CPU, Shape, Told, UsageClaim, UsageSeries},
    workload::{Found, HOST, KERNEL, Workload},
};
use std::{collections::BTreeMap, sync::Arc};

pub const MIB: f64 = 1_048_576.0;
pub const GATEWAY: &str = "aaaaaaaaaaaa0000000000000000000000000000000000000000000000000000";
pub const CORES: f64 = 2.0;

#[derive(Clone)]
pub struct World {
    pub rig: Rig,
    /// What each source says of each workload.
    pub told: BTreeMap<(String, String), Tracks>,
    pub beside_burn: Tracks,
    pub burned: Burned,
    pub queries: BTreeMap<String, StoredQueries>,
    /// CPU time of each workload.
    pub cpu: BTreeMap<String, Truth>,
}

pub fn wall(t: f64) -> Wall {
    Wall(BEGAN + (t * 1e6).round() as i64)
}
pub fn seconds(at: Wall) -> f64 {
    (at.0 - BEGAN) as f64 / 1e6
}

pub fn burn_act() -> BurnAct {
    BurnAct { name: name("burner"), contained: true, millicores: 500, memory: 64 << 20, network: 0 }
}
pub fn load_act() -> Act {
    Act::Load(load(Destination::Target))
}

/// Series by which Prometheus tells of containers.
const SERIES: [(&str, Measure, &str, Shape); 9] = [
    ("cpu", Measure::Cpu, "container_cpu_usage_seconds_total", Shape::Counter),
    ("cores", Measure::Cpu, "container_cpu_cores", Shape::Level),
    ("memory_usage", Measure::MemoryUsage, "container_memory_usage_bytes", Shape::Level),
    ("working_set", Measure::WorkingSet, "container_memory_working_set_bytes", Shape::Level),
    ("memory_limit", Measure::MemoryLimit, "container_spec_memory_limit_bytes", Shape::Level),
    ("received", Measure::Received, "container_network_receive_bytes_total", Shape::Counter),
    ("sent", Measure::Sent, "container_network_transmit_bytes_total", Shape::Counter),
    ("periods", Measure::Periods, "container_cpu_cfs_periods_total", Shape::Counter),
    ("throttled_periods", Measure::ThrottledPeriods, "container_cpu_cfs_throttled_periods_total", Shape::Counter),
];
const DOCKER: [Measure; 6] = [Measure::Cpu, Measure::MemoryUsage, Measure::WorkingSet, Measure::MemoryLimit, Measure::Received, Measure::Sent];

fn rig() -> Rig {
    let found = |found| Workload { found, observer: false };
    let workloads = [
        ("gateway", found(Found::Container("gateway".into()))),
        ("db", found(Found::Container("db".into()))),
        ("exporter", Workload { found: Found::Process("node_exporter".into()), observer: true }),
        ("burner", found(Found::Burn(burn_act()))),
        (HOST, found(Found::Host)),
    ];
    let mut usage = vec![];
    for of in ["gateway", "db", "burner"] {
        let there = |m: &Measure| of != "burner" || !m.network();
        let own = |m: Measure| UsageClaim { name: name(m.word()), source: name("docker"), workload: name(of), measure: m, told: Told::Own };
        usage.extend(DOCKER.into_iter().filter(there).map(own));
        let series = |(word, measure, metric, shape): (&str, Measure, &str, Shape)| UsageClaim {
            name: name(word),
            source: name("prometheus"),
            workload: name(of),
            measure,
            told: Told::Series(UsageSeries { metric: metric.into(), labels: [("name".to_owned(), of.to_owned())].into(), shape, unit: 1.0 }),
        };
        let burnt = |s: &(&str, Measure, &str, Shape)| of != "burner" || ["cpu", "cores", "working_set"].contains(&s.0);
        usage.extend(SERIES.into_iter().filter(burnt).map(series));
    }
    let source = |kind: &str| (name(kind), SourceInfo { kind: name(kind), place: "127.0.0.1".into(), reads: String::new() });
    Rig {
        name: name("synthetic"),
        loads: [(name("controlled"), load(Destination::Target))].into(),
        sources: ["load", KERNEL, "burn", "docker", "prometheus", "dashboards"].map(source).into(),
        workloads: workloads.map(|(n, w)| (name(n), w)).into(),
        usage,
        capabilities: Capability::ALL.into(),
        ..Rig::default()
    }
}

/// Samples of something at so many seconds, each at its own instant.
pub fn sampled(step: f64, phase: f64, jitter: f64, random: &mut Pcg, value: impl Fn(f64) -> f64) -> Vec<Sample> {
    let many = ((TO - FROM - 2.0 * phase.max(jitter) - 1.0) / step) as u32;
    let stamps = (0..=many).map(|n| FROM + 0.5 + phase + f64::from(n) * step + random.between(-jitter, jitter));
    stamps.map(|t| Sample(wall(t), value(t))).collect()
}

fn track(claim: &str, labels: &[(&str, &str)], samples: Vec<Sample>) -> Track {
    Track { claim: name(claim), labels: labels.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(), samples }
}

/// Memory of a workload by definition: usage, working set, rss, cache.
pub fn memory(of: &str, t: f64) -> [f64; 4] {
    let (anon, file) = match of {
        "gateway" => (180.0 + 0.4 * t, 60.0),
        "db" => (90.0, 300.0),
        "burner" => (68.0, 3.0),
        _ => (20.0, 1.0),
    };
    let inactive = 0.7 * file;
    [anon + file, anon + file - inactive, anon, file].map(|mib| mib * MIB)
}
pub fn network(of: &str, t: f64) -> f64 {
    if of == "gateway" { 40_000.0 * (t.clamp(0.0, LOAD_S)) + 1e6 } else { 9_000.0 * (t.clamp(0.0, LOAD_S)) + 5e5 }
}
const MEMORY: [Measure; 4] = [Measure::MemoryUsage, Measure::WorkingSet, Measure::Rss, Measure::Cache];
pub const LIMIT: f64 = 512.0 * MIB;
pub const RAM: f64 = 8_192.0 * MIB;

impl World {
    pub fn new(seed: u64) -> World {
        let mut random = Pcg::new(seed);
        let random = &mut random;
        let mut cpu: BTreeMap<String, Truth> =
            [("gateway", 0.35), ("db", 0.12), ("exporter", 0.01), ("rest", 0.15)].map(|(of, cores)| (of.to_owned(), served(cores, random))).into();
        cpu.insert("burner".into(), burnt(0.5));
        let host = Truth::of(900.0, |t| {
            let rose = |of: &str| (cpu[of].at(t + 0.01) - cpu[of].at(t)) / 0.01;
            ["gateway", "db", "exporter", "rest"].iter().map(|of| rose(of)).sum()
        });
        cpu.insert(HOST.into(), host);
        let mut world = World {
            rig: rig(),
            told: BTreeMap::new(),
            beside_burn: Tracks::default(),
            burned: burned(&cpu["burner"], random),
            queries: BTreeMap::new(),
            cpu,
        };
        for of in ["gateway", "db", "exporter", HOST] {
            let tracks = world.kernel(of, random);
            world.told.insert((KERNEL.into(), of.into()), tracks);
        }
        world.beside_burn = world.kernel(HOST, random);
        for of in ["gateway", "db", "burner"] {
            let tracks = world.docker(of, random);
            world.told.insert(("docker".into(), of.into()), tracks);
            let tracks = world.prometheus(of, 1.0, random);
            world.told.insert(("prometheus".into(), of.into()), tracks);
        }
        let query = |place: &str, expr: &str| StoredQuery { place: place.into(), expr: expr.into(), every_ms: None };
        let rules = vec![query("rule gateway:cpu", "sum(rate(container_cpu_usage_seconds_total{name=\"gateway\"}[5s]))")];
        let panels = vec![query("dashboard Gateway, panel CPU", "rate(container_cpu_usage_seconds_total[$__rate_interval])")];
        world.queries.insert("prometheus".into(), StoredQueries { queries: rules, interval_ms: Some(1e3) });
        world.queries.insert("dashboards".into(), StoredQueries { queries: panels, interval_ms: None });
        world
    }

    fn kernel(&self, of: &str, random: &mut Pcg) -> Tracks {
        let cpu = &self.cpu[of];
        let (fast, slow) = (0.1, 0.5);
        let mut tracks = vec![track("cpu", &[], sampled(fast, 0.0, 0.002, random, |t| cpu.at(t)))];
        if of == HOST {
            tracks.push(track(SYSTEM_CPU, &[], sampled(fast, 0.0, 0.002, random, |t| 7e4 + CORES * t - 0.002 * t)));
        }
        let mut level =
            |measure: Measure, value: &dyn Fn(f64) -> f64| tracks.push(track(measure.word(), &[], sampled(slow, 0.0, 0.002, random, value)));
        if of != "exporter" {
            level(Measure::Waiting, &|t| 3.0 + 0.004 * t);
            level(Measure::MemoryLimit, &|_| if of == HOST { RAM } else { LIMIT });
        }
        if of == HOST {
            level(Measure::CpuLimit, &|_| CORES);
            level(Measure::Steal, &|t| 0.3 + 0.002 * t);
            level(Measure::MemoryUsage, &|_| 3_000.0 * MIB);
        } else {
            for (n, measure) in MEMORY.into_iter().enumerate().filter(|(n, _)| of != "exporter" || *n == 2) {
                level(measure, &|t| memory(of, t)[n]);
            }
        }
        if of == "gateway" {
            level(Measure::CpuLimit, &|_| 1.5);
            level(Measure::Periods, &|t| (10.0 * (t - FROM)).floor());
            level(Measure::ThrottledPeriods, &|_| 0.0);
            level(Measure::Throttled, &|_| 0.0);
        }
        for measure in [Measure::Received, Measure::Sent] {
            for interface in if of == HOST { &["eth0", "lo", "veth7"][..] } else { &["eth0", "lo"][..] } {
                let samples = sampled(slow, 0.0, 0.002, random, |t| if *interface == "lo" { 77.0 } else { network(of, t) });
                tracks.push(track(measure.word(), &[("interface", interface)], samples));
            }
        }
        let id = match of {
            "gateway" => GATEWAY.to_owned(),
            "db" => GATEWAY.replace('a', "b"),
            "exporter" => "pid 4711".to_owned(),
            _ => "this machine".to_owned(),
        };
        let lives = vec![Life { id, began: Some(wall(-300.0)), ended: None }];
        Tracks { tracks, lives, interval_ms: 100.0, cost_s: Some(0.2), over_s: Some(40.0), ..Tracks::default() }
    }

    fn docker(&self, of: &str, random: &mut Pcg) -> Tracks {
        let cpu = &self.cpu[of];
        let phase = random.unit();
        let stamps: Vec<f64> = sampled(1.0, phase, 0.05, random, |t| t).iter().map(|s| s.1).collect();
        let at = |value: &dyn Fn(f64) -> f64| stamps.iter().map(|t| Sample(wall(*t), value(*t))).collect::<Vec<_>>();
        let mut tracks = vec![track("cpu", &[], at(&|t| cpu.at(t)))];
        for (n, measure) in MEMORY.into_iter().enumerate().take(2) {
            tracks.push(track(measure.word(), &[], at(&|t| memory(of, t)[n])));
        }
        tracks.push(track("memory_limit", &[], at(&|_| LIMIT)));
        if of != "burner" {
            for word in ["received", "sent"] {
                tracks.push(track(word, &[("interface", "eth0")], at(&|t| network(of, t))));
            }
        }
        tracks.push(track(SYSTEM_CPU, &[], at(&|t| 7e4 + CORES * t - 0.002 * t)));
        tracks.push(track("online_cpus", &[], at(&|_| CORES)));
        Tracks { tracks, interval_ms: 1e3, ..Tracks::default() }
    }

    /// Scraped each so many seconds.
    pub fn prometheus(&self, of: &str, step: f64, random: &mut Pcg) -> Tracks {
        let cpu = &self.cpu[of];
        let phase = random.unit();
        let stamps: Vec<f64> = sampled(step, phase, 0.004, random, |t| t).iter().map(|s| s.1).collect();
        let id = format!("/docker/{}", if of == "gateway" { GATEWAY.to_owned() } else { GATEWAY.replace('a', if of == "db" { "b" } else { "c" }) });
        let labels = [("id", id.as_str()), ("name", of)];
        let at = |value: &dyn Fn(f64) -> f64| stamps.iter().map(|t| Sample(wall(*t), value(*t))).collect::<Vec<_>>();
        let mut tracks = vec![];
        for claim in self.rig.usage.iter().filter(|c| c.source.as_str() == "prometheus" && c.workload.as_str() == of) {
            let samples = match (claim.measure, claim.rate()) {
                (Measure::Cpu, true) => at(&|t| (cpu.at(t) - cpu.at(t - step)) / step),
                (Measure::Cpu, false) => at(&|t| cpu.at(t)),
                (Measure::MemoryUsage, _) => at(&|t| memory(of, t)[0]),
                (Measure::WorkingSet, _) => at(&|t| memory(of, t)[1]),
                (Measure::MemoryLimit, _) => at(&|_| LIMIT),
                (Measure::Periods, _) => at(&|t| (10.0 * (t - FROM)).floor()),
                (Measure::ThrottledPeriods, _) => at(&|_| 0.0),
                _ => at(&|t| network(of, t)),
            };
            tracks.push(track(claim.name.as_str(), &labels, samples));
        }
        let target: BTreeMap<String, String> = [("instance".to_owned(), format!("127.0.0.1:8080/{of}"))].into();
        let reading = |t: &f64| Reading { target: target.clone(), at: wall(*t), ok: true, took_ms: Some(20.0), timeout_ms: Some(900.0) };
        Tracks { tracks, interval_ms: 1e3 * step, readings: stamps.iter().map(reading).collect(), ..Tracks::default() }
    }

    /// What a source says of a workload.
    pub fn of(&mut self, source: &str, workload: &str) -> &mut Tracks {
        self.told.get_mut(&(source.to_owned(), workload.to_owned())).unwrap()
    }
    /// The samples of one claim; also told are the seconds since the act began.
    pub fn samples(&mut self, source: &str, workload: &str, claim: &str, mut change: impl FnMut(f64, &mut f64)) {
        for track in self.of(source, workload).tracks.iter_mut().filter(|t| t.claim.as_str() == claim) {
            track.samples.iter_mut().for_each(|s| change(seconds(s.0), &mut s.1));
        }
    }
    /// Samples whose number is not a multiple of this are left out.
    pub fn thin(&mut self, source: &str, workload: &str, every: usize) {
        for track in &mut self.of(source, workload).tracks {
            let kept = track.samples.iter().copied().step_by(every).collect();
            track.samples = kept;
        }
    }

    pub fn evidence(&self) -> Evidence {
        let mut all = Evidence::default();
        let mut put = |source: &str, query: Query, payload: Payload| {
            let covered = Span { from: wall(FROM), to: wall(TO) };
            let seen = Seen { payload, covered, origin: Origin::default(), notes: vec![], partial: None };
            all.put(Key { world: Whose::Live, source: name(source), query }, Ok(Arc::new(seen)));
        };
        let burn = Act::Burn(burn_act());
        put("load", Perform { act: load_act() }.into(), Payload::Perform(performed()));
        put("burn", Burn { act: burn.clone() }.into(), Payload::Burn(self.burned.clone()));
        put(KERNEL, Usage { of: name(HOST), when: When::During(burn.clone()) }.into(), Payload::Usage(self.beside_burn.clone()));
        for ((source, of), tracks) in &self.told {
            let act = if of == "burner" { burn.clone() } else { load_act() };
            put(source, Usage { of: Name(of.clone()), when: When::During(act) }.into(), Payload::Usage(tracks.clone()));
        }
        for (source, queries) in &self.queries {
            put(source, Queries {}.into(), Payload::Queries(queries.clone()));
        }
        all
    }
}

fn performed() -> Performed {
    let request = |n: u64| Timeline { id: format!("r{n:06}"), closed: Some(Nanos(n * 66_666_667 + 500_000_000)), ..Timeline::default() };
    Performed {
        started: wall(0.0),
        asked: 500,
        requests: Rows::inline((0..490).map(request).collect()),
        heartbeat: Heartbeat::default(),
        tokens_allowed: 0,
        cut: None,
    }
}

fn burned(truth: &Truth, random: &mut Pcg) -> Burned {
    let samples = (0..=(BURN_S * 10.0) as u32).map(|n| {
        let t = f64::from(n) / 10.0 + if n > 0 { random.between(0.0, 0.002) } else { 0.0 };
        BurnSample {
            at_us: wall(t).0,
            mono_ns: (t * 1e9) as u64,
            within_us: 30,
            cpu_s: truth.at(t) - truth.at(0.0),
            rss_bytes: 68 << 20,
            ..BurnSample::default()
        }
    });
    Burned {
        started: wall(0.0),
        asked: BurnAsked {
            cpu_cores: 0.5,
            quota_cores: None,
            memory_bytes: 64 << 20,
            network_bytes_per_s: 0.0,
            pattern: BurnPattern::Irregular { seed: 1 },
            period_ms: 100.0,
            for_ms: BURN_S * 1e3,
        },
        samples: samples.collect(),
        interval_ms: 100.0,
        by: BurnedBy::default(),
        touched_bytes: 64 << 20,
        rss_before: 4 << 20,
        resident_bytes: 64 << 20,
        crowding: Crowding { cores: 2, ..Crowding::default() },
        cgroup: vec![CgroupReading {
            at: wall(10.0),
            cpu_s: None,
            memory: Some(CgroupMemory { usage: 71 << 20, working_set: 69 << 20, anon: 68 << 20, file: 3 << 20, inactive_file: 2 << 20, limit: None }),
            throttling: None,
            waited_s: None,
            missing: vec![],
        }],
        interrupted: false,
    }
}
