//! One defect at a time: it is found by the rule that is meant to, and said to be what it is.

use super::{
    super::{
        case::{finding, judge, of_resources, rules_with, shown, status},
        random::Pcg,
    },
    world::{CORES, MIB, RAM, World, wall},
};
use rigcheck::model::{
    name::name,
    outcome::Status,
    payload::{Life, Sample, StoredQuery},
};

/// What is broken, how, which rule of which subject fails, and a word of what it says.
type Fault = (&'static str, fn(&mut World), &'static str, &'static str, &'static str);

const FAULTS: &[Fault] = &[
    ("CPU counted twice", |w| w.samples("prometheus", "gateway", "cpu", |_, v| *v *= 2.0), "RES-03", "prometheus:gateway.cpu", "twice as much"),
    ("one of two workers", |w| w.samples("docker", "db", "cpu", |_, v| *v *= 0.5), "RES-03", "docker:db.cpu", "half of it"),
    ("CPU of the burn, 5 % too high", |w| w.samples("docker", "burner", "cpu", |_, v| *v *= 1.05), "RES-01", "docker:burner.cpu", ""),
    ("percent as cores", |w| w.samples("prometheus", "burner", "cores", |_, v| *v *= 100.0), "RES-01", "prometheus:burner.cores", "percent"),
    (
        "memory of the burn twice",
        |w| w.samples("prometheus", "burner", "working_set", |_, v| *v *= 2.0),
        "RES-02",
        "prometheus:burner.working_set",
        "twice",
    ),
    (
        "caches in the working set",
        |w| w.samples("prometheus", "db", "working_set", |_, v| *v = 390.0 * MIB),
        "RES-05",
        "prometheus:db.working_set",
        "memory usage",
    ),
    (
        "Docker's CPUs are half of those that there are",
        |w| w.samples("docker", "gateway", "online_cpus", |_, v| *v = CORES / 2.0),
        "RES-04",
        "docker:gateway.cpu",
        "",
    ),
    ("the host's limit", |w| w.samples("docker", "gateway", "memory_limit", |_, v| *v = RAM), "RES-06", "docker:gateway.memory_limit", "host's"),
    ("more than all cores", |w| w.samples("docker", "gateway", "cpu", |_, v| *v *= 9.0), "RES-06", "docker:gateway.cpu", ""),
    ("a window of one scrape", |w| add(w, "rate(container_cpu_usage_seconds_total{name=~\"g.*\"}[1s])"), "RES-15", "prometheus", "holds 1.0"),
    (
        "refreshed each 5 s only",
        |w| {
            let truth = w.cpu["gateway"].clone();
            w.samples("prometheus", "gateway", "cpu", |t, v| *v = truth.at((t / 5.0).floor() * 5.0));
        },
        "RES-07",
        "prometheus:gateway.cpu",
        "",
    ),
    ("bursts between scrapes", bursts, "RES-08", "prometheus:gateway.cpu", "a sample each"),
    ("throttled unseen", throttled, "RES-09", "gateway", "does not show it"),
    ("waits for a CPU", |w| w.samples("kernel", "host", "waiting", |t, v| *v = 10.0 + 0.3 * t), "RES-10", "host", ""),
    (
        "both ends of a veth",
        |w| {
            let mut again = w.of("docker", "gateway").tracks.iter().find(|t| t.claim.as_str() == "received").unwrap().clone();
            again.labels.insert("interface".into(), "veth7".into());
            w.of("docker", "gateway").tracks.push(again);
        },
        "RES-11",
        "docker:gateway.received",
        "eth0, veth7",
    ),
    (
        "on the host's network",
        |w| w.of("kernel", "db").tracks.iter_mut().for_each(|t| drop(t.labels.insert("netns".into(), "host".into()))),
        "RES-11",
        "docker:db.sent",
        "host's",
    ),
    (
        "workers with a registry each",
        |w| {
            let mut n = 0;
            w.samples("prometheus", "gateway", "cpu", |_, v| {
                n += 1;
                *v *= if n % 3 == 0 { 0.4 } else { 0.6 };
            });
        },
        "RES-12",
        "prometheus:gateway.cpu",
        "workers",
    ),
    (
        "zeros in place of what is missing",
        |w| {
            let mut n = 0;
            w.samples("prometheus", "gateway", "cores", |t, v| {
                n += 1;
                if n % 6 == 0 && t > 0.0 {
                    *v = 0.0;
                }
            });
        },
        "RES-13",
        "prometheus:gateway.cores",
        "zeros",
    ),
    (
        "the mean of the whole life",
        |w| {
            let truth = w.cpu["gateway"].clone();
            w.samples("prometheus", "gateway", "cores", |t, v| *v = truth.at(t) / (t + 300.0));
        },
        "RES-13",
        "prometheus:gateway.cores",
        "since it began",
    ),
    (
        "a first sample without one before it",
        |w| {
            let mut first = true;
            w.samples("prometheus", "gateway", "cores", |_, v| {
                if std::mem::take(&mut first) {
                    *v = 1.4;
                }
            });
        },
        "RES-13",
        "prometheus:gateway.cores",
        "first one",
    ),
    (
        "scrapes that fail",
        |w| w.of("prometheus", "gateway").readings.iter_mut().enumerate().for_each(|(n, r)| r.ok = n % 4 != 0),
        "RES-14",
        "prometheus",
        "127.0.0.1:8080",
    ),
    ("a heavy observer", |w| w.samples("kernel", "exporter", "cpu", |t, v| *v += 0.09 * (t + 4.0)), "RES-16", "exporter", ""),
    ("samples 2 s late", |w| later(w, "prometheus", "burner", 2.0), "RES-17", "prometheus:burner.cpu", "late"),
    ("samples 2 s early", |w| later(w, "docker", "burner", -2.0), "RES-17", "docker:burner.cpu", "early"),
    (
        "a container that ended is shown on",
        |w| {
            let dead = w.of("kernel", "gateway");
            dead.lives[0].ended = Some(wall(10.0));
        },
        "RES-18",
        "prometheus:gateway.cpu",
        "after its end",
    ),
    (
        "a restart",
        |w| {
            let lives = &mut w.of("kernel", "db").lives;
            lives[0].ended = Some(wall(12.0));
            lives.push(Life { id: "d".repeat(64), began: Some(wall(12.5)), ended: None });
        },
        "RES-18",
        "docker:db.cpu",
        "replaced",
    ),
    (
        "two containers at once",
        |w| {
            let mut other = w.of("prometheus", "gateway").tracks[0].clone();
            other.labels.insert("id".into(), format!("/docker/{}", "e".repeat(64)));
            w.of("prometheus", "gateway").tracks.push(other);
        },
        "RES-18",
        "prometheus:gateway.cpu",
        "eeeeeeeeeeee",
    ),
];

