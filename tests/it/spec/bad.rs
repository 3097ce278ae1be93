//! What is wrong is told at its place, all of it at once.

use super::{SMALL, read};

fn told(text: &str) -> String {
    match read(text) {
        Ok(loaded) => panic!("this was accepted:\n{text}\n{}", loaded.summary()),
        Err(problems) => problems.to_string(),
    }
}

const SLO_ELSEWHERE: &[&str] = &["unknown key `slo`", "`cases: {PERF_INFRA_MONITORING_LATENCY_ACCURACY_001: {slo: {total: 10s}}}`"];
const SLO_FORM: &[&str] = &["slo.total` is not the limit of an SLO", "only the limit, with its unit: `500ms`"];

/// A change of the small spec, and the words that the user must see.
const CHANGES: &[(&str, &str, &[&str])] = &[
    // The file as a whole.
    ("version: 1\n", "", &["the spec needs `version`"]),
    ("version: 1", "version: 2", &["`version` is not known"]),
    ("version: 1", "version: 1\nchecks: 2027.1", &["`checks` is a number here", "put it in quotes"]),
    ("version: 1", "version: 1\nchecks: \"2031.1\"", &["an edition that this release does not have"]),
    ("rig: dev", "rig: my rig", &["`my rig` is no name for a rig"]),
    ("rig: dev", "rig:", &["`rig` has no value"]),
    ("rig: dev", "rig: dev\ntargets: {}", &["unknown key `targets`", "did you mean `target`?"]),
    ("rig: dev", "rig: dev\nrig: prod", &["`rig` is given twice", "first given here"]),
    ("rig: dev", "rig: dev\nsources: []", &["`sources` is given twice"]),
    // Idle noise.
    ("rig: dev", "rig: dev\nnoise: {monitors: ['']}", &["`noise.monitors[0]` is empty"]),
    ("rig: dev", "rig: dev\nnoise: {monitor: [agent]}", &["unknown key `monitor`", "did you mean `monitors`?"]),
    ("rig: dev", "rig: dev\nnoise: {calibrate: maybe}", &["`noise.calibrate`"]),
    ("rig: dev", "rig: dev\nnoise: true", &["`noise` must be a mapping"]),
    // Ways to endpoints.
    ("rig: dev", "rig: dev\nnetwork: {}", &["`network` needs `endpoints`"]),
    ("rig: dev", "rig: dev\nnetwork: {endpoints: {}}", &["names nobody"]),
    ("rig: dev", "rig: dev\nnetwork: {endpoints: {a: {from: bedrock-runtim, region: us-east-1}}}", &["did you mean `bedrock-runtime`?"]),
    (
        "rig: dev",
        "rig: dev\nnetwork: {endpoints: {a: {from: bedrock-runtime, region: us-est-1}}}",
        &["did you mean `us-east-1`?", "catalogue 2026-11"],
    ),
    ("rig: dev", "rig: dev\nnetwork: {endpoints: {a: {from: bedrock-runtime}}}", &["needs the region of `bedrock-runtime`"]),
    ("rig: dev", "rig: dev\nnetwork: {endpoints: {a: {from: vertex-global, region: eu}}}", &["which has no regions"]),
    ("rig: dev", "rig: dev\nnetwork: {endpoints: {a: {large_body: true}}}", &["does not say where it is", "add `from: bedrock-runtime`"]),
    ("rig: dev", "rig: dev\nnetwork: {endpoints: {a: {url: 'https://h/', from: vertex-global}}}", &["exclude each other"]),
    ("rig: dev", "rig: dev\nnetwork: {endpoints: {a: {url: 'https://me:hidden@h/'}}}", &["has credentials in it"]),
    ("rig: dev", "rig: dev\nnetwork: {endpoints: {a: {url: 'h:443'}}}", &["is no URL of an endpoint"]),
    ("rig: dev", "rig: dev\nnetwork: {endpoints: {a: {url: 'https://h/?key=hidden'}}}", &["has more than a path"]),
    ("rig: dev", "rig: dev\nnetwork: {endpoints: {a: {url: 'https://h/', download: {path: x}}}}", &["is no path at the endpoint"]),
    ("rig: dev", "rig: dev\nnetwork: {endpoints: {a: {url: 'https://h/', download: {path: /x, most: 5GB}}}}", &["is no bounded download"]),
    ("rig: dev", "rig: dev\nnetwork: {endpoints: {a: {url: 'https://h/'}}, proxy: 'https://p:1'}", &["is no proxy", "`environment`"]),
    (
        "rig: dev",
        "rig: dev\nnetwork: {endpoints: {a: {url: 'https://h/'}}, pace: {mean_gap: 10ms}}",
        &["is not for others' endpoints", "`a` is at h"],
    ),
    ("rig: dev", "rig: dev\nnetwork: {endpoints: {a: {url: 'https://h/', methd: get}}}", &["did you mean `method`?"]),
    // Addresses.
    ("http://127.0.0.1:8000", "127.0.0.1:8000", &["has no `http://` or `https://`", "write `http://127.0.0.1:8000`"]),
    ("http://127.0.0.1:8000", "http://127.0.0.1:99999", &["`target.url` is not a URL: invalid port number"]),
    ("http://127.0.0.1:8000", "http://127.0.0.1:0", &["has port 0"]),
    ("http://127.0.0.1:8000", "ftp://127.0.0.1", &["speaks `ftp`"]),
    ("http://127.0.0.1:8000", "http://me:hidden@127.0.0.1:8000", &["has credentials in it", "add `basic:"]),
    ("http://127.0.0.1:8000", "http://127.0.0.1:8000?token=hidden", &["has a secret in its query"]),
    ("url: http://127.0.0.1:8000, ", "", &["`target` needs `url`"]),
    ("http://127.0.0.1:8000", "http://gateway:8000", &["nothing says what may be spent on it", "add `allow:"]),
    ("http://127.0.0.1:8000", "http://gateway:8000, allow: {requests: 1, rate: 20/s}", &["`target.allow` needs `tokens`"]),
    ("http://127.0.0.1:8000", "http://127.0.0.1:8000, bearer: hidden, basic: {user: a, password: hidden}", &["exclude each other"]),
    (
        "http://127.0.0.1:8000",
        "http://127.0.0.1:8000, bearer: hidden, headers: {authorization: hidden}",
        &["an `Authorization` header exclude each other"],
    ),
    ("http://127.0.0.1:8000", "http://127.0.0.1:8000, basic: {user: a}", &["`target.basic` needs `password`"]),
    ("http://127.0.0.1:8000", "http://127.0.0.1:8000, headers: {\"a b\": x}", &["`a b` is not a header name"]),
    ("http://127.0.0.1:8000", "http://127.0.0.1:8000, headers: {X-Request-Id: x}", &["set by rigcheck itself"]),
    ("http://127.0.0.1:8000", "http://127.0.0.1:8000, bearer: \"${env:BROKEN}\"", &["cannot be sent in a header"]),
    ("http://127.0.0.1:8000", "http://127.0.0.1:8000, bearer: ''", &["`target.bearer` is empty"]),
    ("http://127.0.0.1:8000", "http://127.0.0.1:8000, ca_file: none.pem", &["`target.ca_file` cannot be read"]),
    ("http://127.0.0.1:8000", "https://127.0.0.1:8000, client_cert: {key: k.pem}", &["`target.client_cert` needs `cert`"]),
    ("http://127.0.0.1:8000", "https://127.0.0.1:8000, client_cert: {cert: none.pem}", &["`target.client_cert.cert` cannot be read"]),
    ("http://127.0.0.1:8000", "https://127.0.0.1:8000, client_cert: client.pem", &["`target.client_cert` must be a mapping"]),
    ("http://127.0.0.1:8000", "http://127.0.0.1:8000, proxy: 127.0.0.1:3128", &["`target.proxy` has no `http://` or `https://`"]),
    ("http://127.0.0.1:8000", "http://127.0.0.1:8000, proxy: http://me:hidden@127.0.0.1:3128", &["`target.proxy` has credentials in it"]),
    ("http://127.0.0.1:8000", "http://127.0.0.1:8000, proxy: https://127.0.0.1:3128", &["`target.proxy` speaks https", "stays so through the proxy"]),
    ("http://127.0.0.1:8000", "http://127.0.0.1:8000, proxy: http://127.0.0.1:3128/x", &["`target.proxy` has a path"]),
    ("http://127.0.0.1:8000", "http://127.0.0.1:8000, proxy: {basic: {user: a, password: hidden}}", &["`target.proxy` needs `url`"]),
    (
        "http://127.0.0.1:8000",
        "http://127.0.0.1:8000, proxy: {url: http://127.0.0.1:1, basic: {user: a, pasword: hidden}}",
        &["unknown key `pasword` in `target.proxy.basic`"],
    ),
    // Behind a proxy, `localhost` is the proxy's host.
    ("http://127.0.0.1:8000", "http://127.0.0.1:8000, proxy: http://proxy:3128", &["nothing says what may be spent on it"]),
    // The load.
    ("{model: rigcheck-truth}", "{}", &["`target.chat` needs `model`"]),
    ("{model: rigcheck-truth}", "{model: x, rate: 15}", &["`15` is not a rate", "write `15/s`"]),
    ("{model: rigcheck-truth}", "{model: x, rate: 500/s}", &["is above `target.allow.rate`, 100/s"]),
    ("{model: rigcheck-truth}", "{model: x, max_tokens: 0}", &["must be at least 1"]),
    ("{model: rigcheck-truth}", "{model: x, max_tokens: many}", &["`many` is not a count"]),
    ("{model: rigcheck-truth}", "{model: x, stream: yes}", &["must be `true` or `false`"]),
    ("{model: rigcheck-truth}", "{model: x, path: v1/chat}", &["not a path below the target's URL"]),
    ("{model: rigcheck-truth}", "{model: x, timing: {ttft: ttft.contents}}", &["did you mean `ttft.content`?"]),
    ("{model: rigcheck-truth}", "{model: x, timing: {ttft: total.closed}}", &["times TTFT, but `total.closed` times total time"]),
    ("{model: rigcheck-truth}", "{modle: x}", &["unknown key `modle` in `target.chat`", "did you mean `model`?"]),
    ("chat: {model", "allow: {requests: -5}, chat: {model", &["`-5` is not a count"]),
    // Sources.
    ("  prometheus: {", "  postgres: {url: \"postgresql://me:hidden@db/orders\"}\n  prometheus: {", &["has a password in it", "add `password:"]),
    ("  prometheus: {", "  postgres: {url: \"postgresql://me@db:5432\"}\n  prometheus: {", &["names no database"]),
    ("  prometheus: {", "  postgres: {url: db/orders}\n  prometheus: {", &["has no `postgresql://`"]),
    ("  prometheus: {", "  postgres: {password: hidden}\n  prometheus: {", &["`sources.postgres` needs `url`"]),
    (
        "  prometheus: {",
        "  postgres: {url: \"postgresql://db/x\", ca_file: none.pem}\n  prometheus: {",
        &["`sources.postgres.ca_file` cannot be read"],
    ),
    (
        "  prometheus: {",
        "  postgres: {url: \"postgresql://db/x?sslmode=verify-full\"}\n  prometheus: {",
        &["asks for a certificate that can be checked", "add `ca_file: FILE.pem`"],
    ),
    ("  prometheus:", "  prometeus:", &["unknown source `prometeus`", "did you mean `prometheus`?"]),
    ("  prometheus:", "  mine:", &["unknown source `mine`", "needs `kind:`"]),
    ("  prometheus: {", "  mine: {kind: promethius, ", &["unknown kind of source `promethius`"]),
    ("  prometheus: {", "  jaeger: {kind: prometheus, ", &["a source named `jaeger` of kind `prometheus`"]),
    ("  prometheus: {", "  load: {kind: prometheus, ", &["`load` is the name of rigcheck's own load"]),
    ("  prometheus: {", "  'a:b': {kind: prometheus, ", &["`a:b` is no name for a source"]),
    (
        "  truth:",
        "  kernel: {kind: scrape, url: http://localhost:1}\n  truth:",
        &["`kernel` is the name of what rigcheck reads of this machine's kernel"],
    ),
    ("  truth:", "  docker: {sock: /run/docker.sock}\n  truth:", &["unknown key `sock` in `sources.docker`", "known: kind, socket"]),
    ("  truth:", "  cloud: {settle: 1min}\n  truth:", &["`sources.cloud` needs `path`"]),
    ("  truth:", "  dashboards: {}\n  truth:", &["`sources.dashboards` needs `path`"]),
    // Resources.
    ("metrics:", "resources: [gateway]\nmetrics:", &["`resources` must be a mapping"]),
    ("metrics:", "resources: {'a b': {pid: 1}}\nmetrics:", &["`a b` is no name for a workload"]),
    ("metrics:", "resources: {gateway: {}}\nmetrics:", &["says neither how it is found here nor who tells of it", "`container: gateway`"]),
    (
        "metrics:",
        "resources: {gateway: {pid: 1, port: 80}}\nmetrics:",
        &["`resources.gateway.pid` and `resources.gateway.port` both say how it is found"],
    ),
    ("metrics:", "resources: {gateway: {port: 70000}}\nmetrics:", &["`resources.gateway.port` is no TCP port"]),
    ("metrics:", "resources: {gateway: {pid: 99999999999}}\nmetrics:", &["`resources.gateway.pid` is not the id of a process"]),
    ("metrics:", "resources: {gateway: {cgroup: system.slice}}\nmetrics:", &["`resources.gateway.cgroup` is not the path of a control group"]),
    ("metrics:", "resources: {gateway: {cgroup: /a/../b}}\nmetrics:", &["`resources.gateway.cgroup` is not the path of a control group"]),
    ("metrics:", "resources: {burner: {burn: {cpu: 0}}}\nmetrics:", &["`resources.burner.burn.cpu` is not a number of cores"]),
    ("metrics:", "resources: {burner: {burn: {memory: 5}}}\nmetrics:", &["`5` is not an amount of bytes"]),
    ("metrics:", "resources: {burner: {burn: {in: vm}}}\nmetrics:", &["unknown place of a burn `vm`", "process, container"]),
    ("metrics:", "resources: {a: {burn: {}}, b: {burn: {}}}\nmetrics:", &["`b` is a second burn", "`a` is the first"]),
    (
        "metrics:",
        "resources: {a: {pid: 1, metrics: {mine: {series: my_cpu_seconds_total}}}}\nmetrics:",
        &["does not say what it measures", "add `of:`"],
    ),
    ("metrics:", "resources: {a: {pid: 1, metrics: {cpu: {series: my_cpu}}}}\nmetrics:", &["does not say its unit", "one of s, ms, us, ns"]),
    (
        "metrics:",
        "resources: {a: {pid: 1, metrics: {cpu: {series: my_cpu, type: gauge}}}}\nmetrics:",
        &["does not say its unit", "one of cores, millicores, percent, ratio"],
    ),
    ("metrics:", "resources: {a: {pid: 1, metrics: {rss: {series: my_rss, unit: pages}}}}\nmetrics:", &["unknown unit `pages`"]),
    (
        "metrics:",
        "resources: {a: {pid: 1, metrics: {cpu: {series: process_cpu_seconds_total, cores: 2}}}}\nmetrics:",
        &["is of a share of CPU time", "`unit: percent`"],
    ),
    (
        "metrics:",
        "resources: {a: {pid: 1, metrics: {cpu: {series: process_cpu_seconds_total, source: truth}}}}\nmetrics:",
        &["is of kind `truth`, which holds no series"],
    ),
    (
        "metrics:",
        "resources: {a: {pid: 1, metrics: {cpu: {series: process_cpu_seconds_total, source: promethius}}}}\nmetrics:",
        &["unknown source `promethius`", "did you mean `prometheus`?"],
    ),
    ("  truth:", "  again: {kind: truth, url: http://localhost:1}\n  truth:", &["more than one source of kind `truth`"]),
    ("  truth:", "  jaeger: {url: http://localhost:16686}\n  truth:", &["`sources.jaeger` needs `service`"]),
    ("  truth:", "  otlp: {listen: everywhere}\n  truth:", &["is not an address to listen on"]),
    ("  truth:", "  otlp: {listen: '127.0.0.1:1', path: x}\n  truth:", &["`sources.otlp.listen` and `sources.otlp.path` exclude each other"]),
    ("  truth:", "  otlp: {settle: 40}\n  truth:", &["`sources.otlp.settle`: `40` is not a duration"]),
    ("  truth:", "  otlp: {settle: 11min}\n  truth:", &["`sources.otlp.settle` is longer than 10.0 min"]),
    ("  truth:", "  jaeger: {url: http://localhost:1, service: s, settle: 1h}\n  truth:", &["`sources.jaeger.settle` is longer than 10.0 min"]),
    ("  truth:", "  otlp: {listen: '0.0.0.0:4318'}\n  truth:", &["`sources.otlp.listen` can be reached by others", "write a loopback address"]),
    ("  truth:", "  otlp: {listen: '[::]:4318'}\n  truth:", &["`sources.otlp.listen` can be reached by others"]),
    ("  truth:", "  otlp: {path: '-'}\n  truth:", &["`sources.otlp.path` is standard input, which only an access log is read from"]),
    ("  truth:", "  otlp: {claims: [total, total]}\n  truth:", &["claimed twice by `otlp`"]),
    ("  truth:", "  otlp: {claims: [latency]}\n  truth:", &["unknown quantity `latency`"]),
    ("  truth:", "  scrape: {url: http://localhost:1, interval: 1}\n  truth:", &["`sources.scrape.interval`: `1` is not a duration"]),
    ("  truth:", "  scrape: {url: http://localhost:1, interval: 0s}\n  truth:", &["must be longer than nothing"]),
    // Clocks.
    (
        "  truth:",
        "  clock: {ptp: {socket: /var/run/ptp4l, domain: 256}}\n  truth:",
        &["`sources.clock.ptp.domain` is no domain of PTP", "from 0 to 255"],
    ),
    ("  truth:", "  clock: {ptp: {domain: 24}}\n  truth:", &["`sources.clock.ptp` needs `socket`", "add `socket: /var/run/ptp4l`"]),
    ("  truth:", "  clock: {}\n  truth:", &["told by none of `chrony`, `timex`, `ptp` and `header`"]),
    // Access logs.
    (
        "{path: access.jsonl}",
        "{path: access.jsonl, docker: gateway}",
        &["`sources.access_log.path` and `sources.access_log.docker` exclude each other"],
    ),
    ("{path: access.jsonl}", "{}", &["does not say where its lines are"]),
    ("{path: access.jsonl}", "{path: x, format: apache}", &["unknown log format `apache`"]),
    ("{path: access.jsonl}", "{path: x, format: nginx}", &["`format: nginx` needs `log_format`"]),
    ("{path: access.jsonl}", "{path: x, log_format: 'GET'}", &["has no `$variable`"]),
    ("{path: access.jsonl}", "{path: x, log_format: '$status $request_time'}", &["no variable of this `log_format` holds the request's id"]),
    (
        "{path: access.jsonl}",
        "{path: x, log_format: '$http_x_request_id $request_time', status: staus}",
        &["unknown variable of the `log_format`: `staus`"],
    ),
    ("{path: access.jsonl}", "{path: x, duration: ~}", &["this access log times nothing"]),
    ("{path: access.jsonl}", "{path: x, duration: {field: d}}", &["`sources.access_log.duration` needs `unit`"]),
    ("{path: access.jsonl}", "{path: x, duration: {field: d, unit: sec}}", &["unknown unit `sec`"]),
    (
        "  prometheus:",
        "  other: {kind: access_log, path: '-'}\n  more: {kind: access_log, path: '-'}\n  prometheus:",
        &["standard input can be read by one source only"],
    ),
    // Metrics.
    ("histogram: http_request_duration_seconds", "histogram: http_request_duration_seconds_bucket", &["write `http_request_duration_seconds`"]),
    ("histogram: http_request_duration_seconds", "histogram: 'up{job=\"x\"}'", &["is not the name of a metric"]),
    ("histogram: http_request_duration_seconds", "histogram: '.duration'", &["is not the name of a metric"]),
    ("histogram: http_request_duration_seconds", "histogram: http.server.request.duration", &["does not say its unit", "add `unit:`"]),
    ("histogram: http_request_duration_seconds", "histogram: latency", &["does not say its unit", "add `unit:`"]),
    ("  total: {", "  slow: {", &["does not say what it measures", "add `of:`"]),
    ("  total: {", "  slow: {of: toal, ", &["unknown quantity `toal`", "did you mean `total`?"]),
    ("  total: {", "  total: {source: prometheuss, ", &["unknown source `prometheuss`", "did you mean `prometheus`?"]),
    ("  total: {", "  total: {source: access_log, ", &["is of kind `access_log`, which holds no histograms"]),
    ("  total: {", "  total: {match: {'a b': x}, ", &["is not the name of a label"]),
    ("  total: {", "  total: {match: {le: 5}, ", &["`le` is the histogram's own label"]),
    ("  total: {", "  total: {match: {code: 2.5}, ", &["must be text", "put it in quotes"]),
    ("  prometheus: {url: http://127.0.0.1:9090}\n", "", &["no source can be asked for `metrics.total`"]),
    (
        "duration_seconds}",
        "duration_seconds, definition: {from: first_token, to: arrival}}",
        &["the clock runs from `first_token` to `arrival`", "a request runs the other way: `{from: arrival, to: first_token}`"],
    ),
    ("duration_seconds}", "duration_seconds, definition: {from: end, to: end}}", &["runs from `end` to `end`", "`rigcheck explain LAT-09`"]),
    (
        "duration_seconds}",
        "duration_seconds, definition: {from: arrival, to: token}}",
        &["runs from `arrival` to `token`", "`{from: chunk, to: chunk}`"],
    ),
    // SLOs.
    ("rig: dev", "rig: dev\nslo: {total: 10s}", SLO_ELSEWHERE),
    ("chat: {model: rigcheck-truth}", "slo: {total: 10s}, chat: {model: rigcheck-truth}", SLO_ELSEWHERE),
    ("  total: {", "  total: {slo: 10s, ", SLO_ELSEWHERE),
    ("rig: dev", "rig: dev\ncases: {PERF_INFRA_MONITORING_LATENCY_ACCURACY_001: {slo: {total: {p99: 10s}}}}", SLO_FORM),
    ("rig: dev", "rig: dev\ncases: {PERF_INFRA_MONITORING_LATENCY_ACCURACY_001: {slo: {total: [10s]}}}", SLO_FORM),
    ("rig: dev", "rig: dev\ncases: {PERF_INFRA_MONITORING_LATENCY_ACCURACY_001: {slo: {total: 500}}}", SLO_FORM),
    ("rig: dev", "rig: dev\ncases: {PERF_INFRA_MONITORING_LATENCY_ACCURACY_001: {slo: {total: 99% < 500ms}}}", SLO_FORM),
    // Cases, requirements, gate.
    (
        "rig: dev",
        "rig: dev\ncases: {PERF_INFRA_MONITORING_LATENCY_ACCURACY_001: {rules: {LAT-11: {params: {margin: 5ms}}}}}",
        &["`5ms` is of the wrong kind", "expected a mapping: write `{name: value}`"],
    ),
    (
        "rig: dev",
        "rig: dev\ncases: [PERF_INFRA_MONITORING_LATENCY_ACCURACY_002]",
        &["unknown case", "did you mean `PERF_INFRA_MONITORING_LATENCY_ACCURACY_001`?"],
    ),
    ("rig: dev", "rig: dev\ncases: everything", &["write `cases: all`"]),
    (
        "rig: dev",
        "rig: dev\ncases: {PERF_INFRA_MONITORING_LATENCY_ACCURACY_001: {rules: {LAT-99: {}}}}",
        &["unknown rule of PERF_INFRA_MONITORING_LATENCY_ACCURACY_001: `LAT-99`"],
    ),
    (
        "rig: dev",
        "rig: dev\ncases: {PERF_INFRA_MONITORING_LATENCY_ACCURACY_001: {rules: {LAT-14: {margin: {absolute: 1ms}}}}}",
        &["`margin` is a parameter of LAT-14", "write it below `params`"],
    ),
    (
        "rig: dev",
        "rig: dev\ncases: {PERF_INFRA_MONITORING_LATENCY_ACCURACY_001: {rules: {LAT-14: {params: {margn: 1}}}}}",
        &["unknown key `margn`", "did you mean `margin`?"],
    ),
    (
        "rig: dev",
        "rig: dev\ncases: {PERF_INFRA_MONITORING_LATENCY_ACCURACY_001: {rules: {LAT-14: {params: {margin: {absolute: 7}}}}}}",
        &["`7", "is not a duration"],
    ),
    (
        "rig: dev",
        "rig: dev\ncases: {PERF_INFRA_MONITORING_LATENCY_ACCURACY_001: {audit: {request: 7}}}",
        &["unknown key `request`", "did you mean `requests`?"],
    ),
    ("rig: dev", "rig: dev\ncases: {PERF_INFRA_MONITORING_LATENCY_ACCURACY_001: {weight: heavy}}", &["unknown weight `heavy`"]),
    ("rig: dev", "rig: dev\nrequire: [traces]", &["requires `traces` and does not provide it", "add `sources.jaeger`"]),
    ("rig: dev", "rig: dev\nrequire: [tracing]", &["unknown capability `tracing`"]),
    ("rig: dev", "rig: dev\ngate: {threshold: 85}", &["must lie between 0 and 1", "write `0.85` or `85%`"]),
    // References.
    ("rig: dev", "rig: ${env:NOPE}", &["the environment variable `NOPE` is not set", "export NOPE="]),
    ("rig: dev", "rig: ${env:EMPTY}", &["`EMPTY` is not set or is empty"]),
    ("rig: dev", "rig: ${env:NOPE", &["`${env:` has no end"]),
    ("rig: dev", "rig: '${exec:id}'", &["a spec is input, and must not start programs unasked"]),
    ("rig: dev", "rig: '${evn:API_KEY}'", &["unknown reference `${evn:…}`", "did you mean `${env:…}`?"]),
    ("rig: dev", "rig: '${file:none}'", &["`none` cannot be read"]),
    ("rig: dev", "rig: dev\n'${env:API_KEY}': 1", &["unknown key `${env:API_KEY}`"]),
];

