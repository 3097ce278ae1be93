//! What does not differ: one environment many times, and its twin of half the size.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "starts servers and runs the program")]

use super::{
    engine::Engine,
    tool::{Tool, cells},
    whole::{Made, Whole},
};
use crate::{rig::Turn, stack::or_skip};
use serde_json::Value;
use std::{
    process::Command,
    time::{Duration, Instant},
};

const FULL: Made<'_> = Made {
    name: "full",
    image: "",
    options: &[
        "--cpus=2",
        "--memory=512m",
        "--network=none",
        "-eDB_POOL_SIZE=20",
        "-eDB_MAX_OVERFLOW=10",
        "-eWEB_CONCURRENCY=2",
        "-eAPI_KEY=a-secret-long-enough",
    ],
    workers: 2,
    uvicorn: &["--limit-concurrency", "200"],
    worker: &["--cpus=1", "--memory=128m", "--network=none"],
    interpreter: &[],
    postgres: "shared_buffers = 64MB\neffective_cache_size = 4GB\nmax_connections = 100\nmax_worker_processes = 8\nmax_parallel_workers = 8",
    sql: &["CREATE EXTENSION pg_trgm"],
    prometheus: "global: {scrape_interval: 15s}\nscrape_configs:\n  - job_name: own\n    static_configs: [{targets: ['127.0.0.1:9']}]\n",
    flags: &[],
};

const HALF: Made<'_> = Made {
    name: "half",
    options: &[
        "--cpus=1",
        "--memory=256m",
        "--network=none",
        "-eDB_POOL_SIZE=10",
        "-eDB_MAX_OVERFLOW=5",
        "-eWEB_CONCURRENCY=1",
        "-eAPI_KEY=a-secret-long-enough",
    ],
    workers: 1,
    uvicorn: &["--limit-concurrency", "100"],
    worker: &["--cpus=0.5", "--memory=64m", "--network=none"],
    postgres: "shared_buffers = 32MB\neffective_cache_size = 2GB\nmax_connections = 50\nmax_worker_processes = 4\nmax_parallel_workers = 4\n\
               max_parallel_workers_per_gather = 1\nmax_parallel_maintenance_workers = 1\nautovacuum_max_workers = 2",
    ..FULL
};

/// Each server has a place of its own on one machine, and rigcheck's own connection sets the time zone.
const OF_ONE_MACHINE: [&str; 7] = [
    "postgres.settings.config_file",
    "postgres.settings.data_directory",
    "postgres.settings.hba_file",
    "postgres.settings.ident_file",
    "postgres.settings.port",
    "postgres.settings.unix_socket_directories",
    "postgres.settings.timezone",
];

