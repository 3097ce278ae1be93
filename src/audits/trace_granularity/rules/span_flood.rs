use crate::{
    audits::trace_granularity::{TraceGranularity, say, spoil, view::Calls},
    model::{
        audit::{Judgement, Rule},
        evidence::Evidence,
        name::Name,
        outcome::{Figure, Finding, Status},
        rig::Rig,
        units::Count,
    },
    stats::{median, theil_sen},
};
use serde::Deserialize;

/// A trace does not grow with the answer: a span for each chunk of a stream makes traces that nobody can read, and that stores cut.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpanFlood {
    /// The stream for which spans are reckoned, in chunks with content.
    chunks: Count,
    /// Spans of a trace beyond which it is a warning ...
    warn: Count,
    /// ... and a failure.
    fail: Count,
}

/// Fewest traces of which a slope can be told.
const FEWEST: usize = 20;

impl Rule<TraceGranularity> for SpanFlood {
    const NAME: &'static str = "span_flood";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        super::subjects(rig)
    }

    fn judge(&self, view: &Calls<'_>, subject: &Name) -> Judgement {
        let both = view.of(subject)?;
        let expected = format!("at most {} spans in a trace, also of a stream of {} chunks", self.warn.0, self.chunks.0);
        if both.traces.there() == 0 {
            return Ok(say::no_traces(&both, expected));
        }
        let rows: Vec<_> = both.there().map(|(r, l)| (r.shape.content as f64, l.spans as f64, l.chunk_spans)).collect();
        let spans: Vec<f64> = rows.iter().map(|r| r.1).collect();
        let middle = median(&spans).unwrap_or_default();
        let most = spans.iter().copied().fold(0.0, f64::max);
        let chunks: Vec<f64> = rows.iter().map(|r| r.0).collect();
        // Spans per chunk, where the streams are long and short enough to tell it.
        let slope = (rows.len() >= FEWEST).then(|| theil_sen(&chunks, &spans, 1.0)).flatten().filter(|s| s.lo95 > 0.0).map(|s| s.value);
        let usual = median(&chunks).unwrap_or_default();
        let reckoned = slope.map_or(middle, |slope| middle + slope * (self.chunks.0 as f64 - usual).max(0.0));
        let figure = most.max(reckoned);
        let status = match figure {
            n if n > self.fail.0 as f64 => Status::Fail,
            n if n > self.warn.0 as f64 => Status::Warn,
            _ => Status::Pass,
        };
        let grows = slope.map(|s| format!(", and {s:.1} more for each chunk: some {reckoned:.0} for {} chunks", self.chunks.0)).unwrap_or_default();
        let per_chunk = rows.iter().any(|r| r.2 > 1);
        let because = if status != Status::Pass && per_chunk {
            vec![
                "the ASGI instrumentation makes a span for each message that is sent; `exclude_spans=[\"send\", \"receive\"]` switches that off"
                    .into(),
            ]
        } else {
            vec![]
        };
        Ok(Finding {
            margin: Some((self.warn.0 as f64 - figure) / self.warn.0 as f64),
            because,
            from: both.from(),
            ..say::finding(
                status,
                Figure::exact("spans in a trace", figure, rows.len() as u64, "spans"),
                format!("a trace of {subject} has {middle:.0} spans in the middle and {most:.0} at most{grows}"),
                expected,
            )
        })
    }

    fn spoil(&self, _: &TraceGranularity, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        spoil::flood(rig, subject, copy, self.fail.0 + 1);
    }
}
