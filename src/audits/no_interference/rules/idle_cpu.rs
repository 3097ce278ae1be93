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
    stats::{census_at_most, quantile},
};
use serde::Deserialize;

/// While nothing is asked of the rig, its CPUs are idle.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdleCpu {
    /// Share of all CPUs that others may use in a second ...
    busy: Share,
    /// ... but for this share of the seconds.
    seconds: Share,
}

impl Rule<NoInterference> for IdleCpu {
    const NAME: &'static str = "idle_cpu";

    fn judge(&self, view: &Quiet<'_>, _: &Name) -> Judgement {
        let window = view.window()?;
        let shares = window.value.busy_shares();
        let above = shares.iter().filter(|share| **share > self.busy.0).count() as u64;
        let n = shares.len() as u64;
        let answer = census_at_most(above, n, self.seconds.0);
        let at = |q| Share(quantile(&shares, q).unwrap_or_default());
        let observed = format!("others used more than {} of the CPUs in {above} of {n} seconds", self.busy);
        let expected = format!("at most {} of the CPUs in {} of the seconds", self.busy, Share(1.0 - self.seconds.0));
        let because = vec![
            format!("half of the seconds below {}, 95 % below {}, the highest {}", at(0.5), at(0.95), at(1.0)),
            format!("{:.2} CPU-s in {:.0} s on {} CPUs", window.value.others_s(), window.value.lasted_s(), window.value.online),
        ];
        let figure = crate::audits::shared::say::share("busy seconds", above, n, answer);
        Ok(say::of_window(
            &window,
            Finding {
                margin: say::margin(at(0.95).0, self.busy.0),
                because,
                settles_at: say::settles(answer),
                ..say::finding(say::status(answer), figure, observed, expected)
            },
        ))
    }

    fn spoil(&self, _: &NoInterference, _: &Rig, _: &Name, copy: &mut Evidence) {
        spoil::window(copy, |window| {
            let online = f64::from(window.online);
            window.seconds.iter_mut().for_each(|second| second.busy_s += 0.5 * online * second.over_s);
        });
    }
}
