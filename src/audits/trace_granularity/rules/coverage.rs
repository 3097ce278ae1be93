use crate::{
    audits::{
        shared::nearly_all,
        trace_granularity::{
            TraceGranularity, say, spoil,
            view::{Both, Calls},
        },
    },
    model::{
        audit::{Judgement, Rule},
        evidence::Evidence,
        name::Name,
        outcome::{Figure, Finding},
        rig::Rig,
        units::{Margin, Ms, Share},
    },
    stats::{Answer, Location, location, location_within, median},
};
use serde::Deserialize;

/// Nearly all of a request's time lies within a span of something, and no long stretch of it in none: what no span tells of is
/// where a bottleneck hides.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coverage {
    /// The share of the server span that the union of its children must account for.
    covered: Share,
    /// How long the longest stretch without a child may be, against the request's length.
    gap: Margin,
}

impl Rule<TraceGranularity> for Coverage {
    const NAME: &'static str = "coverage";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        super::subjects(rig)
    }

    fn judge(&self, view: &Calls<'_>, subject: &Name) -> Judgement {
        let both = view.of(subject)?;
        let expected = format!("at least {} covered, and no gap longer than {} or {}", self.covered, self.gap.absolute, self.gap.relative);
        if both.traces.there() == 0 {
            return Ok(say::no_traces(&both, expected));
        }
        let wholes: Vec<_> = both.measured().filter_map(|(_, l)| l.server.as_ref()).collect();
        let measured = both.measured().count();
        if !nearly_all(wholes.len(), measured) {
            let why = format!("{} of {measured} traces have no server span that stands for the request", measured - wholes.len());
            let remedy = "let the framework's instrumentation start a span of kind server (TRC-04)";
            return Ok(say::cannot_tell(why, expected, wholes.len() as u64, both.from()).settled_by(remedy));
        }
        let length = median(&wholes.iter().map(|w| w.length_ms).collect::<Vec<_>>()).unwrap_or_default();
        let most = self.gap.at(Ms(length));
        let expected = format!("at least {} covered, and no gap longer than {most}", self.covered);
        let told = |of: fn(&crate::audits::trace_granularity::looked::Whole) -> f64| location(&wholes.iter().map(|w| of(w)).collect::<Vec<_>>());
        let (Some(covered), Some(gap)) = (told(|w| w.covered), told(|w| w.gap_ms)) else {
            return Ok(say::few(subject.as_str(), wholes.len() as u64, expected, both.from()));
        };
        let (enough, short) = (location_within(&covered, self.covered.0, f64::INFINITY), location_within(&gap, f64::NEG_INFINITY, most.0));
        let answer = say::worse(enough, short);
        let by_gap = short == answer && enough != answer;
        let figure = if by_gap { say::location("longest gap", &gap, short) } else { percent(&covered, enough) };
        let margin = if by_gap { (most.0 - gap.value) / most.0 } else { (covered.value - self.covered.0) / self.covered.0 };
        let observed = format!(
            "children account for {} of the server span of {subject}, in the middle of {} traces; the longest gap is {}",
            Share(covered.value),
            wholes.len(),
            Ms(gap.value)
        );
        Ok(Finding {
            margin: Some(margin),
            because: if answer == Answer::Pass { vec![] } else { where_it_lies(&both) },
            settles_at: say::settles(answer),
            from: both.from(),
            ..say::finding(say::status(answer), figure, observed, expected)
        })
    }

    fn spoil(&self, _: &TraceGranularity, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        spoil::spans(rig, subject, copy, |spans| spans.retain(|s| s.kind == "server"));
    }
}

/// The share as a figure, in %.
fn percent(covered: &Location, answer: Answer) -> Figure {
    let shares = Location { value: 100.0 * covered.value, se: 100.0 * covered.se, ..*covered };
    Figure { unit: "%".into(), ..say::location("covered", &shares, answer) }
}

/// Between which spans the longest gaps lie.
fn where_it_lies(both: &Both<'_, '_>) -> Vec<String> {
    let places = both.measured().filter_map(|(_, l)| l.server.as_ref()).filter(|w| w.gap_ms > 0.0);
    let places: Vec<String> = places.map(|w| format!("between {} and {}", w.around.0, w.around.1)).collect();
    let told = say::commonest(places.iter().map(String::as_str));
    if told.is_empty() { vec![] } else { vec![format!("the longest gap of a trace lies {told}")] }
}
