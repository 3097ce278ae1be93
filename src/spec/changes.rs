//! What a spec (or a folder of own checks) changes of the edition: found once, when the spec is loaded, and recorded with the run.

use super::{canonical, diagnostics::Problem, explain::inline, profile::Profile, table::Reading};
use crate::model::{
    capability::Capability,
    case::{Case, RuleSpec},
    change::{Change, Changed, What},
    event::Gate,
    name::Name,
    node::{At, Node},
    units::Ms,
};
use std::collections::BTreeSet;

/// What another edition would change for a spec: both profiles are of the same spec, judged by an earlier and a later edition.
pub fn between(earlier: &Profile, later: &Profile) -> Vec<Change> {
    of(&earlier.cases, &later.cases, later.gate, &later.rig.capabilities).into_iter().filter(|c| c.of != Changed::Gate).collect()
}

/// All differences: cases in the order of the edition, then those that it does not have, then the gate.
pub(super) fn of(edition: &[Case], cases: &[Case], gate: Gate, has: &BTreeSet<Capability>) -> Vec<Change> {
    let mut found = vec![];
    for was in edition {
        match cases.iter().find(|c| c.id == was.id) {
            Some(case) => of_case(was, case, has, &mut found),
            None => found.push(flag(Changed::Case(was.id.clone()), What::LeftOut, true, blocks(was, has))),
        }
    }
    let added = cases.iter().filter(|c| !edition.iter().any(|was| was.id == c.id) && !c.rules.iter().all(|r| r.newer));
    found.extend(added.map(|case| flag(Changed::Case(case.id.clone()), What::Added, true, false)));
    of_gate(gate, &mut found);
    found
}

/// Could a blocker of it fail on a rig with these capabilities?
fn blocks(case: &Case, has: &BTreeSet<Capability>) -> bool {
    case.rules.iter().any(|r| r.blocker && r.missing(has).is_empty())
}

fn of_case(was: &Case, case: &Case, has: &BTreeSet<Capability>, found: &mut Vec<Change>) {
    let of = || Changed::Case(was.id.clone());
    told(found, of(), What::Audit, was.audit.as_str(), case.audit.as_str(), blocks(was, has));
    told(found, of(), What::Weight, was.weight.word(), case.weight.word(), false);
    of_params(&of(), "", Some(&was.params), Some(&case.params), found);
    for rule in &was.rules {
        match case.rules.iter().find(|r| r.id == rule.id) {
            Some(now) => of_rule(rule, now, has, found),
            None => found.push(flag(Changed::Rule(rule.id.clone()), What::LeftOut, true, rule.blocker)),
        }
    }
    // What is newer than the edition counts for nothing, so it changes nothing.
    let added = case.rules.iter().filter(|r| !r.newer && !was.rules.iter().any(|w| w.id == r.id));
    found.extend(added.map(|rule| flag(Changed::Rule(rule.id.clone()), What::Added, true, false)));
}

fn of_rule(was: &RuleSpec, now: &RuleSpec, has: &BTreeSet<Capability>, found: &mut Vec<Change>) {
    let of = || Changed::Rule(was.id.clone());
    if was.newer != now.newer {
        found.push(flag(of(), What::Scored, !now.newer, was.blocks() && !now.blocks()));
    }
    if now.deselected && !was.deselected {
        found.push(flag(of(), What::Deselected, true, was.blocker));
    }
    told(found, of(), What::Judge, was.judge.as_str(), now.judge.as_str(), was.blocker);
    // More is required than this rig has: the rule is out of scope, as if it were deselected.
    let lost = was.missing(has).is_empty() && !now.missing(has).is_empty();
    told(found, of(), What::Requires, &words(&was.requires), &words(&now.requires), was.blocker && lost);
    told(found, of(), What::Weight, was.weight.word(), now.weight.word(), false);
    if was.blocker != now.blocker {
        found.push(flag(of(), What::Blocker, now.blocker, was.blocker));
    }
    of_params(&of(), "", Some(&was.params), Some(&now.params), found);
    told(found, of(), What::NMin, &was.n_min.to_string(), &now.n_min.to_string(), false);
    told(found, of(), What::Ttl, &exact(was.ttl), &exact(now.ttl), false);
    let proven = |r: &RuleSpec| !r.proven_by.is_empty();
    if proven(was) != proven(now) {
        found.push(flag(of(), What::Proven, proven(now), false));
    }
}

