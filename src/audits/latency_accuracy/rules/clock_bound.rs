use crate::{
    audits::latency_accuracy::{
        LatencyAccuracy,
        clock::{self, Limits},
        records::Kind,
        say, spoil,
        stamps::{self, Hop, Offset, Rules},
        view::Latencies,
    },
    model::{
        audit::{Judgement, Rule},
        evidence::Evidence,
        name::Name,
        outcome::{Finding, Status},
        payload::ClockReadings,
        rig::{Quantity, Rig},
        units::{Margin, Ms},
    },
    stats::Tolerance,
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
    /// What readings are forgiven.
    readings: Tolerance,
}

impl ClockBound {
    fn limits(&self, total_ms: f64) -> Limits {
        let relative = if total_ms > 0.0 { self.fail.relative.0 * total_ms } else { f64::INFINITY };
        Limits { warn: self.warn.0, fail: self.fail.absolute.0.min(relative).max(self.warn.0) }
    }
    /// What a clock says of itself.
    fn told(&self, subject: &Name, readings: &ClockReadings, limits: Limits) -> Finding {
        let found = match Offset::told(readings, self.readings) {
            Ok(offset) => clock::finding(&format!("the clock that {subject} reads"), &readings.against, &offset, limits, readings.began()),
            Err(why) => say::cannot_tell(why, format!("a bound on its offset to {}", readings.against), 0, vec![]),
        };
        // One reading of a clock's own keeper stands for the many from which the keeper made it.
        Finding { rows: found.rows.max(self.readings.few.0), ..found }
    }
    /// The same beside what the other hosts' clocks say of themselves: two that are each within the limits may lie twice as
    /// far apart.
    fn beside(&self, view: &Latencies<'_>, subject: &Name, readings: &ClockReadings, limits: Limits, mut found: Finding) -> Finding {
        let bounds = |r: &ClockReadings| match Offset::told(r, self.readings).ok()?.near.as_slice() {
            [one] => Some((one.lo, one.hi)),
            _ => None,
        };
        let Some((lo, hi)) = bounds(readings) else { return found };
        for (other, theirs, key) in view.clocks().filter(|(name, r, _)| *name != subject && r.against == readings.against) {
            let Some((theirs_lo, theirs_hi)) = bounds(theirs) else { continue };
            let (lo, hi) = (lo - theirs_hi, hi - theirs_lo);
            let Some(status) = limits.proven(lo, hi) else { continue };
            let text = format!("the clock that {subject} reads is {:+} … {:+} off the one that {other} reads", Ms(lo), Ms(hi));
            found.from.push(key.clone());
            if found.status == Status::Pass || found.status == Status::Warn && status == Status::Fail {
                found.because.push(std::mem::replace(&mut found.observed, text));
                (found.status, found.margin) = (status, None);
            } else {
                found.because.push(text);
            }
        }
        found
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
            let found = self.told(subject, readings, limits);
            return Ok(self.beside(view, subject, readings, limits, Finding { from: vec![key.clone()], ..found }).settled_by(CLOSER));
        }
        let (sent, records) = (view.sent()?, view.records(subject)?);
        let from = vec![sent.key.clone(), records.key.clone()];
        let rules = Rules { late: self.late, tolerance: self.readings };
        let told: Vec<(String, Result<Offset, String>)> = match &records.kind {
            Kind::Log(log) => vec![(format!("the clock of {subject}"), stamps::of_log(log, sent, rules, view.read_until))],
            Kind::Traces { spans, .. } => {
                let ours: Vec<Hop> = stamps::of_traces(spans, sent, rules).into_iter().filter(|hop| hop.ours).collect();
                let alone = ours.len() == 1;
                let whose = |hop: &Hop| if alone { format!("the clock of {subject}") } else { format!("the clock of {} in {subject}", hop.callee) };
                ours.into_iter().map(|hop| (whose(&hop), hop.offset)).collect()
            }
        };
        let expected = || format!("stamps of {subject} that bound its clock");
        let each = told.into_iter().map(|(whose, offset)| match offset {
            Ok(offset) => {
                let mut found = clock::finding(&whose, "ours", &offset, limits, sent.began());
                if matches!(found.status, Status::Warn | Status::Fail) {
                    found.because.push(HOW.into());
                }
                found
            }
            Err(why) => say::cannot_tell(format!("{whose}: {why}"), expected(), 0, vec![]),
        });
        // Whoever of several is first in the alphabet says nothing of the others.
        let worst = clock::worst(each.collect());
        let found =
            worst.unwrap_or_else(|| say::cannot_tell("no trace has a server span that is nested in a request of ours", expected(), 0, vec![]));
        Ok(Finding { from, ..found }.settled_by(CLOSER))
    }

    fn spoil(&self, audit: &LatencyAccuracy, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        spoil::clock(audit, rig, subject, copy);
    }
}

/// What settles a bound that is too wide, or none.
const CLOSER: &str =
    "bound that clock closer: by chrony or timex on its host (a source of kind `clock`), by traces, or by a log that is stamped in milliseconds";
/// What else bounds a clock.
const HOW: &str = "a log that is stamped in milliseconds, a trace source or `sources.clock` (chrony, timex) on that host bounds it closer";
