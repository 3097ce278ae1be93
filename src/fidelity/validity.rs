//! Which conclusions of a load test carry over from the environment under test to its reference, and which do not.

use super::{
    expectation::{Conclusion, Expectations},
    pair::times,
    rounding::near,
};
use crate::model::comparison::{Class, Row, Scale, Transfer};

/// Facts that are named for a conclusion.
const SOME: usize = 4;

/// Each conclusion, with what stands against it.
pub fn transfers(rows: &[Row], scales: &[Scale], expectations: &Expectations) -> Vec<Transfer> {
    Conclusion::ALL.into_iter().map(|conclusion| transfer(conclusion, rows, scales, expectations)).collect()
}

fn transfer(conclusion: Conclusion, rows: &[Row], scales: &[Scale], expectations: &Expectations) -> Transfer {
    let bears = |row: &&Row| expectations.0.get(&row.by).is_none_or(|e| e.bears_on(conclusion));
    let relative = conclusion == Conclusion::Relative;
    // Both releases run on the same thing, so that only what makes it another kind of thing counts.
    let against = |row: &&Row| row.class == Class::Blocking || !relative && row.class == Class::Material && bears(row);
    let unknown = |row: &&Row| row.class == Class::Unknown && if relative { row.key } else { row.wanted && bears(row) };
    let waived = |row: &&Row| row.class == Class::Waived && (relative && row.raw == Class::Blocking || !relative && bears(row));
    let (against, unknown, waived) = (named(rows, against), named(rows, unknown), named(rows, waived));
    // What is scaled has another capacity, and a tail that is not a multiple of anything.
    let sized = matches!(conclusion, Conclusion::Capacity | Conclusion::Tail | Conclusion::Errors);
    let scaled: Vec<String> = scales
        .iter()
        .filter(|s| sized && !near(s.ratio, 1.0))
        .map(|s| format!("{} {} of the reference: a figure measured here is no figure of there, and cannot be multiplied", s.group, times(s.ratio)))
        .collect();
    let says = |words: &str, paths: Vec<String>| paths.into_iter().map(|p| format!("{words} {p}")).collect::<Vec<_>>();
    let (holds, because) = if !against.is_empty() || !scaled.is_empty() {
        (Some(false), [scaled, says("differs:", against)].concat())
    } else if !unknown.is_empty() {
        (None, says("not known:", unknown))
    } else if !rows.iter().any(|row| row.class != Class::Unknown && (relative || bears(&row))) {
        (None, vec!["nothing is known that bears on it".into()])
    } else {
        (Some(true), says("accepted:", waived))
    };
    Transfer { conclusion: conclusion.words().into(), holds, because }
}

/// Paths of some rows.
fn named(rows: &[Row], is: impl Fn(&&Row) -> bool) -> Vec<String> {
    let all: Vec<String> = rows.iter().filter(is).map(Row::path).collect();
    let more = all.len().saturating_sub(SOME);
    let rest = (more > 0).then(|| if more == 1 { "1 more fact".to_owned() } else { format!("{more} more facts") });
    all.into_iter().take(SOME).chain(rest).collect()
}