#[test]
fn each_mistake_is_told_at_its_place() {
    for (what, with, words) in CHANGES {
        assert!(SMALL.contains(what), "{what}");
        let text = SMALL.replacen(what, with, 1);
        let told = told(&text);
        for word in *words {
            assert!(told.contains(word), "`{with}` must say `{word}`, and says:\n{told}");
        }
        assert!(told.contains("--> rigcheck.yaml:"), "{told}");
        assert!(!told.contains("hidden"), "{told}");
    }
}

#[test]
fn one_mistake_is_told_once() {
    // These are two mistakes by their nature: what is misspelt is also missing, or given twice.
    let twice = [
        "sources: []",
        "  prometeus:",
        "  mine:",
        "promethius",
        "  jaeger: {kind",
        "  load:",
        "  'a:b'",
        "slow: {of",
        "{modle",
        "access.jsonl, docker",
    ];
    for (what, with, _) in CHANGES {
        if twice.iter().any(|t| with.contains(t)) {
            continue;
        }
        let told = told(&SMALL.replacen(what, with, 1));
        assert!(told.contains("\n1 problem in rigcheck.yaml"), "`{with}` says:\n{told}");
    }
}

const WAIVER: &str = "waivers: [{rule: LAT-14, of: access_log, while: {bias: 1ms..2ms}, reason: r, owner: o, expires: 2027-01-31T00:00:00+01:00}]\n";

