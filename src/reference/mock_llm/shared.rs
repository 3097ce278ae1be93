use super::{clock::Clock, emission_log::EmissionLog, pacer::Pacer, pacing::PacingErrors, settings::MockSettings, telemetry::Telemetry};
use std::sync::atomic::{AtomicU64, Ordering};

/// What all requests of one mock share.
pub struct Shared {
    /// As started.
    pub settings: MockSettings,
    /// The clock of all stamps.
    pub clock: Clock,
    /// Wakes at deadlines.
    pub pacer: Pacer,
    /// How late it woke.
    pub pacing: PacingErrors,
    /// The truth.
    pub emissions: EmissionLog,
    /// What a gateway would tell.
    pub telemetry: Telemetry,
    requests: AtomicU64,
}

impl Shared {
    /// Nothing served yet.
    pub fn new(settings: MockSettings, telemetry: Telemetry, pacer: Pacer) -> Shared {
        Shared {
            clock: Clock::new(),
            pacer,
            pacing: PacingErrors::default(),
            emissions: EmissionLog::new(settings.emissions_kept),
            telemetry,
            requests: AtomicU64::new(0),
            settings,
        }
    }
    /// The ordinal of a new request, from 0.
    pub fn next(&self) -> u64 {
        self.requests.fetch_add(1, Ordering::Relaxed)
    }
    /// Is this request one of those that fail? Evenly spread: the n-th fails where n times the rate passes a whole number.
    pub fn fails(&self, n: u64) -> bool {
        let rate = self.settings.error_rate.0.clamp(0.0, 1.0);
        ((n + 1) as f64 * rate).floor() > (n as f64 * rate).floor()
    }
    /// Ends its threads, after the last log line.
    pub fn close(&self) {
        self.telemetry.close();
        self.pacer.stop();
    }
}
