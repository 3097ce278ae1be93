//! Sound specs, and what they mean.

use super::{SMALL, good, others};
use rigcheck::{
    model::{
        act::{BurnAct, Destination},
        capability::Capability,
        name::name,
        noise::Noise,
        rig::{By, Claim},
        units::{Count, Ms},
        usage::{Measure, Shape, UsageClaim},
        workload::{Found, HOST, KERNEL},
    },
    spec::settings::{Auth, ClockBy, Field, LogFormat, LogPlace, SourceSettings},
};
use std::{collections::BTreeSet, path::PathBuf, thread};

const STAGING: &str = include_str!("../../fixtures/spec/staging.yaml");

#[test]
fn the_staging_rig_is_understood() {
    let loaded = good(STAGING);
    insta::assert_snapshot!("staging_summary", loaded.summary());
    assert_eq!(loaded.warnings.to_string(), "");
    let rig = &loaded.profile.rig;
    let subjects: Vec<_> = rig.claims.iter().map(|c| c.subject().0).collect();
    assert_eq!(
        subjects,
        ["load:ttft", "load:total", "load:inter_chunk", "access_log:total", "jaeger:total", "prometheus:ttft", "edge:ttft", "prometheus:total"]
    );
    let SourceSettings::AccessLog(log) = &loaded.settings.sources["access_log"] else { panic!() };
    assert_eq!(log.from, LogPlace::File(PathBuf::from("/nowhere/logs/access.jsonl")));
    assert_eq!((log.format.clone(), log.id.as_str()), (LogFormat::JsonLines, "trace_id"));
    let waiver = &loaded.profile.waivers[0];
    let range = waiver.holds.as_ref().unwrap();
    assert_eq!((range.figure.as_str(), range.unit.as_str(), range.lo, range.hi), ("bias", "ms", 250.0, 350.0));
    assert_eq!(waiver.expires.0, 1_801_350_000_000_000);
}

#[test]
fn a_machine_is_watched_where_the_spec_says_so() {
    let of = |text: &str| good(&SMALL.replacen("sources:\n", &format!("{text}\nsources:\n"), 1));
    let loaded = of("noise: {}");
    let rig = &loaded.profile.rig;
    assert_eq!(rig.noise, Some(Noise { monitors: vec![], calibrate: true }));
    assert!(rig.has(Capability::IdleNoise) && rig.has(Capability::Calibration) && rig.sources.contains_key("noise"));
    let loaded = of("noise: {monitors: [agent], calibrate: false}");
    assert!(loaded.profile.rig.has(Capability::IdleNoise) && !loaded.profile.rig.has(Capability::Calibration));
    assert!(loaded.summary().contains("  monitors: agent\n"), "{}", loaded.summary());
    assert!(!good(SMALL).profile.rig.has(Capability::IdleNoise));
}

