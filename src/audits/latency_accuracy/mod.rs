//! Do the same requests last equally long in every source?
//!
//! One controlled load is sent; the load generator, the log, the histograms, the traces and (where the delays behind
//! the target are planted) the reference endpoint each say how long it took. [`view`] joins what they say once;
//! [`rules`] compare it. Procedures and limits are the ones that held in simulation and on a real rig: a share of false
//! alarms below 0.25 % over all rules of one clean run, and more than 99 % power against each fault that they are for.

mod charts;
mod clock;
mod closure;
mod notes;
mod records;
mod rules;
mod say;
mod spoil;
mod stamps;
mod tolerance;
mod view;
mod window;

use super::shared::trace_sources;
pub use super::shared::{Request, Requests};
pub use records::{Record, Records};
pub use tolerance::Tolerance;
pub use window::Window;

use crate::model::{
    act::Act,
    audit::{Audit, Context, Effort, Need, RuleEntry},
    chart::Chart,
    key::{Clock, Facts, Histogram, LogLines, Page, Perform, RoundTrip, Spans, Truth, When},
    name::{Name, name},
    rig::{By, Rig},
    units::Count,
};
use serde::Deserialize;
use view::Latencies;

/// The audit and its parameters.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LatencyAccuracy {
    /// Which of the rig's loads is sent.
    pub load: Name,
    /// Measured requests.
    pub requests: Count,
    /// Requests before them that count for closure but not for pairs.
    pub warmup: Count,
    /// Requests straight to the reference endpoint, past the target, that calibrate the load generator.
    pub calibration: Count,
}

/// The load that goes straight to the reference endpoint; exists where that is not the target itself.
const CALIBRATION: &str = "calibration";
/// Connections set up to measure the round trip; the smallest of 20 is within noise of the true minimum.
const ROUNDS: u64 = 20;

impl Audit for LatencyAccuracy {
    const NAME: &'static str = "latency_accuracy";

    const RULES: &'static [RuleEntry<Self>] = &[
        RuleEntry::of::<rules::KnownTruth>(),
        RuleEntry::of::<rules::CountClosure>(),
        RuleEntry::of::<rules::MeanClosure>(),
        RuleEntry::of::<rules::BucketEdges>(),
        RuleEntry::of::<rules::QuantileResolution>(),
        RuleEntry::of::<rules::Pinned>(),
        RuleEntry::of::<rules::SloBoundary>(),
        RuleEntry::of::<rules::UnitSlip>(),
        RuleEntry::of::<rules::EventDefinitions>(),
        RuleEntry::of::<rules::EarlyStop>(),
        RuleEntry::of::<rules::BackgroundTasks>(),
        RuleEntry::of::<rules::ExemplarSpan>(),
        RuleEntry::of::<rules::MatchRate>(),
        RuleEntry::of::<rules::BiasEquivalence>(),
        RuleEntry::of::<rules::Scale>(),
        RuleEntry::of::<rules::RareOutliers>(),
        RuleEntry::of::<rules::Causality>(),
        RuleEntry::of::<rules::ClockBound>(),
        RuleEntry::of::<rules::TraceSkew>(),
        RuleEntry::of::<rules::ChunksPerToken>(),
    ];

    type View<'e> = Latencies<'e>;

    fn needs(&self, rig: &Rig) -> Vec<Need> {
        let Some(act) = self.act(rig) else { return vec![] };
        let (load, once) = (act.actor(), Effort::default());
        let full = Effort { requests: self.requests.0, warmup: self.warmup.0, ..once };
        let mut needs = vec![Need::live(&load, RoundTrip {}, Effort { rounds: ROUNDS, ..once })];
        // The calibration comes first: it says whether the load generator itself can be believed.
        let direct = Self::calibration_act(rig);
        if let Some(direct) = &direct {
            let few = Effort { requests: self.calibration.0, warmup: self.warmup.0.min(self.calibration.0 / 10), ..once };
            needs.push(Need::live(&load, Perform { act: direct.clone() }, few));
        }
        needs.push(Need::live(&load, Perform { act: act.clone() }, full));
        let during = || When::During(act.clone());
        for source in rig.sources_of("truth") {
            needs.extend([Some(&act), direct.as_ref()].into_iter().flatten().map(|of| Need::live(source, Truth { of: of.clone() }, once)));
        }
        for claim in rig.claims.iter().filter(|c| c.histogram().is_some()) {
            needs.push(Need::live(&claim.source, Histogram { claim: claim.name.clone(), when: during() }, once));
        }
        needs.extend(log_sources(rig).iter().map(|log| Need::live(log, LogLines { when: during() }, once)));
        needs.extend(trace_sources(rig).iter().map(|store| Need::live(store, Spans { of: act.clone() }, once)));
        needs.extend(rig.sources_of("scrape").map(|page| Need::live(page, Page { when: When::After(act.clone()) }, once)));
        needs.extend(rig.sources_of("clock").map(|clock| Need::live(clock, Clock {}, Effort { rounds: ROUNDS, ..once })));
        needs.extend(rig.sources_of("prometheus").map(|server| Need::live(server, Facts { scope: name("server") }, once)));
        needs
    }

    fn view<'e>(&'e self, cx: &Context<'e>) -> Latencies<'e> {
        Latencies::join(self, cx)
    }

    fn charts(&self, view: &Latencies<'_>) -> Vec<Chart> {
        charts::charts(view)
    }

    fn notes(&self, view: &Latencies<'_>) -> Vec<String> {
        notes::notes(view)
    }
}

impl LatencyAccuracy {
    /// The controlled load as an act, if the rig has it.
    fn act(&self, rig: &Rig) -> Option<Act> {
        rig.loads.get(&self.load).cloned().map(Act::Load)
    }
    /// The load past the target, if the rig has it.
    fn calibration_act(rig: &Rig) -> Option<Act> {
        rig.loads.get(CALIBRATION).cloned().map(Act::Load)
    }
}

/// Logs that claim to time a request, in the order of the spec, each once.
fn log_sources(rig: &Rig) -> Vec<Name> {
    let mut logs = vec![];
    for claim in rig.claims.iter().filter(|c| matches!(c.by, By::LogField)) {
        if !logs.contains(&claim.source) {
            logs.push(claim.source.clone());
        }
    }
    logs
}
