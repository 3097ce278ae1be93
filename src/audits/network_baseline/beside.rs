//! Round trips here beside those of the reference.

use super::{Least, view::There, way::Way};
use crate::{
    model::units::{Margin, Ms},
    stats::{
        Answer,
        order::{at_share, quantile_interval95},
        rounds::{DRAWS, between, middle},
    },
};

/// How far a percentile is off the reference's, ms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Off {
    /// Here less there.
    pub by: f64,
    /// The bounds that decided: 99.8 % for a difference, 95 % else.
    pub bounds: (f64, f64),
    /// By how much it may be off.
    pub margin: f64,
    /// Whether it is within that.
    pub answer: Answer,
}

/// Draws are the same for the same evidence.
const SEED: u64 = 41;

/// A percentile of the clean round trips beside the reference's: against measured ones by a bootstrap over whole rounds, against a
/// declared one by the bounds of our own by order statistics. `None` where too little was measured, or nothing is declared: some rounds of
/// one or two values each repeat well, and tell nothing of a percentile.
pub fn off(here: &Way<'_>, there: &There<'_, '_>, q: f64, margin: Margin, least: &Least) -> Option<Off> {
    let least = if q > 0.5 { least.p95 } else { least.p50 }.0;
    match there {
        There::Measured(there) => {
            if here.n() < least || there.n() < least {
                return None;
            }
            let allowed = margin.at(Ms(there.rtt(q)?)).0;
            let less = |here: f64, there: f64| here - there;
            let found = if (q - 0.5).abs() < 1e-9 {
                between(&here.rounds, &there.rounds, middle, less, DRAWS, SEED)
            } else {
                between(&here.rounds, &there.rounds, |values| at_share(values, q), less, DRAWS, SEED)
            }?;
            let answer = found.within(-allowed, allowed);
            let bounds = if answer == Answer::Fail { found.interval998 } else { found.interval95 };
            Some(Off { by: found.value, bounds, margin: allowed, answer })
        }
        There::Declared(declared) => {
            let told = if (q - 0.5).abs() < 1e-9 { declared.p50 } else { declared.p95 }?;
            let allowed = margin.at(told).0;
            let (lo, hi) = quantile_interval95(&here.sorted, q)?;
            let bounds = (lo - told.0, hi - told.0);
            let answer = if bounds.0 >= -allowed && bounds.1 <= allowed {
                Answer::Pass
            } else if bounds.0 > allowed || bounds.1 < -allowed {
                Answer::Fail
            } else {
                Answer::Unclear { settles_at: None }
            };
            Some(Off { by: here.rtt(q)? - told.0, bounds, margin: allowed, answer })
        }
    }
}
