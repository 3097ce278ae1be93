//! One file per rule; the parameter struct is the rule.

mod burst_visibility;
mod cpu_closure;
mod docker_percent;
mod false_resets;
mod known_cpu;
mod known_memory;
mod light_observers;
mod like_for_like_memory;
mod network_closure;
mod physical_limits;
mod pressure;
mod range_honesty;
mod recent_levels;
mod sample_times;
mod scrape_health;
mod throttling;
mod what_runs;
mod windows_and_refresh;

pub use burst_visibility::BurstVisibility;
pub use cpu_closure::CpuClosure;
pub use docker_percent::DockerPercent;
pub use false_resets::FalseResets;
pub use known_cpu::KnownCpu;
pub use known_memory::KnownMemory;
pub use light_observers::LightObservers;
pub use like_for_like_memory::LikeForLikeMemory;
pub use network_closure::NetworkClosure;
pub use physical_limits::PhysicalLimits;
pub use pressure::Pressure;
pub use range_honesty::RangeHonesty;
pub use recent_levels::RecentLevels;
pub use sample_times::SampleTimes;
pub use scrape_health::ScrapeHealth;
pub use throttling::Throttling;
pub use what_runs::WhatRuns;
pub use windows_and_refresh::WindowsAndRefresh;

use crate::model::{
    key::Key,
    name::Name,
    rig::Rig,
    usage::UsageClaim,
    workload::{Found, Workload},
};

/// The claims of which it holds.
fn claims(rig: &Rig, holds: impl Fn(&Rig, &UsageClaim) -> bool) -> Vec<Name> {
    rig.usage.iter().filter(|claim| holds(rig, claim)).map(UsageClaim::subject).collect()
}

/// The claims of which it holds; all of them where it holds of none: a rule in scope has somebody of whom it says that it does not
/// apply.
fn or_all(rig: &Rig, holds: impl Fn(&Rig, &UsageClaim) -> bool) -> Vec<Name> {
    let found = claims(rig, holds);
    if found.is_empty() { claims(rig, |_, _| true) } else { found }
}

/// Is it about what we burn?
fn burnt(rig: &Rig, claim: &UsageClaim) -> bool {
    rig.workloads.get(&claim.workload).is_some_and(|w| w.burn().is_some())
}

/// Is it about something on this machine that we do not burn, so that the kernel tells of it?
fn served(rig: &Rig, claim: &UsageClaim) -> bool {
    rig.workloads.get(&claim.workload).is_some_and(here)
}

/// Does the kernel tell of it?
fn here(workload: &Workload) -> bool {
    workload.burn().is_none() && workload.found != Found::Elsewhere
}

/// Is it read from a metrics page, by a store or by us?
fn scraped(rig: &Rig, claim: &UsageClaim) -> bool {
    rig.sources.get(&claim.source).is_some_and(|s| ["prometheus", "scrape"].contains(&s.kind.as_str()))
}

/// Each once.
fn keys(all: impl IntoIterator<Item = Key>) -> Vec<Key> {
    let mut once: Vec<Key> = vec![];
    for key in all {
        if !once.contains(&key) {
            once.push(key);
        }
    }
    once
}

/// `its series`, `2 series`.
fn series(told: &super::told::Told<'_>) -> String {
    match told.series().count() {
        1 => "the series".into(),
        n => format!("each of {n} series"),
    }
}
