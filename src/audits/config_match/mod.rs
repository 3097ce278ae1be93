//! Is the environment under test configured like the one that it stands for?
//!
//! The facts of each part are laid beside those of the reference by [`crate::fidelity`]; [`rules`] judge the comparison by
//! dimension. Differences that somebody answers for are a warning: the case asks that they be known, and they are.

mod notes;
mod rules;
mod spoil;
mod view;

pub use view::Compared;

use crate::{
    fidelity::Expectations,
    model::{
        audit::{Audit, Context, Effort, Need, RuleEntry},
        chart::Chart,
        environment::{ENVIRONMENT, SNAPSHOT},
        key::{Facts, Key, World},
        name::{Name, name},
        rig::Rig,
    },
};
use serde::Deserialize;

/// The audit and its parameters.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfigMatch {
    /// What is expected of facts.
    pub facts: Expectations,
}

impl Audit for ConfigMatch {
    const NAME: &'static str = "config_match";

    const RULES: &'static [RuleEntry<Self>] = &[
        RuleEntry::of::<rules::Agreement>(),
        RuleEntry::of::<rules::NoBlocking>(),
        RuleEntry::of::<rules::OneScale>(),
        RuleEntry::of::<rules::Coverage>(),
        RuleEntry::of::<rules::WaiversHold>(),
        RuleEntry::of::<rules::PendingRestart>(),
        RuleEntry::of::<rules::WorkersAsAsked>(),
        RuleEntry::of::<rules::RecentReference>(),
        RuleEntry::of::<rules::SameParts>(),
    ];

    type View<'e> = Compared<'e>;

    fn needs(&self, rig: &Rig) -> Vec<Need> {
        let Some(environment) = &rig.environment else { return vec![] };
        let worlds = [World::Live].into_iter().chain(reference(rig));
        let scopes: Vec<Name> = [name(SNAPSHOT)].into_iter().chain(environment.parts.keys().cloned()).collect();
        worlds.flat_map(|world| scopes.iter().map(move |scope| Need { key: key(&world, scope), effort: Effort::default() })).collect()
    }

    fn view<'e>(&'e self, cx: &Context<'e>) -> Compared<'e> {
        Compared::join(self, cx)
    }

    fn charts(&self, view: &Compared<'_>) -> Vec<Chart> {
        notes::charts(view)
    }

    fn notes(&self, view: &Compared<'_>) -> Vec<String> {
        notes::notes(view)
    }
}

/// The world that the rig is compared with, where there is one.
pub fn reference(rig: &Rig) -> Option<World> {
    rig.reference.clone().map(World::Reference)
}

/// The question about a part in a world.
fn key(world: &World, part: &Name) -> Key {
    Key { world: world.clone(), source: name(ENVIRONMENT), query: Facts { scope: part.clone() }.into() }
}
