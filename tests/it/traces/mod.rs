//! What is made of the spans of one trace.

pub mod catalogue;
mod hostile;
pub mod sample;
