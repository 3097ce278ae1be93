use super::{CriticalPath, Tree};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

/// Rows of a picture at most: more nobody reads.
const MOST: usize = 200;
/// So many alike siblings that call nobody share a row, as the pieces of a streamed response do.
const ALIKE: usize = 4;

/// Which spans get a row of their own, which share one, and which get none.
pub struct Rows {
    /// The rows, each followed by what its span called.
    pub shown: Vec<Row>,
    /// Spans without a row.
    pub left_out: u64,
}

/// A span, or several alike ones in order.
pub struct Row {
    /// The first stands for all.
    pub spans: Vec<usize>,
    /// Spans below that have no row.
    pub hidden: u64,
}

/// How much a span matters, or what it called: an error first, then what held the request up, then what lasted.
type Weight = (bool, u64, u64);

impl Rows {
    /// Of the spans that matter most. Lengths count only as far as they lie within the axis.
    pub fn of(tree: &Tree<'_>, path: &CriticalPath, within: impl Fn(usize) -> u64) -> Rows {
        let first = alike(tree);
        let walk = tree.walk();
        let mut weights = vec![Weight::default(); tree.len()];
        for at in &walk {
            let (error, held, length) = weights[first[*at]];
            let own = tree.span(*at);
            weights[first[*at]] = (error || own.error, held.saturating_add(path.held(*at)), length.saturating_add(within(*at)));
        }
        // A caller matters at least as much as whatever it called, so that no row stands without those above it.
        for at in walk.iter().rev().filter(|at| first[**at] == **at) {
            if let Some(parent) = tree.parent(*at) {
                let (own, above) = (weights[*at], &mut weights[parent]);
                *above = (above.0 || own.0, above.1.max(own.1), above.2.max(own.2));
            }
        }
        let mut ranked: Vec<usize> = walk.iter().copied().filter(|at| first[*at] == *at).collect();
        ranked.sort_by_key(|at| Reverse(weights[*at]));
        let kept: BTreeSet<usize> = ranked.into_iter().take(MOST).collect();
        let (mut rows, mut left_out) = (BTreeMap::<usize, Row>::new(), 0);
        let mut above = vec![None; tree.len()];
        for at in &walk {
            above[*at] = if kept.contains(&first[*at]) { Some(first[*at]) } else { tree.parent(*at).and_then(|parent| above[parent]) };
            let Some(row) = above[*at].map(|row| rows.entry(row).or_insert(Row { spans: vec![], hidden: 0 })) else {
                left_out += 1;
                continue;
            };
            if kept.contains(&first[*at]) {
                row.spans.push(*at);
            } else {
                (row.hidden, left_out) = (row.hidden + 1, left_out + 1);
            }
        }
        Rows { shown: walk.iter().filter_map(|at| rows.remove(at)).collect(), left_out }
    }
}

/// For each span the first of those that it shares a row with, itself where it shares none.
fn alike(tree: &Tree<'_>) -> Vec<usize> {
    let mut first: Vec<usize> = (0..tree.len()).collect();
    for siblings in std::iter::once(tree.tops()).chain((0..tree.len()).map(|at| tree.children(at))).filter(|s| s.len() >= ALIKE) {
        let mut groups = BTreeMap::<_, Vec<usize>>::new();
        for at in siblings.iter().filter(|at| tree.children(**at).is_empty()) {
            let span = tree.span(*at);
            groups.entry((&span.name, &span.kind, &span.service, span.error)).or_default().push(*at);
        }
        for group in groups.into_values().filter(|group| group.len() >= ALIKE) {
            for at in &group {
                first[*at] = group[0];
            }
        }
    }
    first
}
