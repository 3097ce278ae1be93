//! One disturbance at a time: it is found by the rules that are meant to, nothing else fails, and what is said of it is what it is.

use super::{
    super::case::{finding, judge, of_noise, rules_with, shown, status},
    world::{World, process},
};
use rigcheck::model::{
    outcome::Status,
    payload::{By, CalibrationKernel, ClockSourceAt, Interrupts, RanFor, ThrottledGroup, Throttling, TracedSecond, UsedBy},
    units::Wall,
};

/// What is done, how, which rules fail, and a word of what the first of them says.
type Fault = (&'static str, fn(&mut World), &'static [&'static str], &'static str);

const FAULTS: &[Fault] = &[
    ("a neighbour of a fifth of a CPU", |w| w.neighbour(process("batch"), 0.1, |_| true), &["INT-06"], "batch (process 4711) uses 10 % of a CPU"),
    ("a neighbour of a CPU", |w| w.neighbour(process("batch"), 1.0, |_| true), &["INT-01", "INT-06"], "60 of 60 seconds"),
    ("a burst each 10 s", |w| w.neighbour(process("cron"), 0.9, |n| n % 10 == 3), &["INT-06"], "cron"),
    ("a noisy half", |w| w.neighbour(process("batch"), 0.8, |n| n >= 30), &["INT-01", "INT-06", "INT-15"], "30 of 60"),
    (
        "a container",
        |w| w.neighbour(By::Container { id: "0".repeat(64), name: Some("burner".into()) }, 0.5, |_| true),
        &["INT-01", "INT-06"],
        "60 of 60",
    ),
    ("monitors", |w| w.neighbour(process("cadvisor"), 0.3, |_| true), &["INT-01", "INT-07"], "60 of 60"),
    ("somebody without a name", |w| w.each_second(|s| s.busy_s += 0.15), &["INT-08"], "cannot be told by name"),
    ("steal", |w| w.each_second(|s| s.steal_s = Some(0.03)), &["INT-02"], "took 0.75 %"),
    ("steal now and then", |w| w.window.seconds.iter_mut().step_by(6).for_each(|s| s.steal_s = Some(0.3)), &["INT-02"], "in 10 of 60"),
    ("stalls", |w| w.window.probes.iter_mut().for_each(|p| p.stalls = 20), &["INT-03"], "80 times in 4.0 minutes"),
    ("swapping", |w| w.each_second(|s| s.swapped_in = 3), &["INT-04"], "180 pages"),
    ("reading programs from disk", |w| w.each_second(|s| s.major_faults = 4), &["INT-04"], "240 page faults"),
    ("waiting for a disk", |w| w.each_second(|s| s.pressure.as_mut().unwrap().io_full_s = 0.2), &["INT-05"], "a disk in 20 %"),
    ("waiting for memory", |w| w.each_second(|s| s.pressure.as_mut().unwrap().memory_full_s = 0.05), &["INT-05"], "memory in 5 %"),
    ("short-lived processes", |w| w.each_second(|s| s.forks += 40), &["INT-09"], "a second"),
    (
        "a device",
        |w| w.window.interrupts.push(Interrupts { line: "24".into(), of: "nvme0q1".into(), deferred: false, count: 600_000, peak: 9_000, cpu: 2 }),
        &["INT-10"],
        "2500 interrupts",
    ),
    ("a flood of writes", |w| w.each_second(|s| s.disk_busy_s = 0.4), &["INT-11"], "busy 40 %"),
    ("a flood of packets", |w| w.each_second(|s| s.network_bytes = 50_000_000), &["INT-12"], "50.00 MB/s"),
    ("our own quota", |w| throttle(w, true), &["INT-13"], "our own quota"),
    (
        "a clock that was given up",
        |w| w.window.clock_sources.push(ClockSourceAt { at: Wall(1_800_000_030_000_000), name: "hpet".into() }),
        &["INT-14"],
        "tsc, then hpet",
    ),
    ("a CPU that is taken away", |w| wall(w, |round| if round < 2 { 1.0 } else { 1.6 }), &["INT-16"], "disturbed"),
    ("a CPU that is taken away evenly", |w| wall(w, |_| 3.0), &["INT-16"], "disturbed"),
    ("another clock frequency in between", |w| both(w, |round| if round == 2 { 1.3 } else { 1.0 }), &["INT-16"], "not repeatable"),
    ("a slower machine", |w| both(w, |_| 1.12), &["INT-17"], "different machine"),
    ("another type of instance", |w| w.calibration.host.cpu = "Another CPU".into(), &["INT-17"], "Another CPU now"),
    ("runs that differ in turn", in_turn, &["INT-16", "INT-18"], ""),
];

fn throttle(world: &mut World, ours: bool) {
    let by = Throttling { periods: 600, throttled: 300, seconds: 20.0 };
    world.window.throttled.push(ThrottledGroup { name: "limited".into(), ours, by });
}

fn wall(world: &mut World, by: impl Fn(usize) -> f64) {
    for (n, round) in world.calibration.rounds.iter_mut().enumerate() {
        round.runs.iter_mut().for_each(|run| run.wall_ms *= by(n));
    }
}

fn both(world: &mut World, by: impl Fn(usize) -> f64) {
    wall(world, &by);
    for (n, round) in world.calibration.rounds.iter_mut().enumerate() {
        round.runs.iter_mut().for_each(|run| run.cpu_ms *= by(n));
    }
}

/// Each second run takes half as long again.
fn in_turn(world: &mut World) {
    for round in &mut world.calibration.rounds {
        for kernel in CalibrationKernel::ALL {
            for run in round.runs.iter_mut().filter(|run| run.kernel == kernel).skip(1).step_by(2) {
                run.wall_ms *= 1.5;
                run.cpu_ms *= 1.5;
            }
        }
    }
}

/// Whoever follows the advice, and lets the kernel trace, is told who it was and is failed no more for not knowing.
#[test]
fn a_trace_that_names_who_it_was_makes_a_failure_a_warning() {
    let said = |traced_cores: f64, seconds: u32, lost: bool| {
        let mut world = World::new(22);
        world.each_second(|s| s.busy_s += 0.3);
        let ran = |_| vec![RanFor { name: "sh".into(), tasks: 9, cpu_s: traced_cores }];
        world.window.traced = (10..10 + seconds).map(|second| TracedSecond { second, over_s: 1.0, lost, ran: ran(second) }).collect();
        let said = judge(&*of_noise(), &world.rig, &world.evidence());
        let Ok(found) = &said[&("INT-08".to_owned(), String::new())] else { panic!("{}", shown(&said)) };
        found.status
    };
    assert_eq!(said(0.3, 3, false), Status::Warn);
    assert_eq!(said(0.3, 2, false), Status::Fail, "two seconds are too few");
    assert_eq!(said(0.1, 10, false), Status::Fail, "it names a third of it");
    assert_eq!(said(0.3, 10, true), Status::Fail, "events were lost");
}

/// One program that starts reads some pages; that is no minute full of them.
#[test]
fn some_page_faults_in_a_short_window_are_a_warning() {
    let said = |faults: u64| {
        let mut world = World::new(20);
        world.window.seconds.truncate(10);
        world.window.asked_s = 10.0;
        world.window.seconds[4].major_faults = faults;
        finding(&judge(&*of_noise(), &world.rig, &world.evidence()), "INT-04", "").status
    };
    assert_eq!([0, 20, 60, 61].map(said), [Status::Pass, Status::Warn, Status::Warn, Status::Fail]);
}

#[test]
fn each_disturbance_is_found_by_its_rules_and_by_no_other() {
    let mut wrong = vec![];
    for (what, disturb, rules, words) in FAULTS {
        let mut world = World::new(21);
        disturb(&mut world);
        let said = judge(&*of_noise(), &world.rig, &world.evidence());
        let mut failed = rules_with(&said, Status::Fail);
        failed.dedup();
        // What also brings another load's time with it is told by both.
        let said_so = rules.iter().any(|rule| said.iter().any(|((id, _), j)| id == rule && j.as_ref().is_ok_and(|f| f.observed.contains(words))));
        if failed != *rules || !said_so {
            wrong.push(format!("{what}: {failed:?} instead of {rules:?} with `{words}`\n{}", shown(&said)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_container_that_its_own_quota_holds_back_is_no_neighbour() {
    let mut world = World::new(22);
    throttle(&mut world, false);
    world.each_second(|s| s.pressure.as_mut().unwrap().cpu_some_s = 0.5);
    let said = judge(&*of_noise(), &world.rig, &world.evidence());
    let own = finding(&said, "INT-13", "");
    assert!(own.status == Status::Warn && own.observed.contains("limited is held back by its own quota"), "{own:?}");
    assert!(!said.values().any(|j| status(j) == Some(Status::Fail)), "{}", shown(&said));
}

/// Who is loud is asked of those that have a name; what nobody has a name for may be one of them.
#[test]
fn what_cannot_be_named_keeps_neighbours_and_monitors_from_passing() {
    let mut world = World::new(23);
    world.each_second(|s| s.busy_s += 0.3);
    let said = judge(&*of_noise(), &world.rig, &world.evidence());
    assert_eq!([finding(&said, "INT-06", "").status, finding(&said, "INT-07", "").status], [Status::Inconclusive; 2], "{}", shown(&said));
}

#[test]
fn a_rhythm_and_a_nice_value_are_told() {
    let mut world = World::new(24);
    world.neighbour(process("cron"), 0.9, |n| n % 10 == 3);
    world.neighbour(By::Process { pid: 5, name: "spinner".into(), kernel: false }, 0.5, |_| true);
    world.window.used_by.iter_mut().find(|used| used.by.to_string().starts_with("spinner")).unwrap().nice = Some(19);
    let said = judge(&*of_noise(), &world.rig, &world.evidence());
    let because = finding(&said, "INT-06", "").because.join("\n");
    assert!(because.contains("a burst each 10 s") && because.contains("(nice 19)") && because.contains("in 6 of 60 seconds"), "{because}");
}

#[test]
fn the_time_of_children_that_ended_is_their_parents() {
    let mut world = World::new(25);
    world.each_second(|s| s.forks += 30);
    world.neighbour(By::EndedOf { pid: 9, name: "make".into() }, 0.4, |_| true);
    let said = judge(&*of_noise(), &world.rig, &world.evidence());
    let short = finding(&said, "INT-09", "");
    assert!(short.because.iter().any(|b| b.starts_with("ended children of make (process 9): 40 %")), "{short:?}");
    assert!(finding(&said, "INT-06", "").observed.contains("ended children of make"), "{}", shown(&said));
}

/// Earlier calibrations of another host, another build or other loads are no measure.
#[test]
fn only_what_is_alike_is_compared() {
    for change in [
        |h: &mut World| h.earlier.iter_mut().for_each(|(_, c)| c.host.name = "perf-2".into()),
        |h: &mut World| {
            h.earlier.iter_mut().for_each(|(_, c)| c.host.optimised = false);
        },
    ] {
        let mut world = World::new(26);
        both(&mut world, |_| 1.12);
        change(&mut world);
        let said = judge(&*of_noise(), &world.rig, &world.evidence());
        assert_eq!(finding(&said, "INT-17", "memory").status, Status::NotApplicable);
    }
}

#[test]
fn who_differs_from_himself_calls_no_machine_different() {
    let mut world = World::new(27);
    both(&mut world, |_| 1.12);
    in_turn(&mut world);
    let said = judge(&*of_noise(), &world.rig, &world.evidence());
    let same = finding(&said, "INT-17", "cpu");
    assert!(same.status == Status::Inconclusive && same.because.iter().any(|b| b.contains("differs from itself")), "{same:?}");
}

#[test]
fn a_culprit_far_down_the_list_is_counted_too() {
    let mut world = World::new(28);
    let used = |pid| UsedBy { by: By::Process { pid, name: "swarm".into(), kernel: false }, programs: vec![], cpu_s: 1.2, when: vec![], nice: None };
    world.window.used_by.extend((0..30).map(used));
    world.each_second(|s| s.busy_s += 0.6);
    let said = judge(&*of_noise(), &world.rig, &world.evidence());
    let neighbours = finding(&said, "INT-06", "");
    assert!(neighbours.observed.contains("30 programs use the machine") && neighbours.because.len() == 7, "{neighbours:?}");
    assert_eq!(neighbours.status, Status::Fail, "together they use 60 % of a CPU: {neighbours:?}");
}
