//! What the rules of this audit say alike.

use super::culprits::Culprit;
use crate::{
    audits::shared::say,
    model::{
        evidence::Got,
        key::Key,
        outcome::{Figure, Finding},
        payload::IdleWindow,
        units::Share,
    },
};
use std::fmt::Write as _;

pub use say::{cannot_tell, finding, margin, settles, status, two_limits};

/// What settles what too short a window leaves open.
pub const LONGER: &str = "watch longer: `audit: {window: 10min}`, or `rigcheck noise --for 10min`";

/// A finding that rests on a window.
pub fn of_window(window: &Got<'_, IdleWindow>, finding: Finding) -> Finding {
    Finding { from: vec![window.key.clone()], rows: window.value.seconds.len() as u64, ..finding }.settled_by(LONGER)
}

/// A finding that rests on several questions.
pub fn from(keys: Vec<Key>, finding: Finding) -> Finding {
    Finding { from: keys, ..finding }
}

/// A share as an exact figure, in %.
pub fn share(name: &str, value: f64, n: u64) -> Figure {
    Figure::exact(name, 100.0 * value, n, "%")
}

/// `container burner: 21 % of a CPU, at most 0.85 CPU-s in a second, in 58 of 60 seconds`.
pub fn culprit(culprit: &Culprit<'_>, window: &IdleWindow) -> String {
    let used = culprit.used;
    let mut text = format!("{}: {} of a CPU", used.by, Share(culprit.cores(window.lasted_s())));
    if !used.when.is_empty() {
        let _ = write!(text, ", at most {:.2} CPU-s in a second, in {} of {} seconds", used.peak_s(), used.when.len(), window.seconds.len());
    }
    if let Some(apart) = culprit.rhythm_s(window.seconds.len()) {
        let _ = write!(text, "; a burst each {apart:.0} s");
    }
    if let Some(nice) = used.nice.filter(|nice| *nice != 0) {
        let _ = write!(text, " (nice {nice})");
    }
    if !used.programs.is_empty() {
        let _ = write!(text, " ({})", used.programs.join(", "));
    }
    text
}
