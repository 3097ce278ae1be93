//! Whole audits in which one part of the rig misbehaves: they end in time, what rests on that part does not pass, and
//! the message says what, where, and what to do.

mod case;
mod files;
mod metrics;
pub mod server;
mod target;
mod traces;
mod truth;
