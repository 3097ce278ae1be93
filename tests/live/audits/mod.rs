//! Whole audits of the real stack by the binary.

mod common;
mod outside;
mod receiver;
mod repaired;
