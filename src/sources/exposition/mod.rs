//! A strict reader of metrics pages: Prometheus text 0.0.4 and OpenMetrics 1.0, with a place and a reason for every doubt.
//!
//! A line that cannot be read costs itself only; nothing is fatal and nothing panics, whatever the bytes. What was read
//! borrows from the page. Rules are those of the two formats' specifications: "Exposition formats" of the Prometheus
//! documentation and "OpenMetrics, a cloud-native, highly scalable metrics protocol" 1.0.

mod doubts;
mod family;
mod format;
mod histogram;
mod lax;
mod line;
mod number;
mod page;
mod parse;
pub mod protobuf;
mod series;

pub use format::Format;
pub use lax::lost_by_lax_reader;
pub use number::number;
pub use page::{Exemplar, Family, Kind, Labels, Page, Sample};
pub use parse::parse;
