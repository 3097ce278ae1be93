//! What would change the verdict: the smallest sets of rules whose passing betters it, the unknown ones whose failing settles it
//! for the worse, and the waivers that it leans on.
//!
//! More passing never makes a verdict worse, so a set betters it if and only if it contains a smallest one. Rules that keep it
//! down by themselves (failing blockers, for instance) are in every such set; among the others sets of up to [`EXACT`] are all
//! tried, and a larger one is sought only where none of those does.

use super::{Flip, Verdict, board::Board};
use crate::model::event::Gate;

/// Sets of so many rules, beside those that must be in every set, are all tried.
const EXACT: usize = 3;
/// At most so many sets are tried: all triples of 50 rules. With 150 rules that takes 0.3 s in a debug build.
const TRIES: usize = 20_000;
/// More sets are no help to anybody.
const MOST: usize = 12;

/// Smallest sets of rules that, passing, would make the verdict better than this one, the shortest first; and whether those are all.
pub(super) fn better(board: &Board<'_>, gate: &Gate, than: Verdict) -> (Vec<Flip>, bool) {
    let mut search = Search { board, gate, than, tries: 0 };
    let open = || (0..board.rules.len()).filter(|i| board.rules[*i].passed.is_some());
    let all: Vec<usize> = open().collect();
    if search.betters(&[]) || !search.betters(&all) {
        return (vec![], true);
    }
    let (must, free): (Vec<usize>, Vec<usize>) = open().partition(|i| holds_down(board, *i, than));
    if search.betters(&must) {
        return (vec![search.flip(&must)], true);
    }
    let (mut found, whole) = search.small(&must, &free);
    let complete = whole && search.covers(&must, &free, &found);
    if found.is_empty() {
        found.push(search.greedy(&must, &free));
    }
    let mut flips: Vec<Flip> = found.iter().map(|set| search.flip(set)).collect();
    flips.sort_by(|a, b| a.rules.len().cmp(&b.rules.len()).then(b.verdict.rank().cmp(&a.verdict.rank())).then(b.score.lo.total_cmp(&a.score.lo)));
    let complete = complete && flips.len() <= MOST;
    flips.truncate(MOST);
    (flips, complete)
}

/// The shortest way to READY, where none of the flips leads there: one step first is often no more than INDETERMINATE.
pub(super) fn to_ready(board: &Board<'_>, gate: &Gate, flips: &[Flip]) -> Option<Flip> {
    let leads = |f: &Flip| f.verdict.rank() > Verdict::Indeterminate.rank();
    if flips.is_empty() || flips.iter().any(leads) {
        return None;
    }
    better(board, gate, Verdict::Indeterminate).0.into_iter().next()
}

/// Unknown rules that, failing, alone make it NOT READY.
pub(super) fn threats(board: &Board<'_>, gate: &Gate, now: Verdict) -> Vec<Flip> {
    if now != Verdict::Indeterminate {
        return vec![];
    }
    let unknown = (0..board.rules.len()).filter(|i| !board.rules[*i].known);
    unknown.filter_map(|i| worse(board, gate, now, i, board.rules[i].failing())).collect()
}

/// Rules whose waivers decide. One failing blocker is enough, so that each of them decides by itself.
pub(super) fn leans_on(board: &Board<'_>, gate: &Gate, now: Verdict) -> Vec<Flip> {
    let waived = (0..board.rules.len()).filter(|i| board.rules[*i].waived);
    waived.filter_map(|i| worse(board, gate, now, i, board.rules[i].unwaived())).collect()
}

fn worse<'r>(board: &Board<'r>, gate: &Gate, now: Verdict, at: usize, instead: super::board::Standing<'r>) -> Option<Flip> {
    let mut then = board.clone();
    then.rules[at] = instead;
    let verdict = then.decide(gate, true).0;
    (verdict.rank() < now.rank()).then(|| Flip { rules: vec![instead.rule.id.clone()], verdict, score: then.tally().score })
}

