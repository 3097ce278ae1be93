//! Level 4: `rigcheck.yaml` and `checks/*.yaml` as written, and what they mean.
//!
//! A text becomes a tree with places ([`yaml`]), references in it are resolved, each section is read by hand so that every
//! problem in it is told ([`diagnostics`]), and what is sound becomes a [`Loaded`]: the rig, its settings, the bound cases.

mod access_log;
mod canonical;
mod case_file;
pub mod catalogue;
mod changes;
mod connection;
pub mod diagnostics;
pub mod discover;
pub mod draft;
pub mod explain;
pub mod files;
mod load;
mod metrics;
pub mod profile;
mod references;
pub mod schema;
mod secrets;
mod selection;
pub mod settings;
mod sources;
mod summary;
mod table;
mod target;
mod waivers;
pub mod yaml;

pub use load::{Loaded, Options, load, load_text};
pub use target::LOOPBACK_ALLOW;

/// The edition of the checks that this release knows: fixes rules, thresholds, weights and strengths.
pub const EDITION: &str = "2027.1";
