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
        rig::{Quantity, Rig},
        units::{Margin, Ms, Share},
    },
    stats::{Answer, location, location_within, median},
};
use serde::Deserialize;

/// The time to first token of a stream can be read from its trace, and is what the client waited.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TtftFromSpans {
    /// The share of streams whose trace must tell it.
    share: Share,
    /// How far it may lie from the client's.
    margin: Margin,
}

impl Rule<TraceGranularity> for TtftFromSpans {
    const NAME: &'static str = "ttft_from_spans";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        super::subjects_of(rig, |load| load.stream)
    }

    fn judge(&self, view: &Calls<'_>, subject: &Name) -> Judgement {
        let both = view.of(subject)?;
        let told: Vec<_> = both.measured().filter_map(|(r, l)| Some((r.client.get(Quantity::Ttft)?, l.figure(Quantity::Ttft)))).collect();
        let level = median(&told.iter().map(|(client, _)| *client).collect::<Vec<_>>()).unwrap_or_default();
        let d = self.margin.at(Ms(level));
        let expected = format!("told by at least {} of streams' traces, within ±{d} of the client's", self.share);
        if both.traces.there() == 0 {
            return Ok(say::no_traces(&both, expected));
        }
        let census = Census::count(&told, Share(1.0 - self.share.0), |(_, span)| span.is_none());
        if census.answer() != Answer::Pass {
            let observed = format!("{} traces of streams do not tell when the first token went out", say::of(census));
            let because = vec![
                "an attribute `gen_ai.response.time_to_first_chunk` (s) on the server span, or a span for the first chunk of the body, would".into(),
            ];
            return Ok(Finding {
                margin: census.above(),
                because,
                from: both.from(),
                ..census.finding("streams without a TTFT", observed, expected)
            });
        }
        let differences: Vec<f64> = told.iter().filter_map(|(client, span)| Some((*span)? - client)).collect();
        let Some(place) = location(&differences) else {
            return Ok(say::few(subject.as_str(), differences.len() as u64, expected, both.from()));
        };
        let answer = location_within(&place, -d.0, d.0);
        let because = if answer == Answer::Pass { vec![] } else { say::spread("span minus client", &differences).into_iter().collect() };
        Ok(Finding {
            margin: Some((d.0 - place.value.abs()) / d.0),
            because,
            settles_at: say::settles(answer),
            from: both.from(),
            ..say::finding(
                say::status(answer),
                say::location("TTFT of the span minus the client's", &place, answer),
                format!("{subject} tells a TTFT that is off by {} over {} streams", say::with_bounds(&place, answer), differences.len()),
                expected,
            )
        })
    }

    fn spoil(&self, _: &TraceGranularity, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        spoil::each_span(rig, subject, copy, |span| span.attributes.clear());
    }
}