#[test]
fn ways_are_measured_to_whom_the_spec_names() {
    let of = |text: &str| good(&SMALL.replacen("sources:\n", &format!("{text}\nsources:\n"), 1));
    let text = "\
network:
  endpoints:
    bedrock: {from: bedrock-runtime, region: us-east-1, large_body: true}
    vertex: {from: vertex-regional, region: europe-west4, method: head}
    gateway: {url: 'https://llm.example.internal:8443/v1/models', issuer: Example, download: {path: /big, most: 2MB}}
  reference: production
  ttft: 400ms";
    let loaded = of(text);
    let rig = &loaded.profile.rig;
    let network = rig.network.as_ref().unwrap();
    let hosts: Vec<_> = network.endpoints.values().map(|far| far.endpoint.authority()).collect();
    assert_eq!(hosts, ["bedrock-runtime.us-east-1.amazonaws.com:443", "llm.example.internal:8443", "europe-west4-aiplatform.googleapis.com:443"]);
    let bedrock = &network.endpoints[&name("bedrock")];
    assert_eq!((bedrock.issuers.clone(), bedrock.region.as_deref()), (vec!["Amazon".to_owned()], Some("us-east-1")));
    let gateway = &network.endpoints[&name("gateway")];
    assert_eq!((gateway.endpoint.path.as_str(), gateway.issuers[0].as_str()), ("/v1/models", "Example"));
    assert_eq!(gateway.endpoint.download.as_ref().unwrap().most_bytes, 2_000_000);
    assert_eq!((network.ttft, network.reference.clone()), (Some(Ms(400.0)), Some(name("production"))));
    let settings = loaded.settings.network.as_ref().unwrap();
    assert_eq!(settings.reference, Some(PathBuf::from("/nowhere/baselines/production")));
    assert!(settings.reach.values().all(|reach| reach.proxy.is_none()) && settings.pace.is_none());
    for capability in [Capability::NetworkEndpoints, Capability::NetworkReference, Capability::NetworkBudget, Capability::NetworkLargeBody] {
        assert!(rig.has(capability), "{capability:?}");
    }
    assert!(
        loaded.summary().contains("  bedrock: bedrock-runtime.us-east-1.amazonaws.com:443 (bedrock-runtime), with a large body\n"),
        "{}",
        loaded.summary()
    );
    // Without a word of it, nothing is asked of anybody, and no proxy is taken from the environment.
    assert!(good(SMALL).profile.rig.network.is_none());
    let own =
        of("network: {endpoints: {a: {url: 'http://127.0.0.1:9/x'}}, pace: {mean_gap: 5ms, between_rounds: 10ms}, proxy: 'http://127.0.0.1:3128'}");
    let settings = own.settings.network.unwrap();
    assert_eq!(settings.pace.unwrap().mean_gap, Ms(5.0));
    assert_eq!(settings.reach[&name("a")].proxy.as_deref(), Some("http://127.0.0.1:3128"));
    assert_eq!(own.profile.rig.sources["network"].place, "this machine, through http://127.0.0.1:3128");
}

#[test]
fn a_clock_that_ptp4l_tells() {
    let ptp = |value: &str| {
        let loaded = good(&SMALL.replacen("sources:\n", &format!("sources:\n  clock: {{ptp: {value}}}\n"), 1));
        let info = &loaded.profile.rig.sources["clock"];
        let SourceSettings::Clock(ClockBy::Ptp { socket, domain }) = &loaded.settings.sources["clock"] else { panic!() };
        (socket.clone(), *domain, info.place.clone(), info.reads.clone())
    };
    let (place, reads) = ("ptp4l at /var/run/ptp4l".to_owned(), "PTP data sets of domain 0".to_owned());
    assert_eq!(ptp("/var/run/ptp4l"), (PathBuf::from("/var/run/ptp4l"), 0, place, reads));
    let (socket, domain, _, reads) = ptp("{socket: run/ptp4l, domain: 24}");
    assert_eq!((socket, domain, reads.as_str()), (PathBuf::from("/nowhere/run/ptp4l"), 24, "PTP data sets of domain 24"));
}

#[test]
fn defaults_are_those_of_the_documentation() {
    let loaded = good(SMALL);
    let rig = &loaded.profile.rig;
    let target = rig.target.as_ref().unwrap();
    assert!(target.loopback);
    assert_eq!((target.allow.requests, target.allow.tokens, target.allow.rate.0), (Count(5_000), Count(1_000_000), 100.0));
    let load = &rig.loads["controlled"];
    assert_eq!((load.path.as_str(), load.stream, load.per_kilosecond, load.max_tokens), ("/v1/chat/completions", true, 15_000, 64));
    assert!(load.planted, "a truth source is declared");
    let definitions: Vec<_> =
        rig.claims.iter().filter_map(|c| if let By::Client { definition } = &c.by { Some(definition.as_str()) } else { None }).collect();
    assert_eq!(definitions, ["ttft.content", "total.closed", "inter_chunk.mean"]);
    let total = rig.claims.iter().find_map(Claim::histogram).unwrap();
    assert!((total.unit_ms - 1000.0).abs() < 1e-9, "from the name's own end");
    let SourceSettings::AccessLog(log) = &loaded.settings.sources["access_log"] else { panic!() };
    assert_eq!((log.id.as_str(), &log.total), ("request_id", &Some(Field { field: "duration_ms".into(), unit_ms: 1.0 })));
    assert_eq!((loaded.profile.gate.threshold, loaded.profile.gate.coverage), (0.85, 0.9));
    assert_eq!(loaded.profile.checks, "2027.1");
    assert!(loaded.warnings.is_empty(), "{}", loaded.warnings);
}

