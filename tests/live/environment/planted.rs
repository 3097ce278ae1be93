//! Many differences between two whole environments, planted at once.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "starts servers and runs the program")]

use super::{
    engine::Engine,
    other_python,
    tool::Tool,
    whole::{Made, Whole},
};
use crate::{rig::Turn, stack::or_skip};
use std::collections::BTreeMap;

/// What the image here has otherwise: versions by their own metadata, one package more, one fewer, one from a version control.
const CHANGES: &str = r"
def version(name, old, new):
    [info] = site.glob(f'{name}-*.dist-info')
    text = (info / 'METADATA').read_text()
    assert f'Version: {old}' in text, text[:200]
    (info / 'METADATA').write_text(text.replace(f'Version: {old}', f'Version: {new}', 1))

def now(name):
    [info] = site.glob(f'{name}-*.dist-info')
    return next(line.split()[1] for line in (info / 'METADATA').read_text().splitlines() if line.startswith('Version:'))

def moved(name, part):
    old = now(name)
    numbers = [int(n) for n in old.split('.')[:3]]
    numbers[part] += 1
    version(name, old, '.'.join(map(str, numbers)))

moved('starlette', 1)
moved('uvicorn', 2)
moved('httpx', 0)
moved('anyio', 0)
moved('idna', 1)
moved('pip', 0)
shutil.rmtree(next(site.glob('asyncpg-*.dist-info')))
more = site / 'uvloop-0.22.1.dist-info'
more.mkdir()
(more / 'METADATA').write_text('Metadata-Version: 2.1\nName: uvloop\nVersion: 0.22.1\n')
[info] = site.glob('wrapt-*.dist-info')
(info / 'direct_url.json').write_text(json.dumps({'url': 'https://git.example/wrapt.git', 'vcs_info': {'vcs': 'git', 'commit_id': '7921be15' * 5}}))
";

const HERE: Made<'_> = Made {
    name: "here",
    image: "",
    options: &[
        "--cpus=1",
        "--memory=256m",
        "--cpuset-cpus=0",
        "--cpu-shares=512",
        "--pids-limit=200",
        "--ulimit=nofile=2048:4096",
        "--restart=on-failure:3",
        "--network=none",
        "--read-only",
        "--oom-score-adj=100",
        "--health-cmd=true",
        "--health-interval=300s",
        "--log-opt=max-size=1m",
        "-eLOG_LEVEL=debug",
        "-eOTEL_TRACES_SAMPLER_ARG=1.0",
        "-eOTEL_SERVICE_NAME=gateway-test",
        "-eDB_POOL_SIZE=10",
        "-eDB_MAX_OVERFLOW=10",
        "-eWEB_CONCURRENCY=1",
        "-eTZ=UTC",
        "-eMALLOC_ARENA_MAX=2",
        "-eTIER=silver",
        "-eSHARED_SECRET=the-same-secret-on-both",
        "-eUPSTREAM_SECRET=the-secret-of-here",
        "-ePIN=1234",
        "-eDEBUG=1",
    ],
    workers: 3,
    uvicorn: &[
        "--timeout-keep-alive",
        "5",
        "--loop",
        "asyncio",
        "--limit-concurrency",
        "100",
        "--backlog",
        "2048",
        "--no-server-header",
        "--ssl-keyfile-password",
        "what-opens-it-here",
        "--header",
        "x-api-key: the-same-on-both",
    ],
    worker: &["--network=none", "--user=1234"],
    interpreter: &[],
    postgres: "shared_buffers = 32MB\nmax_connections = 50\nwork_mem = 8MB\nrandom_page_cost = 1.1\nfsync = off\nsynchronous_commit = off\njit = off\n\
               log_min_duration_statement = 250\nstatement_timeout = 30s\nmax_wal_size = 512MB\neffective_cache_size = 3GB\ncheckpoint_timeout = 15min",
    sql: &[
        "CREATE EXTENSION pg_trgm",
        "ALTER SYSTEM SET max_connections = 60",
        "ALTER ROLE postgres IN DATABASE template1 SET work_mem = '1MB'",
        "SELECT pg_reload_conf()",
    ],
    prometheus: "global: {scrape_interval: 60s, scrape_timeout: 20s, evaluation_interval: 30s}\nscrape_configs:\n  - job_name: own\n    scrape_interval: 45s\n    \
                 honor_labels: true\n    static_configs: [{targets: ['127.0.0.1:9']}]\n",
    flags: &["--storage.tsdb.retention.time=3d", "--enable-feature=exemplar-storage", "--query.lookback-delta=2m"],
};

