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
        outcome::Finding,
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
        let worst = clock::worst(told).unwrap_or_else(|| say::cannot_tell("no hop was found", expected, 0, vec![]));
        Ok(Finding { from, ..worst }.settled_by(SPANS))
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
