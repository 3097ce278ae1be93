//! What only this audit says, beside what all of them do.

use super::view::Pairs;
pub use crate::audits::shared::say::*;
use crate::model::outcome::Finding;

/// Too few pairs to tell where they lie.
pub fn too_few(pairs: &Pairs<'_>, expected: impl Into<String>) -> Finding {
    few(&pairs.claim.subject().to_string(), pairs.rows.len() as u64, expected, pairs.from.clone())
}

/// Says that a grid is coarse, if it is.
pub fn grid(resolution_ms: f64) -> Option<String> {
    (resolution_ms >= super::tolerance::RESOLUTION_CAP_MS).then(|| format!("every logged duration is a multiple of {resolution_ms} ms"))
}
