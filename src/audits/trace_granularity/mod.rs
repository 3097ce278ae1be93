//! Do traces show where a request's time goes, and may they be believed?
//!
//! A few calls of each kind are sent (streamed and whole chat completions, embeddings), and their traces read: are the stages of
//! the request told apart, is there time that no span tells of, is each trace one tree, can the time to first token be read from
//! it, what does recording it cost. [`view`] looks at each trace once and keeps what it [`Looked`] like, so that a million spans
//! take no more room than their traces; [`rules`] judge that.

mod charts;
mod looked;
mod notes;
mod rules;
mod say;
mod spoil;
mod traces;
mod view;

pub use looked::Looked;
pub use traces::Traces;

use crate::{
    audits::shared::trace_sources,
    model::{
        act::{Act, Api, LoadAct},
        audit::{Audit, Context, Effort, Need, RuleEntry},
        chart::Chart,
        key::{Perform, RoundTrip, Spans, Truth},
        name::{Name, name},
        rig::Rig,
        units::Count,
    },
    traces::Stages,
};
use serde::Deserialize;
use view::Calls;

/// The audit and its parameters.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TraceGranularity {
    /// Calls of the controlled load, which streams where the target does.
    requests: Count,
    /// Calls of each other kind: chat completions without a stream, embeddings.
    calls: Count,
    /// Calls of which every second one asks for no trace.
    half_traced: Count,
    /// Calls of each load that come before the measured ones.
    warmup: Count,
    /// What a request goes through, and how spans of it are told.
    stages: Stages,
}

/// The loads whose traces are looked at, in report order.
const CALLS: [&str; 3] = ["controlled", "unstreamed", "embeddings"];
/// Connections set up to tell how far the target is from here.
const ROUNDS: u64 = 20;
/// The load that leaves out every second trace.
const HALF: &str = "half-traced";

impl Audit for TraceGranularity {
    const NAME: &'static str = "trace_granularity";

    const RULES: &'static [RuleEntry<Self>] = &[
        RuleEntry::of::<rules::StageCatalogue>(),
        RuleEntry::of::<rules::Coverage>(),
        RuleEntry::of::<rules::Orphans>(),
        RuleEntry::of::<rules::SingleRoot>(),
        RuleEntry::of::<rules::Overflow>(),
        RuleEntry::of::<rules::ShownAsMeasured>(),
        RuleEntry::of::<rules::TtftFromSpans>(),
        RuleEntry::of::<rules::SpanFlood>(),
        RuleEntry::of::<rules::ObserverEffect>(),
        RuleEntry::of::<rules::PlausibleDurations>(),
        RuleEntry::of::<rules::Propagation>(),
        RuleEntry::of::<rules::NoSecrets>(),
        RuleEntry::of::<rules::ServiceNames>(),
    ];

    type View<'e> = Calls<'e>;

    fn needs(&self, rig: &Rig) -> Vec<Need> {
        let stores = trace_sources(rig);
        if stores.is_empty() {
            return vec![];
        }
        let mut needs = vec![Need::live(&name("load"), RoundTrip {}, Effort { rounds: ROUNDS, ..Effort::default() })];
        let acts = calls(rig).into_iter().map(|load| (load, if load.name.as_str() == CALLS[0] { self.requests } else { self.calls }));
        let half = rig.loads.get(HALF).filter(|_| rig.sources_of("truth").next().is_some()).map(|load| (load, self.half_traced));
        for (load, requests) in acts.chain(half) {
            let act = Act::Load(load.clone());
            let effort = Effort { requests: requests.0, warmup: self.warmup.0, ..Effort::default() };
            needs.push(Need::live(&act.actor(), Perform { act: act.clone() }, effort));
            needs.extend(rig.sources_of("truth").map(|s| Need::live(s, Truth { of: act.clone() }, Effort::default())));
            needs.extend(stores.iter().map(|s| Need::live(s, Spans { of: act.clone() }, Effort::default())));
        }
        needs
    }

    fn view<'e>(&'e self, cx: &Context<'e>) -> Calls<'e> {
        Calls::join(self, cx)
    }

    fn charts(&self, view: &Calls<'_>) -> Vec<Chart> {
        charts::charts(view)
    }

    fn notes(&self, view: &Calls<'_>) -> Vec<String> {
        notes::notes(view)
    }
}

/// The loads of the rig whose traces are looked at.
fn calls(rig: &Rig) -> Vec<&LoadAct> {
    CALLS.into_iter().filter_map(|load| rig.loads.get(load)).collect()
}

/// How rules and reports name the traces of one load in one store: `jaeger:controlled`.
fn subject(store: &Name, load: &LoadAct) -> Name {
    name(format!("{store}:{}", load.name))
}

/// Which kind of call a load makes, in the words of the stage catalogue.
fn kind(load: &LoadAct) -> &'static str {
    match load.api {
        Api::Chat => "chat",
        Api::Embeddings => "embeddings",
    }
}
