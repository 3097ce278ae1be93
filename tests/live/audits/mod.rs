//! Whole audits of the real stack by the binary.

mod collector;
mod common;
mod front;
mod outside;
mod receiver;
mod repaired;
