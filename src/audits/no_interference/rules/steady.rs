use crate::{
    audits::no_interference::{NoInterference, say, spoil, view::Quiet},
    model::{
        audit::{Judgement, Rule},
        evidence::Evidence,
        name::Name,
        outcome::Finding,
        rig::Rig,
        units::Share,
    },
    stats::mean,
};
use serde::Deserialize;

/// The window is alike from its beginning to its end: a quiet half vouches for no noisy one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Steady {
    /// Share of all CPUs by which its quarters may differ before it is a warning ...
    warn: Share,
    /// ... and a failure.
    fail: Share,
}

/// Parts of a window.
const PARTS: usize = 4;

impl Rule<NoInterference> for Steady {
    const NAME: &'static str = "steady";

    fn judge(&self, view: &Quiet<'_>, _: &Name) -> Judgement {
        let window = view.window()?;
        let shares = window.value.busy_shares();
        let parts: Vec<f64> = shares.chunks(shares.len().div_ceil(PARTS).max(1)).filter_map(mean).collect();
        let (least, most) = (parts.iter().copied().fold(f64::INFINITY, f64::min), parts.iter().copied().fold(0.0, f64::max));
        let apart = (most - least).max(0.0);
        let listed: Vec<String> = parts.iter().map(|part| Share(*part).to_string()).collect();
        let observed = format!("the busiest quarter of the window and the quietest lie {} of the CPUs apart", Share(apart));
        let expected = format!("at most {} ({} is a failure)", self.warn, self.fail);
        let because = vec![format!("others used, quarter by quarter, {}", listed.join(", "))];
        let figure = say::share("between quarters", apart, shares.len() as u64);
        let finding = Finding {
            margin: say::margin(apart, self.fail.0),
            because,
            ..say::finding(say::two_limits(apart, self.warn.0, self.fail.0), figure, observed, expected)
        };
        Ok(say::of_window(&window, finding))
    }

    fn spoil(&self, _: &NoInterference, _: &Rig, _: &Name, copy: &mut Evidence) {
        spoil::window(copy, |window| {
            let (half, online) = (window.seconds.len() / 2, f64::from(window.online));
            window.seconds.iter_mut().skip(half).for_each(|second| second.busy_s += 0.5 * online * second.over_s);
        });
    }
}