const RESOURCES: &str = "
resources:
  gateway:
    container: gateway
    metrics:
      cpu: {series: container_cpu_usage_seconds_total, match: {name: gateway}}
      working_set: {series: container_memory_working_set_bytes, match: {name: gateway}}
      share: {series: CPUUtilization, of: cpu, unit: percent, cores: 2, source: aws}
      slow: {series: my_cpu_nanoseconds_total, of: cpu}
  database: {port: 5432}
  exporter: {process: node_exporter, observer: true}
  burner: {burn: {cpu: 0.25, memory: 64MiB, network: 1MB/s, in: container}}
";

fn with_resources() -> String {
    SMALL.replacen("sources:\n", "sources:\n  docker: {}\n  aws: {kind: cloud, path: cw.json}\n  dashboards: {path: 'd/*.json'}\n", 1) + RESOURCES
}

#[test]
fn workloads_and_what_is_claimed_of_them() {
    use Capability::{
        CpuClaims, DockerStats, KnownBurn, KnownMemory, MemoryClaims, NetworkClaims, Observers, ScrapedUsage, StoredQueries, UsageClaims, Workloads,
    };
    let loaded = good(&with_resources());
    let rig = &loaded.profile.rig;
    assert_eq!(rig.workloads.keys().map(rigcheck::model::Name::as_str).collect::<Vec<_>>(), ["burner", "database", "exporter", "gateway", HOST]);
    assert_eq!(rig.workloads["database"].found, Found::Port(5432));
    assert!(rig.workloads["exporter"].observer && !rig.workloads["gateway"].observer);
    let burn = BurnAct { name: "burner".into(), contained: true, millicores: 250, memory: 64 << 20, network: 1_000_000 };
    assert_eq!(rig.burner().map(|(name, act)| (name.as_str(), act.clone())), Some(("burner", burn)));
    assert_eq!((rig.sources[KERNEL].place.as_str(), rig.sources["burn"].place.as_str()), ("this machine", "container rigcheck-burn"));
    let claim = |subject: &str| rig.usage_claim(&subject.into()).unwrap_or_else(|| panic!("{subject}"));
    let told = |c: &UsageClaim| c.series().map(|s| (c.measure, s.shape, s.unit));
    assert_eq!(told(claim("prometheus:gateway.cpu")), Some((Measure::Cpu, Shape::Counter, 1.0)));
    assert_eq!(told(claim("prometheus:gateway.working_set")), Some((Measure::WorkingSet, Shape::Level, 1.0)));
    assert_eq!(told(claim("aws:gateway.share")), Some((Measure::Cpu, Shape::Level, 0.02)));
    assert!(claim("aws:gateway.share").rate() && !claim("prometheus:gateway.cpu").rate());
    assert_eq!(told(claim("prometheus:gateway.slow")), Some((Measure::Cpu, Shape::Counter, 1e-9)));
    assert_eq!(told(claim("docker:gateway.received")), None);
    assert!(rig.usage_claim(&"docker:burner.received".into()).is_none(), "its container has its own loopback only");
    assert!(rig.usage_claim(&"docker:database.cpu".into()).is_none(), "no container");
    let has = |capabilities: &[Capability]| capabilities.iter().all(|c| rig.has(*c));
    assert!(has(&[Workloads, UsageClaims, CpuClaims, MemoryClaims, NetworkClaims, ScrapedUsage, DockerStats]), "{:?}", rig.capabilities);
    assert!(has(&[KnownBurn, KnownMemory, Observers, StoredQueries]), "{:?}", rig.capabilities);
    insta::assert_snapshot!("resources_summary", loaded.summary());
    let none = good(SMALL);
    assert!(none.profile.rig.workloads.is_empty() && !none.profile.rig.has(Workloads) && !none.profile.rig.sources.contains_key(KERNEL));
}

