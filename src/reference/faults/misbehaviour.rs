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
    /// The page's CPU time is twice what was used.
    CpuDoubled,
    /// Beside the process' CPU time stands that of each core, under the same name.
    CpuPerCore,
    /// The page's CPU time is in the kernel's ticks, 100 a second, under a name that says seconds.
    CpuInTicks,
    /// The page's CPU percentage is the mean since the process was started, an hour before it really was.
    CpuPercentLifetime,
    /// Every second CPU percentage is 0, in place of none.
    ZeroFilled,
    /// One page in two is another worker's, who counts a half for itself.
    CounterResets,
    /// The samples' own timestamps are 3 s late.
    ClockShifted,
    /// The page is made anew each 3 s only, and a panel reads it over 5 s.
    CoarseWindows,
    /// A panel reads a rate over the time between two scrapes.
    ShortWindows,
    /// The page's resident memory includes 96 MiB of files' pages.
    MemoryWithCache,
    /// The page's resident memory is twice what is resident.
    MemoryDoubled,
    /// Beside the series of what runs stands that of a container that is gone.
    DeadSeries,
    /// One reading in three of the page is refused.
    ScrapesFail,
    /// Whoever watches uses as much CPU time as the burn.
    HeavyObserver,
    /// Nothing in the endpoint: the load tool under audit stops its clock at the response headers.
    ClientAtHeaders,
}
