use crate::{
    audits::latency_accuracy::{
        LatencyAccuracy,
        clock::{self, Limits},
        records::Kind,
        say, spoil,
        stamps::{self, Offset},
        view::Latencies,
    },
    model::{
        audit::{Judgement, Rule},
        evidence::Evidence,
        name::Name,
        outcome::Finding,
        rig::{Quantity, Rig},
        units::{Margin, Ms},
    },
};
use serde::Deserialize;

/// The wall clock of whoever stamps our requests is bounded against ours: no order of events of two hosts means anything
/// before it is.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockBound {
    /// Up to here an offset is well.
    warn: Ms,
    /// Beyond it is a failure: at most `absolute`, less where the client's median total is short (`relative` of it), never below `warn`.
    fail: Margin,
    /// How late after a request's end a server may stamp it.
    late: Ms,
}

impl ClockBound {
    fn limits(&self, total_ms: f64) -> Limits {
        let relative = if total_ms > 0.0 { self.fail.relative.0 * total_ms } else { f64::INFINITY };
        Limits { warn: self.warn.0, fail: self.fail.absolute.0.min(relative).max(self.warn.0) }
    }
}

impl Rule<LatencyAccuracy> for ClockBound {
    const NAME: &'static str = "clock_bound";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        rig.clocks.iter().filter(|c| rig.sources.contains_key(*c)).cloned().collect()
    }

    fn judge(&self, view: &Latencies<'_>, subject: &Name) -> Judgement {
        let limits = self.limits(view.sent().map_or(0.0, |sent| sent.level(Quantity::Total)));
        if let Some(told) = view.clock(subject) {
            let (readings, key) = told?;
            let whose = format!("the clock that {subject} reads");
            let found = match Offset::told(readings) {
                Ok(offset) => clock::finding(&whose, &readings.against, &offset, limits, readings.began()),
                Err(why) => say::cannot_tell(why, format!("a bound on its offset to {}", readings.against), 0, vec![]),
            };
            return Ok(Finding { from: vec![key.clone()], ..found });
        }
        let (sent, records) = (view.sent()?, view.records(subject)?);
        let from = vec![sent.key.clone(), records.key.clone()];
        let offset = match &records.kind {
            Kind::Log(log) => stamps::of_log(log, sent, self.late),
            Kind::Traces { spans, .. } => stamps::of_traces(spans, sent, self.late)
                .into_iter()
                .find(|hop| hop.ours)
                .map_or_else(|| Err("no trace has a server span that is nested in a request of ours".into()), |hop| hop.offset),
        };
        Ok(match offset {
            Ok(offset) => {
                let mut found = clock::finding(&format!("the clock of {subject}"), "ours", &offset, limits, sent.began());
                if !found.status.fine() {
                    found.because.push(HOW.into());
                }
                Finding { from, ..found }
            }
            Err(why) => say::cannot_tell(why, format!("stamps of {subject} that bound its clock"), 0, from),
        })
    }

    fn spoil(&self, audit: &LatencyAccuracy, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        spoil::clock(audit, rig, subject, copy);
    }
}

/// What else bounds a clock.
const HOW: &str = "a log that is stamped in milliseconds, a trace source or `sources.clock` (chrony, timex) on that host bounds it closer";
