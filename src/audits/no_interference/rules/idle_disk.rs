use crate::{
    audits::no_interference::{NoInterference, say, spoil, view::Quiet},
    model::{
        audit::{Judgement, Rule},
        bytes::BytesPerSecond,
        evidence::Evidence,
        name::Name,
        outcome::Finding,
        rig::Rig,
        units::Share,
    },
};
use serde::Deserialize;

/// Disks are idle.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdleDisk {
    /// Share of the time in which the busiest disk is busy that is a warning ...
    warn: Share,
    /// ... and a failure.
    fail: Share,
}

impl Rule<NoInterference> for IdleDisk {
    const NAME: &'static str = "idle_disk";

    fn judge(&self, view: &Quiet<'_>, _: &Name) -> Judgement {
        let window = view.window()?;
        Quiet::looked_at(&window, "disks")?;
        let over = window.value.lasted_s();
        let busy = window.value.sum(|second| second.disk_busy_s) / over;
        let rate = BytesPerSecond(window.value.sum(|second| second.disk_bytes as f64) / over);
        let peak = window.value.seconds.iter().map(|s| s.disk_bytes as f64 / s.over_s.max(1e-3)).fold(0.0, f64::max);
        let observed = format!("a disk was busy {} of the time, with {rate}", Share(busy));
        let expected = format!("at most {} of the time ({} is a failure)", self.warn, self.fail);
        let because = if peak > 0.0 { vec![format!("at most {} in a second", BytesPerSecond(peak))] } else { vec![] };
        let figure = say::share("time in which a disk was busy", busy, window.value.seconds.len() as u64);
        let finding = Finding {
            margin: say::margin(busy, self.fail.0),
            because,
            ..say::finding(say::two_limits(busy, self.warn.0, self.fail.0), figure, observed, expected)
        };
        Ok(say::of_window(&window, finding))
    }

    fn spoil(&self, _: &NoInterference, _: &Rig, _: &Name, copy: &mut Evidence) {
        spoil::window(copy, |window| window.seconds.iter_mut().for_each(|second| second.disk_busy_s = second.over_s));
    }
}
