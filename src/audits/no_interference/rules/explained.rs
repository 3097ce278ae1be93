use crate::{
    audits::no_interference::{NoInterference, say, spoil, view::Quiet},
    model::{
        audit::{Judgement, Rule},
        evidence::Evidence,
        name::Name,
        outcome::{Finding, Status},
        rig::Rig,
        units::Share,
    },
};
use serde::Deserialize;

/// Who uses the machine can be named.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Explained {
    /// Share of what others used that may be nobody's before it is a warning ...
    warn: Share,
    /// ... and a failure.
    fail: Share,
    /// What nobody is named for matters above this share of one CPU only.
    matters: Share,
    /// ... and is a failure above this one, whatever share of the whole it is.
    most: Share,
}

impl Rule<NoInterference> for Explained {
    const NAME: &'static str = "explained";

    fn judge(&self, view: &Quiet<'_>, _: &Name) -> Judgement {
        let window = view.window()?;
        let (others, nobodys) = (window.value.others_s(), window.value.nobodys_cores());
        let share = if others > 0.0 { (others - window.value.told_s()) / others } else { 0.0 };
        let status = if nobodys <= self.matters.0 {
            Status::Pass
        } else if nobodys > self.most.0 {
            Status::Fail
        } else {
            say::two_limits(share, self.warn.0, self.fail.0)
        };
        let observed = format!("of {others:.2} CPU-s that others used, {} cannot be told by name ({} of a CPU)", Share(share), Share(nobodys));
        let expected = format!("at most {} of it, or {} of a CPU", self.warn, self.matters);
        let mut because = crate::audits::no_interference::notes::ladder(window.value);
        for traced in &window.value.traced {
            let ran: Vec<String> =
                traced.ran.iter().take(3).map(|ran| format!("{} ({} tasks, {:.2} CPU-s)", ran.name, ran.tasks, ran.cpu_s)).collect();
            if !ran.is_empty() {
                let lost = if traced.lost { ", events were lost" } else { "" };
                because.push(format!("in second {} the kernel's trace has {}{lost}", traced.second + 1, ran.join(", ")));
            }
        }
        let figure = say::share("unexplained share", share, window.value.seconds.len() as u64);
        let finding = Finding { margin: say::margin(share, self.fail.0), because, ..say::finding(status, figure, observed, expected) };
        Ok(say::of_window(&window, finding))
    }

    fn spoil(&self, _: &NoInterference, _: &Rig, _: &Name, copy: &mut Evidence) {
        spoil::window(copy, |window| {
            window.used_by.clear();
            for second in &mut window.seconds {
                second.busy_s += 0.5 * second.over_s;
                (second.irq_s, second.softirq_s) = (0.0, 0.0);
            }
        });
    }
}
