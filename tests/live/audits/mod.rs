//! Whole audits of the real stack by the binary.

mod collector;
mod common;
mod front;
mod native;
mod outside;
mod receiver;
mod repaired;
mod resources;
mod traces;
