//! What two cells of one fact are to one another, before sizes and waivers are looked at.

use super::{
    expectation::{Close, Differs, Expectation, Law},
    value::{Same, Terms, number, same},
    version::{Distance, distance},
};
use crate::model::{
    comparison::{Class, Is, Shown},
    payload::{Cell, FactValue, Told},
};
use std::cmp::Ordering;

/// How two cells stand.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    /// In which class, if nothing is scaled or waived.
    pub class: Class,
    /// What decided.
    pub because: String,
    /// Both as numbers, where they are quantities that go with the size.
    pub sizes: Option<(FactValue, FactValue)>,
}

impl Pair {
    fn of(class: Class, because: impl Into<String>) -> Pair {
        Pair { class, because: because.into(), sizes: None }
    }
}

/// Looks at two cells; `None` is a fact that nobody looked for.
pub fn pair(here: Option<&Cell>, there: Option<&Cell>, expected: &Expectation, terms: &Terms<'_>) -> Pair {
    match (here, there) {
        (Some(Cell::Gap(gap)), _) => Pair::of(Class::Unknown, format!("not known here: {gap}")),
        (_, Some(Cell::Gap(gap))) => Pair::of(Class::Unknown, format!("not known there: {gap}")),
        (None, None) => Pair::of(Class::Unknown, "looked for on neither side"),
        (None, _) => Pair::of(Class::Unknown, "not looked for here"),
        (_, None) => Pair::of(Class::Unknown, "not told there"),
        (Some(Cell::Absent), Some(Cell::Absent)) => Pair::of(Class::Identical, ""),
        (Some(Cell::Value(_)), Some(Cell::Absent)) => differing(expected, None, "is set here only".into()),
        (Some(Cell::Absent), Some(Cell::Value(_))) => differing(expected, None, "is set there only".into()),
        (Some(Cell::Value(here)), Some(Cell::Value(there))) => values(here, there, expected, terms),
    }
}

/// A cell as it is shown.
pub fn shown(cell: Option<&Cell>) -> Shown {
    match cell {
        None => Shown { text: "?".into(), is: Is::Unknown, from: "not looked for".into() },
        Some(Cell::Absent) => Shown { text: "(none)".into(), is: Is::Absent, from: String::new() },
        Some(Cell::Gap(gap)) => Shown { text: "?".into(), is: Is::Unknown, from: gap.to_string() },
        Some(Cell::Value(told)) => Shown { text: told.value.to_string(), is: Is::Value, from: told.from.clone() },
    }
}

fn values(here: &Told, there: &Told, expected: &Expectation, terms: &Terms<'_>) -> Pair {
    let (a, b) = match same(&here.value, &there.value, terms) {
        Same::Yes(value) => {
            let sizes = (expected.law == Law::Proportional && number(&value).is_some()).then(|| (value.clone(), value));
            return Pair { sizes, ..Pair::of(Class::Identical, "") };
        }
        Same::Called => return Pair::of(Class::Equivalent, "the same by another name, as the spec says"),
        Same::Unknown(why) => return Pair::of(Class::Unknown, why),
        Same::No(a, b) => (a, b),
    };
    let found = difference(&a, &b);
    let near = match (expected.close, found.distance, share(&a, &b)) {
        (Some(Close::Version(most)), Some(distance), _) => distance <= most,
        (Some(Close::Share(most)), _, Some(share)) => share <= most.0,
        _ => false,
    };
    let sizes = (expected.law == Law::Proportional && number(&a).is_some() && number(&b).is_some()).then(|| (a.clone(), b.clone()));
    let pair = if near { Pair::of(Class::Equivalent, found.says) } else { differing(expected, found.distance, found.says) };
    Pair { sizes, ..pair }
}

fn differing(expected: &Expectation, distance: Option<Distance>, says: String) -> Pair {
    let far = expected.blocking_from.is_some_and(|from| distance.is_none_or(|d| d >= from));
    let class = match expected.differs {
        Differs::Noted => Class::Equivalent,
        Differs::Blocking => Class::Blocking,
        Differs::Material if far => Class::Blocking,
        Differs::Material => Class::Material,
    };
    Pair::of(class, says)
}

struct Difference {
    distance: Option<Distance>,
    says: String,
}

/// How two values differ, in words.
fn difference(a: &FactValue, b: &FactValue) -> Difference {
    match (a, b) {
        (FactValue::Version(here), FactValue::Version(there)) => {
            let distance = distance(here, there);
            let says = distance.map_or_else(|| "another version".to_owned(), |d| d.to_string());
            Difference { distance, says }
        }
        (FactValue::Set(here), FactValue::Set(there)) => {
            let list = |members: Vec<&String>| members.into_iter().take(SOME).cloned().collect::<Vec<_>>().join(", ");
            let more = |n: usize| if n > SOME { format!(" and {} more", n - SOME) } else { String::new() };
            let only = |which: &str, members: Vec<&String>| {
                let n = members.len();
                (n > 0).then(|| format!("only {which}: {}{}", list(members), more(n)))
            };
            let both = [only("here", here.difference(there).collect()), only("there", there.difference(here).collect())];
            Difference { distance: None, says: both.into_iter().flatten().collect::<Vec<_>>().join("; ") }
        }
        _ => {
            let says = match (number(a), number(b)) {
                (Some(x), Some(y)) if y != 0.0 && x != 0.0 => format!("{} of the reference", times(x / y)),
                _ => "another value".into(),
            };
            Difference { distance: None, says }
        }
    }
}

/// Members of a set that are named.
const SOME: usize = 5;

/// `× 0.5`.
pub fn times(ratio: f64) -> String {
    let text = format!("{ratio:.3}");
    format!("× {}", text.trim_end_matches('0').trim_end_matches('.'))
}

/// How far apart two quantities are, as a share of the larger.
fn share(a: &FactValue, b: &FactValue) -> Option<f64> {
    let (a, b) = (number(a)?, number(b)?);
    let larger = a.abs().max(b.abs());
    (larger.partial_cmp(&0.0) == Some(Ordering::Greater)).then(|| (a - b).abs() / larger)
}
