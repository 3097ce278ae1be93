//! How far two environments agree, dimension by dimension: a verdict with caps, not a mean.

use super::expectation::Expectations;
use crate::model::{
    case::Weight,
    comparison::{Agreement, Class, Dimension, Match, Row},
    name::Name,
};
use std::collections::BTreeMap;

/// What can be said of one dimension. Expectations are weighed, not facts: 350 settings of a database that agree must not
/// hide one number of workers that does not.
pub fn of(dimension: Dimension, rows: &[Row], expectations: &Expectations) -> Agreement {
    let rows: Vec<&Row> = rows.iter().filter(|r| r.dimension == dimension).collect();
    let share = |holds: &dyn Fn(&Row) -> bool| {
        let mut by: BTreeMap<&Name, (f64, f64)> = BTreeMap::new();
        for row in rows.iter().filter(|r| r.class != Class::Unknown) {
            let told = by.entry(&row.by).or_default();
            told.0 += f64::from(u8::from(holds(row)));
            told.1 += 1.0;
        }
        let weight = |of: &Name| expectations.0.get(of).map_or(Weight::Normal, |e| e.weight).value();
        let (held, all) = by.iter().fold((0.0, 0.0), |(held, all), (of, (good, n))| (held + weight(of) * good / n, all + weight(of)));
        (all > 0.0).then(|| held / all)
    };
    let wanted: Vec<&&Row> = rows.iter().filter(|r| r.wanted).collect();
    let known = wanted.iter().filter(|r| r.class != Class::Unknown).count();
    let coverage = (!wanted.is_empty()).then(|| known as f64 / wanted.len() as f64);
    Agreement {
        dimension,
        raw: share(&|row| row.raw.agrees()),
        waived: share(&|row| row.class.agrees() || row.class == Class::Waived),
        coverage,
        verdict: verdict(&rows, coverage),
    }
}

fn verdict(rows: &[&Row], coverage: Option<f64>) -> Match {
    let any = |is: &dyn Fn(&Row) -> bool| rows.iter().any(|r| is(r));
    if rows.is_empty() {
        Match::Untold
    } else if any(&|r| r.class.differs()) {
        Match::Differs
    } else if any(&|r| r.key && r.class == Class::Unknown) || rows.iter().all(|r| r.class == Class::Unknown) {
        Match::Unknown
    } else if coverage.is_some_and(|share| share < 1.0) || any(&|r| matches!(r.class, Class::Waived | Class::Scaled)) {
        Match::Conditional
    } else {
        Match::Matches
    }
}
