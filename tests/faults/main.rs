//! The fault matrix on the real stack: each fault is done to a real part and must be found by its rules, and a clean rig by none.
//!
//! The short form is a test like others: faults that do not touch each other share a run. The full form (`make faults`) runs
//! each fault by itself, then clean rigs, then many short runs on the embedded rig.

mod clean;
mod disturb;
#[path = "../support/embedded.rs"]
mod embedded;
mod judge;
mod lanes;
mod matrix;
#[path = "../support/mod.rs"]
mod support;
mod table;
mod witness;

use support::{audited, rig, rows, stack};
