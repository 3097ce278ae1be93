//! Whole audits of the real stack by the binary.

mod common;
mod faults;
mod native;
mod outside;
mod receiver;
mod repaired;