#[test]
fn what_runs_elsewhere_needs_no_kernel() {
    let rig = good(&format!("{SMALL}resources: {{gateway: {{metrics: {{cpu: {{series: process_cpu_seconds_total}}}}}}}}\n")).profile.rig;
    assert_eq!(rig.workloads["gateway"].found, Found::Elsewhere);
    assert!(!rig.workloads.contains_key(HOST) && !rig.sources.contains_key(KERNEL) && !rig.has(Capability::Workloads));
    assert!(rig.has(Capability::UsageClaims) && !rig.has(Capability::CpuClaims), "nothing here can be compared with it");
}

#[test]
fn the_load_generator_is_calibrated_only_past_another_server() {
    let calibrated = |text: &str| good(text).profile.rig.loads.get("calibration").cloned();
    let load = calibrated(SMALL).unwrap();
    assert_eq!((load.to, load.model.as_str(), load.planted, load.per_kilosecond), (Destination::Reference, "rigcheck-truth", true, 15_000));
    assert_eq!(calibrated(&SMALL.replace("localhost:9999", "localhost:8000")), None, "the target is the reference endpoint");
    assert_eq!(calibrated(&SMALL.replace("  truth: {url: http://localhost:9999}\n", "")), None);
    assert_eq!(calibrated(&SMALL.replace("target: {url: http://127.0.0.1:8000, chat: {model: rigcheck-truth}}\n", "")), None);
}

#[test]
fn each_capability_comes_from_what_is_declared() {
    let has = |text: &str| good(text).profile.rig.capabilities;
    let all = SMALL.replace("  truth:", "  otlp: {}\n  truth:").replace("duration_seconds}", "duration_seconds, exemplars: true}")
        + "cases: {PERF_INFRA_MONITORING_LATENCY_ACCURACY_001: {slo: {total: 10s}}}\n";
    // A receiver has no page of its own; workloads have a test of theirs.
    let elsewhere = |c: &Capability| *c == Capability::TracePage || *c >= Capability::Workloads && *c != Capability::StoredQueries;
    let every: BTreeSet<_> = Capability::ALL.into_iter().filter(|c| !elsewhere(c)).collect();
    assert_eq!(has(&all), every);
    assert!(has(&all.replace("otlp: {}", "jaeger: {url: http://127.0.0.1:16686, service: gateway}")).contains(&Capability::TracePage));
    assert_eq!(has("version: 1\nrig: x\n"), [].into());
    let without = [
        ("  truth: {url: http://localhost:9999}\n", "", vec![Capability::KnownTruth]),
        ("  otlp: {}\n", "", vec![Capability::Exemplars, Capability::TotalSpans, Capability::Traces, Capability::Clocks]),
        ("  access_log: {path: access.jsonl}\n", "", vec![Capability::AccessLog]),
        (", exemplars: true", "", vec![Capability::Exemplars]),
        ("slo: {total: 10s}", "slo: {ttft: 1s}", vec![Capability::Slo]),
        ("otlp: {}", "otlp: {claims: [ttft]}", vec![Capability::TotalSpans]),
        (
            "metrics:\n  total: {histogram: http_request_duration_seconds, exemplars: true}\n",
            "",
            vec![Capability::Histogram, Capability::RequestHistogram, Capability::Exemplars, Capability::Slo, Capability::TotalHistogram],
        ),
        ("model: rigcheck-truth}", "model: rigcheck-truth, stream: false}", vec![Capability::Streaming]),
        (", chat: {model: rigcheck-truth}", "", vec![Capability::ControlledLoad, Capability::Streaming]),
    ];
    for (what, with, lost) in without {
        assert!(all.contains(what), "{what}");
        let left = has(&all.replace(what, with));
        let gone: Vec<_> = every.iter().copied().filter(|c| !left.contains(c)).collect();
        assert_eq!(gone, lost, "without {what}");
    }
    let neither = all.replace("  otlp: {}\n", "").replace("  access_log: {path: access.jsonl}\n", "");
    for record in [Capability::PerRequestServerRecord, Capability::PerRequestTime, Capability::PerRequestTotal] {
        assert!(!has(&neither).contains(&record));
    }
}

