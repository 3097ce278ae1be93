use super::{Fault, Misbehaviour};

macro_rules! faults {
    ($($name:literal $what:ident $title:literal found by $found:tt may also $may:tt $(tolerable because $why:literal)?)*) => {
        /// All faults, log first, then metrics, traces, the stream itself, the shape of traces, what is told of resources, the load tool.
        pub const ALL: &[Fault] = &[$(Fault {
            name: $name, title: $title, found_by: &$found, may_also: &$may, tolerable: faults!(@ $($why)?), what: Misbehaviour::$what,
        }),*];
    };
    (@) => { None };
    (@ $why:literal) => { Some($why) };
}

// What is found by a rule in every run is `found by`; what depends on the design's delays or on the machine is `may also`.
faults! {
    "coarse-log" CoarseLog "the access log rounds to whole seconds"
        found by ["LAT-01", "LAT-14"] may also ["LAT-08", "LAT-10", "LAT-15", "LAT-16", "LAT-17"]
    "log-in-seconds" LogInSeconds "the access log writes seconds into a field that says milliseconds"
        found by ["LAT-01", "LAT-08", "LAT-14"] may also ["LAT-10", "LAT-15", "LAT-16", "LAT-17"]
    "log-offset" LogOffset "the access log shows 200 ms more than it took"
        found by ["LAT-01", "LAT-14", "LAT-17"] may also ["LAT-10", "LAT-15", "LAT-16"]
    "log-scale" LogScale "the access log shows 5 % more than it took"
        found by ["LAT-01", "LAT-14", "LAT-15", "LAT-17"] may also ["LAT-16"]
    "log-written-early" LogWrittenEarly "the access log is written at the first content, before the stream ends"
        found by ["LAT-01", "LAT-13", "LAT-14"] may also ["LAT-02", "LAT-08", "LAT-10", "LAT-15", "LAT-16"]
    "rare-log-outliers" RareLogOutliers "the access log shows 3 s more on every 100th request"
        found by ["LAT-16", "LAT-17"] may also ["LAT-10"]
    "lost-log-lines" LostLogLines "3 % of the access log's lines are missing"
        found by ["LAT-02"] may also []
    "duplicate-log-lines" DuplicateLogLines "5 % of the access log's lines are written twice"
        found by ["LAT-02"] may also []
    "slow-without-ttft" SlowWithoutTtft "the access log leaves out the TTFT of requests longer than 700 ms"
        found by ["LAT-13"] may also []
    "metric-in-ms" MetricInMs "the histograms hold milliseconds under a name that says seconds"
        found by ["LAT-03", "LAT-04", "LAT-08"] may also ["LAT-05", "LAT-06", "LAT-11", "LAT-12"]
    "pinned-buckets" PinnedBuckets "the highest bucket of the histograms lies below the p95"
        found by ["LAT-06"] may also ["LAT-05", "LAT-07"]
    "coarse-buckets" CoarseBuckets "the histograms have the default buckets of the Prometheus client libraries"
        found by ["LAT-05"] may also []
        tolerable because "each observation is counted rightly and the mean is exact; only a quantile read between two edges is coarse, and the report says how coarse"
    "no-edge-at-slo" NoEdgeAtSlo "the histograms have no bucket edge at the SLO"
        found by ["LAT-07"] may also []
        tolerable because "no latency is wrong: only the share of requests within the SLO is an estimate, and the report says by how much it may be off"
    "lost-worker" LostWorker "one of two workers keeps its metrics to itself"
        found by ["LAT-02"] may also []
    "metric-without-stream" MetricWithoutStream "the histogram of the total stops at the first content, without the stream"
        found by ["LAT-03", "LAT-04"] may also ["LAT-08", "LAT-12"]
    "background-task" BackgroundTask "the histogram of the total includes a task that runs after the response"
        found by ["LAT-03", "LAT-04", "LAT-11"] may also ["LAT-12"]
    "prefill-as-ttft" PrefillAsTtft "what is claimed as TTFT is an engine's prefill time, which leaves out the queue"
        found by ["LAT-09"] may also []
    "span-without-stream" SpanWithoutStream "the server span ends at the first content, without the stream"
        found by ["LAT-01", "LAT-12", "LAT-14"] may also ["LAT-08", "LAT-10", "LAT-11", "LAT-15", "LAT-16"]
    "head-sampling" HeadSampling "one trace in ten is recorded"
        found by ["LAT-02"] may also []
    "dropped-long-traces" DroppedLongTraces "traces longer than 700 ms are lost"
        found by ["LAT-02"] may also ["LAT-12"]
    "dangling-exemplars" DanglingExemplars "exemplars point to traces that were not recorded"
        found by ["LAT-02", "LAT-12"] may also []
    "stale-exemplars" StaleExemplars "exemplars carry the trace id of another request"
        found by ["LAT-12"] may also []
        tolerable because "no latency is wrong: only the way from a bucket to an example of it leads elsewhere"
    "ttft-at-headers" TtftAtHeaders "log, histogram and span take the response headers for the first token"
        found by ["LAT-01", "LAT-03", "LAT-14"] may also ["LAT-04", "LAT-05", "LAT-06", "LAT-08", "LAT-10", "LAT-12", "LAT-15", "LAT-16"]
    "batched-tokens" BatchedTokens "each chunk of a stream carries two tokens"
        found by ["LAT-20"] may also []
        tolerable because "every time is right; what a gap between chunks may be called is not, and the report says so"
    "buffered-stream" BufferedStream "a buffer holds the stream back until its end, behind all telemetry"
        found by ["LAT-01", "LAT-14"] may also ["LAT-03", "LAT-04", "LAT-08", "LAT-10", "LAT-15", "LAT-16", "LAT-17"]
    "first-attempt-untimed" HiddenRetry "a first attempt fails and is retried, and only the second attempt is timed"
        found by ["LAT-14"] may also ["LAT-01", "LAT-03", "LAT-04", "LAT-15", "LAT-16"]
    "clock-offset" ClockOffset "the wall clock of the gateway's host is 250 ms ahead"
        found by ["LAT-18", "LAT-19"] may also []
        tolerable because "durations are taken by a clock of their own and stay right; what is off is the order of events across hosts, and the report says by how much"
    "clock-step" ClockStep "the wall clock of the gateway's host steps 250 ms ahead during the load"
        found by ["LAT-18", "LAT-19"] may also ["LAT-01", "LAT-10", "LAT-12", "LAT-14", "LAT-15", "LAT-16", "LAT-17"]
        tolerable because "few spans lie across the step; the report says when the clock moved, and by how much"
    "no-auth-span" NoAuthSpan "no span tells of authentication"
        found by ["TRC-01"] may also []
    "no-provider-span" NoProviderSpan "no span tells of the call of the provider"
        found by ["TRC-01", "TRC-02"] may also []
    "flat-spans" FlatSpans "the spans of a request's stages have no parent: each is a root of its own"
        found by ["TRC-04"] may also ["TRC-01", "TRC-02"]
        tolerable because "each stage and its time is there; what is missing is which of them lies in which, and the report says so"
    "orphan-spans" OrphanSpans "one trace in ten lacks the span on which the others hang"
        found by ["TRC-03"] may also ["TRC-01", "TRC-02"]
        tolerable because "nine traces in ten are whole; the report says how many are not"
    "client-root" ClientRoot "the server span says that it is a client span"
        found by ["TRC-04"] may also ["LAT-13", "TRC-01", "TRC-02", "TRC-07"]
        tolerable because "the time of each stage is right; only the word for who was asked is not"
    "child-outside-parent" ChildOutsideParent "the span of the provider's call ends 80 ms after its parent"
        found by ["TRC-05"] may also ["TRC-10"]
        tolerable because "the report says which span outlasts its caller, and by how much"
    "constant-durations" ConstantDurations "every stage shows the same duration in every trace"
        found by ["TRC-10"] may also ["TRC-02", "TRC-05"]
    "span-per-chunk" SpanPerChunk "each chunk of a stream makes a span"
        found by ["TRC-08"] may also []
        tolerable because "nothing is wrong in such a trace, there is too much of it; the report says how much"
    "streams-not-sampled" StreamsNotSampled "traces of streams are not recorded, those of other calls are"
        found by ["LAT-02", "TRC-01"] may also []
    "not-propagated" NotPropagated "the provider is called in another trace than the gateway's"
        found by ["TRC-11"] may also []
        tolerable because "the gateway's own part of the trace is whole; the provider's is elsewhere, and the report says so"
    "shared-service-name" SharedServiceName "the provider reports its spans under the gateway's service name"
        found by ["TRC-13"] may also []
        tolerable because "each span is right; only whose it is cannot be told by its name, and the report says so"
    "secret-attributes" SecretAttributes "spans carry an authorization header and an API key"
        found by ["TRC-12"] may also []
    "slow-tracing" SlowTracing "recording a trace holds its request up for 40 ms"
        found by ["TRC-09"] may also ["LAT-01"]
    "gap-in-trace" GapInTrace "no span tells of 30 % of a request"
        found by ["TRC-02"] may also []
        tolerable because "what is told of is right; the report says how much is not told of, and between which spans"
    "ttft-marker-wrong" TtftMarkerWrong "the server span's time to first token is 100 ms too short"
        found by ["LAT-01", "TRC-07"] may also ["LAT-08", "LAT-10", "LAT-12", "LAT-14", "LAT-15", "LAT-16"]
    "negative-durations" NegativeDurations "every 20th stage ends before it starts"
        found by ["TRC-10"] may also ["TRC-05"]
    "res-cpu-doubled" CpuDoubled "the CPU counter counts everything twice"
        found by ["RES-01", "RES-03"] may also ["RES-06", "RES-08", "RES-10", "RES-14"]
    "res-cpu-per-core" CpuPerCore "the CPU time of each core stands beside the total, under one name"
        found by ["RES-01", "RES-03"] may also ["RES-06", "RES-08", "RES-10", "RES-14"]
    "res-cpu-in-ticks" CpuInTicks "the CPU counter holds the kernel's ticks under a name that says seconds"
        found by ["RES-01", "RES-03", "RES-06"] may also ["RES-08", "RES-10", "RES-14"]
    "res-cpu-percent-lifetime" CpuPercentLifetime "the CPU percentage is the mean since the process was started, an hour ago"
        found by ["RES-01", "RES-03"] may also ["RES-08", "RES-10", "RES-13", "RES-14", "RES-17"]
    "res-zero-filled" ZeroFilled "every second CPU percentage is 0, in place of none"
        found by ["RES-13"] may also ["RES-01", "RES-03", "RES-08", "RES-10", "RES-14", "RES-17"]
    "res-counter-resets" CounterResets "one page in two is another worker's, with counters of its own"
        found by ["RES-12"] may also ["RES-01", "RES-03", "RES-06", "RES-07", "RES-08", "RES-10", "RES-14", "RES-17"]
    "res-clock-shifted" ClockShifted "the samples' own timestamps are 3 s late"
        found by ["RES-17"] may also ["RES-01", "RES-03", "RES-08", "RES-10", "RES-14"]
        tolerable because "each figure is right; only when it was true is not, and the report says by how much"
    "res-coarse-windows" CoarseWindows "the page is made anew each 3 s, and a panel reads it over 5 s"
        found by ["RES-07"] may also ["RES-01", "RES-03", "RES-08", "RES-10", "RES-14", "RES-17"]
        tolerable because "the counter is right; a panel that reads it over so short a window is not, and the report says which"
    "res-short-windows" ShortWindows "a panel reads a rate over the time between two scrapes"
        found by ["RES-15"] may also ["RES-07", "RES-08", "RES-10", "RES-14"]
        tolerable because "the counter is right; a panel that reads it over so short a window is not, and the report says which"
    "res-memory-with-cache" MemoryWithCache "resident memory includes 96 MiB of the page cache"
        found by ["RES-02", "RES-05"] may also ["RES-08", "RES-10", "RES-14"]
    "res-memory-doubled" MemoryDoubled "resident memory is told twice as large as it is"
        found by ["RES-02", "RES-05"] may also ["RES-06", "RES-08", "RES-10", "RES-14"]
    "res-dead-series" DeadSeries "the series of a container that is gone stands beside the one that runs"
        found by ["RES-18"] may also ["RES-08", "RES-10", "RES-14"]
        tolerable because "the one that runs is told rightly; the report names the one that does not"
    "res-scrapes-fail" ScrapesFail "one reading in three of the metrics page is refused"
        found by ["RES-14"] may also ["RES-07", "RES-08", "RES-10"]
        tolerable because "what was read is right; the report says how much was not"
    "res-heavy-observer" HeavyObserver "whoever watches uses half a core itself"
        found by ["RES-16"] may also ["RES-08", "RES-10", "RES-14"]
        tolerable because "every figure is right; that watching costs so much stands in the report"
    "client-at-headers" ClientAtHeaders "the load tool stops its clock at the response headers and never reads the stream"
        found by ["LAT-01", "LAT-09", "LAT-10", "LAT-14"] may also ["LAT-03", "LAT-04", "LAT-08", "LAT-15", "LAT-16", "LAT-17"]
}
