use crate::{
    audits::no_interference::{NoInterference, say, spoil, view::Quiet},
    model::{
        audit::{Judgement, Rule},
        bytes::BytesPerSecond,
        evidence::Evidence,
        name::Name,
        outcome::{Figure, Finding, Status},
        rig::Rig,
    },
};
use serde::Deserialize;

/// The network is idle.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdleNetwork {
    /// Bytes a second, received and sent, that are a warning ...
    warn: BytesPerSecond,
    /// ... and a failure.
    fail: BytesPerSecond,
}

impl Rule<NoInterference> for IdleNetwork {
    const NAME: &'static str = "idle_network";

    fn judge(&self, view: &Quiet<'_>, _: &Name) -> Judgement {
        let window = view.window()?;
        Quiet::looked_at(&window, "network")?;
        Quiet::looked_at(&window, "packets dropped")?;
        let rate = |of: fn(&crate::model::payload::IdleSecond) -> u64| window.value.sum(|second| of(second) as f64) / window.value.lasted_s();
        let (outside, inside) = (rate(|s| s.network_bytes), rate(|s| s.loopback_bytes));
        let worst = outside.max(inside);
        let dropped: u64 = window.value.seconds.iter().map(|second| second.softnet_dropped).sum();
        let status = match say::two_limits(worst, self.warn.0, self.fail.0) {
            Status::Pass if dropped > 0 => Status::Warn,
            status => status,
        };
        let observed = format!("{} came and went over the network, {} over loopback", BytesPerSecond(outside), BytesPerSecond(inside));
        let expected = format!("at most {} ({} is a failure)", self.warn, self.fail);
        let because = if dropped > 0 { vec![format!("the kernel dropped {dropped} packets unlooked at")] } else { vec![] };
        let figure = Figure::exact("bytes a second", worst, window.value.seconds.len() as u64, "B/s");
        let margin = say::margin(worst, self.fail.0);
        Ok(say::of_window(&window, Finding { margin, because, ..say::finding(status, figure, observed, expected) }))
    }

    fn spoil(&self, _: &NoInterference, _: &Rig, _: &Name, copy: &mut Evidence) {
        spoil::window(copy, |window| window.seconds.iter_mut().for_each(|second| second.network_bytes += 10_000_000_000));
    }
}
