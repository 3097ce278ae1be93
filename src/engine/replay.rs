//! Judges a recorded run again: what happened is told as it was recorded, what follows from it is computed anew.

use super::{Journal, judge};
use crate::{
    model::{
        act::{Act, Destination},
        audit::{AnyCase, Context},
        event::{Event, Header, OwnCost, Stamped},
        evidence::{Evidence, Gap},
        key::Query,
        name::Name,
        rig::Rig,
        units::{Ms, Wall},
    },
    spec::profile::Profile,
};

/// The answers as far as they would have been asked for in the same way under the spec of `now`: where a source is and where load
/// goes, what is read of a log or a trace source, and which histogram a metric means, is not in the question. What was read
/// elsewhere or otherwise is not recorded.
pub fn asked_alike(evidence: &Evidence, then: &Rig, now: &Rig) -> Evidence {
    let reads = |rig: &Rig, source: &Name| rig.sources.get(source).map(|s| (s.kind.clone(), s.reads.clone()));
    let histogram = |rig: &Rig, source: &Name, claim: &Name| {
        let of = rig.claims.iter().find(|c| c.source == *source && c.name == *claim)?.histogram()?;
        // The unit is applied when it is judged.
        Some((of.metric.clone(), of.labels.clone(), of.exemplars))
    };
    let usage = |rig: &Rig, source: &Name, of: &Name| {
        let claims: Vec<_> = rig.usage_of(of).filter(|c| c.source == *source).cloned().collect();
        (rig.workloads.get(of).cloned(), claims)
    };
    let place = |rig: &Rig, source: &Name| rig.sources.get(source).map(|s| (s.kind.clone(), s.place.clone()));
    let truths = |rig: &Rig| rig.sources_of("truth").map(|source| place(rig, source)).collect::<Vec<_>>();
    let acted = |act: &Act| match act {
        Act::Load(load) if load.to == Destination::Reference => truths(then) == truths(now),
        _ => place(then, &act.actor()) == place(now, &act.actor()),
    };
    let mut alike = evidence.clone();
    for (key, _) in evidence.iter() {
        let there = place(then, &key.source) == place(now, &key.source) && key.query.act().is_none_or(acted);
        let same = match &key.query {
            Query::Histogram(q) => histogram(then, &key.source, &q.claim) == histogram(now, &key.source, &q.claim),
            Query::Usage(q) => usage(then, &key.source, &q.of) == usage(now, &key.source, &q.of),
            Query::LogLines(_) | Query::Spans(_) => reads(then, &key.source) == reads(now, &key.source),
            _ => true,
        };
        if !(there && same) {
            alike.put(key.clone(), Err(Gap::NotRecorded));
        }
    }
    alike
}

/// Replays. With the recorded profile the report equals the live one; with another, `header` says so.
/// Rules that were put to the proof then are again; `header` can ask for it, too.
/// A run that was killed before its end is judged at the time of its last answer and counts as interrupted.
pub fn replay(events: &[Stamped], evidence: &Evidence, profile: &Profile, cases: &[Box<dyn AnyCase>], header: Option<&Header>, journal: &Journal) {
    let mut as_of = None;
    let mut prove = false;
    let mut last = Ms(0.0);
    for stamped in events {
        let event = match (&stamped.event, header) {
            (Event::Began(_), Some(other)) => Event::Began(other.clone()),
            (Event::Judged(_) | Event::Ended, _) => continue,
            (event, _) => event.clone(),
        };
        match &event {
            Event::Began(header) => prove = header.prove,
            Event::Gathered { as_of: at, .. } => as_of = Some(*at),
            _ => {}
        }
        last = stamped.after;
        journal.say_at(last, event);
    }
    let as_of = as_of.unwrap_or_else(|| {
        let latest = evidence.iter().filter_map(|(_, a)| a.as_ref().ok()).map(|s| s.covered.to).max().unwrap_or(Wall(0));
        journal.say_at(last, Event::Gathered { as_of: latest, own: OwnCost::default(), interrupted: true });
        latest
    });
    judge::judge(cases, &Context { rig: &profile.rig, evidence, as_of }, profile, prove, journal);
    journal.say(Event::Ended);
}
