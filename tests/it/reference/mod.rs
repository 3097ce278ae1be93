//! The reference endpoint, its telemetry, and what each seeded fault does to it.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]
#![allow(clippy::disallowed_methods, reason = "plays the client and the receiver, with their clocks, tasks and files")]
#![allow(clippy::float_cmp, reason = "counts and values that must come through unchanged")]

mod api;
mod burner;
mod exporter;
mod fault_effects;
mod lifecycle;
mod observed;
mod process_page;
mod streaming;
mod support;
