//! Wording that every format of a comparison shares.

use super::value;
use crate::{
    model::{
        comparison::{Class, Comparison, Match, Row, Scale, Side},
        fact_waiver::FactWaiverState,
    },
    report::phrases,
};
use std::collections::BTreeMap;

/// A name longer than this is no heading of a column.
const NAME: usize = 40;
/// A sentence that says why; what is longer was written by somebody else.
pub const WHY: usize = 400;
/// Facts that are named in one sentence.
const FEW: usize = 12;
/// A path of a fact.
pub const PATH: usize = 100;

/// What the two are called.
pub fn names(of: &Comparison) -> [String; 2] {
    let name = |side: &Side, else_: &str| Some(value::text(&side.name, NAME)).filter(|n| !n.is_empty()).unwrap_or_else(|| else_.into());
    [name(&of.here, "here"), name(&of.there, "there")]
}

/// What can be said in all: `staging differs from production`.
pub fn verdict(of: &Comparison) -> String {
    let [here, there] = names(of);
    match of.verdict() {
        Match::Matches => format!("{here} matches {there}"),
        Match::Conditional => format!("{here} matches {there} under conditions"),
        Match::Unknown | Match::Untold => format!("could not tell whether {here} matches {there}"),
        Match::Differs => format!("{here} differs from {there}"),
    }
}

/// How many facts stand in which class.
pub fn counts<'r>(rows: impl IntoIterator<Item = &'r Row>) -> BTreeMap<Class, usize> {
    let mut counts: BTreeMap<Class, usize> = Class::ALL.into_iter().map(|class| (class, 0)).collect();
    for row in rows {
        *counts.entry(row.class).or_default() += 1;
    }
    counts
}

/// What stands in the way, and what does not, in the order of every format.
pub const OPEN: [Class; 3] = [Class::Blocking, Class::Material, Class::Unknown];
/// See [`OPEN`].
pub const CLOSED: [Class; 4] = [Class::Scaled, Class::Waived, Class::Equivalent, Class::Identical];

/// `2 blocking, 5 material; 6 scaled, 341 identical`.
pub fn tally(counts: &BTreeMap<Class, usize>) -> String {
    let some = |those: &[Class]| {
        let told = those.iter().filter_map(|c| counts.get(c).filter(|n| **n > 0).map(|n| format!("{n} {}", c.word())));
        told.collect::<Vec<_>>().join(", ")
    };
    match (some(&OPEN), some(&CLOSED)) {
        (open, rest) if open.is_empty() && rest.is_empty() => "no fact is known of either".into(),
        (open, rest) if open.is_empty() => format!("nothing blocking, material or unknown; {rest}"),
        (open, rest) if rest.is_empty() => open,
        (open, rest) => format!("{open}; {rest}"),
    }
}

/// `as of 2027-01-31 12:00:00 UTC, told by Jane; gateway (workload), database (postgres)`.
pub fn side(of: &Side) -> String {
    let as_of = of.as_of.map_or_else(|| "nobody says as of when".into(), |at| format!("as of {at}"));
    let by = if of.by.is_empty() { String::new() } else { format!(", told by {}", of.by) };
    let parts: Vec<String> = of.parts.iter().map(|(part, kind)| format!("{part} ({kind})")).collect();
    let parts = if parts.is_empty() { "no parts".into() } else { parts.join(", ") };
    value::text(&format!("{as_of}{by}; {parts}"), WHY)
}

/// Must it be known? Else nobody is kept waiting by it.
pub fn awaited(row: &Row) -> bool {
    row.wanted || row.key
}

/// Waivers that somebody has to look at.
pub fn needs_attention(state: FactWaiverState) -> bool {
    state != FactWaiverState::Active
}

/// `× 0.5 of production, as the spec declares`.
pub fn scale(of: &Scale, there: &str) -> String {
    let whence = if of.declared { "as the spec declares" } else { "as most of its facts say" };
    format!("{} of {there}, {whence}", crate::fidelity::times(of.ratio))
}

/// A share in percent, never rounded up to the whole; a dash where there is none.
pub fn share(of: Option<f64>) -> String {
    of.filter(|x| x.is_finite()).map_or_else(|| "–".into(), |share| phrases::percent(share, 1.0))
}

/// The glyph of a verdict, so that colour is never alone.
pub fn glyph(of: Match) -> &'static str {
    match of {
        Match::Matches => "✓",
        Match::Conditional => "~",
        Match::Unknown => "?",
        Match::Untold => "–",
        Match::Differs => "✗",
    }
}

/// The tone of the page's colours.
pub fn tone(of: Match) -> &'static str {
    match of {
        Match::Matches => "good",
        Match::Conditional => "mind",
        Match::Unknown | Match::Untold => "open",
        Match::Differs => "bad",
    }
}

/// A sentence or a name of others, in a line of a page.
pub fn line(text: &str) -> String {
    value::text(text, WHY)
}

/// Some paths, and how many more there are.
pub fn few(paths: &[String]) -> String {
    let some: Vec<String> = paths.iter().take(FEW).map(|path| value::text(path, PATH)).collect();
    let more = paths.len().saturating_sub(FEW);
    some.join(", ") + &if more > 0 { format!(" and {more} more") } else { String::new() }
}

/// Does a conclusion carry over: glyph and words.
pub fn holds(of: Option<bool>) -> (&'static str, &'static str) {
    match of {
        Some(true) => ("✓", "carries over"),
        Some(false) => ("✗", "does not carry over"),
        None => ("?", "could not tell"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tally_says_what_stands_in_the_way_first() {
        let counts = |some: &[(Class, usize)]| tally(&some.iter().copied().collect());
        let all = [(Class::Identical, 341), (Class::Blocking, 2), (Class::Unknown, 3), (Class::Scaled, 6), (Class::Waived, 2)];
        assert_eq!(counts(&all), "2 blocking, 3 unknown; 6 scaled, 2 waived, 341 identical");
        assert_eq!(counts(&[(Class::Identical, 1), (Class::Material, 0)]), "nothing blocking, material or unknown; 1 identical");
        assert_eq!(counts(&[(Class::Material, 1)]), "1 material");
        assert_eq!(counts(&[]), "no fact is known of either");
    }

    #[test]
    fn what_is_not_whole_is_not_shown_as_whole() {
        assert_eq!(share(Some(0.9996)), "99.96 %");
        assert_eq!((share(Some(1.0)), share(Some(0.0)), share(None)), ("100 %".into(), "0 %".into(), "–".into()));
    }
}
