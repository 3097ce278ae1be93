use crate::{
    audits::no_interference::{NoInterference, say, spoil, view::Quiet},
    model::{
        audit::{Judgement, Rule},
        evidence::{Evidence, Gap, Unknown},
        name::Name,
        outcome::Finding,
        payload::{self},
        rig::Rig,
        units::Share,
    },
};
use serde::Deserialize;

/// Nobody waits for memory or a disk.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pressure {
    /// Share of the time in which all waited that is a warning ...
    warn: Share,
    /// ... and that is a failure.
    fail: Share,
}

impl Rule<NoInterference> for Pressure {
    const NAME: &'static str = "pressure";

    fn judge(&self, view: &Quiet<'_>, _: &Name) -> Judgement {
        let window = view.window()?;
        Quiet::looked_at(&window, "pressure")?;
        let told: Option<Vec<payload::Pressure>> = window.value.seconds.iter().map(|second| second.pressure).collect();
        let Some(told) = told else {
            let why = "/proc/pressure was not read; a kernel with CONFIG_PSI tells it, booted with `psi=1`";
            return Err(Unknown::new(window.key.clone(), Gap::NotConfigured(why.into())));
        };
        let share = |of: fn(&payload::Pressure) -> f64| told.iter().map(of).sum::<f64>() / window.value.lasted_s();
        let (memory, io) = (share(|p| p.memory_full_s), share(|p| p.io_full_s));
        let worst = memory.max(io);
        let observed = format!("all waited for memory in {} of the time, for a disk in {}", Share(memory), Share(io));
        let expected = format!("never (more than {} of the time is a warning, than {} a failure)", self.warn, self.fail);
        let some = |what: &str, part: f64| (part > 0.0).then(|| format!("at least one task waited for {what} in {} of the time", Share(part)));
        let because = [
            some("memory", share(|p| p.memory_some_s)),
            some("a disk", share(|p| p.io_some_s)),
            // A container that its own quota holds back counts there, too: never a failure by itself.
            some("a CPU", share(|p| p.cpu_some_s)),
        ];
        let figure = say::share("time in which all waited", worst, told.len() as u64);
        let finding = Finding {
            margin: say::margin(worst, self.fail.0),
            because: because.into_iter().flatten().collect(),
            ..say::finding(say::two_limits(worst, self.warn.0, self.fail.0), figure, observed, expected)
        };
        Ok(say::of_window(&window, finding))
    }

    fn spoil(&self, _: &NoInterference, _: &Rig, _: &Name, copy: &mut Evidence) {
        spoil::window(copy, |window| {
            for second in &mut window.seconds {
                second.pressure.get_or_insert_default().io_full_s += 0.5 * second.over_s;
            }
        });
    }
}
