use crate::{
    audits::latency_accuracy::{
        LatencyAccuracy,
        clock::{self, Limits},
        records::Kind,
        say, spoil,
        stamps::{self, Hop, Rules},
        trace_sources,
        view::Latencies,
    },
    model::{
        audit::{Judgement, Rule},
        evidence::Evidence,
        name::Name,
        outcome::{Figure, Finding, Status},
        payload::{Shown, Spans},
        rig::Rig,
        units::Ms,
    },
    stats::Tolerance,
};
use serde::Deserialize;

/// Within one trace the clocks of all services agree, from the load generator on: else spans lie outside their parents, and
/// what a trace shows between two services is the difference of their clocks.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TraceSkew {
    /// How far the clocks of caller and callee may lie apart.
    within: Ms,
    /// How late after it was sent the end of a response may be stamped.
    late: Ms,
    /// What readings are forgiven.
    readings: Tolerance,
}

impl Rule<LatencyAccuracy> for TraceSkew {
    const NAME: &'static str = "trace_skew";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        trace_sources(rig)
    }

    fn judge(&self, view: &Latencies<'_>, subject: &Name) -> Judgement {
        let (sent, records) = (view.sent()?, view.records(subject)?);
        let from = vec![sent.key.clone(), records.key.clone()];
        let expected = format!("within ±{} from each caller to its callee, and steady", Ms(self.within.0));
        let Kind::Traces { spans, .. } = &records.kind else {
            return Ok(say::cannot_tell(format!("{subject} holds no traces"), expected, 0, from));
        };
        let hops = stamps::of_traces(spans, sent, Rules { late: self.late, tolerance: self.readings });
        if !hops.iter().any(|hop| hop.ours) {
            return Ok(say::cannot_tell("no trace has a server span that is nested in a request of ours", expected, 0, from).settled_by(SPANS));
        }
        let limits = Limits { warn: self.within.0, fail: self.within.0 };
        let told: Vec<Finding> = hops.iter().map(|hop| of_hop(hop, limits, &expected, sent.began())).collect();
        let worst = clock::worst(told).unwrap_or_else(|| say::cannot_tell("no hop was found", &expected, 0, vec![])).settled_by(SPANS);
        let worst = if spans.moved > 0 { moved_in_store(spans, worst) } else { worst };
        let told = match spans.shown {
            Some(shown) => with_page(shown, self.within, worst),
            None => worst,
        };
        Ok(Finding { from, ..told })
    }

    fn spoil(&self, audit: &LatencyAccuracy, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        spoil::clock(audit, rig, subject, copy);
    }
}

/// What settles a bound that is too wide, or none.
const SPANS: &str = "let each server span lie within its caller's client span, and each host have a service name of its own; chrony or timex \
                     on the hosts (sources of kind `clock`, LAT-18) bounds their clocks without spans";

fn of_hop(hop: &Hop, limits: Limits, expected: &str, began: crate::model::units::Wall) -> Finding {
    match &hop.offset {
        Ok(offset) => clock::finding(&format!("the clock of {}", hop.callee), &format!("that of {}", hop.caller), offset, limits, began),
        Err(why) => say::cannot_tell(format!("{} → {}: {why}", hop.caller, hop.callee), expected, 0, vec![]),
    }
}

/// What a store has moved itself fits wherever it was put: no clock can be shown right by it.
fn moved_in_store(spans: &Spans, found: Finding) -> Finding {
    if found.status != Status::Pass {
        return found;
    }
    let observed = format!("Jaeger itself has moved {} of {} spans that it calls raw", spans.moved, spans.spans.len());
    let kept = "the memory store of Jaeger 2 keeps what `/api/v3` showed somebody: the times that were measured are gone";
    let because = vec![kept.to_owned(), found.observed];
    Finding { because, remedy: Some(REMEDY.into()), ..say::cannot_tell(observed, found.expected, found.rows, vec![]) }
}

const REMEDY: &str = "Set `max_clock_skew_adjust: 0s` in Jaeger's `jaeger_query` (Jaeger 1: `--query.max-clock-skew-adjustment=0s`), its default.";

/// Adds what people see on the web page. A warning of Jaeger's alone decides nothing: it takes spans without a host for spans of
/// another one, and warns of each that ends after its caller, as a web framework's background tasks do on the best of clocks. A
/// span that is shown elsewhere than it was measured is another matter: it is wrong whatever the clocks do (a task that ran after
/// the response is shown inside the request), and it happens only where somebody switched that on, since it is off by default
/// from Jaeger 1.22 on. So it is a warning, and no wolf is cried; it is no failure, because no clock is at fault.
fn with_page(shown: Shown, within: Ms, mut found: Finding) -> Finding {
    let Shown { traces, spans, warned, warned_ms, moved, moved_ms, farthest_ms } = shown;
    if warned > 0 {
        let difference = warned_ms.map(|ms| format!(" (median difference {})", Ms(ms))).unwrap_or_default();
        let well = if found.status == Status::Pass { "; the clocks agree, and spans that outlast their callers look the same to it" } else { "" };
        found
            .because
            .push(format!("Jaeger warns of clock skew in {warned} of {spans} spans of {traces} traces that were looked at{difference}{well}"));
    }
    let (Some(middle), Some(farthest)) = (moved_ms, farthest_ms) else { return found };
    let seen = format!(
        "Jaeger's web page shows {moved} of {spans} spans of {traces} traces moved by a median of {}, {} at most: \
         what people read there is not what was measured",
        Ms(middle),
        Ms(farthest)
    );
    if found.status != Status::Pass || farthest <= within.0 {
        found.because.push(seen);
        return found;
    }
    found.because.insert(0, found.observed);
    let figure = Figure { name: "moved on the web page".into(), value: middle, lo: 0.0, hi: farthest, n: moved, unit: "ms".into() };
    let expected = format!("{}; shown within ±{within} of where they were measured", found.expected);
    Finding { status: Status::Warn, figure, observed: seen, expected, margin: None, remedy: Some(REMEDY.into()), ..found }
}
