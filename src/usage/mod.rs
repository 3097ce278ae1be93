//! Level 2: what samples of a workload's usage mean: cumulative curves and levels, two of them beside one another, the lag of one
//! behind the other, bursts, and the windows by which stored queries read them. Pure.

mod bursts;
mod closure;
mod curve;
mod lag;
mod levels;
pub mod promql;
mod refresh;

pub use bursts::{Burst, bursts};
pub use closure::{Bounds, Closure, close};
pub use curve::Curve;
pub use lag::{Lag, lag};
pub use levels::Levels;
pub use refresh::{Refresh, decreases, refresh};

/// µs of so many seconds.
pub fn us(seconds: f64) -> i64 {
    (seconds * 1e6).round() as i64
}