#[test]
fn whatever_is_claimed_each_rule_in_scope_has_somebody_to_judge() {
    // Every choice of what a log, a trace source and histograms claim to time.
    let chosen = |bits: u32, words: [&str; 3]| -> Vec<String> { (0..3).filter(|i| bits >> i & 1 == 1).map(|i| words[i].to_owned()).collect() };
    let judged = |bits: u32| {
        // A log of nginx's format has the variables that its format names, and no others.
        let log = chosen(bits, [", ttft: {field: a, unit: ms}", ", inter_chunk: {field: b, unit: ms}", ", duration: {field: c, unit: ms}"]);
        let traces = chosen(bits >> 3, ["ttft", "total", "inter_chunk"]);
        let metrics = chosen(bits >> 6, ["ttft", "total", "inter_chunk"]);
        let mut text =
            "version: 1\nrig: dev\ntarget: {url: http://127.0.0.1:8000, chat: {model: m}}\nsources:\n  truth: {url: http://localhost:9999}\n"
                .to_owned();
        let mut add = |there: bool, line: String| text += if there { &line } else { "" };
        add(!log.is_empty(), format!("  access_log: {{path: access.log, format: nginx, log_format: '$a $b $c $id', id: id{}}}\n", log.concat()));
        add(!traces.is_empty(), format!("  otlp: {{claims: [{}]}}\n", traces.join(", ")));
        add(!metrics.is_empty(), "  scrape: {url: http://127.0.0.1:8000}\nmetrics:\n".into());
        for metric in &metrics {
            add(true, format!("  {metric}: {{histogram: {metric}_seconds}}\n"));
        }
        let loaded = good(&text);
        let rig = &loaded.profile.rig;
        let case = &loaded.cases[0];
        let subjects = case.subjects(rig);
        for (at, rule) in case.case().rules.iter().enumerate().filter(|(_, r)| r.in_scope(&rig.capabilities)) {
            assert!(subjects.iter().any(|(of, _)| *of == at), "{} names nobody on\n{text}", rule.id);
        }
    };
    // A minute for one thread.
    thread::scope(|scope| {
        for first in 0..4 {
            scope.spawn(move || (first..512).step_by(4).for_each(judged));
        }
    });
}

#[test]
fn nothing_streams_no_gaps_between_chunks() {
    let loaded = good(&SMALL.replace("model: rigcheck-truth}", "model: rigcheck-truth, stream: false, timing: {total: total.headers}}"));
    let subjects: Vec<_> = loaded.profile.rig.claims.iter().filter(|c| c.source.as_str() == "load").map(|c| c.name.as_str()).collect();
    assert_eq!(subjects, ["ttft", "total"]);
}

#[test]
fn connections_carry_what_is_shown_to_their_origin() {
    let text = SMALL.replace(
        "{url: http://127.0.0.1:9090}",
        "{url: https://prom.example/prometheus/, headers: {X-Scope-OrgID: 7}, basic: {user: me, password: \"${env:API_KEY}\"}}",
    );
    let loaded = good(&text);
    let SourceSettings::Prometheus { connection } = &loaded.settings.sources["prometheus"] else { panic!() };
    assert_eq!(connection.url, "https://prom.example/prometheus");
    assert_eq!((connection.headers[0].0.as_str(), connection.headers[0].1.expose()), ("X-Scope-OrgID", "7"));
    let Auth::Basic { user, password } = &connection.auth else { panic!() };
    assert_eq!((user.as_str(), password.expose()), ("me", "k3y-of-the-gateway"));
}