/// Parameter by parameter; what is written in another unit is no change.
fn of_params(of: &Changed, path: &str, was: Option<&Node>, now: Option<&Node>, found: &mut Vec<Change>) {
    let entries = |node: Option<&Node>| node.and_then(|n| n.entries().map(<[_]>::to_vec));
    let (Some(before), Some(after)) = (entries(was), entries(now)) else {
        let form = |node: Option<&Node>| node.map(canonical::params);
        if form(was) != form(now) {
            let shown = |node: Option<&Node>| node.map_or_else(|| "none".to_owned(), inline);
            told(found, of.clone(), What::Param(path.to_owned()), &shown(was), &shown(now), false);
        }
        return;
    };
    let mut keys: Vec<&str> = before.iter().chain(&after).filter_map(|(k, _)| k.text()).collect();
    let mut seen = BTreeSet::new();
    keys.retain(|k| seen.insert(*k));
    for key in keys {
        let path = if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
        of_params(of, &path, was.and_then(|n| n.get(key)), now.and_then(|n| n.get(key)), found);
    }
}

fn of_gate(gate: Gate, found: &mut Vec<Change>) {
    let edition = Gate::default();
    for (what, from, to) in [(What::Score, edition.threshold, gate.threshold), (What::Coverage, edition.coverage, gate.coverage)] {
        told(found, Changed::Gate, what, &from.to_string(), &to.to_string(), to < from);
    }
}

/// Adds a difference, if it is one.
fn told(found: &mut Vec<Change>, of: Changed, what: What, from: &str, to: &str, lets_through: bool) {
    if from != to {
        found.push(Change { of, what, from: from.to_owned(), to: to.to_owned(), lets_through });
    }
}

/// Something that is so or is not.
fn flag(of: Changed, what: What, now: bool, lets_through: bool) -> Change {
    let word = |x: bool| if x { "yes" } else { "no" }.to_owned();
    Change { of, what, from: word(!now), to: word(now), lets_through }
}

fn words(requires: &[Capability]) -> String {
    let all: BTreeSet<_> = requires.iter().map(|c| c.word()).collect();
    if all.is_empty() { "nothing".into() } else { all.into_iter().collect::<Vec<_>>().join("+") }
}

/// The largest unit in which it is a whole number, so that two times never read the same.
pub(super) fn exact(ms: Ms) -> String {
    let units = [("h", 3.6e6), ("min", 6e4), ("s", 1e3)];
    let whole = units.iter().map(|(word, unit)| (word, ms.0 / unit)).find(|(_, n)| n.fract() == 0.0);
    whole.map_or_else(|| format!("{}ms", ms.0), |(word, n)| format!("{n}{word}"))
}

/// Warns of each blocker of the edition that is taken out, at the place where the spec or the own case file does it.
pub(super) fn warn(changes: &[Change], edition: &str, root: &Node, cases: &[Case], cx: &Reading) {
    for change in changes.iter().filter(|c| c.lets_through) {
        let (at, title) = match &change.of {
            Changed::Gate => continue,
            Changed::Case(id) => {
                (key_of(root, "cases").unwrap_or_default(), format!("{id}, which has blockers of checks {edition}, {}", case_lost(&change.what)))
            }
            Changed::Rule(id) => (place(root, id, &change.what, cases), format!("{id} is a blocker{}", rule_lost(change, edition))),
        };
        cx.warn(Problem::new(at, title).label(effect(change)));
    }
}

fn effect(change: &Change) -> &'static str {
    match (&change.of, &change.what) {
        (Changed::Case(_), _) => "the verdict will not look at them",
        (_, What::Blocker) => "its failure alone blocks nothing any more; a waiver keeps it visible, with an owner and an end",
        _ => "the verdict will not look at it; a waiver keeps it visible, with an owner and an end",
    }
}

fn case_lost(what: &What) -> &'static str {
    if *what == What::Audit { "has another audit" } else { "is left out" }
}

fn rule_lost(change: &Change, edition: &str) -> String {
    let of_edition = format!(" of checks {edition} and ");
    match &change.what {
        // As it is said where the spec is read: told once.
        What::Deselected => " and is deselected".into(),
        What::LeftOut => of_edition + "is left out",
        What::Blocker => of_edition + "is none any more",
        What::Scored => of_edition + "is not scored",
        what => format!("{of_edition}has another `{}`, with which it blocks nothing here", what.word()),
    }
}

/// Where the spec changes the rule; else where the rule is written.
fn place(root: &Node, rule: &Name, what: &What, cases: &[Case]) -> At {
    let key = if *what == What::Deselected { "deselect" } else { what.word() };
    let overrides = root.get("cases").and_then(Node::entries).unwrap_or_default();
    let in_spec = overrides.iter().find_map(|(_, case)| key_of(case.get("rules")?.get(rule.as_str())?, key));
    let written = || cases.iter().flat_map(|c| &c.rules).find(|r| r.id == *rule).map(|r| r.params.at);
    in_spec.or_else(written).unwrap_or_default()
}

fn key_of(map: &Node, key: &str) -> Option<At> {
    map.entries()?.iter().find(|(k, _)| k.text() == Some(key)).map(|(k, _)| k.at)
}
