//! The audit of ways to endpoints, judged on synthetic answers whose truth is known.

mod clean;
mod compared;
mod faults;
mod laws;
mod world;
