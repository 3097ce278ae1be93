//! The effective spec: it reads as the spec that it shows, and every value says where it comes from.

use super::{SMALL, env, good, read};
use rigcheck::spec::{Exec, Loaded, Options, load_changed, load_text, schema::schema};
use serde_json::Value;
use std::{collections::BTreeSet, fs, path::Path};

const CASE: &str = "PERF_INFRA_MONITORING_LATENCY_ACCURACY_001";

/// Every key that a spec may have.
const FULL: &str = r#"version: 1
checks: "2027.1"
rig: ${env:MODEL}
target:
  url: https://gw.example
  headers: {x-api-key: "${env:API_KEY}", x-plain: plain-secret}
  basic: {user: me, password: "${env:API_KEY}"}
  proxy: {url: "http://proxy:3128", basic: {user: p, password: "${env:API_KEY}"}}
  chat: {path: "/$${x}/chat", model: m, max_tokens: 64, stream: true, rate: 15/s, planted: true, timing: {ttft: ttft.headers, total: total.closed, inter_chunk: inter_chunk.mean}}
  embeddings: {path: /v1/embeddings, model: e}
  allow: {requests: 1000, tokens: 120k, rate: 20/s}
sources:
  prometheus: {kind: prometheus, url: "http://prom:9090", bearer: plain-secret}
  page: {kind: scrape, url: http://gw.example/metrics, interval: 500ms}
  jaeger: {url: http://jaeger:16686, service: gateway, claims: [total, ttft]}
  otlp: {listen: "127.0.0.1:4318", service: "it: #1", claims: [total]}
  access_log: {path: access.jsonl, format: json, id: trace_id, at: ts, status: code, duration: {field: d, unit: s}, ttft: {field: t, unit: ms}, inter_chunk: none}
  edge: {kind: access_log, docker: edge, format: nginx, log_format: '${remote_addr} [$time_iso8601] $status $request_time $http_x_request_id'}
  truth: {url: http://127.0.0.1:9999}
  docker: {socket: /run/docker.sock}
  cloud: {path: cloudwatch.json, period: 1min, settle: 5min}
  dashboards: {path: "dashboards/*.json"}
metrics:
  ttft: {histogram: ttft_seconds, unit: s, match: {route: "yes", code: 200}, exemplars: true, of: ttft, source: prometheus, definition: {from: arrival, to: first_token}}
  total: {histogram: total_seconds}
resources:
  gateway:
    container: gateway
    observer: false
    metrics:
      cpu: {series: my_cpu, of: cpu, type: gauge, unit: percent, cores: 2, match: {name: gateway}, source: prometheus}
      rss: {series: process_resident_memory_bytes}
  burner: {burn: {cpu: 0.5, memory: 64MiB, network: 1MB/s, in: container}}
  app: {label: app=gateway}
  one: {pid: 4711}
  two: {port: 8000}
  three: {process: postgres}
  four: {cgroup: /system.slice/x.service}
environment:
  reference: production.yaml
  variables: [UPSTREAM]
  fingerprint_key: ${env:API_KEY}
  called: {/opt/app: /srv/app}
  scale: {service: 0.5}
  waivers:
    - {fact: gateway.process.loop, here: asyncio, there: uvloop, reason: later, owner: sre, impact: slower, expires: 2199-01-31T00:00:00+01:00}
noise: {monitors: [agent], calibrate: true}
network:
  endpoints: {gateway: {url: "http://127.0.0.1:8000/v1/models"}}
  reference: production.yaml
  ttft: 500ms
  proxy: none
  pace: {mean_gap: 20ms, between_rounds: 100ms}
cases:
  PERF_INFRA_MONITORING_LATENCY_ACCURACY_001:
    weight: low
    audit: {requests: 490, warmup: 20}
    slo: {ttft: 500ms}
    rules: {LAT-14: {params: {margin: {absolute: 7ms}}, weight: normal, blocker: false, n_min: 300, ttl: 12h}, LAT-05: {deselect: true}}
require: [controlled_load]
waivers:
  - {rule: LAT-14, of: access_log, while: {bias: 250ms..350ms}, reason: "ships in 4.2: soon", owner: sre, expires: 2199-01-31T00:00:00+01:00}
gate: {threshold: 0.9, coverage: 95%}
"#;

fn again(text: &str) -> Loaded {
    load_text(text, "rigcheck.yaml", Path::new("/nowhere"), &Options { checks_dir: None, env: &env, exec: Exec::Refused })
        .unwrap_or_else(|p| panic!("{p}\n{text}"))
}

/// Without the places at which it was written.
fn unplaced(loaded: &Loaded) -> Value {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(map) => {
                map.remove("at");
                map.values_mut().for_each(strip);
            }
            Value::Array(items) => items.iter_mut().for_each(strip),
            _ => {}
        }
    }
    let mut profile = serde_json::to_value(&loaded.profile).unwrap();
    strip(&mut profile);
    profile
}

#[test]
fn it_shows_a_full_spec() {
    insta::assert_snapshot!("resolved_full", good(FULL).resolved());
}

#[test]
fn what_is_shown_reads_as_what_it_shows() {
    let small_nginx = SMALL.replace("{path: access.jsonl}", "{path: '-', log_format: '$status $http_x_request_id $x', ttft: {field: x, unit: s}}");
    let two = SMALL.replace("  truth:", "  scrape: {url: http://127.0.0.1:8000}\n  otlp:\n  truth:");
    let nothing = format!("{SMALL}cases: []\n");
    let unstreamed = SMALL.replace("model: rigcheck-truth}", "model: rigcheck-truth, stream: false}");
    let specs = [
        SMALL,
        FULL,
        "version: 1\nrig: x\n",
        include_str!("../../fixtures/spec/staging.yaml"),
        include_str!("../../fixtures/spec/reference.yaml"),
        &small_nginx,
        &two,
        &nothing,
        &unstreamed,
    ];
    for text in specs {
        let loaded = good(text);
        let shown = loaded.resolved();
        let read = again(&shown);
        assert_eq!(unplaced(&loaded), unplaced(&read), "{shown}");
        assert_eq!(loaded.profile.digest(), read.profile.digest());
        // Connections are not in the profile.
        let reached = |l: &Loaded| l.settings.sources.values().map(|s| format!("{s:?}")).collect::<Vec<_>>();
        assert_eq!(reached(&loaded), reached(&read), "{shown}");
        let values = |t: &str| t.lines().map(|l| l.split("  # ").next().unwrap_or_default().trim_end().to_owned()).collect::<Vec<_>>();
        let twice = read.resolved();
        assert_eq!(values(&shown).len(), values(&twice).len(), "what was a default is written now, and nothing more:\n{twice}");
        assert!(!twice.lines().any(|l| l.ends_with("# default")), "{twice}");
    }
}

#[test]
fn it_has_every_key_of_the_schema_and_an_origin_for_every_value() {
    let shown = good(FULL).resolved();
    let value: Value = serde_yaml::from_str(&shown).unwrap();
    let has =
        |pointer: &str| value.pointer(pointer).and_then(Value::as_object).map(|m| m.keys().cloned().collect::<BTreeSet<_>>()).unwrap_or_default();
    let mut schema = schema();
    let whole = schema["else"].take();
    let sections = [
        ("", ""),
        ("/properties/target", "/target"),
        ("/properties/target/properties/chat", "/target/chat"),
        ("/properties/target/properties/chat/properties/timing", "/target/chat/timing"),
        ("/properties/target/properties/embeddings", "/target/embeddings"),
        ("/properties/target/properties/basic", "/target/basic"),
        ("/properties/target/properties/allow", "/target/allow"),
        ("/properties/metrics/additionalProperties", "/metrics/ttft"),
        ("/properties/waivers/items", "/waivers/0"),
        ("/properties/environment", "/environment"),
        ("/properties/environment/properties/waivers/items", "/environment/waivers/0"),
        ("/properties/noise", "/noise"),
        ("/properties/network", "/network"),
        ("/properties/gate", "/gate"),
        ("/properties/sources/properties/otlp", "/sources/otlp"),
    ];
    for (pointer, at) in sections {
        let known: BTreeSet<_> = whole.pointer(pointer).unwrap()["properties"].as_object().unwrap().keys().cloned().collect();
        // Spans are received or read. One of two kinds of credentials, a file that would have to be there, and what `validate` has merged.
        let shown_keys = has(at);
        let left: Vec<_> = known
            .difference(&shown_keys)
            .filter(|k| *k != "path" || at != "/sources/otlp")
            .filter(|k| !["extends", "bearer", "ca_file", "client_cert"].contains(&k.as_str()))
            .collect();
        assert!(left.is_empty(), "{at} lacks {left:?}\n{shown}");
    }
    for rule in value["cases"][CASE]["rules"].as_object().unwrap().values() {
        for key in ["weight", "blocker", "n_min", "ttl", "deselect"] {
            assert!(rule.get(key).is_some(), "{rule}");
        }
    }
    for line in shown.lines().skip(1) {
        let (body, origin) = line.split_once("  # ").map_or((line, ""), |(b, o)| (b.trim_end(), o));
        assert_eq!(body.ends_with(':'), origin.is_empty(), "each value has its origin: {line}");
    }
    for secret in ["k3y-of-the-gateway", "plain-secret"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn each_kind_of_origin_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| {
        fs::create_dir_all(folder.path().join(name).parent().unwrap()).unwrap();
        fs::write(folder.path().join(name), text).unwrap();
    };
    put("rigcheck.yaml", &format!("extends: shared/base.yaml\nrig: prod\ncases: {{{CASE}: {{audit: {{requests: 490, warmup: 20}}}}}}\n"));
    put("shared/base.yaml", &SMALL.replace("url: http://127.0.0.1:8000,", "url: \"http://localhost:${env:PORT:-8000}\", bearer: \"${file:token}\","));
    put("shared/token", "abcd");
    let changes =
        ["gate.coverage=0.95".to_owned(), format!("cases.{CASE}.rules.LAT-02.weight=low"), "sources.other={kind: access_log, path: x.log}".into()];
    let options = Options { checks_dir: None, env: &env, exec: Exec::Refused };
    let shown = load_changed(&folder.path().join("rigcheck.yaml"), &changes, &options).unwrap_or_else(|p| panic!("{p}")).resolved();
    let has = |line: &str| assert!(shown.lines().any(|l| l.split_whitespace().collect::<Vec<_>>().join(" ") == line), "no {line} in\n{shown}");
    has("rig: prod # rigcheck.yaml:2");
    has("version: 1 # shared/base.yaml:1");
    has("url: http://localhost:8000 # ${env:PORT} at shared/base.yaml:3");
    has("bearer: \"${file:shared/token}\" # ${file:token} at shared/base.yaml:3");
    has("path: shared/access.jsonl # shared/base.yaml:5");
    has("max_tokens: 64 # default");
    has("coverage: 0.95 # --set");
    has("threshold: 0.85 # default");
    has("requests: 490 # checks 2027.1, changed at rigcheck.yaml:3 (was 480)");
    has("warmup: 20 # rigcheck.yaml:3, as checks 2027.1");
    has("calibration: 60 # checks 2027.1");
    has("weight: low # checks 2027.1, changed by --set (was critical)");
    let log = shown.lines().find(|l| l.contains("x.log")).unwrap();
    assert!(log.trim().starts_with("path: /"), "from the working directory: {log}");
}

#[test]
fn own_checks_say_where_their_values_stand() {
    let folder = tempfile::tempdir().unwrap();
    let edition = include_str!("../../../checks/observability/latency_accuracy.yaml");
    fs::write(folder.path().join("own.yaml"), edition.replace("requests: 480", "requests: 300")).unwrap();
    let options = Options { checks_dir: Some(folder.path().to_owned()), env: &env, exec: Exec::Refused };
    let loaded = load_text(&format!("{SMALL}cases: {{{CASE}: {{weight: low}}}}\n"), "rigcheck.yaml", Path::new("/nowhere"), &options).unwrap();
    let shown = loaded.resolved();
    let line = |key: &str| shown.lines().find(|l| l.trim_start().starts_with(key)).unwrap_or_else(|| panic!("{shown}"));
    assert!(line("requests: 300").contains("own.yaml:13"), "{shown}");
    let weight = line("weight: low");
    assert!(weight.contains("own.yaml:13, changed at rigcheck.yaml:") && weight.ends_with("(was critical)"), "{weight}");
    let read = load_text(&shown, "rigcheck.yaml", Path::new("/nowhere"), &options).unwrap();
    assert_eq!(read.profile.digest(), loaded.profile.digest());
}

#[test]
fn a_default_is_one_only_where_nothing_is_written() {
    // Written as it would be anyway: shown at its place, not as a default.
    let shown = good(&format!("{SMALL}gate: {{threshold: 0.85}}\nrequire: []\n")).resolved();
    let lines: Vec<_> = shown.lines().collect();
    assert!(lines.iter().any(|l| l.contains("threshold: 0.85") && l.ends_with("# rigcheck.yaml:10")), "{shown}");
    assert!(lines.iter().any(|l| l.contains("coverage: 0.9") && l.ends_with("# default")), "{shown}");
    assert!(lines.iter().any(|l| l.contains("require: []") && l.ends_with("# rigcheck.yaml:11")), "{shown}");
    assert!(read("version: 1\nrig: x\nsources: {otlp: }\n").unwrap().resolved().contains("listen: 127.0.0.1:4318"));
}