fn add(w: &mut World, expr: &str) {
    w.queries.get_mut("prometheus").unwrap().queries.push(StoredQuery { place: "rule short".into(), expr: expr.into(), every_ms: None });
}

fn later(w: &mut World, source: &str, of: &str, s: f64) {
    for sample in w.of(source, of).tracks.iter_mut().flat_map(|t| &mut t.samples) {
        sample.0 = sample.0.plus_us((s * 1e6) as i64);
    }
}

/// Each 7 s a second of 0.9 cores; everybody samples what was, Prometheus each 5 s.
fn bursts(w: &mut World) {
    let more = |t: f64| (0..4).map(|n| 0.8 * (t - 3.0 - 7.0 * f64::from(n)).clamp(0.0, 1.0)).sum::<f64>();
    w.samples("kernel", "gateway", "cpu", |t, v| *v += more(t));
    w.samples("kernel", "host", "cpu", |t, v| *v += more(t));
    w.samples("docker", "gateway", "cpu", |t, v| *v += more(t));
    w.samples("prometheus", "gateway", "cpu", |t, v| *v += more(t));
    w.thin("prometheus", "gateway", 5);
}

fn throttled(w: &mut World) {
    w.samples("kernel", "gateway", "throttled_periods", |t, v| *v = (3.0 * (t + 4.0)).floor());
    w.samples("kernel", "gateway", "throttled", |t, v| *v = 0.1 * (t + 4.0));
}

#[test]
fn each_is_found_and_named() {
    for (what, change, rule, subject, word) in FAULTS {
        for seed in [1, 2] {
            let mut world = World::new(seed);
            change(&mut world);
            let said = judge(&*of_resources(), &world.rig, &world.evidence());
            let found = finding(&said, rule, subject);
            assert_eq!(found.status, Status::Fail, "{what}: {rule} {subject}\n{}", shown(&said));
            let words = format!("{} {}", found.observed, found.because.join(" "));
            assert!(words.contains(word), "{what}: `{word}` in {words}");
        }
    }
}

/// What is wrong with one source is not held against the others.
#[test]
fn others_are_not_blamed() {
    let mut world = World::new(5);
    world.samples("prometheus", "gateway", "cpu", |_, v| *v *= 2.0);
    let said = judge(&*of_resources(), &world.rig, &world.evidence());
    let failed: Vec<_> = said.iter().filter(|(_, j)| status(j) == Some(Status::Fail)).map(|(k, _)| k.1.clone()).collect();
    assert!(failed.iter().all(|s| s == "prometheus:gateway.cpu"), "{}", shown(&said));
    // With it, more is shown than the machine used.
    assert_eq!(rules_with(&said, Status::Fail), ["RES-03", "RES-06"], "{}", shown(&said));
}

