//! What exporters, recording rules and rigs get wrong of CPU, memory and network. One audit of the whole system finds all of it.

/// A fault, and what must come of it.
pub struct Used {
    pub name: &'static str,
    /// One sentence without a full stop.
    pub title: &'static str,
    /// Claims (`workload.claim`) and workloads that the spec has for it, in YAML, with containers as `{gateway}`.
    pub adds: &'static [(&'static str, &'static str)],
    /// Rules that must fail, each for a subject.
    pub must: &'static [(&'static str, &'static str)],
    /// Rules that may fail too, for subjects that hold this text.
    pub may: (&'static [&'static str], &'static str),
}

/// Parts that tell it.
pub const PARTS: &[&[&str]] = &[
    &["busy_container", "--burst", "0.6", "--cpus", "0.05", "--memory", "300m", "--cache", "64"],
    &["spare_container", "--burst", "0.5", "--every", "3"],
    &["brief_container", "--burst", "0.2"],
    &["early_container", "--first", "10", "--burst", "0.02"],
    &["bent", "--of", "{gateway},{busy},{spare},{brief},{early},{burn}"],
];
/// What Prometheus reads besides: the page of bent figures, the same each 15 s, and an exporter much too often.
pub const TARGETS: &str = ",bent=bent,slow@15s=bent,often@200ms=process_exporter";
/// A window that holds one sample, as somebody writes who wants it exact.
pub const RULES: &str = "groups: [{name: rig, rules: [{record: rig_cpu_cores, expr: \"rate(true_cpu_seconds_total[1s])\"}]}]\n";

/// All at once: each is told by a claim or a workload of its own.
pub const USED: &[Used] = &[
    Used {
        name: "docker-lifetime-average",
        title: "an exporter tells CPU as the mean since the container was started, which was busy then",
        adds: &[(
            "early",
            "{container: \"{early}\", metrics: {\
             cpu: {series: bent_lifetime_percent, type: gauge, unit: percent, match: {container: \"{early}\", job: bent}}}}",
        )],
        must: &[("RES-13", "prometheus:early.cpu")],
        may: (&["RES-03"], "prometheus:early.cpu"),
    },
    Used {
        name: "limit-of-host",
        title: "an exporter tells the machine's memory as the container's limit",
        adds: &[],
        must: &[("RES-06", "prometheus:busy.memory_limit")],
        may: (&[], ""),
    },
    Used {
        name: "cache-as-memory",
        title: "an exporter tells usage with 64 MiB of file pages as the working set",
        adds: &[(
            "busy",
            "{container: \"{busy}\", metrics: {\
             memory_limit: {series: bent_memory_limit_bytes, match: {container: \"{busy}\", job: bent}}, \
             working_set: {series: bent_working_set_bytes, match: {container: \"{busy}\", job: bent}}}}",
        )],
        must: &[("RES-05", "prometheus:busy.working_set")],
        may: (&[], ""),
    },
    Used {
        name: "veth-twice",
        title: "received bytes are added up over both ends of the container's link",
        adds: &[("gateway.twice", "{of: received, series: bent_received_bytes_total, match: {container: \"{gateway}\", job: bent}}")],
        must: &[("RES-11", "prometheus:gateway.twice")],
        may: (&[], ""),
    },
    Used {
        name: "worker-registries",
        title: "a scrape sees the CPU time of whichever worker answers",
        adds: &[("gateway.worker", "{of: cpu, series: bent_worker_cpu_seconds_total, match: {container: \"{gateway}\", job: bent}}")],
        must: &[("RES-12", "prometheus:gateway.worker")],
        may: (&["RES-03", "RES-06"], "gateway.worker"),
    },
    Used {
        name: "cpu-per-core",
        title: "a sum adds up the cores and their total",
        adds: &[("gateway.cores", "{of: cpu, series: bent_core_cpu_seconds_total, match: {container: \"{gateway}\", job: bent}}")],
        must: &[("RES-03", "prometheus:gateway.cores")],
        may: (&["RES-06"], "gateway.cores"),
    },
    Used {
        name: "samples-shifted",
        title: "an exporter tells what was 3 s ago",
        adds: &[("burner.late", "{of: cpu, series: bent_late_cpu_seconds_total, match: {container: \"{burn}\", job: bent}}")],
        must: &[("RES-17", "prometheus:burner.late")],
        may: (&["RES-01", "RES-03"], "burner.late"),
    },
    Used {
        name: "dead-container-shown",
        title: "an exporter goes on telling a container that is gone, with stamps of its own",
        adds: &[("gateway.shown", "{of: cpu, series: bent_shown_cpu_seconds_total, match: {container: \"{gateway}\", job: bent}}")],
        must: &[("RES-18", "prometheus:gateway.shown")],
        may: (&[], ""),
    },
    Used {
        name: "window-below-two-scrapes",
        title: "a recording rule takes the rate over one second of samples a second apart",
        adds: &[("gateway.plain", "{of: cpu, series: true_cpu_seconds_total, match: {container: \"{gateway}\", job: bent}}")],
        must: &[("RES-15", "prometheus")],
        may: (&["RES-07"], ""),
    },
    Used {
        name: "throttled-unseen",
        title: "a container uses up its quota of CPU, and no series tells that it is throttled",
        adds: &[(
            "throttled",
            "{cgroup: \"/docker/{id of busy}\", metrics: {cpu: {series: true_cpu_seconds_total, match: {container: \"{busy}\", job: bent}}}}",
        )],
        must: &[("RES-09", "throttled")],
        may: (&["RES-09", "RES-10"], "busy"),
    },
    Used {
        name: "burst-between-scrapes",
        title: "half a second of work each 3 s, read each 15 s",
        adds: &[("spare", "{container: \"{spare}\", metrics: {cpu: {series: true_cpu_seconds_total, match: {container: \"{spare}\", job: slow}}}}")],
        must: &[("RES-08", "prometheus:spare.cpu")],
        may: (&["RES-08"], "spare"),
    },
    Used {
        name: "heavy-exporter",
        title: "the process exporter is read five times a second",
        adds: &[("often_read", "{pid: {pid of process_exporter}, observer: true}")],
        must: &[("RES-16", "often_read")],
        may: (&[], ""),
    },
    Used {
        name: "container-restarted",
        title: "a container is restarted during the load",
        adds: &[("brief", "{container: \"{brief}\", metrics: {cpu: {series: true_cpu_seconds_total, match: {container: \"{brief}\", job: bent}}}}")],
        must: &[("RES-18", "prometheus:brief.cpu")],
        may: (&["RES-03", "RES-05", "RES-08", "RES-12", "RES-13", "RES-18"], "brief"),
    },
];
