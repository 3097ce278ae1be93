use crate::model::units::{Ms, Share};
use serde::Deserialize;
use std::fmt;

/// How far an amount of CPU time may be off: a share of it, and some time besides.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// The share.
    pub relative: Share,
    /// CPU time besides.
    pub plus: Ms,
}

impl Budget {
    /// For so many CPU-seconds, in CPU-seconds.
    pub fn at(self, cpu_s: f64) -> f64 {
        self.relative.0 * cpu_s.max(0.0) + self.plus.0 / 1e3
    }
}

impl fmt::Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} + {} of CPU time", self.relative, self.plus)
    }
}