/// Members of a group that are not of its ratio.
fn off(scale: &Value) -> Vec<&str> {
    scale["off"].as_array().unwrap().iter().map(|path| path.as_str().unwrap()).collect()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// CPU time of its own, and of what it started and waited for, in seconds: as bash tells it.
fn processor(tool: &Tool, args: &[&str]) -> String {
    let mut timed = Command::new("bash");
    let program = tool.command(args);
    timed
        .args(["-c", "TIMEFORMAT='%U s user, %S s system, %R s in all'; time \"$@\" >/dev/null 2>&1", "time"])
        .arg(program.get_program())
        .args(program.get_args());
    timed.current_dir(tool.path()).env("RIG_KEY", super::tool::KEY);
    String::from_utf8_lossy(&timed.output().unwrap().stderr).trim().to_owned()
}

#[test]
fn an_environment_against_itself_gives_no_difference_in_20_captures() {
    let test = "an_environment_against_itself_gives_no_difference_in_20_captures";
    let _turn = Turn::take(1);
    let Some(engine) = or_skip(test, Engine::up()) else { return };
    let python = [engine.python.as_str()];
    let Some(whole) = or_skip(test, Whole::start(&engine, &Made { image: &engine.image, interpreter: &python, ..FULL })) else { return };
    let tool = Tool::new();
    let spec = whole.spec("");
    let mut times = vec![];
    for n in 0..20 {
        let told = tool.capture(&format!("c{n}"), &spec).ends(0);
        assert!(told.err.contains("1 not told") || told.err.contains("0 not told"), "the time zone of its own connection alone: {}", told.err);
        times.push(told.took);
        if n > 0 {
            let (told, diff) = tool.diff(&format!("c{n}"), "c0", &[]);
            told.ends(0);
            let mut found = diff.stands_out();
            // The reader says so itself: nobody can tell from its own connection what others get.
            found.retain(|path, class| !(path == "postgres.settings.timezone" && class == "unknown"));
            assert!(found.is_empty() && diff.rows().count() > 500, "capture {n}:\n{}", diff.lines());
        }
    }

    let gateway = format!("gateway=container:{}", whole.gateway.name);
    let postgres = format!(
        "version: 1\nrig: database\nenvironment: {{}}\nsources:\n  postgres: {{url: \"postgresql://postgres@127.0.0.1:{}/postgres\"}}\n",
        whole.postgres.port
    );
    std::fs::write(tool.path().join("database.yaml"), postgres).unwrap();
    let all: [(&str, &str, &[&str]); 4] = [
        ("the host alone", "host", &["snapshot", "capture", "-"]),
        ("the host and a container", "gateway", &["snapshot", "capture", "-", "--workload", &gateway]),
        ("the host and a database", "postgres", &["snapshot", "capture", "-", "--spec", "database.yaml"]),
        ("a whole environment", "gateway", &["snapshot", "capture", "-", "--spec", "c0.yaml"]),
    ];
    for (what, part, args) in all {
        let runs: Vec<_> = (0..5).map(|_| tool.run(args).ends(0)).collect();
        let last = &runs[4];
        assert!(!cells(&last.out, part).is_empty());
        println!(
            "{what}: median {:?}; {}; {}",
            median(runs.iter().map(|r| r.took).collect()),
            processor(&tool, args),
            last.err.lines().last().unwrap_or_default()
        );
    }
    println!("20 captures of a whole environment: median {:?}, longest {:?}", median(times.clone()), times.iter().max().unwrap());
}

#[test]
fn a_half_scale_twin_is_scaled_and_one_member_off_is_named() {
    let test = "a_half_scale_twin_is_scaled_and_one_member_off_is_named";
    let _turn = Turn::take(2);
    let Some(engine) = or_skip(test, Engine::up()) else { return };
    let python = [engine.python.as_str()];
    let start = |made: Made<'_>| Whole::start(&engine, &Made { image: &engine.image, interpreter: &python, ..made });
    let Some(full) = or_skip(test, start(FULL)) else { return };
    let Some(half) = or_skip(test, start(HALF)) else { return };
    let tool = Tool::new();
    tool.capture("full", &full.spec("")).ends(0);
    tool.capture("half", &half.spec("")).ends(0);

    let (told, diff) = tool.diff("half", "full", &[]);
    told.ends(0);
    let found = diff.stands_out();
    let wrong: Vec<_> =
        found.iter().filter(|(path, class)| !(*class == "scaled" || *class == "equivalent" || OF_ONE_MACHINE.contains(&path.as_str()))).collect();
    assert!(wrong.is_empty(), "{wrong:#?}\n{}", diff.lines());
    let scaled = found.iter().filter(|(_, class)| *class == "scaled").map(|(path, _)| path.as_str());
    let expected = [
        "gateway.container.cpus",
        "gateway.container.memory",
        "gateway.container.memory_swap",
        "gateway.env.DB_MAX_OVERFLOW",
        "gateway.env.DB_POOL_SIZE",
        "gateway.env.WEB_CONCURRENCY",
        "gateway.limits.cpus",
        "gateway.limits.memory",
        "gateway.limits.swap",
        "gateway.process.limit_concurrency",
        "gateway.process.workers",
        "gateway.process.workers_asked",
        "postgres.settings.autovacuum_max_workers",
        "postgres.settings.effective_cache_size",
        "postgres.settings.max_connections",
        "postgres.settings.max_parallel_maintenance_workers",
        "postgres.settings.max_parallel_workers",
        "postgres.settings.max_parallel_workers_per_gather",
        "postgres.settings.max_worker_processes",
        "postgres.settings.shared_buffers",
        "postgres.settings.shared_memory_size",
        "postgres.settings.shared_memory_size_in_huge_pages",
        "postgres.settings.wal_buffers",
        "worker.container.cpus",
        "worker.container.memory",
        "worker.container.memory_swap",
        "worker.limits.cpus",
        "worker.limits.memory",
        "worker.limits.swap",
    ];
    assert_eq!(scaled.collect::<Vec<_>>(), expected);
    let scales = diff.0["scales"].as_array().unwrap();
    let all: Vec<_> = scales.iter().map(|of| (of["group"].as_str().unwrap(), of["ratio"].as_f64().unwrap(), off(of).len())).collect();
    assert_eq!(all, [("service", 0.5, 0), ("postgres-planner", 0.5, 0), ("postgres-workers", 0.5, 0)], "{}", diff.lines());

    // All the workers on half of everything else.
    let started = Instant::now();
    let crowded = engine.serve(&engine.image, HALF.options, FULL.workers, HALF.uvicorn);
    let spec = half.spec("").replace(&half.gateway.name, &crowded.name);
    tool.capture("off", &spec).ends(0);
    let (told, diff) = tool.diff("off", "full", &[]);
    told.ends(1);
    let named: Vec<_> = diff.0["scales"].as_array().unwrap().iter().flat_map(off).collect();
    assert_eq!(named, ["gateway.process.workers", "gateway.process.workers_asked"], "{}", diff.lines());
    let material: Vec<_> = diff.stands_out().into_iter().filter(|(_, class)| class == "material").map(|(path, _)| path).collect();
    assert_eq!(material, ["gateway.process.workers", "gateway.process.workers_asked"], "{}", diff.lines());
    println!("one member off: {:?}", started.elapsed());
}