const THERE: Made<'_> = Made {
    name: "there",
    image: "",
    options: &[
        "--cpus=2",
        "--memory=512m",
        "--cpuset-cpus=0,1",
        "--cpu-shares=1024",
        "--pids-limit=400",
        "--ulimit=nofile=8192:8192",
        "--restart=no",
        "--network=bridge",
        "-eLOG_LEVEL=info",
        "-eOTEL_TRACES_SAMPLER_ARG=0.1",
        "-eDB_POOL_SIZE=20",
        "-eDB_MAX_OVERFLOW=10",
        "-eWEB_CONCURRENCY=4",
        "-eTZ=Europe/Berlin",
        "-eTIER=gold",
        "-eSHARED_SECRET=the-same-secret-on-both",
        "-eUPSTREAM_SECRET=the-secret-of-there",
        "-ePIN=1234",
    ],
    workers: 4,
    uvicorn: &[
        "--header=x-api-key: the-same-on-both",
        "--timeout-keep-alive",
        "75",
        "--limit-concurrency",
        "200",
        "--backlog",
        "2048",
        "--ssl-keyfile-password=what-opens-it-there",
    ],
    worker: &["--network=none"],
    interpreter: &[],
    postgres: "shared_buffers = 64MB\nmax_connections = 100\nwork_mem = 4MB\nlog_min_duration_statement = -1\nmax_wal_size = 1GB\neffective_cache_size = 4GB",
    sql: &["CREATE EXTENSION citext"],
    prometheus: "global: {scrape_interval: 15s, evaluation_interval: 30s}\nscrape_configs:\n  - job_name: own\n    static_configs: [{targets: ['127.0.0.1:9']}]\n",
    flags: &["--storage.tsdb.retention.time=15d"],
};

/// Everything that differs, and how. What follows from another plant says so.
const PLANTED: &[(&str, &str)] = &[
    // another kind of thing
    ("gateway.python.packages.asyncpg", "blocking"),
    ("gateway.python.packages.httpx", "blocking"),
    ("gateway.python.packages.uvloop", "blocking"),
    ("postgres.settings.fsync", "blocking"),
    ("postgres.settings.synchronous_commit", "blocking"),
    // results change with it
    ("gateway.container.network", "material"),
    ("gateway.container.pids", "material"),
    ("gateway.limits.pids", "material"),
    ("gateway.process.limit.files", "material"),
    ("gateway.process.keep_alive", "material"),
    ("gateway.process.loop", "material"),
    ("gateway.process.options", "material"),
    ("gateway.process.option.--ssl-keyfile-password", "material"),
    ("gateway.env.LOG_LEVEL", "material"),
    ("gateway.env.DEBUG", "material"),
    ("gateway.env.OTEL_TRACES_SAMPLER_ARG", "material"),
    ("gateway.env.OTEL_SERVICE_NAME", "material"),
    ("gateway.env.MALLOC_ARENA_MAX", "material"),
    ("gateway.env.TIER", "material"),
    ("gateway.env.UPSTREAM_SECRET", "material"),
    ("gateway.python.packages.anyio", "material"),
    ("gateway.python.packages.idna", "material"),
    ("gateway.python.packages.starlette", "material"),
    ("gateway.python.sources.wrapt", "material"),
    ("worker.python.version", "material"),
    ("postgres.extensions.citext", "material"),
    ("postgres.extensions.pg_trgm", "material"),
    ("postgres.settings.checkpoint_timeout", "material"),
    ("postgres.settings.jit", "material"),
    ("postgres.settings.random_page_cost", "material"),
    ("postgres.settings.max_wal_size", "material"),
    ("postgres.settings.statement_timeout", "material"),
    ("postgres.settings.work_mem", "material"),
    ("prometheus.features.exemplar-storage", "material"),
    ("prometheus.jobs.own.honor_labels", "material"),
    ("prometheus.jobs.own.scrape_interval", "material"),
    ("prometheus.lookback_delta", "material"),
    ("prometheus.scrape_interval", "material"),
    ("prometheus.scrape_timeout", "material"),
    // follows from its section `global`
    ("prometheus.jobs.own.scrape_timeout", "material"),
    // not half as much, where the others of its group are
    ("gateway.process.workers", "material"),
    ("gateway.process.workers_asked", "material"),
    ("gateway.env.DB_MAX_OVERFLOW", "material"),
    ("gateway.env.WEB_CONCURRENCY", "material"),
    // half as much
    ("gateway.container.cpus", "scaled"),
    ("gateway.container.memory", "scaled"),
    // Docker's own: as much swap as memory
    ("gateway.container.memory_swap", "scaled"),
    ("gateway.limits.cpus", "scaled"),
    ("gateway.limits.memory", "scaled"),
    ("gateway.limits.swap", "scaled"),
    ("gateway.limits.cpuset_count", "scaled"),
    ("gateway.process.affinity", "scaled"),
    ("gateway.process.limit_concurrency", "scaled"),
    ("gateway.env.DB_POOL_SIZE", "scaled"),
    ("postgres.settings.max_connections", "scaled"),
    ("postgres.settings.shared_buffers", "scaled"),
    // PostgreSQL's own: a part of shared_buffers
    ("postgres.settings.wal_buffers", "scaled"),
    ("postgres.settings.shared_memory_size", "scaled"),
    ("postgres.settings.shared_memory_size_in_huge_pages", "scaled"),
    // × 0.75, in a group of its own
    ("postgres.settings.effective_cache_size", "material"),
    // as much as the CPUs are
    ("gateway.container.cpu_shares", "scaled"),
    ("gateway.limits.cpu_shares", "scaled"),
    // somebody answers for it
    ("gateway.env.TZ", "waived"),
    // too short to be kept, so that it cannot be told
    ("gateway.env.PIN", "unknown"),
    // rigcheck's own connection sets it
    ("postgres.settings.timezone", "unknown"),
    // makes no difference that counts
    ("gateway.container.command", "equivalent"),
    ("gateway.container.cpuset", "equivalent"),
    ("gateway.container.health", "equivalent"),
    ("gateway.container.healthcheck.interval", "equivalent"),
    ("gateway.container.image", "equivalent"),
    ("gateway.container.image_id", "equivalent"),
    ("gateway.container.read_only", "equivalent"),
    ("gateway.container.restart", "equivalent"),
    ("gateway.container.ulimits.nofile", "equivalent"),
    ("gateway.container.ulimits.nofile_hard", "equivalent"),
    ("gateway.limits.cpuset", "equivalent"),
    ("gateway.process.command", "equivalent"),
    ("gateway.process.oom_score_adj", "equivalent"),
    ("gateway.python.packages.pip", "equivalent"),
    ("gateway.python.packages.uvicorn", "equivalent"),
    ("worker.container.command", "equivalent"),
    ("worker.container.mounts", "equivalent"),
    ("worker.process.executable", "equivalent"),
    ("worker.process.user", "equivalent"),
    ("postgres.changed", "equivalent"),
    ("postgres.overridden.postgres/template1.work_mem", "material"),
    ("postgres.settings.log_min_duration_statement", "material"),
    ("postgres.pending_restart", "equivalent"),
    ("postgres.settings.config_file", "equivalent"),
    ("postgres.settings.data_directory", "equivalent"),
    ("postgres.settings.hba_file", "equivalent"),
    ("postgres.settings.ident_file", "equivalent"),
    ("postgres.settings.port", "equivalent"),
    ("postgres.settings.unix_socket_directories", "equivalent"),
    ("prometheus.retention", "equivalent"),
];

