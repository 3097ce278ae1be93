//! The audit of traces, judged on synthetic evidence: a gateway whose stages follow one another, and a provider that takes part in
//! the trace.

mod call;
mod census;
mod clean;
mod faults;
mod hostile;
mod world;

pub use world::World;
