//! Level 2: two environments beside one another. Facts are compared by what they are (quantities, versions, sets), sizes by the
//! ratios between them, and what differs is put into classes. Pure.
//!
//! ```text
//! facts of both ─► value: the same? ─► expectation: does a difference count? ─► scale: by one ratio? ─► waivers ─► agreement, validity
//! ```

mod agreement;
mod compare;
mod expectation;
mod half;
mod pair;
mod rounding;
mod scale;
mod validity;
mod value;
pub mod version;
mod waivers;

pub use compare::{How, compare};
pub use expectation::{Conclusion, Differs, Expectation, Expectations, Law};
pub use half::{Half, Tolerance};
pub use pair::times;
