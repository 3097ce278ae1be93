use crate::{
    audits::no_interference::{NoInterference, say, spoil, view::Quiet},
    model::{
        audit::{Judgement, Rule},
        evidence::Evidence,
        name::Name,
        outcome::{Figure, Finding, Status},
        rig::Rig,
    },
};
use serde::Deserialize;

/// Nothing has to be read back into memory.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Paging {
    /// Page faults that need a disk: so many a minute are a warning at most; more are a failure.
    faults_per_minute: f64,
}

impl Rule<NoInterference> for Paging {
    const NAME: &'static str = "paging";

    fn judge(&self, view: &Quiet<'_>, _: &Name) -> Judgement {
        let window = view.window()?;
        Quiet::looked_at(&window, "memory events")?;
        let sum = |of: fn(&crate::model::payload::IdleSecond) -> u64| window.value.seconds.iter().map(of).sum::<u64>();
        let (faults, back, out) = (sum(|s| s.major_faults), sum(|s| s.swapped_in), sum(|s| s.swapped_out));
        let stalls = sum(|s| s.compact_stalls);
        // Fewer in less than a minute are no minute with more: one program that starts reads some.
        let a_minute = faults as f64 * 60.0 / window.value.lasted_s().max(60.0);
        let status = if back > 0 || a_minute > self.faults_per_minute {
            Status::Fail
        } else if faults + out + stalls > 0 {
            Status::Warn
        } else {
            Status::Pass
        };
        let observed = format!("{back} pages came back from swap, {out} went there, {faults} page faults needed a disk");
        let expected = format!("no page back from swap, and none that needs a disk ({} a minute are a warning)", self.faults_per_minute);
        let because = if stalls > 0 { vec![format!("tasks had to make room in memory themselves {stalls} times")] } else { vec![] };
        let figure = Figure::exact("pages read back", (back + faults) as f64, window.value.seconds.len() as u64, "pages");
        Ok(say::of_window(&window, Finding { because, ..say::finding(status, figure, observed, expected) }))
    }

    fn spoil(&self, _: &NoInterference, _: &Rig, _: &Name, copy: &mut Evidence) {
        spoil::window(copy, |window| window.seconds.iter_mut().for_each(|second| second.swapped_in += 100));
    }
}
