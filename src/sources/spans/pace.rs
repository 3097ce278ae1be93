use std::time::Duration;

/// How long to wait for spans that are still on their way. The default fits exporters with the SDKs' own defaults:
/// the batch span processor of the OpenTelemetry specification exports every 5 s (`OTEL_BSP_SCHEDULE_DELAY`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Between two looks.
    pub poll: Duration,
    /// Traces that have not come after this long without anything new are not coming.
    pub quiet: Duration,
    /// When all traces are there: how long nothing new may come before their spans count as complete.
    pub confirm: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Pace { poll: Duration::from_secs(1), quiet: Duration::from_secs(6), confirm: Duration::from_secs(2) }
    }
}
