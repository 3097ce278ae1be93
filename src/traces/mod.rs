//! Level 2: the spans of one trace: as a tree, as latency figures, as a picture. Pure; whatever a store sends is read, and
//! nothing of it makes these functions fail or take longer than its length explains.

mod figures;
mod ids;
mod latency;
#[cfg(test)]
mod sample;
mod server;

pub use figures::Figures;
pub use ids::{hex_id, is_marked, marked_trace, normal_id, our_span, trace_number};
pub use latency::{Shape, figures, is_body, times};
pub use server::{Parents, requests, server};
