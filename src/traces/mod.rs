//! Level 2: the spans of one trace: as a tree, as latency figures, as a picture. Pure; whatever a store sends is read, and
//! nothing of it makes these functions fail or take longer than its length explains.

mod cover;
mod critical_path;
mod figures;
mod ids;
mod latency;
mod rows;
#[cfg(test)]
mod sample;
mod scale;
mod server;
mod stages;
mod tree;
mod unmatched;
mod waterfall;

pub use cover::{Beyond, Cover, Uncovered};
pub use critical_path::{CriticalPath, Segment};
pub use figures::Figures;

pub use ids::{base64, hex_id, is_marked, marked_trace, normal_id, our_span, trace_number};
pub use latency::{Shape, figures, is_body, is_listening, times};
pub use server::{Parents, requests, server};
pub use stages::{Pattern, Place, Stage, Stages};
pub use tree::Tree;
pub use unmatched::Unmatched;
pub use waterfall::waterfall;
