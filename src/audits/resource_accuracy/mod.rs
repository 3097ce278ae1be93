//! Do CPU, memory and network figures of the API server and its database agree with what this machine's kernel counts?
//!
//! While a load runs, the kernel's own counters are read each 100 ms, and every other source is asked for its raw samples with its
//! own stamps. A known load of ours (a burn) is told by everybody, too. [`view`] makes curves and levels of the samples; [`rules`]
//! lay them beside one another at the claims' own stamps.

mod budget;
mod charts;
mod kernel;
mod known;
mod notes;
mod rules;
mod say;
mod spoil;
mod told;
mod triangulation;
mod view;

pub use view::Usages;

use crate::model::{
    act::Act,
    audit::{Audit, Context, Effort, Need, RuleEntry},
    chart::Chart,
    key::{Burn, Perform, Queries, Usage, When},
    name::{Name, name},
    rig::Rig,
    units::{Count, Ms},
    usage::UsageClaim,
    workload::{Found, HOST, KERNEL},
};
use serde::Deserialize;

/// The audit and its parameters.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResourceAccuracy {
    /// Requests of the controlled load.
    requests: Count,
    /// Requests before them.
    warmup: Count,
    /// How long a known load is made.
    burn: Ms,
}

impl Audit for ResourceAccuracy {
    const NAME: &'static str = "resource_accuracy";

    const RULES: &'static [RuleEntry<Self>] = &[
        RuleEntry::of::<rules::KnownCpu>(),
        RuleEntry::of::<rules::KnownMemory>(),
        RuleEntry::of::<rules::CpuClosure>(),
        RuleEntry::of::<rules::DockerPercent>(),
        RuleEntry::of::<rules::LikeForLikeMemory>(),
        RuleEntry::of::<rules::PhysicalLimits>(),
        RuleEntry::of::<rules::WindowsAndRefresh>(),
        RuleEntry::of::<rules::BurstVisibility>(),
        RuleEntry::of::<rules::Throttling>(),
        RuleEntry::of::<rules::Pressure>(),
        RuleEntry::of::<rules::NetworkClosure>(),
        RuleEntry::of::<rules::FalseResets>(),
        RuleEntry::of::<rules::RecentLevels>(),
        RuleEntry::of::<rules::ScrapeHealth>(),
        RuleEntry::of::<rules::RangeHonesty>(),
        RuleEntry::of::<rules::LightObservers>(),
        RuleEntry::of::<rules::SampleTimes>(),
        RuleEntry::of::<rules::WhatRuns>(),
    ];

    type View<'e> = Usages<'e>;

    fn needs(&self, rig: &Rig) -> Vec<Need> {
        if rig.workloads.is_empty() {
            return vec![];
        }
        let mut needs = vec![];
        let nothing = Effort::default();
        let kernel = |of: &Name, act: &Act| Need::live(&name(KERNEL), Usage { of: of.clone(), when: When::During(act.clone()) }, nothing);
        if let Some(act) = load(rig) {
            let effort = Effort { requests: self.requests.0, warmup: self.warmup.0, ..nothing };
            needs.push(Need::live(&act.actor(), Perform { act }, effort));
        }
        if let Some(act) = burn(rig) {
            let effort = Effort { lasting_ms: self.burn.0 as u64, ..nothing };
            needs.push(Need::live(&act.actor(), Burn { act: act.clone() }, effort));
            // Served workloads have the machine with them already where there is no load.
            if load(rig).is_some() {
                needs.push(kernel(&name(HOST), &act));
            }
        }
        for (of, _) in rig.workloads.iter().filter(|(_, w)| w.burn().is_none() && w.found != Found::Elsewhere) {
            needs.extend(act(rig, of).map(|act| kernel(of, &act)));
        }
        let mut asked: Vec<(&Name, &Name)> = vec![];
        for claim in &rig.usage {
            if !asked.contains(&(&claim.source, &claim.workload)) {
                asked.push((&claim.source, &claim.workload));
                needs.extend(question(rig, claim).map(|usage| Need::live(&claim.source, usage, nothing)));
            }
        }
        if !rig.usage.is_empty() {
            needs.extend(with_queries(rig).map(|source| Need::live(source, Queries {}, nothing)));
        }
        needs
    }

    fn view<'e>(&'e self, cx: &Context<'e>) -> Usages<'e> {
        Usages::join(cx)
    }

    fn charts(&self, view: &Usages<'_>) -> Vec<Chart> {
        charts::charts(view)
    }

    fn notes(&self, view: &Usages<'_>) -> Vec<String> {
        notes::notes(view)
    }
}

/// The load during which served workloads are looked at.
fn load(rig: &Rig) -> Option<Act> {
    ["controlled", "embeddings"].into_iter().find_map(|load| rig.loads.get(load)).cloned().map(Act::Load)
}

/// The known load, if somebody tells of it, or if there is no other.
fn burn(rig: &Rig) -> Option<Act> {
    let (of, act) = rig.burner()?;
    (rig.usage_of(of).next().is_some() || load(rig).is_none()).then(|| Act::Burn(act.clone()))
}

/// The act during which a workload is looked at.
fn act(rig: &Rig, of: &Name) -> Option<Act> {
    let burnt = rig.workloads.get(of).is_some_and(|w| w.burn().is_some());
    load(rig).filter(|_| !burnt).or_else(|| burn(rig))
}

/// What is asked of a claim's source.
fn question(rig: &Rig, claim: &UsageClaim) -> Option<Usage> {
    Some(Usage { of: claim.workload.clone(), when: When::During(act(rig, &claim.workload)?) })
}

/// Sources that hold stored queries.
fn with_queries(rig: &Rig) -> impl Iterator<Item = &Name> {
    rig.sources.iter().filter(|(_, s)| ["prometheus", "dashboards"].contains(&s.kind.as_str())).map(|(n, _)| n)
}
