//! The audits, judged on synthetic evidence: a client, a gateway with two workers and a reference endpoint, simulated
//! event by event.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

mod case;
mod clean;
mod clocks;
mod doubtful;
mod events;
mod evidence;
mod faults;
mod held_up;
mod histogram;
mod laws;
mod lies;
mod network;
mod noise;
mod pictures;
mod pinned;
mod probe;
mod proven;
mod random;
mod replayed;
mod resource_accuracy;
mod rig;
mod sim;
mod slo;
mod spoiled;
mod strangers;
mod tasks;
mod traces;
mod web_page;
