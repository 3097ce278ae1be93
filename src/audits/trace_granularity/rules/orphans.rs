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
        outcome::Finding,
        rig::Rig,
        units::Share,
    },
};
use serde::Deserialize;

/// No span names a caller that is not there: spans were lost on their way, or never exported.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Orphans {
    /// The share of traces that may have one.
    share: Share,
}

impl Rule<TraceGranularity> for Orphans {
    const NAME: &'static str = "orphans";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        super::subjects(rig)
    }

    fn judge(&self, view: &Calls<'_>, subject: &Name) -> Judgement {
        let both = view.of(subject)?;
        let expected = format!("at most {} of traces with a span whose caller is missing", self.share);
        if both.traces.there() == 0 {
            return Ok(say::no_traces(&both, expected));
        }
        let census = Census::count(both.there(), self.share, |(_, l)| l.orphans > 0);
        let spans: u64 = both.there().map(|(_, l)| l.orphans).sum();
        let observed = format!("{} traces have a span whose caller is missing", say::of(census));
        let because = if spans > 0 {
            vec![format!(
                "{spans} spans in all; a worker that was killed, a full queue of an exporter or a sampler that decides span by span loses callers"
            )]
        } else {
            vec![]
        };
        Ok(Finding { because, from: both.from(), ..census.finding("traces with orphans", observed, expected) })
    }

    fn spoil(&self, _: &TraceGranularity, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        spoil::each_span(rig, subject, copy, |span| {
            if span.kind != "server" {
                span.parent_id = Some("00000000deadbeef".into());
            }
        });
    }
}
