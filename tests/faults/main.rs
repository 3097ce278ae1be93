//! The fault matrix on the real stack: each fault is done to a real part and must be found by its rules, and a clean rig by none.
//!
//! The short form is a test like others: faults that do not touch each other share a run. The full form (`make faults`) runs
//! each fault by itself, then clean rigs, then many short runs on the embedded rig.

mod clean;
mod disturb;
mod judge;
mod lanes;
mod matrix;
#[path = "../it/faults/run.rs"]
#[allow(dead_code, clippy::unwrap_used, clippy::disallowed_methods, reason = "a part of the tests on the reference rig, which use the rest")]
mod reference;
#[path = "../support/mod.rs"]
mod support;
mod table;

use support::{audited, rig, rows, stack};
