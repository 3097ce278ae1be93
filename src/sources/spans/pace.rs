use crate::model::units::Ms;
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

impl Pace {
    /// The same, but so long without anything new before what is missing is given up.
    #[must_use]
    pub fn settling(settle: Ms) -> Pace {
        Pace { quiet: Duration::from_secs_f64(settle.0.clamp(0.0, LONGEST_MS) / 1e3), ..Pace::default() }
    }
    /// How long late spans may take to come.
    pub fn waits(&self) -> Ms {
        Ms(self.quiet.as_secs_f64() * 1e3)
    }
}

/// A wait beyond a day is no wait that anyone means; the bound keeps the conversion from overflowing.
const LONGEST_MS: f64 = 86_400_000.0;

impl Default for Pace {
    fn default() -> Self {
        Pace { poll: Duration::from_secs(1), quiet: Duration::from_secs(6), confirm: Duration::from_secs(2) }
    }
}
