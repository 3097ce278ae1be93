//! Sources against fakes on port 0.

mod access_log;
mod engines;
mod exposition;
mod init;
mod jaeger;
mod load;
mod metrics_world;
mod native;
mod otlp;
mod prometheus;
mod risen;
mod scrape;
mod traced_act;
mod truth;
