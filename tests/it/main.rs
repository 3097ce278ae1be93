//! The integration tests that need nothing but this machine's loopback interface.

#![allow(clippy::disallowed_methods, reason = "tests touch files, clocks and processes")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]

#[path = "../support/address.rs"]
mod address;
mod audits;
mod bad_input;
mod catalogue;
#[path = "../support/child.rs"]
mod child;
mod cli;
#[path = "../support/embedded.rs"]
mod embedded;
mod engine;
mod faults;
mod fidelity;
mod hostile;
mod layers;
mod privacy;
mod reference;
mod report;
#[path = "../support/rows/mod.rs"]
#[allow(dead_code, reason = "the tests on the real stack do what the rows say; here only the rules are read")]
mod rows;
mod scale;
mod scoring;
#[path = "../support/silence.rs"]
mod silence;
mod sources;
mod spec;
mod stats;
mod store;
mod traces;