#[test]
fn a_waiver_binds_to_something_that_exists() {
    super::good(&format!("{SMALL}{WAIVER}"));
    let changes: &[(&str, &str, &[&str])] = &[
        ("LAT-14", "LAT-41", &["unknown rule `LAT-41`"]),
        ("of: access_log", "of: acces_log", &["LAT-14 does not judge `acces_log`"]),
        ("1ms..2ms", "1..2ms", &["has two units"]),
        ("1ms..2ms", "2ms..1ms", &["ends before it begins"]),
        ("1ms..2ms", "soon", &["is not a range"]),
        ("{bias: 1ms..2ms}", "{}", &["must name one figure"]),
        ("reason: r, ", "", &["needs `reason`"]),
        ("owner: o, ", "", &["needs `owner`"]),
        (", expires: 2027-01-31T00:00:00+01:00", "", &["needs `expires`"]),
        ("2027-01-31T00:00:00+01:00", "2027-01-31T00:00:00", &["does not say in which time zone"]),
        ("2027-01-31T00:00:00+01:00", "2026-12-01", &["`2026-12-01T00:00:00Z` for UTC", "`2026-12-01T00:00:00+01:00`"]),
        ("2027-01-31T00:00:00+01:00", "2027-01-31", &["does not say in which time zone"]),
        ("2027-01-31T00:00:00+01:00", "soon", &["is not a time"]),
    ];
    for (what, with, words) in changes {
        assert!(WAIVER.contains(what), "{what}");
        let told = told(&format!("{SMALL}{}", WAIVER.replacen(what, with, 1)));
        for word in *words {
            assert!(told.contains(word), "`{with}` must say `{word}`, and says:\n{told}");
        }
    }
}

