//! Does anything but the test use the machine?
//!
//! The machine is watched while nothing is asked of the rig ([`IdleWindow`](crate::model::payload::IdleWindow)), and small fixed loads are
//! run on it in rounds ([`Calibration`](crate::model::payload::Calibration)). [`culprits`] says whose the time was; [`rules`] judge the
//! window against budgets, and whether the loads repeat.

mod calibrated;
mod charts;
mod culprits;
mod notes;
mod rules;
mod say;
mod spoil;
mod view;

pub use view::Quiet;

use crate::model::{
    act::{Act, CalibrateAct, QuietAct},
    audit::{Audit, Context, Effort, Need, RuleEntry},
    chart::Chart,
    key::{Calibrate, Idle, Key, World},
    name::name,
    rig::Rig,
    units::{Count, Ms},
    workload::NOISE,
};
use serde::Deserialize;

/// The audit and its parameters.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoInterference {
    /// How long the machine is watched.
    pub window: Ms,
    /// What before that is left out: starting to look is work, too.
    pub left_out: Ms,
    /// Rounds of a calibration.
    pub rounds: Count,
    /// Runs of each load in a round.
    pub runs: Count,
    /// Time between two rounds.
    pub pause: Ms,
    /// So many earlier runs of this rig are looked at.
    pub earlier: Count,
    /// Programs that only watch.
    pub monitors: Vec<String>,
}

impl Audit for NoInterference {
    const NAME: &'static str = "no_interference";

    const RULES: &'static [RuleEntry<Self>] = &[
        RuleEntry::of::<rules::IdleCpu>(),
        RuleEntry::of::<rules::Steal>(),
        RuleEntry::of::<rules::Stalls>(),
        RuleEntry::of::<rules::Paging>(),
        RuleEntry::of::<rules::Pressure>(),
        RuleEntry::of::<rules::Neighbours>(),
        RuleEntry::of::<rules::Monitors>(),
        RuleEntry::of::<rules::Explained>(),
        RuleEntry::of::<rules::ShortLived>(),
        RuleEntry::of::<rules::InterruptLoad>(),
        RuleEntry::of::<rules::IdleDisk>(),
        RuleEntry::of::<rules::IdleNetwork>(),
        RuleEntry::of::<rules::OwnQuota>(),
        RuleEntry::of::<rules::ClockSource>(),
        RuleEntry::of::<rules::Steady>(),
        RuleEntry::of::<rules::Repeatable>(),
        RuleEntry::of::<rules::SameMachine>(),
        RuleEntry::of::<rules::AgainstItself>(),
        RuleEntry::of::<rules::OtherTimes>(),
    ];

    type View<'e> = Quiet<'e>;

    fn needs(&self, rig: &Rig) -> Vec<Need> {
        let Some(noise) = &rig.noise else { return vec![] };
        let window = Effort { lasting_ms: self.window.0 as u64, warmup: self.left_out.0 as u64, ..Effort::default() };
        let loads = Effort { requests: self.runs.0, rounds: self.rounds.0, lasting_ms: self.pause.0 as u64, ..Effort::default() };
        let mut needs = vec![Need { key: idle(World::Live), effort: window }];
        if noise.calibrate {
            needs.push(Need { key: calibrate(World::Live), effort: loads });
        }
        for world in self.others() {
            needs.push(Need { key: idle(world.clone()), effort: Effort::default() });
            if noise.calibrate {
                needs.push(Need { key: calibrate(world), effort: Effort::default() });
            }
        }
        needs
    }

    fn view<'e>(&'e self, cx: &Context<'e>) -> Quiet<'e> {
        Quiet { audit: self, cx: *cx }
    }

    fn charts(&self, view: &Quiet<'_>) -> Vec<Chart> {
        charts::charts(view)
    }

    fn notes(&self, view: &Quiet<'_>) -> Vec<String> {
        notes::notes(view)
    }
}

impl NoInterference {
    /// The earlier runs that are looked at.
    fn others(&self) -> impl Iterator<Item = World> {
        (1..=u32::try_from(self.earlier.0).unwrap_or(u32::MAX)).map(World::Earlier)
    }
}

/// The window in which nothing is asked of the rig.
fn quiet() -> Idle {
    Idle { act: Act::Quiet(QuietAct { name: name("idle") }) }
}

/// The small fixed loads.
fn loads() -> Calibrate {
    Calibrate { act: Act::Calibrate(CalibrateAct { name: name("calibration") }) }
}

fn idle(world: World) -> Key {
    Key { world, source: name(NOISE), query: quiet().into() }
}

fn calibrate(world: World) -> Key {
    Key { world, source: name(NOISE), query: loads().into() }
}
