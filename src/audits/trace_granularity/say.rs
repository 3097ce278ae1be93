//! What the rules of this audit say alike.

use super::view::Both;
use crate::{
    audits::shared::say,
    model::{
        outcome::{Figure, Finding},
        units::Share,
    },
    stats::{Answer, census_at_most},
};
pub use say::{cannot_tell, few, finding, location, settles, spread, status, with_bounds, worse};

/// So many of the traces are not as they should be; all were looked at.
#[derive(Clone, Copy, Debug)]
pub struct Census {
    /// Those that are not.
    pub bad: u64,
    /// All of them.
    pub of: u64,
    /// The share that may be bad.
    pub limit: Share,
}

impl Census {
    /// Counts.
    pub fn count<T>(all: impl IntoIterator<Item = T>, limit: Share, bad: impl Fn(&T) -> bool) -> Census {
        let (mut k, mut n) = (0, 0);
        for one in all {
            k += u64::from(bad(&one));
            n += 1;
        }
        Census { bad: k, of: n, limit }
    }
    /// Is it kept?
    pub fn answer(self) -> Answer {
        census_at_most(self.bad, self.of, self.limit.0)
    }
    /// The share that is bad.
    pub fn share(self) -> Share {
        Share(if self.of == 0 { 0.0 } else { self.bad as f64 / self.of as f64 })
    }
    /// How far the good share lies from the least that must be good, as a share of that: for limits that are told so.
    pub fn above(self) -> Option<f64> {
        let least = 1.0 - self.limit.0;
        (least > 0.0).then(|| (1.0 - self.share().0 - least) / least)
    }
    /// As a finding: `name` is what the share is called.
    pub fn finding(self, name: &str, observed: String, expected: String) -> Finding {
        let answer = self.answer();
        let figure = Figure { lo: 100.0 * self.share().0, ..say::share(name, self.bad, self.of, answer) };
        let figure = if answer == Answer::Pass { Figure { hi: figure.value, ..figure } } else { figure };
        let margin = (self.limit.0 > 0.0).then(|| (self.limit.0 - self.share().0) / self.limit.0);
        let settled = MORE.to_owned();
        Finding { margin, settles_at: settles(answer), ..finding(status(answer), figure, observed, expected) }.settled_by(&settled)
    }
}

/// What settles a share of few.
const MORE: &str = "send more calls: `audit: {calls: …}` (`requests` for the controlled load)";

/// No trace of a load is there, so that nothing can be said of any.
pub fn no_traces(both: &Both<'_, '_>, expected: impl Into<String>) -> Finding {
    let calls = both.calls().count();
    if calls == 0 {
        return cannot_tell(format!("no call of the {} load succeeded", both.load.name), expected, 0, both.from());
    }
    let why = format!("no trace of the {calls} calls of the {} load came (TRC-01)", both.load.name);
    cannot_tell(why, expected, 0, both.from()).settled_by("let the traces of these calls be recorded and exported")
}

/// `3 of 40 (7.5 %)`.
pub fn of(census: Census) -> String {
    format!("{} of {} ({})", census.bad, census.of, census.share())
}

/// The largest of several by how often they occur, `a (12), b (3)`; at most three.
pub fn commonest<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    let mut counts: std::collections::BTreeMap<&str, u64> = std::collections::BTreeMap::new();
    for name in names {
        *counts.entry(name).or_default() += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(name, many)| (std::cmp::Reverse(*many), *name));
    let more = counts.len().saturating_sub(3);
    let told: Vec<String> = counts.into_iter().take(3).map(|(name, many)| format!("{name} ({many})")).collect();
    if more > 0 { format!("{} and {more} others", told.join(", ")) } else { told.join(", ") }
}
