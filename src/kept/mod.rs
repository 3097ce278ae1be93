//! What is kept of texts that others wrote, which anybody may read afterwards: one line each, of bounded length, and nothing that
//! looks like a secret.

pub mod arguments;
mod plain;
pub mod secrets;
pub mod variables;

pub use plain::{named, plain, set};
