//! Arithmetic on samples: order statistics, a robust location, exact bounds on shares, a robust slope, bounds on rates, comparisons of rounds, bounds on a clock's offset, and the three-way answers built on them.
//!
//! Everything here is pure, deterministic, and returns `None` rather than a number it cannot stand behind.

pub mod answer;
mod beta;
pub mod episodes;
pub mod histogram;
pub mod location;
pub mod offset;
pub mod order;
pub mod poisson;
pub mod quantile;
pub mod rank;
pub mod rounds;
pub mod share;
pub mod slope;
pub mod wilson;

pub use answer::{Answer, census_at_most, location_within, share_at_least, share_at_most, slope_within};
pub use episodes::episodes;
pub use histogram::{Within, bucket_of};
pub use location::{Location, TRIM, location, trimmed_mean};
pub use offset::{Reading, Stretch, Tolerance, stretches};
pub use poisson::rate_at_most;
pub use quantile::{mean, median, quantile, quantile_sorted};
pub use rank::rank_sum;
pub use rounds::Between;
pub use share::{clopper_pearson_hi, clopper_pearson_lo};
pub use slope::{Slope, theil_sen};
pub use wilson::wilson;
