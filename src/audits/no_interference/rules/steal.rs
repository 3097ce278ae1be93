use crate::{
    audits::no_interference::{NoInterference, say, spoil, view::Quiet},
    model::{
        audit::{Judgement, Rule},
        evidence::{Evidence, Gap, Unknown},
        name::Name,
        outcome::{Finding, Status},
        rig::Rig,
        units::Share,
    },
    stats::census_at_most,
};
use serde::Deserialize;

/// The hypervisor gives the machine its CPUs.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Steal {
    /// Share of all CPUs that it may take on average ...
    mean: Share,
    /// ... and in a second ...
    second: Share,
    /// ... but for this share of the seconds.
    seconds: Share,
}

/// The kernel counts by ticks of 10 ms.
const TICK_S: f64 = 0.01;

impl Rule<NoInterference> for Steal {
    const NAME: &'static str = "steal";

    fn judge(&self, view: &Quiet<'_>, _: &Name) -> Judgement {
        let window = view.window()?;
        let online = f64::from(window.value.online.max(1));
        let told: Option<Vec<(f64, f64)>> = window.value.seconds.iter().map(|s| Some((s.steal_s?, s.over_s * online))).collect();
        let Some(told) = told else {
            let why = "the kernel does not tell what the hypervisor takes (no `steal` in /proc/stat); ask the hypervisor's owner for it";
            return Err(Unknown::new(window.key.clone(), Gap::NotConfigured(why.into())));
        };
        let (taken, room) = told.iter().fold((0.0, 0.0), |(taken, room), (t, r)| (taken + t, room + r));
        let above = told.iter().filter(|(taken, room)| *taken > self.second.0 * room + TICK_S).count() as u64;
        let answer = census_at_most(above, told.len() as u64, self.seconds.0);
        let (mean, unsure) = (taken / room, TICK_S * online / room);
        let status = match say::status(answer) {
            Status::Fail => Status::Fail,
            _ if mean - unsure > self.mean.0 => Status::Fail,
            Status::Pass if mean > self.mean.0 => Status::Warn,
            status => status,
        };
        let observed = format!("the hypervisor took {} of the CPUs, more than {} in {above} of {} seconds", Share(mean), self.second, told.len());
        let expected = format!("at most {} on average, and {} in {} of the seconds", self.mean, self.second, Share(1.0 - self.seconds.0));
        let figure = say::share("steal", mean, told.len() as u64);
        let margin = say::margin(mean, self.mean.0);
        Ok(say::of_window(&window, Finding { margin, settles_at: say::settles(answer), ..say::finding(status, figure, observed, expected) }))
    }

    fn spoil(&self, _: &NoInterference, _: &Rig, _: &Name, copy: &mut Evidence) {
        spoil::window(copy, |window| window.seconds.iter_mut().for_each(|second| second.steal_s = Some(0.2)));
    }
}
