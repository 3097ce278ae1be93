//! One file per rule; the parameter struct is the rule.

mod background_tasks;
mod bias_equivalence;
mod bucket_edges;
mod causality;
mod chunks_per_token;
mod clock_bound;
mod count_closure;
mod early_stop;
mod event_definitions;
mod exemplar_span;
mod known_truth;
mod match_rate;
mod mean_closure;
mod pinned;
mod quantile_resolution;
mod rare_outliers;
mod scale;
mod slo_boundary;
mod trace_skew;
mod unit_slip;

pub use background_tasks::BackgroundTasks;
pub use bias_equivalence::BiasEquivalence;
pub use bucket_edges::BucketEdges;
pub use causality::Causality;
pub use chunks_per_token::ChunksPerToken;
pub use clock_bound::ClockBound;
pub use count_closure::CountClosure;
pub use early_stop::EarlyStop;
pub use event_definitions::EventDefinitions;
pub use exemplar_span::ExemplarSpan;
pub use known_truth::KnownTruth;
pub use match_rate::MatchRate;
pub use mean_closure::MeanClosure;
pub use pinned::Pinned;
pub use quantile_resolution::QuantileResolution;
pub use rare_outliers::RareOutliers;
pub use scale::Scale;
pub use slo_boundary::SloBoundary;
pub use trace_skew::TraceSkew;
pub use unit_slip::UnitSlip;

use crate::model::{
    name::Name,
    rig::{Claim, Rig},
};

/// Subjects of the claims that hold, in the order of the spec.
fn claims(rig: &Rig, holds: impl Fn(&Claim) -> bool) -> Vec<Name> {
    rig.claims.iter().filter(|c| holds(c)).map(Claim::subject).collect()
}

/// Whole-request times with a value per request. Inter-chunk latency is left out where the law under test holds for
/// whole requests only.
fn request_times(rig: &Rig) -> Vec<Name> {
    claims(rig, |c| c.per_request() && c.of_requests())
}

/// All histogram claims.
fn histograms(rig: &Rig) -> Vec<Name> {
    claims(rig, |c| c.histogram().is_some())
}
