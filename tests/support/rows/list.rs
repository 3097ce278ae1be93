//! Each fault of the real stack.

use super::{AT_PROMETHEUS, Does::*, IN_LOG, IN_METRICS, IN_TRACES, IN_TRAFFIC, METRICS, NGINX_LOG, PLAIN, Row, Shows, Wanted};

/// All rows: log, metrics, Prometheus, traces, the stream itself, the client.
pub const ROWS: &[Row] = &[
    Row {
        name: "coarse-log",
        title: "the access log rounds durations to whole seconds",
        does: &[Gateway("coarse-log")],
        must: &["LAT-14"],
        may: &["LAT-01", "LAT-08", "LAT-10", "LAT-15", "LAT-16", "LAT-17"],
        ..IN_LOG
    },
    Row {
        name: "log-in-seconds",
        title: "the access log writes seconds under names that say milliseconds",
        does: &[Gateway("log-in-seconds")],
        must: &["LAT-08", "LAT-14"],
        may: &["LAT-01", "LAT-10", "LAT-15", "LAT-16", "LAT-17"],
        ..IN_LOG
    },
    Row {
        name: "log-in-ms",
        title: "the access log writes milliseconds under names that say seconds",
        does: &[Gateway("log-in-ms"), LogNamedInSeconds],
        must: &["LAT-08", "LAT-14"],
        may: &["LAT-01", "LAT-10", "LAT-15", "LAT-16", "LAT-17"],
        ..IN_LOG
    },
    Row {
        name: "log-offset",
        title: "durations in the access log are 200 ms too long",
        does: &[Gateway("log-offset")],
        must: &["LAT-14", "LAT-17"],
        may: &["LAT-01", "LAT-10", "LAT-15", "LAT-16"],
        ..IN_LOG
    },
    Row {
        name: "log-scale",
        title: "durations in the access log are 5 % too long",
        does: &[Gateway("log-scale")],
        must: &["LAT-15"],
        may: &["LAT-01", "LAT-14", "LAT-16", "LAT-17"],
        ..IN_LOG
    },
    Row {
        name: "rare-log-outliers",
        title: "every 100th line of a worker's access log is 3 s too long",
        does: &[Gateway("rare-log-outliers")],
        must: &["LAT-16"],
        may: &["LAT-10", "LAT-17"],
        ..IN_LOG
    },
    Row {
        name: "log-written-early",
        title: "the access log line is written when the first chunk goes out, not when the last one does",
        does: &[Gateway("log-written-early")],
        must: &["LAT-14"],
        may: &["LAT-01", "LAT-02", "LAT-08", "LAT-10", "LAT-13", "LAT-15", "LAT-16"],
        ..IN_LOG
    },
    Row {
        name: "lost-log-lines",
        title: "3 % of the access log's lines are not written",
        does: &[Gateway("lost-log-lines")],
        must: &["LAT-02"],
        ..IN_LOG
    },
    Row {
        name: "slow-without-ttft",
        title: "lines of requests longer than 700 ms have no TTFT",
        does: &[Gateway("slow-without-ttft")],
        must: &["LAT-13"],
        ..IN_LOG
    },
    Row {
        // Half of the requests have no line of their own; the others have two that contradict one another.
        name: "duplicate-ids",
        title: "every second line of the access log repeats the ids of the line before",
        does: &[Gateway("duplicate-ids")],
        must: &["LAT-02"],
        may: &["LAT-13"],
        ..IN_LOG
    },
    Row {
        name: "metric-in-ms",
        title: "histograms named in seconds are fed milliseconds",
        does: &[Gateway("metric-in-ms")],
        must: &["LAT-08"],
        may: &["LAT-03", "LAT-04", "LAT-05", "LAT-06", "LAT-11"],
        ..IN_METRICS
    },
    Row {
        name: "metric-without-stream",
        title: "the duration histogram leaves out the time of streaming",
        does: &[Gateway("metric-without-stream")],
        must: &["LAT-03"],
        may: &["LAT-04", "LAT-05", "LAT-08"],
        ..IN_METRICS
    },
    Row {
        name: "pinned-buckets",
        title: "the largest finite bucket lies below the usual durations",
        does: &[Gateway("pinned-buckets")],
        must: &["LAT-06"],
        may: &["LAT-04", "LAT-05"],
        ..IN_METRICS
    },
    Row {
        name: "private-registries",
        title: "each worker has a registry of its own, and a scrape sees whichever worker answers",
        does: &[Gateway("private-registries")],
        must: &["LAT-02"],
        may: &["LAT-03", "LAT-04"],
        ..IN_METRICS
    },
    Row {
        name: "label-split",
        title: "half of the observations are under another label value than the one that the spec matches",
        does: &[Gateway("label-split")],
        must: &["LAT-02"],
        ..IN_METRICS
    },
    Row {
        name: "counter-reset",
        title: "what one of two workers has counted is lost during the load, and counters go backwards",
        does: &[WipeOneWorker],
        must: &["LAT-02"],
        may: &["LAT-03", "LAT-04"],
        ..IN_METRICS
    },
    Row {
        name: "counters-vanished",
        title: "what all workers have counted is lost during the load, and the series are gone",
        does: &[WipeAllWorkers],
        untold: &["LAT-02", "LAT-03", "LAT-04"],
        verdict: Wanted::NeverReady,
        ..IN_METRICS
    },
    Row {
        // Counters keep what was not read: the readings before and after the load bracket it.
        name: "page-refused",
        title: "the metrics page answers 503 for 4 s during the load",
        does: &[Gateway("page-refused"), RefusePages],
        passes: &[("LAT-02", "prometheus"), ("LAT-02", "scrape")],
        shows: Shows::FailedReading("prometheus"),
        verdict: Wanted::Any,
        ..IN_METRICS
    },
    Row {
        name: "page-refused-for-good",
        title: "the metrics page answers 503 from the middle of the load on",
        does: &[Gateway("page-refused"), RefusePagesForGood],
        untold: &["LAT-02", "LAT-03", "LAT-04"],
        verdict: Wanted::NeverReady,
        ..IN_METRICS
    },
    Row {
        name: "prometheus-frozen",
        title: "Prometheus stands still for 4 s during the load",
        does: &[FreezePrometheus],
        passes: &[("LAT-02", "prometheus")],
        shows: Shows::Hole(3_000.0),
        verdict: Wanted::Any,
        ..AT_PROMETHEUS
    },
    Row {
        name: "prometheus-restarted",
        title: "Prometheus ends during the load and starts again on its data",
        does: &[RestartPrometheus],
        passes: &[("LAT-02", "prometheus")],
        shows: Shows::Hole(1_500.0),
        verdict: Wanted::Any,
        ..AT_PROMETHEUS
    },
    Row {
        // The first reading after the load is waited for.
        name: "scrapes-each-minute",
        title: "Prometheus scrapes every 60 s, and the load takes less",
        does: &[Interval("60s")],
        passes: &[("LAT-02", "prometheus")],
        // Before the load, then at an instant of the target's own in each minute: what comes first is in the load, and the next
        // a minute later, or after the load.
        shows: Shows::Hole(10_000.0),
        verdict: Wanted::Any,
        ..AT_PROMETHEUS
    },
    Row {
        name: "scrapes-rare",
        // At 10 min one run in six would have a scrape in time, rightly.
        title: "Prometheus scrapes once a day, and the load takes half a minute",
        does: &[Interval("1d")],
        untold: &["LAT-02", "LAT-03", "LAT-04"],
        verdict: Wanted::NeverReady,
        ..AT_PROMETHEUS
    },
    Row {
        name: "no-edge-at-slo",
        title: "the SLO of the total lies between two edges of the histogram",
        part: "gateway, metrics page",
        does: &[Case("slo: {total: 480ms}")],
        touches: METRICS,
        must: &["LAT-07"],
        verdict: Wanted::Any,
        ..PLAIN
    },
    Row {
        name: "two-definitions",
        title: "a histogram that is said to end at the headers is claimed as the total",
        part: "spec",
        does: &[Claim(
            "second: {of: total, source: scrape, histogram: gateway_request_duration_seconds, \
             definition: {from: arrival, to: headers}, match: {model: rigcheck-truth}}",
        )],
        touches: &["scrape:second"],
        must: &["LAT-09"],
        // Whom it contradicts is named, too.
        pairs: &["LAT-09"],
        ..PLAIN
    },
    Row {
        name: "recorded-rates",
        title: "a recording rule that sums rates of buckets is claimed as the histogram",
        does: &[Claim("recorded: {of: total, source: prometheus, histogram: recorded_rate_seconds, match: {model: rigcheck-truth}}")],
        touches: &["prometheus:recorded"],
        must: &["LAT-02"],
        may: &["LAT-03", "LAT-04", "LAT-05", "LAT-06", "LAT-08"],
        ..AT_PROMETHEUS
    },
    Row {
        name: "recorded-quantile",
        title: "a recording rule that averages quantiles is claimed as the histogram",
        does: &[Claim("averaged: {of: total, source: prometheus, histogram: recorded_p95_seconds, match: {model: rigcheck-truth}}")],
        touches: &["prometheus:averaged"],
        untold: &["LAT-02", "LAT-03", "LAT-04", "LAT-05", "LAT-06"],
        verdict: Wanted::NeverReady,
        ..AT_PROMETHEUS
    },
    Row {
        // Its first chunk comes when the span is over: the attribute is lost.
        name: "span-without-stream",
        title: "the server span ends when the response starts",
        does: &[Gateway("span-without-stream")],
        must: &["LAT-14"],
        may: &["LAT-01", "LAT-08", "LAT-10", "LAT-13", "LAT-15", "LAT-16"],
        // The histogram shows more than the span.
        pairs: &["LAT-11"],
        ..IN_TRACES
    },
    Row {
        name: "head-sampling",
        title: "nine traces of ten are never recorded",
        does: &[Gateway("head-sampling")],
        must: &["LAT-02"],
        may: &["LAT-13"],
        notes: &["a sampling rate near", "how long a request lasts makes no difference"],
        ..IN_TRACES
    },
    Row {
        name: "dropped-long-traces",
        title: "a collector keeps only traces of up to 500 ms",
        part: "OpenTelemetry collector",
        does: &[Collector(&["--sampling", "tail", "--keep", "500"])],
        must: &["LAT-02"],
        may: &["LAT-13"],
        notes: &["longer ones are missing, not an even sample: median", "a tail sampler"],
        ..IN_TRACES
    },
    Row {
        name: "foreign-traces",
        title: "6,000 foreign traces of the same service reach Jaeger during the load, more than one search returns",
        part: "Jaeger",
        does: &[ForeignTraces(6_000)],
        passes: &[("LAT-02", "jaeger")],
        shows: Shows::Foreign(1_001),
        verdict: Wanted::Any,
        ..IN_TRACES
    },
    Row {
        name: "second-gateway",
        title: "a second gateway of the same service name, with traffic of its own, reports to the same Jaeger",
        part: "a second gateway",
        does: &[SecondGateway],
        passes: &[("LAT-02", "jaeger")],
        shows: Shows::Foreign(10),
        verdict: Wanted::Any,
        ..IN_TRACES
    },
    Row {
        // Durations are measured by the monotonic clock: only when something was is wrong.
        name: "clock-offset",
        title: "the gateway's wall clock is 250 ms ahead",
        part: "gateway's clock",
        does: &[Clock("+0.250")],
        must: &["LAT-18", "LAT-19"],
        planted: Some(250.0),
        verdict: Wanted::Any,
        ..IN_TRAFFIC
    },
    Row {
        name: "clock-step",
        title: "the gateway's wall clock steps by 250 ms during the load",
        part: "gateway's clock",
        does: &[Clock("+0.000"), Step("+0.250")],
        must: &["LAT-18", "LAT-19"],
        // Its SDK takes both ends of a span from that clock: those that lie across the step last 250 ms longer.
        may: &["LAT-10", "LAT-14", "LAT-15", "LAT-16", "LAT-17"],
        verdict: Wanted::Any,
        ..IN_TRAFFIC
    },
    Row {
        name: "dangling-exemplars",
        title: "exemplars point to traces that were not recorded",
        part: "gateway, metrics page and OpenTelemetry",
        does: &[Gateway("dangling-exemplars"), Exemplars],
        touches: &["prometheus:ttft", "prometheus:total", "scrape", "jaeger"],
        must: &["LAT-02", "LAT-12"],
        may: &["LAT-13"],
        ..PLAIN
    },
    Row {
        name: "background-task",
        title: "the duration histogram includes 50 to 150 ms of work that follows the response",
        does: &[Gateway("background-task")],
        must: &["LAT-03", "LAT-11"],
        may: &["LAT-04"],
        ..IN_METRICS
    },
    Row {
        name: "buffered-stream",
        title: "chunks are held back and sent at once, while the telemetry shows when they came from the provider",
        does: &[Gateway("buffered-stream")],
        must: &["LAT-14"],
        may: &["LAT-01", "LAT-10", "LAT-15", "LAT-16"],
        ..IN_TRAFFIC
    },
    Row {
        name: "nginx-buffered",
        title: "nginx holds streams back, as it does unless told otherwise",
        part: "nginx before the gateway",
        does: &[Front("on")],
        must: &["LAT-14"],
        may: &["LAT-01", "LAT-10", "LAT-15", "LAT-16", "LAT-18"],
        passes: NGINX_LOG,
        ..IN_TRAFFIC
    },
    Row {
        // Log, metrics and traces tell the truth of how long it took; that the provider was asked twice is a note.
        name: "provider-asked-twice",
        title: "every 10th request of a worker goes to the provider twice, and nothing says so",
        does: &[Gateway("provider-asked-twice")],
        notes: &["reached the reference endpoint more than once"],
        verdict: Wanted::Any,
        ..IN_TRAFFIC
    },
    Row {
        name: "nagle",
        title: "TCP_NODELAY is left off on connections: first tokens wait up to 42 ms",
        does: &[Gateway("nagle")],
        must: &["LAT-14"],
        ..IN_TRAFFIC
    },
    Row {
        name: "client-at-headers",
        title: "the load tool stops its clock at the response headers and never reads the stream",
        part: "load generator",
        does: &[Total("total.headers")],
        must: &["LAT-01", "LAT-10", "LAT-14"],
        may: &["LAT-03", "LAT-04", "LAT-08", "LAT-15", "LAT-16", "LAT-17"],
        ..IN_TRAFFIC
    },
];
