//! One difference at a time: it is found, in its class, and nothing else is.

use super::environment::{PRODUCTION, beside, facts, set};
use rigcheck::model::comparison::{Class, Match};

/// Fact, kind and value here, and how it stands beside [`PRODUCTION`].
const PLANTED: &[(&str, &str, &str, Class)] = &[
    // the same, written otherwise
    ("gateway.limits.cpus", "cores", "4000m", Class::Identical),
    ("gateway.limits.memory", "bytes", "8192MiB", Class::Identical),
    ("gateway.process.keep_alive", "duration", "5000ms", Class::Identical),
    ("gateway.python.packages.fastapi", "pep440", "0.110", Class::Identical),
    ("postgres.settings.work_mem", "pg_setting", "4096kB", Class::Identical),
    ("host.kernel.cmdline", "set", "mitigations=auto,quiet", Class::Identical),
    ("prometheus.version", "semver", "v2.48.1", Class::Identical),
    ("gateway.limits.cpus", "text", "4", Class::Identical),
    // near enough
    ("host.memory.total", "bytes", "31GiB", Class::Equivalent),
    ("host.kernel.release", "kernel", "6.1.12-18-amd64", Class::Equivalent),
    ("gateway.python.version", "pep440", "3.11.4", Class::Equivalent),
    ("gateway.python.packages.uvicorn", "pep440", "0.29.3", Class::Equivalent),
    ("gateway.python.packages.pip", "pep440", "23.0", Class::Equivalent),
    ("gateway.process.executable", "place", "/opt/app/bin/python", Class::Equivalent),
    ("gateway.container.image", "text", "gateway:latest", Class::Equivalent),
    ("postgres.version", "pep440", "15.4", Class::Equivalent),
    ("postgres.settings.data_directory", "place", "/data", Class::Equivalent),
    ("prometheus.version", "semver", "2.51.0", Class::Equivalent),
    ("host.net.resolvers", "set", "10.9.0.2", Class::Equivalent),
    // results change with it
    ("host.kernel.release", "kernel", "5.15.0-18-amd64", Class::Material),
    ("host.kernel.mitigations.meltdown", "text", "Vulnerable", Class::Material),
    ("host.kernel.cmdline", "set", "quiet,mitigations=off", Class::Material),
    ("host.os.version", "text", "11", Class::Material),
    ("host.cpu.model", "text", "AMD EPYC 7R13", Class::Material),
    ("host.cpu.governor", "text", "powersave", Class::Material),
    ("host.cpu.governor", "-", "", Class::Material),
    ("host.cpu.boost", "flag", "true", Class::Material),
    ("host.memory.thp", "text", "always", Class::Material),
    ("host.clock.source", "text", "xen", Class::Material),
    ("host.cgroup.version", "text", "v1", Class::Material),
    ("host.cloud.instance_type", "text", "t3.2xlarge", Class::Material),
    ("host.net.congestion", "text", "cubic", Class::Material),
    ("host.net.mtu", "count", "1500", Class::Material),
    ("host.net.sysctl.somaxconn", "count", "128", Class::Material),
    ("gateway.process.workers", "count", "2", Class::Material),
    ("gateway.process.loop", "text", "asyncio", Class::Material),
    ("gateway.process.keep_alive", "duration", "75s", Class::Material),
    ("gateway.process.limit.files", "count", "1024", Class::Material),
    ("gateway.process.nice", "count", "10", Class::Material),
    ("gateway.limits.cpus", "cores", "2", Class::Material),
    ("gateway.limits.cpus", "-", "", Class::Material),
    ("gateway.limits.memory", "bytes", "4GiB", Class::Material),
    ("gateway.python.version", "pep440", "3.12.1", Class::Material),
    ("gateway.python.packages.fastapi", "pep440", "0.109.2", Class::Material),
    ("gateway.python.packages.numpy", "pep440", "2.0.0", Class::Material),
    ("gateway.python.packages.numpy", "gone", "", Class::Material),
    ("gateway.python.packages.opentelemetry-sdk", "pep440", "1.24.0", Class::Material),
    ("gateway.container.digest", "digest", "sha256:bbbb", Class::Material),
    ("gateway.container.network", "text", "host", Class::Material),
    ("gateway.env.LOG_LEVEL", "text", "debug", Class::Material),
    ("gateway.env.OTEL_TRACES_SAMPLER_ARG", "text", "1.0", Class::Material),
    ("gateway.env.UPSTREAM_KEY", "fingerprint", "123456", Class::Material),
    ("gateway.env.PYTHONDEVMODE", "text", "1", Class::Material),
    ("postgres.settings.shared_buffers", "pg_setting", "128MB", Class::Material),
    ("postgres.settings.max_connections", "count", "100", Class::Material),
    ("postgres.settings.random_page_cost", "number", "4", Class::Material),
    ("postgres.settings.work_mem", "pg_setting", "64MB", Class::Material),
    ("postgres.extensions.timescaledb", "text", "2.14", Class::Material),
    ("prometheus.scrape_interval", "duration", "60s", Class::Material),
    ("prometheus.version", "semver", "3.0.0", Class::Material),
    ("gateway.something.nobody.named", "text", "x", Class::Material),
    // another kind of thing
    ("host.kernel.arch", "text", "aarch64", Class::Blocking),
    ("gateway.process.server", "text", "gunicorn", Class::Blocking),
    ("gateway.python.implementation", "text", "PyPy", Class::Blocking),
    ("gateway.python.version", "pep440", "2.7.18", Class::Blocking),
    ("gateway.python.packages.pydantic", "pep440", "1.10.15", Class::Blocking),
    ("gateway.python.packages.uvicorn", "gone", "", Class::Blocking),
    ("postgres.version", "pep440", "14.11", Class::Blocking),
    ("postgres.settings.fsync", "flag", "false", Class::Blocking),
    ("postgres.settings.synchronous_commit", "text", "off", Class::Blocking),
    // not known
    ("gateway.process.workers", "?", "", Class::Unknown),
    ("gateway.env.UPSTREAM_KEY", "hidden", "", Class::Unknown),
    ("postgres.version", "gone", "", Class::Unknown),
    ("gateway.limits.memory", "text", "much", Class::Unknown),
];