#[test]
fn nginx_lines_are_described_by_their_own_format() {
    let format = r#"'$remote_addr [$time_iso8601] "$request" $status $request_time $http_x_request_id'"#;
    let text = SMALL.replace("{path: access.jsonl}", &format!("{{docker: edge, format: nginx, log_format: {format}}}"));
    let loaded = good(&text);
    let SourceSettings::AccessLog(log) = &loaded.settings.sources["access_log"] else { panic!() };
    assert_eq!((&log.from, log.id.as_str()), (&LogPlace::Docker("edge".into()), "http_x_request_id"));
    assert_eq!((log.at.as_deref(), log.status.as_deref()), (Some("time_iso8601"), Some("status")));
    assert_eq!(log.total, Some(Field { field: "request_time".into(), unit_ms: 1000.0 }));
    assert_eq!(loaded.profile.rig.sources["access_log"].place, "docker: edge");
}

#[test]
fn references_are_resolved_in_values_only() {
    let text = SMALL
        .replace("{model: rigcheck-truth}", "{model: \"${env:MODEL}\", max_tokens: \"${env:N:-32}\", path: \"/$${env:X}\"}")
        .replace("rig: dev", "rig: ${env:EMPTY:-dev}");
    let loaded = good(&text);
    let load = &loaded.profile.rig.loads["controlled"];
    assert_eq!((load.model.as_str(), load.max_tokens, load.path.as_str()), ("rigcheck-truth", 32, "/${env:X}"));
    assert_eq!(loaded.profile.rig.name.as_str(), "dev");
}

#[test]
fn a_file_holds_a_secret() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("token"), "from-a-file\n").unwrap();
    let path = folder.path().join("rigcheck.yaml");
    std::fs::write(&path, SMALL.replace("url: http://127.0.0.1:8000,", "url: http://127.0.0.1:8000, bearer: \"${file:token}\",")).unwrap();
    let options = rigcheck::spec::Options { checks_dir: None, env: &super::env, exec: rigcheck::spec::Exec::Refused };
    let loaded = rigcheck::spec::load(&path, &options).unwrap();
    let Auth::Bearer(token) = &loaded.settings.target.as_ref().unwrap().connection.auth else { panic!() };
    assert_eq!(token.expose(), "from-a-file");
}

#[test]
fn overrides_reach_the_audit_and_change_the_digest() {
    let plain = good(SMALL);
    let over = "cases:\n  PERF_INFRA_MONITORING_LATENCY_ACCURACY_001:\n    weight: low\n    audit: {requests: 240}\n    rules: {LAT-14: {weight: normal, blocker: false, params: {margin: {absolute: 7ms}}}, LAT-05: {deselect: true}}\n";
    let changed = good(&format!("{SMALL}{over}"));
    let case = &changed.profile.cases[0];
    assert_eq!(case.weight.word(), "low");
    assert!(format!("{:?}", case.params).contains("240.0"));
    let rule = |id: &str| case.rules.iter().find(|r| r.id.as_str() == id).unwrap();
    assert_eq!((rule("LAT-14").weight.word(), rule("LAT-14").blocker), ("normal", false));
    let margin = rule("LAT-14").params.get("margin").unwrap();
    assert_eq!((margin.get("absolute").unwrap().text(), margin.get("relative").unwrap().text()), (Some("7ms"), Some("2%")));
    assert!(rule("LAT-05").deselected);
    assert_ne!(plain.profile.digest(), changed.profile.digest());
    let moved = good(&format!("# a comment\n\n{SMALL}{over}"));
    assert_eq!(changed.profile.digest(), moved.profile.digest(), "places are no thresholds");
}

#[test]
fn cases_are_selected_in_any_of_three_ways() {
    let selected = |cases: &str| good(&format!("{SMALL}cases: {cases}\n")).profile.cases.len();
    assert_eq!(selected("all"), good(SMALL).profile.cases.len());
    assert_eq!(selected("[PERF_INFRA_MONITORING_LATENCY_ACCURACY_001]"), 1);
    assert_eq!(selected("{PERF_INFRA_MONITORING_LATENCY_ACCURACY_001: {}}"), 1);
    assert_eq!(selected("[]"), 0);
}

