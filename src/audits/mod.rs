//! Level 3: the audits. Each is a folder or a file; the list below is all the registration there is.

pub mod config_match;
pub mod latency_accuracy;
pub mod network_baseline;
pub mod no_interference;
pub mod resource_accuracy;
mod shared;
pub mod trace_granularity;

use crate::model::audit::Entry;

/// Every audit.
pub const ALL: &[Entry] = &[
    Entry::of::<latency_accuracy::LatencyAccuracy>(),
    Entry::of::<resource_accuracy::ResourceAccuracy>(),
    Entry::of::<trace_granularity::TraceGranularity>(),
    Entry::of::<config_match::ConfigMatch>(),
    Entry::of::<no_interference::NoInterference>(),
    Entry::of::<network_baseline::NetworkBaseline>(),
];
