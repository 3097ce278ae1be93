//! Level 7: who can be asked. Each source answers questions about the rig or says why it cannot; none judges.

pub mod access_log;
mod build;
pub mod burn;
pub mod cgroup;
pub mod client;
pub mod clock;
pub mod cloud;
pub mod container;
mod containers;
pub mod dashboards;
mod docker;
pub mod docker_stats;
mod duration;
pub mod environment;
pub mod exposition;
pub mod failing;
pub mod http;
#[doc(hidden)]
pub mod internals;
pub mod jaeger;
pub mod kernel;
pub mod limits;
mod lines;
pub mod load;
pub mod native;
pub mod network;
pub mod noise;
mod notebook;
pub mod otlp;
mod ours;
pub mod postgres;
pub mod prometheus;
pub mod scrape;
mod series;
pub mod spans;
mod stored_query;
pub mod survey;
pub mod trace;
pub mod truth;
mod wire;

pub use build::{build, build_watched};