#[test]
fn a_rig_that_is_its_own_reference_has_everything_in_scope() {
    let loaded = good(include_str!("../../fixtures/spec/reference.yaml"));
    let out: Vec<_> = loaded.profile.cases[0].rules.iter().filter(|r| !r.in_scope(&loaded.profile.rig.capabilities)).map(|r| &r.id).collect();
    assert!(out.is_empty(), "{out:?}");
    assert!(!loaded.profile.rig.loads.contains_key("calibration"));
    assert!(loaded.warnings.is_empty(), "{}", loaded.warnings);
}

#[test]
fn what_is_read_of_a_source_is_in_the_recorded_profile() {
    let reads = |text: &str, source: &str| good(text).profile.rig.sources[source].reads.clone();
    let text = SMALL.replace("  truth:", "  jaeger: {url: http://127.0.0.1:16686, service: gateway}\n  truth:");
    assert_eq!(reads(&text, "access_log"), "JSON lines: id request_id, total duration_ms in 1 ms");
    assert_eq!(reads(&text, "jaeger"), "spans of service gateway");
    for (what, with) in [
        ("{path: access.jsonl}", "{path: access.jsonl, duration: {field: duration_ms, unit: s}}"),
        ("{path: access.jsonl}", "{path: access.jsonl, id: other}"),
        ("{path: access.jsonl}", "{path: access.jsonl, ttft: {field: t, unit: ms}}"),
    ] {
        assert_ne!(reads(&text, "access_log"), reads(&text.replace(what, with), "access_log"), "{with}");
    }
}

#[test]
fn what_is_known_of_a_metric_needs_no_tool_and_no_unit() {
    let known = "{known: {my_seconds: {from: arrival, to: end, source: our code}}}";
    let loaded =
        good(&format!("{SMALL}cases: {{PERF_INFRA_MONITORING_LATENCY_ACCURACY_001: {{rules: {{LAT-09: {{params: {known}}}}}}}, {}}}\n", others()));
    assert_eq!(loaded.profile.changed.len(), 1, "{:?}", loaded.profile.changed);
}

#[test]
fn what_is_stated_of_slos_and_definitions_is_a_fact_of_the_rig() {
    use rigcheck::model::{
        rig::Quantity,
        times::{Moment, Times},
        units::Ms,
    };
    let text = SMALL.replace("duration_seconds}", "duration_seconds, definition: {from: arrival, to: done}}")
        + &format!("cases: {{PERF_INFRA_MONITORING_LATENCY_ACCURACY_001: {{slo: {{total: 1.5s, ttft: 200ms}}}}, {}}}\n", others());
    let loaded = good(&text);
    assert_eq!(loaded.profile.rig.slo, [(Quantity::Ttft, Ms(200.0)), (Quantity::Total, Ms(1500.0))].into());
    assert_eq!(loaded.profile.rig.definitions, [("prometheus:total".into(), Times::new(Moment::Arrival, Moment::Done))].into());
    let told = loaded.warnings.to_string();
    assert!(told.contains("no histogram claims `ttft`, so the SLO of 200 ms is not judged") && !told.contains("`total`"), "{told}");
    let summary = loaded.summary();
    assert!(summary.contains("\nslo     ttft ≤ 200 ms · total ≤ 1.50 s\n"), "{summary}");
    assert!(summary.contains("http_request_duration_seconds{}, arrival → done\n"), "{summary}");
    // An SLO is no change of the checks.
    assert!(loaded.profile.changed.is_empty(), "{:?}", loaded.profile.changed);
    // It survives the recording of a run.
    let recorded = serde_json::to_string(&loaded.profile.rig).unwrap();
    assert_eq!(serde_json::from_str::<rigcheck::model::rig::Rig>(&recorded).unwrap(), loaded.profile.rig);
}