/// Is the verdict no better than this one as long as this rule does not pass, whatever the others do?
fn holds_down(board: &Board<'_>, at: usize, than: Verdict) -> bool {
    let s = &board.rules[at];
    s.rule.blocks()
        && match than {
            Verdict::NotReady => s.fails,
            Verdict::Indeterminate => s.fails || !s.known,
            Verdict::ReadyWithWaivers => s.fails || !s.known || s.waived,
            Verdict::Ready => true,
        }
}

struct Search<'a, 'r> {
    board: &'a Board<'r>,
    gate: &'a Gate,
    /// The verdict that is to be bettered.
    than: Verdict,
    tries: usize,
}

impl<'r> Search<'_, 'r> {
    fn with(&self, passing: &[usize]) -> Board<'r> {
        let mut board = self.board.clone();
        for at in passing {
            board.rules[*at] = board.rules[*at].passing();
        }
        board
    }
    fn betters(&mut self, passing: &[usize]) -> bool {
        self.tries += 1;
        self.with(passing).decide(self.gate, true).0.rank() > self.than.rank()
    }
    fn flip(&self, passing: &[usize]) -> Flip {
        let board = self.with(passing);
        let mut in_order = passing.to_vec();
        in_order.sort_unstable();
        let rules = in_order.iter().map(|at| self.board.rules[*at].rule.id.clone()).collect();
        Flip { rules, verdict: board.decide(self.gate, true).0, score: board.tally().score }
    }
    /// All smallest sets of `must` and at most [`EXACT`] of `free`; and whether none was left untried.
    fn small(&mut self, must: &[usize], free: &[usize]) -> (Vec<Vec<usize>>, bool) {
        let mut found: Vec<Vec<usize>> = vec![];
        for size in 1..=EXACT.min(free.len()) {
            let mut picked: Vec<usize> = (0..size).collect();
            loop {
                let set: Vec<usize> = picked.iter().map(|i| free[*i]).chain(must.iter().copied()).collect();
                if !found.iter().any(|smaller| smaller.iter().all(|i| set.contains(i))) {
                    if self.tries >= TRIES {
                        return (found, false);
                    }
                    if self.betters(&set) {
                        found.push(set);
                    }
                }
                if !next(&mut picked, free.len()) {
                    break;
                }
            }
        }
        (found, true)
    }
    /// Are there certainly no larger smallest sets than those found?
    fn covers(&mut self, must: &[usize], free: &[usize], found: &[Vec<usize>]) -> bool {
        if free.len() <= EXACT {
            return true;
        }
        // Where each is a single rule, another set is one of the rules that are left.
        let single = |set: &Vec<usize>| set.len() == must.len() + 1;
        let rest: Vec<usize> = free.iter().filter(|i| !found.iter().any(|set| set.contains(i))).chain(must).copied().collect();
        !found.is_empty() && found.iter().all(single) && !self.betters(&rest)
    }
    /// One smallest set: what gains most first, until it does; then without whatever is not needed.
    fn greedy(&mut self, must: &[usize], free: &[usize]) -> Vec<usize> {
        let gain = |at: usize| {
            let s = &self.board.rules[at];
            self.board.cases[s.case].1 * s.rule.weight.value() * (s.passing().score.lo - s.score.lo)
        };
        let mut by_gain = free.to_vec();
        by_gain.sort_by(|a, b| gain(*b).total_cmp(&gain(*a)));
        let mut set = must.to_vec();
        for at in by_gain {
            if self.betters(&set) {
                break;
            }
            set.push(at);
        }
        for at in set.clone().into_iter().rev().filter(|at| !must.contains(at)) {
            let without: Vec<usize> = set.iter().copied().filter(|i| *i != at).collect();
            if self.betters(&without) {
                set = without;
            }
        }
        set
    }
}

/// The next set of as many of the numbers below `n`; `false` after the last.
fn next(picked: &mut [usize], n: usize) -> bool {
    let size = picked.len();
    let Some(at) = (0..size).rev().find(|at| picked[*at] < n - size + at) else { return false };
    picked[at] += 1;
    for later in at + 1..size {
        picked[later] = picked[later - 1] + 1;
    }
    true
}
