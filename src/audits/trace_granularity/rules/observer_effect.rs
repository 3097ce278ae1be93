use crate::{
    audits::{
        shared::{Real, Request, Requests},
        trace_granularity::{HALF, TraceGranularity, say, spoil, subject, trace_sources, view::Calls},
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

/// Recording a trace does not lengthen the request: else what is measured with traces is another system than the one without.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObserverEffect {
    /// How much longer a traced request may take, against the median.
    margin: Margin,
    /// The share of calls that may be recorded, or not, against what they asked for.
    heeded: Share,
}

impl Rule<TraceGranularity> for ObserverEffect {
    const NAME: &'static str = "observer_effect";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        let half = rig.loads.get(HALF);
        half.map(|load| trace_sources(rig).iter().map(|store| subject(store, load)).collect()).unwrap_or_default()
    }

    fn judge(&self, view: &Calls<'_>, subject: &Name) -> Judgement {
        let both = view.of(subject)?;
        let truth = view.truth(both.load)?;
        let level = median(&both.sent.measured().filter_map(|(_, r)| r.client.get(Quantity::Total)).collect::<Vec<_>>()).unwrap_or_default();
        let d = self.margin.at(Ms(level));
        let expected = format!("a traced request takes within ±{d} of what the same takes without");
        let from: Vec<_> = both.from().into_iter().chain(truth.keys.iter().map(|k| (*k).clone())).collect();
        // Was the flag heeded? Else both halves are the same thing.
        let recorded = |untraced: bool| {
            let rows = both.sent.all.iter().zip(&both.traces.rows).filter(|(r, _)| r.ok && r.untraced == untraced);
            let (k, n) = rows.fold((0, 0), |(k, n), (_, looked)| (k + u64::from(looked.is_some()), n + 1));
            (k, n, if n == 0 { 0.0 } else { k as f64 / n as f64 })
        };
        let ((traced, of_traced, share), (untraced, of_untraced, against)) = (recorded(false), recorded(true));
        if share < 1.0 - self.heeded.0 || against > self.heeded.0 {
            let why = format!(
                "{traced} of {of_traced} calls that asked for a trace were recorded, and {untraced} of {of_untraced} that asked for none: \
                 the caller's flag does not switch recording on and off"
            );
            return Ok(say::cannot_tell(why, expected, of_traced + of_untraced, from).settled_by(PARENT_BASED));
        }
        let differences = pairs(both.sent, truth);
        let Some(place) = location(&differences) else {
            return Ok(say::few(subject.as_str(), differences.len() as u64, expected, from));
        };
        let answer = location_within(&place, -d.0, d.0);
        let faster = answer == Answer::Fail && place.value < 0.0;
        let mut because: Vec<String> =
            if answer == Answer::Pass { vec![] } else { say::spread("traced minus untraced", &differences).into_iter().collect() };
        if faster {
            because.insert(0, "traced requests are the faster ones: whatever decides what is recorded also decides how it is served".into());
        }
        Ok(Finding {
            margin: Some((d.0 - place.value.abs()) / d.0),
            because,
            settles_at: say::settles(answer).map(|pairs| 2 * pairs),
            from,
            ..say::finding(
                say::status(answer),
                say::location("effect of tracing", &place, answer),
                format!(
                    "a traced request takes {} longer than the same without a trace, over {} pairs ({} of {level})",
                    say::with_bounds(&place, answer),
                    differences.len(),
                    Share(place.value / level.max(f64::MIN_POSITIVE)),
                    level = Ms(level)
                ),
                expected,
            )
        })
    }

    fn spoil(&self, _: &TraceGranularity, rig: &Rig, _: &Name, copy: &mut Evidence) {
        spoil::slow_traced(rig, copy);
    }
}

/// What lets the caller decide.
const PARENT_BASED: &str = "let the sampler follow its caller (`OTEL_TRACES_SAMPLER=parentbased_always_on`, the default of the SDKs) and the exporter \
                            send everything; or compare two runs yourself, one with `OTEL_SDK_DISABLED=true`";

/// What each traced request took beyond what was emitted for it, less the same of its untraced twin, ms; in order of sending.
fn pairs(sent: &Requests<'_>, truth: &Real<'_>) -> Vec<f64> {
    let beyond = |r: &Request| Some(r.client.get(Quantity::Total)? - truth.of(&r.id)?.figures.get(Quantity::Total)?);
    let measured: Vec<&Request> = sent.all.iter().filter(|r| !r.warmup).collect();
    let twins = |pair: &[&Request]| match pair {
        [a, b] if a.untraced != b.untraced && a.measured() && b.measured() && !a.stalled && !b.stalled => {
            let (with, without) = if a.untraced { (b, a) } else { (a, b) };
            Some(beyond(with)? - beyond(without)?)
        }
        _ => None,
    };
    measured.chunks(2).filter_map(twins).collect()
}
