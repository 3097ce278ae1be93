//! Level 2: what the raw stamps of a request mean. Named definitions of TTFT, total and inter-chunk time, and the
//! directive by which a prompt asks the reference endpoint for exact delays.

pub mod definitions;
pub mod directive;
