use crate::{
    audits::{
        shared::Request,
        trace_granularity::{
            Looked, TraceGranularity, say, spoil,
            view::{Both, Calls},
        },
    },
    model::{
        audit::{Judgement, Rule},
        evidence::Evidence,
        name::Name,
        outcome::{Figure, Finding, Status},
        rig::{Quantity, Rig},
        units::{Margin, Ms, Share},
    },
    stats::{Answer, census_at_most, median},
};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Durations are such as clocks measure: none negative, none of a stage always the same, none longer than the client waited.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlausibleDurations {
    /// The share of traces that may have an implausible duration.
    share: Share,
    /// By how much a span may outlast the client's own time, against that.
    longer: Margin,
    /// Stages shorter than this may repeat a duration: few ticks of a clock lie in them.
    constant_from: Ms,
    /// A duration that so many traces share, to the microsecond, is not measured.
    same: Share,
}

/// Fewest durations of a stage of which it can be said that they do not vary.
const FEWEST: usize = 20;

/// One kind of implausible duration: how many of how many traces have it.
struct Kind {
    words: String,
    bad: u64,
    of: u64,
    answer: Answer,
}

impl Rule<TraceGranularity> for PlausibleDurations {
    const NAME: &'static str = "plausible_durations";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        super::subjects(rig)
    }

    fn judge(&self, view: &Calls<'_>, subject: &Name) -> Judgement {
        let both = view.of(subject)?;
        let expected = format!("in at most {} of traces a duration that no clock measures", self.share);
        if both.traces.there() == 0 {
            return Ok(say::no_traces(&both, expected));
        }
        let longer =
            |r: &Request, l: &Looked| r.client.get(Quantity::Total).is_some_and(|client| l.longest_ms > client + self.longer.at(Ms(client)).0);
        let mut kinds = vec![
            self.kind(&both, "have a span that ends before it starts", |_, l| l.negative > 0),
            self.kind(&both, "have a span that lasts longer than the client waited for all of it", longer),
        ];
        kinds.extend(self.constant(view, &both));
        // The worst first; of those that are alike the one with more traces.
        kinds.sort_by_key(|k| (std::cmp::Reverse(say::status(k.answer).badness()), std::cmp::Reverse(k.bad)));
        let Some(worst) = kinds.first() else { return Ok(say::no_traces(&both, expected)) };
        let share = worst.bad as f64 / worst.of.max(1) as f64;
        let because = kinds.iter().filter(|k| k.bad > 0).map(|k| format!("{} of {} traces {}", k.bad, k.of, k.words)).collect();
        let grid = whole_ms(view, &both);
        let (status, observed) = match (say::status(worst.answer), grid) {
            (Status::Pass, Some(words)) => (Status::Warn, words),
            (Status::Pass, None) => (Status::Pass, format!("the durations of {} traces are such as clocks measure", worst.of)),
            (status, _) => (status, format!("{} of {} traces {}", worst.bad, worst.of, worst.words)),
        };
        Ok(Finding {
            margin: Some((self.share.0 - share) / self.share.0),
            because,
            settles_at: say::settles(worst.answer),
            from: both.from(),
            ..say::finding(status, Figure::exact("traces with implausible durations", 100.0 * share, worst.of, "%"), observed, expected)
        })
    }

    fn spoil(&self, _: &TraceGranularity, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        spoil::each_span(rig, subject, copy, |span| span.end_ns = span.start_ns.saturating_sub(1_000_000));
    }
}

impl PlausibleDurations {
    fn kind(&self, both: &Both<'_, '_>, words: &str, is: impl Fn(&Request, &Looked) -> bool) -> Kind {
        let (bad, of) = both.there().fold((0, 0), |(k, n), (r, l)| (k + u64::from(is(r, l)), n + 1));
        Kind { words: words.into(), bad, of, answer: census_at_most(bad, of, self.share.0) }
    }
    /// Stages of which one and the same duration comes again and again.
    fn constant(&self, view: &Calls<'_>, both: &Both<'_, '_>) -> Vec<Kind> {
        let mut kinds = vec![];
        for (name, durations) in stages(view, both) {
            let middle = median(&durations).unwrap_or_default();
            if durations.len() < FEWEST || middle < self.constant_from.0 {
                continue;
            }
            let mut counts: BTreeMap<u64, u64> = BTreeMap::new();
            for ms in &durations {
                *counts.entry((ms * 1e3).round() as u64).or_default() += 1;
            }
            let Some((us, many)) = counts.into_iter().max_by_key(|(_, many)| *many) else { continue };
            if many as f64 >= self.same.0 * durations.len() as f64 {
                let words = format!("show {} for {name}, to the microsecond: a duration that is written, not measured", Ms(us as f64 / 1e3));
                kinds.push(Kind { words, bad: many, of: durations.len() as u64, answer: Answer::Fail });
            }
        }
        kinds
    }
}

/// The durations of each stage, over all traces that have it, ms.
fn stages<'v>(view: &'v Calls<'_>, both: &Both<'_, '_>) -> Vec<(&'v str, Vec<f64>)> {
    let of = |(place, (_, stage)): (usize, (_, &'v crate::traces::Stage))| {
        (stage.title.as_str(), both.there().filter_map(|(_, l)| l.stages[place]).collect())
    };
    view.stages.iter().enumerate().map(of).collect()
}

/// Does everything last whole milliseconds? A clock that cannot tell less hides the short stages.
fn whole_ms(view: &Calls<'_>, both: &Both<'_, '_>) -> Option<String> {
    let all: Vec<f64> = stages(view, both).into_iter().flat_map(|(_, durations)| durations).filter(|ms| *ms > 0.0).collect();
    let whole = |ms: &&f64| ((ms.fract() * 1e3).round() as u64).is_multiple_of(1_000);
    (all.len() >= FEWEST && all.iter().all(|ms| whole(&ms))).then(|| format!("each of {} durations is a whole number of milliseconds", all.len()))
}
