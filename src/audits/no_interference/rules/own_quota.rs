use crate::{
    audits::no_interference::{NoInterference, say, spoil, view::Quiet},
    model::{
        audit::{Judgement, Rule},
        evidence::Evidence,
        name::Name,
        outcome::{Finding, Status},
        payload::{ThrottledGroup, Throttling},
        rig::Rig,
        units::Share,
    },
};
use serde::Deserialize;

/// No quota holds back whoever measures: what looks like a neighbour may be our own limit.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnQuota {
    /// Share of our own periods that may be throttled.
    ours: Share,
}

impl Rule<NoInterference> for OwnQuota {
    const NAME: &'static str = "own_quota";

    fn judge(&self, view: &Quiet<'_>, _: &Name) -> Judgement {
        let window = view.window()?;
        let share = |group: &ThrottledGroup| group.by.throttled as f64 / group.by.periods.max(1) as f64;
        let (ours, others): (Vec<_>, Vec<_>) = window.value.throttled.iter().partition(|group| group.ours);
        let own = ours.iter().map(|group| share(group)).fold(0.0, f64::max);
        let told = |group: &&ThrottledGroup| {
            let Throttling { periods, throttled, seconds } = group.by;
            format!("{}: {throttled} of {periods} periods throttled, {seconds:.2} s waited", group.name)
        };
        let status = match own {
            own if own > self.ours.0 => Status::Fail,
            own if own > 0.0 || !others.is_empty() => Status::Warn,
            _ => Status::Pass,
        };
        if status == Status::Pass {
            Quiet::looked_at(&window, "own quota")?;
        }
        let observed = match (own > 0.0, others.as_slice()) {
            (true, _) => format!("our own quota held us back in {} of its periods", Share(own)),
            (false, []) => "no quota held anybody back".into(),
            (false, [one]) => format!("{} is held back by its own quota: that is no neighbour's doing", one.name),
            (false, more) => format!("{} groups are held back by their own quotas: that is no neighbour's doing", more.len()),
        };
        let expected = format!("at most {} of our own periods throttled", self.ours);
        let because = ours.iter().chain(&others).map(told).collect();
        let figure = say::share("own periods throttled", own, window.value.seconds.len() as u64);
        Ok(say::of_window(&window, Finding { margin: say::margin(own, self.ours.0), because, ..say::finding(status, figure, observed, expected) }))
    }

    fn spoil(&self, _: &NoInterference, _: &Rig, _: &Name, copy: &mut Evidence) {
        spoil::window(copy, |window| {
            let by = Throttling { periods: 100, throttled: 90, seconds: 5.0 };
            window.throttled.push(ThrottledGroup { name: "seeded".into(), ours: true, by });
        });
    }
}
