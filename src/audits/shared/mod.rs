//! What several audits of the calls of a load share: what the load generator saw of them, what was really emitted, what a
//! load generator that was held up explains, and the parts of a finding's sentences.

pub mod held_up;
mod requests;
pub mod say;
mod traces;
mod truth;

pub use requests::{Request, Requests, alike, definition_of, nearly_all, selected};
pub use traces::{each_trace, trace_sources};
pub use truth::Real;
