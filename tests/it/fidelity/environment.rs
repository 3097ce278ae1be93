//! An environment of a gateway, its database, its host and its Prometheus, as text.

use rigcheck::{
    audits::config_match::ConfigMatch,
    fidelity::{Expectations, Half, How, compare},
    model::{
        audit::Audit,
        comparison::{Comparison, Side},
        environment::PartKind,
        evidence::Gap,
        fact_waiver::FactWaiver,
        name::{Name, name},
        payload::{FactKind, FactTable, FactValue},
        units::Wall,
    },
    spec::catalogue::Catalogue,
};
use std::{collections::BTreeMap, sync::LazyLock};

/// `PART.FACT KIND VALUE`; `-` is absent, `?` is denied, `[]` a whole list.
pub const PRODUCTION: &str = "
host.kernel.release kernel 6.1.0-18-amd64
host.kernel.arch text x86_64
host.kernel.cmdline set quiet,mitigations=auto
host.kernel.mitigations [] 2
host.kernel.mitigations.meltdown text Mitigation: PTI
host.kernel.mitigations.spectre_v2 text Mitigation: Retpolines
host.os.id text debian
host.os.version text 12
host.cpu.model text Intel(R) Xeon(R) Platinum 8375C
host.cpu.count count 8
host.cpu.smt text 1
host.cpu.governor text performance
host.cpu.boost -
host.cpu.hypervisor flag true
host.memory.total bytes 32GiB
host.memory.thp text madvise
host.memory.swappiness count 60
host.clock.source text tsc
host.cgroup.version text v2
host.cloud.instance_type text m6i.2xlarge
host.net.congestion text bbr
host.net.mtu count 9001
host.net.sysctl.somaxconn count 4096
host.net.resolvers set 10.0.0.2
gateway.process.server text uvicorn
gateway.process.workers count 8
gateway.process.workers_asked count 8
gateway.process.loop text uvloop
gateway.process.keep_alive duration 5s
gateway.process.executable place /srv/app/bin/python
gateway.process.limit.files count 65536
gateway.process.nice count 0
gateway.limits.cpus cores 4
gateway.limits.memory bytes 8GiB
gateway.limits.pids count 4096
gateway.python.version pep440 3.11.9
gateway.python.implementation text CPython
gateway.python.packages [] 5
gateway.python.packages.fastapi pep440 0.110.0
gateway.python.packages.uvicorn pep440 0.29.0
gateway.python.packages.pydantic pep440 2.7.1
gateway.python.packages.numpy pep440 1.26.4
gateway.python.packages.pip pep440 24.0
gateway.container.image text gateway:1.4
gateway.container.digest digest sha256:aaaa
gateway.container.cpus cores 4
gateway.container.memory bytes 8GiB
gateway.container.network text bridge
gateway.container.health text healthy
gateway.env [] 5
gateway.env.WEB_CONCURRENCY text 8
gateway.env.DB_POOL_SIZE text 10
gateway.env.LOG_LEVEL text warning
gateway.env.OTEL_TRACES_SAMPLER_ARG text 0.1
gateway.env.UPSTREAM_KEY fingerprint abcdef
postgres.version pep440 15.6
postgres.settings [] 8
postgres.settings.shared_buffers pg_setting 8GB
postgres.settings.effective_cache_size pg_setting 24GB
postgres.settings.max_connections count 200
postgres.settings.work_mem pg_setting 4MB
postgres.settings.random_page_cost number 1.1
postgres.settings.fsync flag true
postgres.settings.synchronous_commit text on
postgres.settings.full_page_writes flag true
postgres.settings.data_directory place /var/lib/postgresql/15/main
postgres.extensions [] 1
postgres.extensions.pg_stat_statements text 1.10
postgres.pending_restart set
prometheus.version semver 2.48.1
prometheus.scrape_interval duration 15s
prometheus.scrape_timeout duration 10s
prometheus.evaluation_interval duration 15s
";

/// The parts of it.
pub fn parts() -> BTreeMap<Name, PartKind> {
    let kinds = [("host", PartKind::Host), ("gateway", PartKind::Workload), ("postgres", PartKind::Postgres), ("prometheus", PartKind::Prometheus)];
    kinds.map(|(part, kind)| (name(part), kind)).into()
}

/// Facts by part.
pub type Facts = BTreeMap<Name, FactTable>;

/// Reads the lines.
pub fn facts(text: &str) -> Facts {
    let mut all: Facts = parts().into_keys().map(|part| (part, FactTable::default())).collect();
    for line in text.lines().filter(|l| !l.trim().is_empty()) {
        let mut words = line.splitn(3, ' ');
        let (path, kind, value) = (words.next().unwrap(), words.next().unwrap(), words.next().unwrap_or_default());
        set(&mut all, path, kind, value);
    }
    all
}

/// Sets one fact.
pub fn set(facts: &mut Facts, path: &str, kind: &str, value: &str) {
    let (part, fact) = path.split_once('.').unwrap();
    let table = facts.get_mut(&name(part)).unwrap();
    match kind {
        "-" => table.absent(fact),
        "?" => table.gap(fact, Gap::Denied("run as root".into())),
        "[]" => table.put(fact, FactValue::List(value.parse().unwrap()), ""),
        "hidden" => table.put(fact, FactValue::Hidden, ""),
        "fingerprint" => table.put(fact, FactValue::Fingerprint(value.into()), ""),
        "digest" => table.put(fact, FactValue::Digest(value.into()), ""),
        "set" if value.is_empty() => table.put(fact, FactValue::Set(std::collections::BTreeSet::new()), ""),
        "gone" => drop(table.0.remove(fact)),
        kind => table.put(fact, kind.parse::<FactKind>().unwrap().read(value).unwrap(), "where it was read"),
    }
}

/// What this release expects.
pub fn expectations() -> &'static Expectations {
    static ALL: LazyLock<Expectations> = LazyLock::new(|| {
        let catalogue = Catalogue::load(None).unwrap();
        let case = catalogue.cases.iter().find(|case| case.audit.as_str() == ConfigMatch::NAME).unwrap();
        case.params.read::<ConfigMatch>().unwrap().facts
    });
    &ALL
}

/// A half as a snapshot gives it.
pub fn half<'e>(called: &str, facts: &'e Facts) -> Half<'e> {
    let side = Side { name: called.into(), as_of: Some(NOW), parts: parts(), ..Side::default() };
    Half { side, facts: facts.iter().map(|(part, table)| (part.clone(), Ok(table))).collect(), key: Some("k".into()), tolerances: vec![] }
}

/// 2026-11-23 10:00 UTC.
pub const NOW: Wall = Wall(1_795_428_000_000_000);

/// Lays them beside one another.
pub fn beside(here: &Facts, there: &Facts, waivers: &[FactWaiver], scale: &[(&str, f64)]) -> Comparison {
    let called = [("/opt/app".to_owned(), "/srv/app".to_owned())].into();
    let scale = scale.iter().map(|(group, ratio)| (name(*group), *ratio)).collect();
    let how = How { expectations: expectations(), called: &called, scale: &scale, waivers, now: NOW };
    compare(&half("staging", here), &half("production", there), &how)
}
