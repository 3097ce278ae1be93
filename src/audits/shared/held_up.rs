//! What a load generator that was itself held up can explain, so that its own lateness is not blamed on a source.

use crate::model::{rig::Quantity, units::Ms};

/// Sending, the first byte and the last each wait for the load generator's own turn: a hold-up can enter a time thrice.
const TURNS: f64 = 3.0;

/// What is left of a difference (client minus other, ms) after the most that a hold-up during the request explains. A
/// hold-up lengthens what the client sees of a whole request; a gap inside it may become longer or shorter.
pub fn unexplained(difference: f64, held_up: f64, quantity: Quantity) -> f64 {
    let most = TURNS * held_up;
    match quantity {
        Quantity::InterChunk => difference.signum() * (difference.abs() - most).max(0.0),
        Quantity::Ttft | Quantity::Total if difference > 0.0 => (difference - most).max(0.0),
        Quantity::Ttft | Quantity::Total => difference,
    }
}

/// What settles it then.
pub const ELSEWHERE: &str = "run the load generator on a machine that is less busy";

/// Why a difference proves nothing, in words.
pub fn excuse(held_up: impl Iterator<Item = f64>) -> String {
    let held: Vec<f64> = held_up.filter(|ms| *ms > 0.0).collect();
    let longest = held.iter().copied().fold(0.0, f64::max);
    format!("the load generator itself was held up during {} of the requests, for up to {}, which explains it", held.len(), Ms(longest))
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "differences of whole numbers")]
mod tests {
    use super::*;

    #[test]
    fn a_hold_up_explains_a_late_client_and_nothing_else() {
        let total = |difference, held_up| unexplained(difference, held_up, Quantity::Total);
        assert_eq!([total(200.0, 0.0), total(200.0, 50.0), total(200.0, 70.0), total(-200.0, 70.0)], [200.0, 50.0, 0.0, -200.0]);
        assert_eq!([-20.0, 20.0].map(|x| unexplained(x, 4.0, Quantity::InterChunk)), [-8.0, 8.0]);
        assert_eq!(excuse([0.0, 30.0, 12.0].into_iter()).matches("2 of the requests, for up to 30.0 ms").count(), 1);
    }
}
