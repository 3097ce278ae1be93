//! What the two fault matrices prove, and the laws on evidence of real runs; `tests/faults` runs the matrices themselves.

mod exit_codes;
mod laws;
mod proof;
