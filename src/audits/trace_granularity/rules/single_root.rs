use crate::{
    audits::trace_granularity::{
        Looked, TraceGranularity,
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

/// Each trace is one tree: below the call that we sent there is one span, of kind server; each span has an id of its own.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SingleRoot {
    /// The share of traces that may be otherwise.
    share: Share,
}

impl Rule<TraceGranularity> for SingleRoot {
    const NAME: &'static str = "single_root";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        super::subjects(rig)
    }

    fn judge(&self, view: &Calls<'_>, subject: &Name) -> Judgement {
        let both = view.of(subject)?;
        let expected = format!("one root, not of kind client, and no id twice, in all but {} of traces", self.share);
        if both.traces.there() == 0 {
            return Ok(say::no_traces(&both, expected));
        }
        let wrong = |l: &Looked| l.roots != 1 || l.client_root || l.duplicates > 0 || l.cyclic > 0;
        let census = Census::count(both.there(), self.share, |(_, l)| wrong(l));
        let observed = format!("{} traces are no single tree", say::of(census));
        let kinds: [(&str, fn(&Looked) -> bool); 5] = [
            ("have no root: the span that our call started is missing", |l| l.roots == 0),
            ("have several roots: spans that should lie in one another stand side by side", |l| l.roots > 1),
            ("begin with a span of kind client: a server's work is reported as a call", |l| l.client_root),
            ("have two spans with one id", |l| l.duplicates > 0),
            ("have spans that call each other in a circle", |l| l.cyclic > 0),
        ];
        let told = kinds.into_iter().filter_map(|(words, is)| {
            let many = both.there().filter(|(_, l)| is(l)).count();
            (many > 0).then(|| format!("{many} {words}"))
        });
        Ok(Finding { because: told.collect(), from: both.from(), ..census.finding("traces that are no single tree", observed, expected) })
    }

    fn spoil(&self, _: &TraceGranularity, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        spoil::each_span(rig, subject, copy, |span| {
            if span.kind == "server" {
                "client".clone_into(&mut span.kind);
            }
        });
    }
}