#[test]
fn what_is_odd_is_a_warning() {
    let warned = |text: &str| super::good(text).warnings.to_string();
    let loose = warned(&format!("{SMALL}{}", WAIVER.replace("while: {bias: 1ms..2ms}, ", "")));
    assert!(loose.contains("this waiver holds whatever is observed"), "{loose}");
    let before = |days: i64| {
        let loaded = super::good(&format!("{SMALL}{WAIVER}"));
        let now = rigcheck::model::units::Wall(loaded.profile.waivers[0].expires.0 - days * 86_400_000_000);
        loaded.as_of(now).warnings.to_string()
    };
    assert!(before(13).contains("this waiver lapses soon, on 2027-01-31T00:00:00+01:00") && before(15).is_empty(), "{}", before(15));
    let old = super::good(&format!("{SMALL}{}", WAIVER.replace("while: {bias: 1ms..2ms}, ", "")));
    let day_after = rigcheck::model::units::Wall(old.profile.waivers[0].expires.0 + 86_400_000_000);
    let old = old.as_of(day_after);
    let (told, summary) = (old.warnings.to_string(), old.summary());
    assert!(told.contains("this waiver expired on 2027-01-31T00:00:00+01:00") && told.contains("renew or remove it"), "{told}");
    assert!(!told.contains("holds whatever"), "what is over holds nothing: {told}");
    assert!(summary.contains("expired 2027-01-31") && !summary.contains("until"), "{summary}");
    let date = warned(&SMALL.replacen("sources:\n", "sources:\n  clock: {header: {url: http://127.0.0.1:8000/healthz}}\n", 1));
    assert!(date.contains("whole seconds") && date.contains("unit: ms") && date.contains("http://127.0.0.1:8000/healthz"), "{date}");
    let unused = warned(&format!("{SMALL}{WAIVER}cases: []\n"));
    assert!(unused.contains("the waiver of LAT-14 is unused"), "{unused}");
    let open = warned(&format!("{SMALL}gate: {{threshold: 0}}\n"));
    assert!(open.contains("`gate.threshold` of 0 lets everything through"), "{open}");
    // The same place and figure in two units, under any two names.
    let twice = warned(
        &SMALL.replace("  prometheus", "  again: {kind: access_log, path: access.jsonl, duration: {field: duration_ms, unit: s}}\n  prometheus"),
    );
    assert!(twice.contains("`duration_ms` of access.jsonl is read in s here, and in ms elsewhere"), "{twice}");
    let within = warned(&SMALL.replace("path: access.jsonl", "path: access.jsonl, ttft: {field: duration_ms, unit: us}"));
    assert!(
        within.contains("`duration_ms` of access.jsonl is read in us here, and in ms elsewhere") || within.contains("in ms here, and in us"),
        "{within}"
    );
    let histogram = warned(&format!("{SMALL}  slow: {{histogram: http_request_duration_seconds, unit: ms, of: total}}\n"));
    assert!(histogram.contains("`http_request_duration_seconds` of http://127.0.0.1:9090 is read in ms here, and in s elsewhere"), "{histogram}");
    let page = SMALL.replace("  truth", "  scrape: {url: http://127.0.0.1:8000/metrics}\n  truth");
    let page = warned(&format!("{page}  slow: {{histogram: http_request_duration_seconds, unit: ms, of: total}}\n"));
    assert_eq!(page.matches("is read in ms here").count(), 2, "of each place: {page}");
    for sound in ["duration_ms, unit: ms", "ttft_s, unit: s"] {
        let text =
            SMALL.replace("  prometheus", &format!("  again: {{kind: access_log, path: access.jsonl, duration: {{field: {sound}}}}}\n  prometheus"));
        assert_eq!(warned(&text), "", "{sound}");
    }
    let off = warned(&format!("{SMALL}cases: {{PERF_INFRA_MONITORING_LATENCY_ACCURACY_001: {{rules: {{LAT-14: {{deselect: true}}}}}}}}\n"));
    assert!(off.contains("LAT-14 is a blocker and is deselected"), "{off}");
}

