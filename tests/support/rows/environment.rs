//! What makes an environment another one than production. Each is really done to a server, to a database, to the machine's snapshot, or to
//! what the spec says of them.

/// A difference, and what must come of it.
pub struct Unlike {
    pub name: &'static str,
    /// One sentence without a full stop.
    pub title: &'static str,
    pub does: &'static [Change],
    /// Rules that must fail, each for a subject; that of the whole environment is empty.
    pub must: &'static [(&'static str, &'static str)],
    /// Rules that must warn, each for a subject.
    pub warns: &'static [(&'static str, &'static str)],
    /// Rules that must have no data, each for a subject.
    pub untold: &'static [(&'static str, &'static str)],
}

/// What is really done.
#[derive(Clone, Copy)]
pub enum Change {
    /// The server has this variable, too, or with another value.
    Variable(&'static str, &'static str),
    /// The server is started with these options more; of an option that is given twice the last counts.
    Options(&'static [&'static str]),
    /// The server is started by this program.
    Under(&'static [&'static str]),
    /// A package of this version lies where the server's interpreter looks first.
    Planted(&'static str, &'static str),
    /// The supervisor of the workers stands still, and one of them is killed.
    LoseWorker,
    /// The database is told this, and its files are read again.
    Sql(&'static [&'static str]),
    /// The database is started again, with what its files say by now.
    RestartDatabase,
    /// A fact of a part in the snapshot of production is another one.
    There(&'static str, &'static str, Was),
    /// The snapshot of production is so many days old; below zero it is of the future.
    Old(i64),
    /// Production was captured with a workload more, found by the database's port.
    PartThere(&'static str),
    /// Production is what this document says; `{today}` is a date.
    Document(&'static str),
    /// More in the section `environment`; `{long ago}`, `{soon}` and `{in time}` are moments.
    Section(&'static str),
    /// The database is asked by a role that may not see everything.
    Stranger,
}

/// What a fact was in production.
#[derive(Clone, Copy)]
pub enum Was {
    Text(&'static str),
    Count(i64),
}

const PLAIN: Unlike = Unlike { name: "", title: "", does: &[], must: &[], warns: &[], untold: &[] };

/// With these variables the server runs in production, and wherever no row says otherwise.
pub const VARIABLES: &[(&str, &str)] =
    &[("LOG_LEVEL", "info"), ("OTEL_TRACES_SAMPLER_ARG", "1.0"), ("DB_POOL_SIZE", "10"), ("PYTHONDONTWRITEBYTECODE", "1")];
/// And with these options.
pub const OPTIONS: &[&str] = &["--workers", "2", "--timeout-keep-alive", "5", "--lifespan", "off"];

/// One after the other, each by itself.
pub const UNLIKE: &[Unlike] = &[
    Unlike {
        name: "cfg-keep-alive",
        title: "the server keeps idle connections for 75 s instead of 5 s",
        does: &[Change::Options(&["--timeout-keep-alive", "75"])],
        must: &[("CFG-03", "gateway")],
        ..PLAIN
    },
    Unlike {
        name: "cfg-nice",
        title: "the server lets others go first",
        does: &[Change::Under(&["nice", "-n", "5"])],
        must: &[("CFG-04", "gateway")],
        ..PLAIN
    },
    Unlike {
        name: "cfg-scheduler",
        title: "the kernel schedules the server as a batch job",
        does: &[Change::Under(&["chrt", "--batch", "0"])],
        must: &[("CFG-04", "gateway")],
        ..PLAIN
    },
    Unlike {
        name: "cfg-log-level",
        title: "the server logs more",
        does: &[Change::Variable("LOG_LEVEL", "debug")],
        must: &[("CFG-05", "gateway")],
        ..PLAIN
    },
    Unlike {
        name: "cfg-sampler",
        title: "one trace of ten is kept instead of all",
        does: &[Change::Variable("OTEL_TRACES_SAMPLER_ARG", "0.1")],
        must: &[("CFG-05", "gateway")],
        ..PLAIN
    },
    Unlike {
        name: "cfg-event-loop",
        title: "the event loop is named instead of chosen by the server",
        does: &[Change::Options(&["--loop", "asyncio"])],
        must: &[("CFG-01", "gateway")],
        ..PLAIN
    },
    Unlike {
        name: "cfg-access-log",
        title: "the server writes no access log",
        does: &[Change::Options(&["--no-access-log"])],
        must: &[("CFG-01", "gateway")],
        ..PLAIN
    },
    Unlike {
        name: "cfg-hidden-option",
        title: "the server is given a password, which is not kept",
        does: &[Change::Options(&["--ssl-keyfile-password", "of-this-place-alone"])],
        must: &[("CFG-01", "gateway")],
        ..PLAIN
    },
    Unlike {
        name: "cfg-variable",
        title: "the interpreter is told how to hash",
        does: &[Change::Variable("PYTHONHASHSEED", "0")],
        must: &[("CFG-01", "gateway")],
        ..PLAIN
    },
    Unlike {
        name: "cfg-package-major",
        title: "FastAPI is of another major release",
        does: &[Change::Planted("fastapi", "1.0.0")],
        must: &[("CFG-01", "gateway"), ("CFG-06", "gateway")],
        ..PLAIN
    },
    Unlike {
        name: "cfg-package-minor",
        title: "Uvicorn is of another minor release",
        does: &[Change::Planted("uvicorn", "0.17.6")],
        must: &[("CFG-01", "gateway")],
        ..PLAIN
    },
    Unlike {
        name: "cfg-package-more",
        title: "a package is installed that production does not have",
        does: &[Change::Planted("profiler-of-a-vendor", "2.0")],
        must: &[("CFG-01", "gateway")],
        ..PLAIN
    },
    Unlike {
        name: "cfg-half-workers",
        title: "half of the workers, and all else as in production",
        does: &[Change::Options(&["--workers", "1"])],
        must: &[("CFG-02", "gateway"), ("CFG-07", "")],
        ..PLAIN
    },
    Unlike {
        name: "cfg-pool",
        title: "twice the pool of connections, and all else as in production",
        does: &[Change::Variable("DB_POOL_SIZE", "20")],
        must: &[("CFG-02", "gateway"), ("CFG-07", "")],
        ..PLAIN
    },
    Unlike {
        name: "cfg-one-cpu",
        title: "the server may run on one CPU",
        does: &[Change::Under(&["taskset", "--cpu-list", "0"])],
        must: &[("CFG-02", "gateway"), ("CFG-07", "")],
        ..PLAIN
    },
    Unlike {
        name: "cfg-open-files",
        title: "the server may open 512 files",
        does: &[Change::Under(&["prlimit", "--nofile=512"])],
        must: &[("CFG-02", "gateway")],
        ..PLAIN
    },
    Unlike {
        name: "cfg-backlog",
        title: "fewer connections wait for the server",
        does: &[Change::Options(&["--backlog", "128"])],
        must: &[("CFG-02", "gateway")],
        ..PLAIN
    },
    Unlike {
        name: "cfg-lost-worker",
        title: "a worker died, and its supervisor does not notice",
        does: &[Change::LoseWorker],
        must: &[("CFG-02", "gateway"), ("CFG-07", ""), ("CFG-11", "gateway")],
        ..PLAIN
    },
    Unlike {
        name: "cfg-fsync",
        title: "the database does not wait for its disk",
        does: &[Change::Sql(&["ALTER SYSTEM SET fsync = off"])],
        must: &[("CFG-01", "database"), ("CFG-06", "database")],
        ..PLAIN
    },
    Unlike {
        name: "cfg-commit",
        title: "the database answers before a commit is on its disk",
        does: &[Change::Sql(&["ALTER SYSTEM SET synchronous_commit = off"])],
        must: &[("CFG-01", "database"), ("CFG-06", "database")],
        ..PLAIN
    },
    Unlike {
        name: "cfg-work-mem",
        title: "the database sorts in 64 MiB instead of 4",
        does: &[Change::Sql(&["ALTER SYSTEM SET work_mem = '64MB'"])],
        must: &[("CFG-01", "database")],
        ..PLAIN
    },
    Unlike {
        name: "cfg-role-setting",
        title: "the server is as in production, and one role has a time-out of its own",
        does: &[Change::Sql(&["ALTER ROLE postgres IN DATABASE template1 SET statement_timeout = '7s'"])],
        must: &[("CFG-01", "database")],
        ..PLAIN
    },
    Unlike {
        name: "cfg-extension",
        title: "the database has an extension more",
        does: &[Change::Sql(&["CREATE EXTENSION pg_trgm"])],
        must: &[("CFG-01", "database")],
        ..PLAIN
    },
    Unlike {
        name: "cfg-parallel",
        title: "a query of the database may use four workers instead of two",
        does: &[Change::Sql(&["ALTER SYSTEM SET max_parallel_workers_per_gather = 4"])],
        must: &[("CFG-02", "database"), ("CFG-07", "")],
        ..PLAIN
    },
    Unlike {
        name: "cfg-shared-buffers",
        title: "half of the database's buffers, and all else as in production",
        does: &[Change::Sql(&["ALTER SYSTEM SET shared_buffers = '64MB'"]), Change::RestartDatabase],
        must: &[("CFG-02", "database"), ("CFG-07", "")],
        ..PLAIN
    },
    Unlike {
        name: "cfg-waits-for-restart",
        title: "a setting in the database's files waits for a restart",
        does: &[Change::Sql(&["ALTER SYSTEM SET max_connections = 50"])],
        must: &[("CFG-10", "database")],
        ..PLAIN
    },
    Unlike {
        name: "cfg-role-without-rights",
        title: "the database is asked by a role that may not see everything",
        does: &[Change::Stranger],
        must: &[("CFG-08", "database")],
        untold: &[("CFG-01", "database"), ("CFG-10", "database")],
        ..PLAIN
    },
    Unlike {
        name: "cfg-architecture",
        title: "production runs on another architecture",
        does: &[Change::There("host", "kernel.arch", Was::Text("aarch64"))],
        must: &[("CFG-01", "host"), ("CFG-06", "host")],
        ..PLAIN
    },
    Unlike {
        name: "cfg-congestion-control",
        title: "production's connections avoid congestion in another way",
        does: &[Change::There("host", "net.congestion", Was::Text("vegas"))],
        must: &[("CFG-03", "host")],
        ..PLAIN
    },
    Unlike {
        name: "cfg-more-cpus",
        title: "production's machine has 16 CPUs, and all else as here",
        does: &[Change::There("host", "cpu.count", Was::Count(16))],
        must: &[("CFG-02", "host"), ("CFG-07", "")],
        ..PLAIN
    },
    Unlike {
        name: "cfg-declared-scale",
        title: "the spec declares half the size, and nothing is halved",
        does: &[Change::Section("scale: {service: 0.5}")],
        must: &[("CFG-02", "gateway"), ("CFG-02", "database"), ("CFG-07", "")],
        ..PLAIN
    },
    Unlike {
        name: "cfg-accepted",
        title: "another log level, for which somebody answers",
        does: &[
            Change::Variable("LOG_LEVEL", "debug"),
            Change::Section(
                "waivers: [{fact: gateway.env.LOG_LEVEL, here: debug, there: info, reason: looked for a fault, owner: ops, expires: \"{in time}\"}]",
            ),
        ],
        warns: &[("CFG-05", "gateway")],
        ..PLAIN
    },
    Unlike {
        name: "cfg-acceptance-ends",
        title: "what is accepted ends within two weeks",
        does: &[
            Change::Variable("LOG_LEVEL", "debug"),
            Change::Section(
                "waivers: [{fact: gateway.env.LOG_LEVEL, here: debug, there: info, reason: looked for a fault, owner: ops, expires: \"{soon}\"}]",
            ),
        ],
        warns: &[("CFG-05", "gateway"), ("CFG-09", "")],
        ..PLAIN
    },
    Unlike {
        name: "cfg-acceptance-expired",
        title: "another log level was accepted, until a day that is over",
        does: &[
            Change::Variable("LOG_LEVEL", "debug"),
            Change::Section(
                "waivers: [{fact: gateway.env.LOG_LEVEL, here: debug, there: info, reason: looked for a fault, owner: ops, expires: \"{long ago}\"}]",
            ),
        ],
        must: &[("CFG-05", "gateway"), ("CFG-09", "")],
        ..PLAIN
    },
    Unlike {
        name: "cfg-acceptance-outgrown",
        title: "twice the keep-alive was accepted, and it is fifteen times as long",
        does: &[
            Change::Options(&["--timeout-keep-alive", "75"]),
            Change::Section(
                "waivers: [{fact: gateway.process.keep_alive, here: 10 s, there: 5 s, reason: old clients, owner: ops, expires: \"{in time}\"}]",
            ),
        ],
        must: &[("CFG-03", "gateway"), ("CFG-09", "")],
        ..PLAIN
    },
    Unlike { name: "cfg-old-reference", title: "production was looked at 200 days ago", does: &[Change::Old(200)], must: &[("CFG-12", "")], ..PLAIN },
    Unlike {
        name: "cfg-future-reference",
        title: "production says that it is of next month",
        does: &[Change::Old(-30)],
        must: &[("CFG-12", "")],
        ..PLAIN
    },
    Unlike {
        name: "cfg-aging-reference",
        title: "production was looked at 60 days ago",
        does: &[Change::Old(60)],
        warns: &[("CFG-12", "")],
        ..PLAIN
    },
    Unlike {
        name: "cfg-part-missing",
        title: "production has a cache that is not looked at here",
        does: &[Change::PartThere("cache")],
        must: &[("CFG-13", "")],
        ..PLAIN
    },
    Unlike {
        name: "cfg-thin-document",
        title: "a document tells little of production",
        does: &[Change::Document(
            "environment: production\nas_of: {today}\nby: platform team\nhost: {kernel.arch: x86_64}\n\
             gateway: {process.server: uvicorn, process.workers: 2}\ndatabase: {version: \"15\"}\n",
        )],
        must: &[("CFG-08", "host"), ("CFG-08", "gateway"), ("CFG-08", "database")],
        untold: &[("CFG-01", "gateway"), ("CFG-02", "host"), ("CFG-06", "database"), ("CFG-07", "")],
        ..PLAIN
    },
];