/// Those that a machine with one Python alone cannot plant.
const OF_ANOTHER_PYTHON: [&str; 3] = ["worker.python.version", "worker.container.command", "worker.process.executable"];

#[test]
fn planted_differences_are_found_and_classed_and_nothing_else_is_reported() {
    let _turn = Turn::take(2);
    let Some(engine) = or_skip("planted_differences", Engine::up()) else { return };
    let changed = engine.changed(CHANGES);
    let other = other_python();
    let (python, prefix) = other.clone().unwrap_or_else(|| (engine.python.clone(), "/usr/share/zoneinfo".into()));
    let mount = format!("-v{prefix}:{prefix}:ro");
    let worker = [HERE.worker, &[&mount]].concat();
    let here = Made { image: &changed.0, interpreter: &[&python, "-B"], worker: &worker, ..HERE };
    let there = Made { image: &engine.image, interpreter: &[&engine.python, "-B"], ..THERE };
    let Some(here) = or_skip("planted_differences", Whole::start(&engine, &here)) else { return };
    let Some(there) = or_skip("planted_differences", Whole::start(&engine, &there)) else { return };
    here.postgres.waits("SELECT pending_restart FROM pg_settings WHERE name = 'max_connections'", "t");

    let tool = Tool::new();
    let waived = "  variables: [TIER]\n  waivers:\n    - {fact: gateway.env.TZ, here: UTC, there: Europe/Berlin, reason: planted, owner: test, expires: \"EXPIRES\"}\n";
    let expires = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * 30);
    let spec = here.spec(&waived.replace("EXPIRES", &expires.to_string()));
    tool.capture("here", &spec).ends(0);
    tool.capture("there", &there.spec("  variables: [TIER]\n")).ends(0);
    let (told, diff) = tool.diff("here", "there", &["--spec", "here.yaml"]);
    told.ends(1);

    let expected: BTreeMap<String, String> = PLANTED
        .iter()
        .filter(|(path, _)| other.is_some() || !OF_ANOTHER_PYTHON.contains(path))
        .map(|(path, class)| ((*path).to_owned(), (*class).to_owned()))
        .collect();
    assert!(expected.len() >= 40);
    let found = diff.stands_out();
    let missed: Vec<_> = expected.iter().filter(|(path, class)| found.get(*path) != Some(class)).collect();
    let more: Vec<_> = found.iter().filter(|(path, _)| !expected.contains_key(*path)).collect();
    assert!(missed.is_empty() && more.is_empty(), "not as planted: {missed:#?}\nnot planted: {more:#?}\n{}", diff.lines());
    let same = diff.rows().count() - found.len();
    assert!(same > 500, "the rest is there, and identical: {same}");
    println!("{} differences as planted, {same} facts identical", expected.len());
}
