use crate::{
    audits::no_interference::{NoInterference, culprits::Role, say, spoil, view::Quiet},
    model::{
        audit::{Judgement, Rule},
        evidence::Evidence,
        name::Name,
        outcome::{Finding, Status},
        payload::{By, UsedBy},
        rig::Rig,
        units::Share,
    },
};
use serde::Deserialize;

/// Whoever watches takes little of the machine.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Monitors {
    /// Share of all CPUs that all of them together may use before it is a warning ...
    warn: Share,
    /// ... and a failure.
    fail: Share,
}

impl Rule<NoInterference> for Monitors {
    const NAME: &'static str = "monitors";

    fn judge(&self, view: &Quiet<'_>, _: &Name) -> Judgement {
        let window = view.window()?;
        let over = window.value.lasted_s();
        let monitors: Vec<_> = view.culprits(window.value).into_iter().filter(|c| c.role == Role::Monitor).collect();
        let cores: f64 = monitors.iter().map(|c| c.cores(over)).sum();
        let share = cores / f64::from(window.value.online.max(1));
        let observed = if monitors.is_empty() {
            "no monitor was seen to use CPU time".to_owned()
        } else {
            format!("monitors use {} of the CPUs, {} of one", Share(share), Share(cores))
        };
        let expected = format!("at most {} of the CPUs ({} is a failure)", self.warn, self.fail);
        let because = monitors.iter().map(|c| say::culprit(c, window.value)).collect();
        let figure = say::share("share of the CPUs", share, window.value.seconds.len() as u64);
        let status = match say::two_limits(share, self.warn.0, self.fail.0) {
            // They may be among those who cannot be named.
            Status::Pass | Status::Warn if share + window.value.nobodys_cores() / f64::from(window.value.online.max(1)) > self.fail.0 => {
                Status::Inconclusive
            }
            status => status,
        };
        Ok(say::of_window(&window, Finding { margin: say::margin(share, self.fail.0), because, ..say::finding(status, figure, observed, expected) }))
    }

    fn spoil(&self, audit: &NoInterference, _: &Rig, _: &Name, copy: &mut Evidence) {
        let known = audit.monitors.first().cloned().unwrap_or_default();
        spoil::window(copy, |window| {
            let by = By::Process { pid: 4_711, name: known, kernel: false };
            let cpu_s = 0.5 * f64::from(window.online) * window.lasted_s();
            window.used_by.insert(0, UsedBy { by, programs: vec![], cpu_s, when: vec![], nice: None });
        });
    }
}
