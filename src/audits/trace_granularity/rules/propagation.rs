use crate::{
    audits::trace_granularity::{
        TraceGranularity,
        say::{self, Census},
        spoil,
        view::Calls,
    },
    model::{
        audit::{Judgement, Rule},
        evidence::Evidence,
        name::Name,
        outcome::{Finding, Status},
        rig::Rig,
        units::Share,
    },
};
use serde::Deserialize;

/// The trace goes on at the provider: it is told the id of our trace, and that a span of the gateway's called it. Else what the
/// provider did is in a trace of its own, and the slowest stage cannot be looked into.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Propagation {
    /// The share of calls whose trace id must reach the provider.
    share: Share,
}

impl Rule<TraceGranularity> for Propagation {
    const NAME: &'static str = "propagation";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        super::subjects(rig)
    }

    fn judge(&self, view: &Calls<'_>, subject: &Name) -> Judgement {
        let both = view.of(subject)?;
        let truth = view.truth(both.load)?;
        let from: Vec<_> = both.from().into_iter().chain(truth.keys.iter().map(|k| (*k).clone())).collect();
        let expected = format!("the trace ids of at least {} of the calls reach the provider", self.share);
        // What the endpoint was told of is a trace only where somebody keeps it.
        if both.traces.there() == 0 {
            return Ok(Finding { from, ..say::no_traces(&both, expected) });
        }
        let reached: Vec<_> = both.calls().filter_map(|(r, looked)| Some((r, looked, truth.of(&r.id)?))).collect();
        if reached.is_empty() {
            let why = "none of these calls is in the emission log of the reference endpoint";
            return Ok(say::cannot_tell(why, expected, 0, from).settled_by("route the model that they ask for to `rigcheck mock`"));
        }
        // An older emission log does not tell what the endpoint was told.
        if reached.iter().all(|(.., emitted)| emitted.trace_id.is_none()) {
            let why = "the emission log does not say which trace the provider was told of";
            return Ok(say::cannot_tell(why, expected, 0, from).settled_by("let the provider be a `rigcheck mock` of this version"));
        }
        let limit = Share(1.0 - self.share.0);
        let census = Census::count(&reached, limit, |(r, _, emitted)| emitted.trace_id.as_deref() != Some(r.trace_id.as_str()));
        let observed = format!("{} calls reach the provider under another trace id than ours", say::of(census));
        let found = Finding { margin: census.above(), from, ..census.finding("calls whose trace ends at the gateway", observed, expected) };
        // Where nothing stands between us and the reference endpoint, our own span is the caller.
        if found.status != Status::Pass || !view.rig.loads.contains_key("calibration") {
            return Ok(found);
        }
        let parents = Census::count(reached.iter().filter_map(|(_, looked, _)| looked.and_then(|l| l.provider_parent)), limit, |known| !known);
        if parents.of > 0 && parents.share().0 > limit.0 {
            let observed = format!("{} calls reach the provider under our trace id, but below a span that the trace does not have", say::of(parents));
            let because =
                vec!["what the provider reports hangs beside the gateway's call to it, or nowhere: the caller's own header is handed on".into()];
            return Ok(Finding { status: Status::Warn, observed, because, margin: None, ..found });
        }
        Ok(found)
    }

    fn spoil(&self, _: &TraceGranularity, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        spoil::unpropagated(rig, subject, copy);
    }
}
