//! Sources against fakes on port 0.

pub mod access_log;
mod clock;
mod engines;
mod exposition;
mod init;
pub mod jaeger;
pub mod load;
mod machine;
pub mod metrics_world;
mod native;
mod network;
mod ordinary;
mod otlp;
mod postgres;
mod prometheus;
mod ptp;
mod risen;
mod scrape;
mod secrets;
mod trace;
pub mod traced_act;
mod truth;
mod usage;
