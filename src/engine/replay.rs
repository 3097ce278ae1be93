//! Judges a recorded run again: what happened is told as it was recorded, what follows from it is computed anew.

use super::{Journal, judge};
use crate::{
    model::{
        audit::{AnyCase, Context},
        event::{Event, Header, OwnCost, Stamped},
        evidence::Evidence,
        units::{Ms, Wall},
    },
    spec::profile::Profile,
};

/// Replays. With the recorded profile the report equals the live one; with another, `header` says so.
/// A run that was killed before its end is judged at the time of its last answer and counts as interrupted.
pub fn replay(events: &[Stamped], evidence: &Evidence, profile: &Profile, cases: &[Box<dyn AnyCase>], header: Option<&Header>, journal: &Journal) {
    let mut as_of = None;
    let mut last = Ms(0.0);
    for stamped in events {
        let event = match (&stamped.event, header) {
            (Event::Began(_), Some(other)) => Event::Began(other.clone()),
            (Event::Judged(_) | Event::Ended, _) => continue,
            (event, _) => event.clone(),
        };
        if let Event::Gathered { as_of: at, .. } = &event {
            as_of = Some(*at);
        }
        last = stamped.after;
        journal.say_at(last, event);
    }
    let as_of = as_of.unwrap_or_else(|| {
        let latest = evidence.iter().filter_map(|(_, a)| a.as_ref().ok()).map(|s| s.covered.to).max().unwrap_or(Wall(0));
        journal.say_at(last, Event::Gathered { as_of: latest, own: OwnCost::default(), interrupted: true });
        latest
    });
    judge::judge(cases, &Context { rig: &profile.rig, evidence, as_of }, profile, journal);
    journal.say(Event::Ended);
}
