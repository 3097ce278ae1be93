use crate::{
    audits::no_interference::{NoInterference, say, spoil, view::Quiet},
    model::{
        audit::{Judgement, Rule},
        evidence::Evidence,
        name::Name,
        outcome::{Figure, Finding},
        payload::By,
        rig::Rig,
        units::{PerSecond, Share},
    },
};
use serde::Deserialize;

/// Nothing starts processes all the time.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShortLived {
    /// Processes and threads that are started, so often as is a warning ...
    warn: PerSecond,
    /// ... and a failure.
    fail: PerSecond,
}

impl Rule<NoInterference> for ShortLived {
    const NAME: &'static str = "short_lived";

    fn judge(&self, view: &Quiet<'_>, _: &Name) -> Judgement {
        let window = view.window()?;
        let (over, n) = (window.value.lasted_s(), window.value.seconds.len() as u64);
        let started: u64 = window.value.seconds.iter().map(|second| second.forks).sum();
        let rate = started as f64 / over;
        let observed = format!("{started} processes and threads were started, {rate:.1} a second");
        let expected = format!("at most {} ({} is a failure)", self.warn, self.fail);
        let ended = window.value.used_by.iter().filter(|used| matches!(used.by, By::EndedOf { .. })).take(3);
        let because = ended.map(|used| format!("{}: {} of a CPU", used.by, Share(used.cpu_s / over))).collect();
        let figure = Figure::exact("started a second", rate, n, "");
        let finding = Finding {
            margin: say::margin(rate, self.fail.0),
            because,
            ..say::finding(say::two_limits(rate, self.warn.0, self.fail.0), figure, observed, expected)
        };
        Ok(say::of_window(&window, finding))
    }

    fn spoil(&self, _: &NoInterference, _: &Rig, _: &Name, copy: &mut Evidence) {
        spoil::window(copy, |window| window.seconds.iter_mut().for_each(|second| second.forks += 1_000));
    }
}
