use crate::model::rows::Attach;
use serde::{Deserialize, Serialize};

/// TCP connection set-up times to the target, in the order measured.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct RoundTrips {
    /// Milliseconds each.
    pub connect_ms: Vec<f64>,
    /// The local address that the connections left from.
    pub from: String,
}

impl RoundTrips {
    /// The smallest one: the best bound on the hop.
    pub fn min_ms(&self) -> Option<f64> {
        self.connect_ms.iter().copied().min_by(f64::total_cmp)
    }
}

impl Attach for RoundTrips {}
