//! Differences that somebody answers for: their values, their end, and what becomes of them.

use super::environment::{NOW, PRODUCTION, beside, facts, set};
use rigcheck::model::{
    comparison::{Class, Comparison, Match},
    fact_waiver::{FactWaiver, FactWaiverState as State},
    glob::Glob,
    units::Wall,
};

const DAY: i64 = 86_400_000_000;

fn waiver(fact: &str, here: &str, there: &str, days: i64) -> FactWaiver {
    FactWaiver {
        fact: Glob::from(fact.to_owned()),
        here: here.into(),
        there: there.into(),
        reason: "budget".into(),
        owner: "sre".into(),
        impact: String::new(),
        expires: Wall(NOW.0 + days * DAY),
        expires_text: "then".into(),
    }
}

fn with(waivers: &[FactWaiver], changes: &[(&str, &str, &str)]) -> Comparison {
    let mut here = facts(PRODUCTION);
    for (path, kind, value) in changes {
        set(&mut here, path, kind, value);
    }
    beside(&here, &facts(PRODUCTION), waivers, &[])
}

#[test]
fn a_waiver_covers_the_values_that_were_signed_and_no_others() {
    let loop_ = [("gateway.process.loop", "text", "asyncio")];
    let memory = [("gateway.limits.memory", "bytes", "4096MiB")];
    let gone = [("gateway.limits.cpus", "-", "")];
    for (waiver, changes, state, class) in [
        (waiver("gateway.process.loop", "asyncio", "uvloop", 90), &loop_, State::Active, Class::Waived),
        (waiver("*.loop", "asyncio", "uvloop", 13), &loop_, State::Expiring, Class::Waived),
        (waiver("gateway.process.loop", "asyncio", "uvloop", 0), &loop_, State::Expired, Class::Material),
        (waiver("gateway.process.loop", "asyncio", "trio", 90), &loop_, State::Outgrown, Class::Material),
        (waiver("gateway.limits.memory", "4GiB", "8GiB", 90), &memory, State::Active, Class::Waived),
        (waiver("gateway.limits.memory", "4GB", "8GiB", 90), &memory, State::Outgrown, Class::Material),
        (waiver("gateway.limits.cpus", "absent", "4", 90), &gone, State::Active, Class::Waived),
    ] {
        let found = with(std::slice::from_ref(&waiver), changes);
        let row = found.rows.iter().find(|row| row.path() == changes[0].0).unwrap();
        assert_eq!((found.waivers[0].state, row.class, row.raw), (state, class, Class::Material), "{waiver:?}: {row:?}");
        let verdict = if class == Class::Waived { Match::Conditional } else { Match::Differs };
        assert_eq!(found.verdict(), verdict);
    }
}

#[test]
fn a_waiver_of_nothing_is_told() {
    let found = with(&[waiver("gateway.process.loop", "asyncio", "uvloop", 90), waiver("gateway.proces.loop", "a", "b", 90)], &[]);
    assert_eq!(found.waivers.iter().map(|w| w.state).collect::<Vec<_>>(), [State::Unused, State::Stale]);
    let found = with(&[waiver("gateway.process.workers", "2", "8", 90)], &[("gateway.process.workers", "?", "")]);
    assert_eq!(found.waivers[0].state, State::Unknown);
}

#[test]
fn what_is_accepted_counts_as_agreeing_in_the_one_share_and_not_in_the_other() {
    let found = with(&[waiver("gateway.process.loop", "asyncio", "uvloop", 90)], &[("gateway.process.loop", "text", "asyncio")]);
    let software = found.dimensions[0];
    assert!(software.raw < software.waived && software.waived == Some(1.0), "{software:?}");
}