/// Warnings between the limits.
#[test]
fn between_the_limits_it_is_a_warning() {
    let cases: [(fn(&mut World), &str, &str); 6] = [
        (|w| w.samples("kernel", "exporter", "cpu", |t, v| *v += 0.03 * (t + 4.0)), "RES-16", "exporter"),
        (|w| w.samples("kernel", "gateway", "waiting", |t, v| *v = 10.0 + 0.1 * t), "RES-10", "gateway"),
        (|w| add(w, "rate(container_cpu_usage_seconds_total[3s])"), "RES-15", "prometheus"),
        (
            |w| {
                w.samples("kernel", "host", "steal", |t, v| *v = 1.0 + 0.1 * t);
                w.samples("docker", "db", "system_cpu", |t, v| *v = 7e4 + 1.9 * t);
                w.samples("kernel", "host", "system_cpu", |t, v| *v = 6e4 + 1.9 * t);
            },
            "RES-04",
            "docker:db.cpu",
        ),
        (
            // Counted nowhere, and stolen by nobody.
            |w| {
                w.samples("docker", "db", "system_cpu", |t, v| *v = 7e4 + 1.94 * t);
                w.samples("kernel", "host", "system_cpu", |t, v| *v = 7e4 + 1.94 * t);
            },
            "RES-04",
            "docker:db.cpu",
        ),
        (
            |w| {
                w.samples("kernel", "gateway", "throttled_periods", |t, v| *v = (0.3 * (t + 4.0)).floor());
                w.rig.usage.retain(|c| c.measure != rigcheck::model::usage::Measure::ThrottledPeriods);
            },
            "RES-09",
            "gateway",
        ),
    ];
    for (n, (change, rule, subject)) in cases.into_iter().enumerate() {
        let mut world = World::new(6);
        change(&mut world);
        let said = judge(&*of_resources(), &world.rig, &world.evidence());
        assert_eq!(finding(&said, rule, subject).status, Status::Warn, "{n}\n{}", shown(&said));
    }
}

/// What cannot be told is said so, with what would settle it.
#[test]
fn too_little_is_no_pass() {
    let cases: [(fn(&mut World), &str, &str); 4] = [
        (|w| w.thin("prometheus", "burner", 15), "RES-17", "prometheus:burner.cpu"),
        (|w| w.thin("prometheus", "gateway", 100), "RES-03", "prometheus:gateway.cpu"),
        (|w| w.of("docker", "db").tracks.iter_mut().for_each(|t| t.samples.clear()), "RES-05", "docker:db.working_set"),
        (|w| w.of("prometheus", "db").readings.clear(), "RES-14", "prometheus"),
    ];
    for (n, (change, rule, subject)) in cases.into_iter().enumerate() {
        let mut world = World::new(7);
        change(&mut world);
        if n == 3 {
            for of in ["gateway", "burner"] {
                world.of("prometheus", of).readings.clear();
            }
        }
        let said = judge(&*of_resources(), &world.rig, &world.evidence());
        let found = finding(&said, rule, subject);
        assert!(found.status == Status::Inconclusive && found.remedy.is_some(), "{n}\n{}", shown(&said));
    }
}

/// Two processes whose counters are added up, of which one begins while the load runs, are not taken for false use.
#[test]
fn a_worker_that_begins_later_is_added_as_a_dashboard_would() {
    let mut world = World::new(8);
    let mut random = Pcg::new(8);
    let steady = super::truth::Truth::of(5.0, |_| 0.1);
    for (of, step) in [("prometheus", 1.0), ("docker", 1.0)] {
        let samples = super::world::sampled(step, 0.2, 0.004, &mut random, |t| steady.at(t));
        let late: Vec<Sample> = samples.into_iter().filter(|s| s.0 >= wall(10.0)).collect();
        let mut track = world.of(of, "db").tracks[0].clone();
        (track.claim, track.samples) = (name("cpu"), late);
        world.of(of, "db").tracks.push(track);
    }
    let begun = steady.at(10.2);
    world.samples("kernel", "db", "cpu", |t, v| *v += (steady.at(t) - begun).max(0.0));
    let said = judge(&*of_resources(), &world.rig, &world.evidence());
    assert_eq!(finding(&said, "RES-03", "prometheus:db.cpu").status, Status::Pass, "{}", shown(&said));
}
