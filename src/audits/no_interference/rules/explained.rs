use crate::{
    audits::no_interference::{NoInterference, say, spoil, view::Quiet},
    model::{
        audit::{Judgement, Rule},
        evidence::Evidence,
        name::Name,
        outcome::{Finding, Status},
        payload::IdleWindow,
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

/// So many traced seconds show who it is.
const TRACED: usize = 3;

/// What cannot be told by name in the seconds that were traced, neither by counters nor by the kernel's trace, as a share of what others used
/// in them. `None`: there are too few, or events were lost.
fn left_by_trace(window: &IdleWindow) -> Option<f64> {
    let seconds: Vec<(f64, f64)> = window
        .traced
        .iter()
        .filter(|traced| !traced.lost && traced.over_s > 0.0)
        .filter_map(|traced| {
            let second = window.seconds.get(traced.second as usize)?;
            let ran: f64 = traced.ran.iter().map(|ran| ran.cpu_s).sum();
            let told = (ran * second.over_s / traced.over_s).max(second.named_s);
            Some((second.others_s(), (second.others_s() - told).max(0.0)))
        })
        .collect();
    let (used, left) = seconds.iter().fold((0.0, 0.0), |(used, left), (others, nobodys)| (used + others, left + nobodys));
    (seconds.len() >= TRACED && used > 0.0).then(|| left / used)
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
        let traced = left_by_trace(window.value);
        let by_trace = status == Status::Fail && traced.is_some_and(|left| left <= self.warn.0);
        let status = if by_trace { Status::Warn } else { status };
        let observed = format!(
            "of {others:.2} CPU-s that others used, {} cannot be told by name ({} of a CPU){}",
            Share(share),
            Share(nobodys),
            if by_trace { "; the kernel's trace of some seconds names them" } else { "" }
        );
        let expected = format!("at most {} of it, or {} of a CPU", self.warn, self.matters);
        let mut because = crate::audits::no_interference::notes::ladder(window.value);
        if let Some(left) = traced {
            because.push(format!("in the seconds that were traced {} cannot be told", Share(left)));
        }
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
