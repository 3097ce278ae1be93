//! Level 7: who can be asked. Each source answers questions about the rig or says why it cannot; none judges.

pub mod access_log;
mod build;
pub mod client;
pub mod clock;
pub mod exposition;
pub mod failing;
pub mod http;
pub mod jaeger;
mod lines;
pub mod load;
pub mod otlp;
mod ours;
pub mod prometheus;
pub mod scrape;
pub mod spans;
pub mod survey;
pub mod truth;

pub use build::build;
