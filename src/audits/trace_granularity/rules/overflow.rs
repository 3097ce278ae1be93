use crate::{
    audits::trace_granularity::{
        TraceGranularity,
        looked::Outside,
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
        units::{Margin, Ms, Share},
    },
};
use serde::Deserialize;

/// A span lies within the span that called it; else one of the two is wrong, or the caller did not wait.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Overflow {
    /// By how much it may begin earlier or end later, against the caller's length.
    beyond: Margin,
    /// The share of spans that may lie further outside.
    share: Share,
}

impl Rule<TraceGranularity> for Overflow {
    const NAME: &'static str = "overflow";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        super::subjects(rig)
    }

    fn judge(&self, view: &Calls<'_>, subject: &Name) -> Judgement {
        let both = view.of(subject)?;
        let expected = format!(
            "at most {} of spans more than {} (or {} of their caller) outside their caller",
            self.share, self.beyond.absolute, self.beyond.relative
        );
        if both.traces.there() == 0 {
            return Ok(say::no_traces(&both, expected));
        }
        let far = |o: &&Outside| o.by_ms > self.beyond.at(Ms(o.of_ms)).0;
        let outside: Vec<&Outside> = both.there().flat_map(|(_, l)| &l.outside).filter(far).collect();
        let census = Census { bad: outside.len() as u64, of: both.there().map(|(_, l)| l.children).sum(), limit: self.share };
        if census.of == 0 {
            let why = format!("no span of {subject} has a caller in its trace");
            return Ok(say::cannot_tell(why, expected, 0, both.from()).settled_by("let spans be nested in the request's span (TRC-02, TRC-04)"));
        }
        let observed = format!("{} spans with a caller lie outside it", say::of(census));
        let farthest = outside.iter().map(|o| o.by_ms).fold(0.0, f64::max);
        let because = if outside.is_empty() {
            vec![]
        } else {
            vec![format!("{}; by up to {}", say::commonest(outside.iter().map(|o| o.name.as_str())), Ms(farthest))]
        };
        Ok(Finding { because, from: both.from(), ..census.finding("spans outside their caller", observed, expected) })
    }

    fn spoil(&self, _: &TraceGranularity, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        spoil::each_span(rig, subject, copy, |span| {
            if span.kind != "server" {
                span.end_ns += 10_000_000_000;
            }
        });
    }
}
