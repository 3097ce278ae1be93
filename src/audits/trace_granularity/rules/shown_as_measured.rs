use crate::{
    audits::trace_granularity::{TraceGranularity, say, spoil, view::Calls},
    model::{
        audit::{Judgement, Rule},
        evidence::Evidence,
        name::Name,
        outcome::{Figure, Finding, Status},
        payload::Shown,
        rig::Rig,
        units::{Ms, Share},
    },
};
use serde::Deserialize;

/// People see on the store's web page what was measured: no span stands elsewhere, and none bears a warning that teaches them to
/// overlook warnings.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShownAsMeasured {
    /// The share of spans that may be shown elsewhere, or with a warning of clock skew.
    share: Share,
    /// How far elsewhere, or how large a difference in a warning, in the middle.
    by: Ms,
}

impl Rule<TraceGranularity> for ShownAsMeasured {
    const NAME: &'static str = "shown_as_measured";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        let jaeger: Vec<String> = rig.sources_of("jaeger").map(|store| format!("{store}:")).collect();
        super::subjects(rig).into_iter().filter(|s| jaeger.iter().any(|store| s.as_str().starts_with(store.as_str()))).collect()
    }

    fn judge(&self, view: &Calls<'_>, subject: &Name) -> Judgement {
        let both = view.of(subject)?;
        let expected = format!("at most {} of spans shown elsewhere than measured, or with a warning of more than {}", self.share, self.by);
        if both.traces.there() == 0 {
            return Ok(say::no_traces(&both, expected));
        }
        let Some(shown) = both.traces.spans.shown else {
            let why = "the web page of the store did not show these traces";
            return Ok(
                say::cannot_tell(why, expected, 0, both.from()).settled_by("let rigcheck reach Jaeger's own web address: it asks what the page asks")
            );
        };
        let Shown { traces, spans, warned, warned_ms, moved, moved_ms, farthest_ms } = shown;
        let share = |k: u64| k as f64 / spans.max(1) as f64;
        let size = |ms: Option<f64>| Ms(ms.unwrap_or_default());
        let observed = format!("of {spans} spans of {traces} traces, {moved} are shown elsewhere and {warned} with a warning of clock skew");
        let moved_far = share(moved) > self.share.0 && size(moved_ms).0 > self.by.0;
        let warned_much = share(warned) > self.share.0 && size(warned_ms).0 > self.by.0;
        let mut because = vec![];
        if moved > 0 {
            because.push(format!("they are moved by {} in the middle, {} at most", size(moved_ms), size(farthest_ms)));
        }
        if warned > 0 {
            because.push(format!(
                "the warnings speak of {} in the middle; Jaeger also warns of spans that outlast their callers on the best of clocks (LAT-19 bounds the clocks)",
                size(warned_ms)
            ));
        }
        let status = match (spans, moved_far, warned_much) {
            (0, ..) => Status::Inconclusive,
            (_, true, _) => Status::Fail,
            (_, _, true) => Status::Warn,
            _ => Status::Pass,
        };
        let figure = if moved_far { ("shown elsewhere", moved) } else { ("shown with a warning", warned.max(moved)) };
        let remedy = moved_far.then(|| {
            "Set `max_clock_skew_adjust: 0s` in Jaeger's `jaeger_query` (Jaeger 1: `--query.max-clock-skew-adjustment=0s`), its default.".into()
        });
        Ok(Finding {
            because,
            remedy,
            from: both.from(),
            ..say::finding(status, Figure::exact(figure.0, 100.0 * share(figure.1), spans, "%"), observed, expected)
        })
    }

    fn spoil(&self, _: &TraceGranularity, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        spoil::answer(rig, subject, copy, |spans| {
            spans.shown = Some(Shown { traces: 20, spans: 100, moved: 50, moved_ms: Some(100.0), farthest_ms: Some(200.0), ..Shown::default() });
        });
    }
}
