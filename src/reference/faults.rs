//! What the reference rig can do wrong, and which rules must find it. Each is a misbehaviour that real rigs have.

/// A seeded misbehaviour of the reference rig.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misbehaviour {
    /// The log's durations are whole seconds.
    CoarseLog,
    /// The log's durations are seconds, under names that say milliseconds.
    LogInSeconds,
    /// The log's TTFT and total are 200 ms too long.
    LogOffset,
    /// The log's durations are 5 % too long.
    LogScale,
    /// The log line of a stream is written at its first content.
    LogWrittenEarly,
    /// Every 100th log line has 3 s too much.
    RareLogOutliers,
    /// Every 33rd log line is missing.
    LostLogLines,
    /// Every 20th log line is there twice.
    DuplicateLogLines,
    /// Log lines of requests longer than 700 ms have no TTFT.
    SlowWithoutTtft,
    /// The histograms observe milliseconds under a name that says seconds.
    MetricInMs,
    /// The last bucket edge of all histograms is 0.3 s.
    PinnedBuckets,
    /// The histograms have the default buckets of Prometheus' client libraries.
    CoarseBuckets,
    /// The histograms have no bucket edge at the SLOs of the spec.
    NoEdgeAtSlo,
    /// The histograms hear of every second request only.
    LostWorker,
    /// The histogram of the total ends at the first content.
    MetricWithoutStream,
    /// The histogram of the total includes 50 to 150 ms after the response.
    BackgroundTask,
    /// What the spec claims as TTFT bears the name of an engine's prefill time, which leaves out the queue.
    PrefillAsTtft,
    /// The server span ends at the first content.
    SpanWithoutStream,
    /// Every tenth trace is recorded.
    HeadSampling,
    /// Traces longer than 700 ms are lost.
    DroppedLongTraces,
    /// Every second trace is recorded, but exemplars point to all.
    DanglingExemplars,
    /// Exemplars carry the trace id of the request before.
    StaleExemplars,
    /// Log, histogram and span take the response headers for the first token.
    TtftAtHeaders,
    /// Two tokens in each chunk.
    BatchedTokens,
    /// The whole stream is sent at its end; all telemetry and the emission log show the pace before the buffer.
    BufferedStream,
    /// Every fourth request's first attempt fails after 150 ms; only the second attempt is timed.
    HiddenRetry,
    /// The endpoint's wall clock is 250 ms ahead: log stamps and spans say so.
    ClockOffset,
    /// The endpoint's wall clock steps 250 ms ahead 4 s after the first request.
    ClockStep,
    /// No span tells of authentication.
    NoAuthSpan,
    /// No span tells of the call of the provider.
    NoProviderSpan,
    /// The spans of the stages have no parent.
    FlatSpans,
    /// Every tenth trace lacks the span below which all stages lie.
    OrphanSpans,
    /// The server span says that it is a client span.
    ClientRoot,
    /// The span of the provider's call ends 80 ms after the server span.
    ChildOutsideParent,
    /// Every stage shows the same duration in every trace.
    ConstantDurations,
    /// A span for each chunk of a stream.
    SpanPerChunk,
    /// Traces of streams are not recorded, those of other calls are.
    StreamsNotSampled,
    /// The provider is called in another trace.
    NotPropagated,
    /// The provider reports its spans under the gateway's service name.
    SharedServiceName,
    /// Spans carry an `Authorization` header and an API key.
    SecretAttributes,
    /// Recording a trace holds its request up for 40 ms.
    SlowTracing,
    /// No span tells of 30 % of a request.
    GapInTrace,
    /// The server span's time to first token is 100 ms too short.
    TtftMarkerWrong,
    /// Every 20th stage ends before it starts.
    NegativeDurations,
    /// Nothing in the endpoint: the load tool under audit stops its clock at the response headers.
    ClientAtHeaders,
}

/// A misbehaviour with its name, and what an audit must make of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// As written on the command line.
    pub name: &'static str,
    /// One sentence without a full stop.
    pub title: &'static str,
    /// Rules that must fail.
    pub found_by: &'static [&'static str],
    /// Rules that may fail too, as a consequence.
    pub may_also: &'static [&'static str],
    /// Why a rig with it may be READY all the same, with the failure in the report; without a reason it must be NOT READY.
    pub tolerable: Option<&'static str>,
    /// What is done.
    pub what: Misbehaviour,
}

macro_rules! faults {
    ($($name:literal $what:ident $title:literal found by $found:tt may also $may:tt $(tolerable because $why:literal)?)*) => {
        /// All faults, log first, then metrics, traces, the stream itself, the shape of traces, the load tool.
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
        found by ["TRC-04"] may also ["TRC-01", "TRC-02"]
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
        found by ["TRC-09"] may also []
    "gap-in-trace" GapInTrace "no span tells of 30 % of a request"
        found by ["TRC-02"] may also []
        tolerable because "what is told of is right; the report says how much is not told of, and between which spans"
    "ttft-marker-wrong" TtftMarkerWrong "the server span's time to first token is 100 ms too short"
        found by ["LAT-01", "TRC-07"] may also ["LAT-08", "LAT-10", "LAT-12", "LAT-14", "LAT-15", "LAT-16"]
    "negative-durations" NegativeDurations "every 20th stage ends before it starts"
        found by ["TRC-10"] may also ["TRC-05"]
    "client-at-headers" ClientAtHeaders "the load tool stops its clock at the response headers and never reads the stream"
        found by ["LAT-01", "LAT-09", "LAT-10", "LAT-14"] may also ["LAT-03", "LAT-04", "LAT-08", "LAT-15", "LAT-16", "LAT-17"]
}

impl Fault {
    /// Is it found by a rule of a case, by the beginning of the rules' ids (`LAT`, `TRC`)?
    pub fn is_of(&self, rules: &str) -> bool {
        self.found_by.iter().any(|rule| rule.starts_with(rules))
    }
}

/// The fault of a name.
pub fn by_name(name: &str) -> Option<&'static Fault> {
    ALL.iter().find(|f| f.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_unique_and_no_rule_is_named_twice() {
        assert!(ALL.len() >= 14);
        assert_eq!(ALL.iter().map(|f| f.name).collect::<BTreeSet<_>>().len(), ALL.len());
        for fault in ALL {
            assert_eq!(by_name(fault.name), Some(fault));
            let rules: Vec<_> = fault.found_by.iter().chain(fault.may_also).collect();
            assert_eq!(rules.iter().collect::<BTreeSet<_>>().len(), rules.len(), "{}", fault.name);
            assert!(!fault.found_by.is_empty() && !fault.title.ends_with('.'), "{}", fault.name);
        }
        assert_eq!(by_name("no-such-fault"), None);
    }
}
