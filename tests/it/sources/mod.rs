//! Sources against fakes on port 0.

mod access_log;
mod clock;
mod engines;
mod exposition;
mod init;
mod jaeger;
mod load;
mod metrics_world;
mod otlp;
mod prometheus;
mod risen;
mod scrape;
mod traced_act;
mod truth;
