//! Level 4: `rigcheck.yaml` and `checks/*.yaml` as written, and what they mean.
//!
//! A text becomes a tree with places ([`yaml`]), references in it are resolved, each section is read by hand so that every
//! problem in it is told ([`diagnostics`]), and what is sound becomes a [`Loaded`]: the rig, its settings, the bound cases.

mod access_log;
mod anchors;
mod base64;
pub mod bounded_file;
mod canonical;
mod case_file;
pub mod catalogue;
mod changes;
mod chosen;
mod clock;
pub mod connection;
pub mod declared;
pub mod diagnostics;
pub mod discover;
pub mod draft;
pub mod edit;
pub mod edition_file;
mod editions;
pub mod endpoints;
pub mod environment;
mod exec;
pub mod explain;
mod explain_events;
mod extends;
pub mod files;
mod folders;
mod known_series;
mod load;
mod loads;
mod merge;
mod metrics;
mod network;
mod noise;
pub mod owner;
pub mod postgres;
pub mod profile;
mod proxy_of;
mod references;
pub mod replace_spec;
mod resolved;
mod resources;
pub mod rewrite;
pub mod schema;
mod secrets;
mod selection;
mod set;
pub mod settings;
mod slo;
mod sources;
mod summary;
mod table;
mod target;
pub mod tls_files;
mod two_units;
mod usage;
pub mod waiver_range;
pub mod waivers;
mod write;
pub mod yaml;

pub use changes::between;
pub use exec::Exec;
pub use load::{Loaded, Options, load, load_changed, load_instead, load_text};
pub use target::LOOPBACK_ALLOW;

/// The newest edition of the checks, which the case files hold: fixes rules, thresholds, weights and strengths.
pub const EDITION: &str = "2027.1";
