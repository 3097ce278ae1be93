use crate::model::{
    rig::Quantity,
    units::{Margin, Ms, Share},
};
use serde::Deserialize;

/// How far two sources may lie apart and still agree.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tolerance {
    /// Allowance whatever the level.
    pub absolute: Ms,
    /// Allowance as a share of the client's median.
    pub relative: Share,
    /// Inter-chunk latency is a mean over gaps of some 20 ms: hops nearly cancel in it, so its margin is its own.
    pub inter_chunk: Margin,
}

/// A source's own resolution widens a margin up to this and no further: log and trace formats write milliseconds or
/// hundredths of a second, and a source that rounds coarser than that cannot confirm a latency. Without the cap a log
/// in whole seconds would excuse its own error.
pub const RESOLUTION_CAP_MS: f64 = 10.0;

impl Tolerance {
    /// The allowance D in ms at a level: the largest of absolute, relative and resolution (capped).
    pub fn at(&self, quantity: Quantity, level_ms: f64, resolution_ms: f64) -> f64 {
        match quantity {
            Quantity::InterChunk => self.inter_chunk.at(Ms(level_ms)).0,
            Quantity::Ttft | Quantity::Total => {
                Margin { absolute: self.absolute, relative: self.relative }.at(Ms(level_ms)).0.max(capped(resolution_ms))
            }
        }
    }
    /// Where the allowance comes from, in words.
    pub fn words(&self, quantity: Quantity, level_ms: f64, resolution_ms: f64) -> String {
        let d = self.at(quantity, level_ms, resolution_ms);
        let (absolute, relative) = match quantity {
            Quantity::InterChunk => (self.inter_chunk.absolute, self.inter_chunk.relative),
            Quantity::Ttft | Quantity::Total => (self.absolute, self.relative),
        };
        if d <= absolute.0 {
            format!("{}", Ms(d))
        } else if relative.0 * level_ms >= d {
            format!("{} ({relative} of the median, {})", Ms(d), Ms(level_ms))
        } else {
            let why = if resolution_ms > RESOLUTION_CAP_MS { "the most that a coarse source is allowed" } else { "the source's resolution" };
            format!("{} ({why})", Ms(d))
        }
    }
}

/// The part of a resolution that may widen a margin, ms.
pub fn capped(resolution_ms: f64) -> f64 {
    if resolution_ms.is_finite() { resolution_ms.clamp(0.0, RESOLUTION_CAP_MS) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(clippy::float_cmp, reason = "these are products of two given numbers, exact on paper and in binary")]
    fn a_coarse_source_does_not_excuse_itself() {
        let margin = Margin { absolute: Ms(2.0), relative: Share(0.05) };
        let tolerance = Tolerance { absolute: Ms(5.0), relative: Share(0.02), inter_chunk: margin };
        let d = |level, resolution| tolerance.at(Quantity::Total, level, resolution);
        assert_eq!([d(100.0, 0.1), d(480.0, 0.1), d(100.0, 8.0), d(100.0, 1000.0)], [5.0, 9.6, 8.0, RESOLUTION_CAP_MS]);
        assert_eq!(d(100.0, f64::NAN), 5.0);
        assert_eq!(tolerance.at(Quantity::InterChunk, 20.0, 1000.0), 2.0);
        assert_eq!(tolerance.words(Quantity::Total, 480.0, 0.1), "9.60 ms (2 % of the median, 480 ms)");
        assert_eq!(tolerance.words(Quantity::Total, 100.0, 50.0), "10.0 ms (the most that a coarse source is allowed)");
    }
}
