//! When a probe spins and when it sleeps: arithmetic only.

use std::time::Duration;

/// A probe spins for so long ...
pub const SPIN: Duration = Duration::from_millis(100);
/// ... once in so long.
pub const EVERY: Duration = Duration::from_secs(1);
/// Between spins it asks to be woken so often.
pub const WAKE: Duration = Duration::from_millis(1);

/// What a probe does at an instant, and until when; instants are counted from the beginning of the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It spins.
    Spin(Duration),
    /// It sleeps, from one wake to the next.
    Sleep(Duration),
}

/// How far the spins of the n-th of so many probes are shifted, so that not all of them spin at once.
pub fn shift(nth: usize, of: usize) -> Duration {
    EVERY.saturating_sub(SPIN).mul_f64(nth as f64 / of.max(1) as f64)
}

/// What a probe does at an instant whose spins are shifted by so much.
pub fn turn(at: Duration, shift: Duration) -> Turn {
    let Some(since) = at.checked_sub(shift) else { return Turn::Sleep(shift) };
    let begun = EVERY * u32::try_from(since.as_secs() / EVERY.as_secs()).unwrap_or(u32::MAX) + shift;
    if at < begun + SPIN { Turn::Spin(begun + SPIN) } else { Turn::Sleep(begun + EVERY) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    #[test]
    fn each_probe_spins_a_tenth_of_the_time_and_sleeps_the_rest() {
        assert_eq!((shift(0, 2), shift(1, 2), shift(0, 0)), (ms(0), ms(450), ms(0)));
        let of = |at, shift| turn(ms(at), ms(shift));
        assert_eq!(
            (of(0, 0), of(99, 0), of(100, 0), of(999, 0)),
            (Turn::Spin(ms(100)), Turn::Spin(ms(100)), Turn::Sleep(ms(1_000)), Turn::Sleep(ms(1_000)))
        );
        assert_eq!(
            (of(0, 450), of(450, 450), of(2_549, 450), of(2_550, 450)),
            (Turn::Sleep(ms(450)), Turn::Spin(ms(550)), Turn::Spin(ms(2_550)), Turn::Sleep(ms(3_450)))
        );
    }
}
