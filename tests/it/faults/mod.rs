//! The fault matrix: each fault that the reference rig can seed, and the rules that must find it.

mod exit_codes;
mod laws;
mod matrix;
mod proof;
#[path = "../../support/embedded.rs"]
pub mod run;
