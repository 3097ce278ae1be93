//! One file per rule; the parameter struct is the rule.

mod coverage;
mod no_secrets;
mod observer_effect;
mod orphans;
mod overflow;
mod plausible_durations;
mod propagation;
mod service_names;
mod shown_as_measured;
mod single_root;
mod span_flood;
mod stage_catalogue;
mod ttft_from_spans;

pub use coverage::Coverage;
pub use no_secrets::NoSecrets;
pub use observer_effect::ObserverEffect;
pub use orphans::Orphans;
pub use overflow::Overflow;
pub use plausible_durations::PlausibleDurations;
pub use propagation::Propagation;
pub use service_names::ServiceNames;
pub use shown_as_measured::ShownAsMeasured;
pub use single_root::SingleRoot;
pub use span_flood::SpanFlood;
pub use stage_catalogue::StageCatalogue;
pub use ttft_from_spans::TtftFromSpans;

use super::{calls, subject, trace_sources};
use crate::model::{act::LoadAct, name::Name, rig::Rig};

/// The traces of each load in each store.
fn subjects(rig: &Rig) -> Vec<Name> {
    subjects_of(rig, |_| true)
}

/// The traces of the loads that hold, in each store.
fn subjects_of(rig: &Rig, holds: impl Fn(&LoadAct) -> bool) -> Vec<Name> {
    let loads: Vec<_> = calls(rig).into_iter().filter(|load| holds(load)).collect();
    trace_sources(rig).iter().flat_map(|store| loads.iter().map(move |load| subject(store, load))).collect()
}
