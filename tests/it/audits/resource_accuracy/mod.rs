//! The audit of resources, judged on synthetic evidence: workloads whose use is known at every instant, and sources that sample it.

mod clean;
mod faults;
mod hostile;
mod laws;
mod truth;
mod world;
