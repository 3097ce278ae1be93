//! The fault matrices. On the real stack each fault is done to a real part and must be found by its rules, and a clean rig by
//! none; the faults of the reference rig need no stack.
//!
//! The short form of the real one is a test like others: faults that do not touch each other share a run. The full form
//! (`make faults`) runs each fault by itself, then clean rigs, then many short runs on the reference rig.

mod clean;
mod disturb;
#[path = "../support/embedded.rs"]
mod embedded;
mod environment;
mod group;
mod judge;
mod lanes;
mod matrix;
mod network;
mod noise;
mod reference;
#[path = "../support/silence.rs"]
#[allow(dead_code, reason = "another target needs all of it")]
mod silence;
#[path = "../support/mod.rs"]
mod support;
mod table;
mod witness;

use support::{audited, rig, rows, stack};
