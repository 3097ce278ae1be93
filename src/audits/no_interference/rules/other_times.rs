use crate::{
    audits::no_interference::{NoInterference, say, spoil, view::Quiet},
    model::{
        audit::{Judgement, Rule},
        evidence::Evidence,
        name::Name,
        outcome::{Figure, Finding, Status},
        rig::Rig,
        units::{Count, Wall},
    },
};
use serde::Deserialize;
use std::collections::BTreeSet;

/// It was looked at more than once: what comes each night is not seen at noon.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OtherTimes {
    /// Windows in different hours.
    windows: Count,
}

const HOUR_US: i64 = 3_600_000_000;

impl Rule<NoInterference> for OtherTimes {
    const NAME: &'static str = "other_times";

    fn judge(&self, view: &Quiet<'_>, _: &Name) -> Judgement {
        let now = view.window()?;
        let all: Vec<_> = [now].into_iter().chain(view.earlier_windows()).collect();
        let hours: BTreeSet<i64> = all.iter().map(|window| window.value.began.0.div_euclid(HOUR_US)).collect();
        let n = hours.len() as u64;
        let observed = format!("{} in {}", Count(all.len() as u64).of("window"), Count(n).of("different hour"));
        let expected = format!("windows in {} different hours", self.windows);
        let status = if n >= self.windows.0 { Status::Pass } else { Status::Warn };
        let because = hours.iter().map(|hour| format!("a window in the hour from {}", Wall(hour * HOUR_US))).collect();
        let figure = Figure::exact("hours", n as f64, all.len() as u64, "");
        let from = all.iter().map(|window| window.key.clone()).collect();
        Ok(say::from(from, Finding { because, ..say::finding(status, figure, observed, expected) }))
    }

    /// A window that never came to its end tells of no hour at all.
    fn spoil(&self, _: &NoInterference, _: &Rig, _: &Name, copy: &mut Evidence) {
        spoil::window(copy, |window| window.seconds.clear());
    }
}
