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

/// Nobody who does not belong to the test uses the machine.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Neighbours {
    /// Share of one CPU that one of them may use before it is a warning ...
    warn: Share,
    /// ... and a failure.
    fail: Share,
    /// Share of one CPU that all of them together may use before it is a failure.
    together: Share,
}

/// So many are named.
const NAMED: usize = 5;

impl Rule<NoInterference> for Neighbours {
    const NAME: &'static str = "neighbours";

    fn judge(&self, view: &Quiet<'_>, _: &Name) -> Judgement {
        let window = view.window()?;
        let over = window.value.lasted_s();
        let culprits = view.culprits(window.value);
        let strangers: Vec<_> = culprits.iter().filter(|c| c.role == Role::Stranger).collect();
        let loud: Vec<_> = strangers.iter().filter(|c| c.cores(over) > self.warn.0).collect();
        let most = strangers.first().map_or(0.0, |c| c.cores(over));
        let together: f64 = strangers.iter().map(|c| c.cores(over)).sum();
        let nobodys = window.value.nobodys_cores();
        let status = match say::two_limits(most, self.warn.0, self.fail.0) {
            _ if together > self.together.0 => Status::Fail,
            // It may be one, and may be many.
            Status::Pass | Status::Warn if nobodys > self.fail.0 => Status::Inconclusive,
            status => status,
        };
        let observed = match loud.as_slice() {
            [] => match strangers.first() {
                Some(first) => format!("nobody else uses more than {} of a CPU ({}: {})", self.warn, first.used.by, Share(most)),
                None => "nobody else uses the machine".into(),
            },
            [one] => format!("{} uses {} of a CPU while nothing is asked of the rig", one.used.by, Share(most)),
            [first, ..] => {
                format!(
                    "{} programs use the machine while nothing is asked of the rig, most of all {}, {} of a CPU",
                    loud.len(),
                    first.used.by,
                    Share(most)
                )
            }
        };
        let expected = format!("nobody above {} of a CPU ({} is a failure), and all together at most {}", self.warn, self.fail, self.together);
        let mut because: Vec<String> = loud.iter().take(NAMED).map(|c| say::culprit(c, window.value)).collect();
        if loud.len() > NAMED {
            because.push(format!("and {} more", loud.len() - NAMED));
        }
        if strangers.len() > 1 && together > self.warn.0 {
            because.push(format!("all {} of them together use {} of a CPU", strangers.len(), Share(together)));
        }
        if nobodys > self.warn.0 {
            because.push(format!("{} of a CPU is used by somebody who cannot be named", Share(nobodys)));
        }
        let remedy = loud.first().filter(|_| status != Status::Pass).map(|first| {
            let named = "is it the rig's own, name it under `resources`; does it only watch, under `noise.monitors`";
            format!("stop {} for the test, or move it to another machine; {named}", first.used.by)
        });
        let figure = say::share("share of a CPU", most, window.value.seconds.len() as u64);
        let margin = say::margin(most, self.fail.0);
        Ok(say::of_window(&window, Finding { margin, because, remedy, ..say::finding(status, figure, observed, expected) }))
    }

    fn spoil(&self, _: &NoInterference, _: &Rig, _: &Name, copy: &mut Evidence) {
        spoil::window(copy, |window| {
            let by = By::Process { pid: 4_711, name: "seeded".into(), kernel: false };
            let when = (0..).zip(&window.seconds).map(|(n, second)| (n, 0.5 * second.over_s)).collect();
            let cpu_s = 0.5 * window.lasted_s();
            window.used_by.insert(0, UsedBy { by, programs: vec![], cpu_s, when, nice: None });
        });
    }
}