#[test]
fn all_problems_are_told_at_once() {
    insta::assert_snapshot!("everything_wrong", told(include_str!("../../fixtures/spec/everything_wrong.yaml")));
}

#[test]
fn what_is_no_yaml_is_told_at_its_place() {
    insta::assert_snapshot!("tab", told("version: 1\nrig: dev\ntarget:\n\turl: http://127.0.0.1\n"));
    insta::assert_snapshot!("unclosed", told("version: 1\nrig: dev\nsources: {prometheus: {url: x}\nmetrics: {}\n"));
    insta::assert_snapshot!("no_mapping", told("- version: 1\n"));
}

#[test]
fn a_file_that_cannot_be_read_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let load = |name: &str| {
        let options = rigcheck::spec::Options { checks_dir: None, env: &super::env, exec: rigcheck::spec::Exec::Refused };
        rigcheck::spec::load(&folder.path().join(name), &options).unwrap_err().to_string()
    };
    assert!(load("none.yaml").contains("cannot be read"));
    std::fs::write(folder.path().join("latin.yaml"), b"rig: caf\xe9\n").unwrap();
    assert!(load("latin.yaml").contains("is not UTF-8 at 1:9; save it as UTF-8"), "{}", load("latin.yaml"));
    std::fs::write(folder.path().join("wide.yaml"), b"\xff\xfer\0i\0g\0").unwrap();
    assert!(load("wide.yaml").contains("is UTF-16"));
}