#[test]
fn each_planted_difference_is_found_in_its_class_and_nothing_else_is() {
    assert!(PLANTED.len() >= 40);
    let there = facts(PRODUCTION);
    for (path, kind, value, class) in PLANTED {
        let mut here = there.clone();
        set(&mut here, path, kind, value);
        let mut there = there.clone();
        // In a list, what is not told is not there; elsewhere somebody has to have looked for it.
        if path.contains("nobody") {
            set(&mut there, path, "-", "");
        }
        let found = beside(&here, &there, &[], &[]);
        let row = found.rows.iter().find(|row| row.path() == *path).unwrap_or_else(|| panic!("{path} is not there"));
        assert_eq!(row.class, *class, "{path} {value}: {row:?}");
        let others: Vec<_> = found.rows.iter().filter(|row| row.path() != *path && row.class != Class::Identical).collect();
        assert!(others.is_empty(), "{path} {value}: {others:?}");
        let verdict = match class {
            Class::Blocking | Class::Material => Match::Differs,
            Class::Unknown if row.key => Match::Unknown,
            Class::Unknown if row.wanted => Match::Conditional,
            _ => Match::Matches,
        };
        assert_eq!(found.verdict(), verdict, "{path} {value}");
    }
}

#[test]
fn an_environment_is_identical_to_itself() {
    let all = facts(PRODUCTION);
    let found = beside(&all, &all, &[], &[]);
    assert!(found.rows.iter().all(|row| row.class == Class::Identical), "{:?}", found.rows.iter().find(|r| r.class != Class::Identical));
    assert_eq!(found.verdict(), Match::Matches);
    assert!(found.dimensions.iter().all(|d| d.coverage.is_none_or(|c| (c - 1.0).abs() < 1e-9)), "{:?}", found.dimensions);
    assert!(found.transfers.iter().all(|t| t.holds == Some(true)), "{:?}", found.transfers);
    assert!(found.scales.is_empty(), "{:?}", found.scales);
}

#[test]
fn nothing_known_is_nothing_said() {
    let found = beside(&facts(""), &facts(""), &[], &[]);
    assert_eq!(found.verdict(), Match::Unknown);
    assert!(found.transfers.iter().all(|t| t.holds.is_none()), "{:?}", found.transfers);
}
