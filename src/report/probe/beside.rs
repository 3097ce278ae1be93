//! A source's value beside the client's own: agreeing, in another unit, or another quantity.

use super::State;
use crate::{
    model::{rig::Quantity, units::Ms},
    traces::Figures,
};

/// One request shows a wrong mapping, not a few milliseconds: what lies within this of the client's value is plausible, and
/// the audit, with hundreds of requests, says whether it is right. Of short times it is about the half: else a value in
/// another unit, which is next to nothing, would lie near enough.
const ABSOLUTE_MS: f64 = 50.0;
const RELATIVE: f64 = 0.1;
const SHORT: f64 = 0.5;
const SHORT_MS: f64 = 5.0;
/// How near to another quantity of the client's a value must lie to be that one.
const SAME_MS: f64 = 20.0;
const SAME: f64 = 0.1;
/// How near to a factor between units the ratio must lie to be that factor, at least and at most: as far as what lies between source
/// and client may be of the client's value.
const NEAR_FACTOR: [f64; 2] = [0.1, 0.25];
/// Factors between units of time.
const FACTORS: [f64; 8] = [1e3, 1e6, 1e9, 60.0, 1e-3, 1e-6, 1e-9, 1.0 / 60.0];
/// Units that a spec can name, in ms.
const UNITS: [(&str, f64); 5] = [("ns", 1e-6), ("us", 1e-3), ("ms", 1.0), ("s", 1e3), ("min", 60e3)];

/// A value beside the client's own.
#[derive(Debug, PartialEq)]
pub struct Beside {
    pub state: State,
    pub words: String,
    /// What is wrong and what to write, if that is known.
    pub write: Option<String>,
}

/// Compares a source's value, ms, with what the client saw; `unit_ms` is the unit that the spec says the source has.
pub fn beside(value: f64, quantity: Quantity, client: &Figures, unit_ms: Option<f64>) -> Beside {
    let doubt = |words: String, write: Option<String>| Beside { state: State::Doubtful, words, write };
    let Some(own) = client.get(quantity) else {
        return doubt("the client has no value of its own".into(), None);
    };
    let others = || Quantity::ALL.into_iter().filter(|q| *q != quantity).filter_map(|q| Some((q, client.get(q)?)));
    if agrees(value, own) {
        // Where both last nearly as long, a value that fits both shows no wrong mapping, and no right one.
        if let Some((other, at)) = others().find(|(_, other)| agrees(value, *other) && (value - other).abs() <= (value - own).abs() + SAME_MS) {
            return doubt(
                format!("also fits the {}", other.title()),
                Some(format!(
                    "the client's {} ({}) and {} ({}) are too near one another to tell which of them this is: ask for a longer answer",
                    quantity.title(),
                    Ms(own),
                    other.title(),
                    Ms(at)
                )),
            );
        }
        return Beside { state: State::Right, words: format!("plausible, {:+}", Ms(value - own)), write: None };
    }
    if let Some(factor) = factor(value, own) {
        let times = if factor >= 1.0 { format!("{factor:.0} times as large") } else { format!("1/{:.0} of it", 1.0 / factor) };
        let (words, write) = match unit_ms.and_then(|unit| Some((word(unit)?, word(unit / factor)?))) {
            Some((said, is)) => {
                (format!("{times}: unit {is}, not {said}"), format!("the values are in {is}: write `unit: {is}` instead of `unit: {said}`"))
            }
            None => (
                times.clone(),
                format!("the values are {times}: their unit is {} than what is read says", if factor >= 1.0 { "smaller" } else { "larger" }),
            ),
        };
        return Beside { state: State::Wrong, words, write: Some(write) };
    }
    // It lies far from the client's own; near another quantity it is that one.
    let is = |other: &f64| value > 0.0 && (value - other).abs() <= SAME_MS.min(2.0 * SAME * other).max(SAME * other);
    let other = others().find(|(_, at)| is(at));
    if let Some((is, at)) = other {
        return Beside {
            state: State::Wrong,
            words: format!("is the client's {}", is.title()),
            write: Some(format!(
                "the value is the client's {} ({}), not its {} ({}): another series or field measures that, or its timer stops elsewhere",
                is.title(),
                Ms(at),
                quantity.title(),
                Ms(own)
            )),
        };
    }
    let (far, turn) = (Ms((value - own).abs()), if value > own { "more" } else { "less" });
    let why = (value == 0.0).then(|| "a value of 0 says nothing: it is cut too coarse, or was never set".to_owned());
    doubt(
        format!("{far} {turn}"),
        why.or_else(|| Some(format!("{far} {turn} than the client saw is not explained by one request: the audit shows whether it is always so"))),
    )
}

/// Could a value be the client's own, measured elsewhere?
pub fn agrees(value: f64, own: f64) -> bool {
    value > 0.0 && factor(value, own).is_none() && (value - own).abs() <= tolerance(own)
}

/// The unit in which a stored number would be the client's value: the spec's own if that fits, else any other.
pub fn fitting(stored: f64, own: f64, unit_ms: f64) -> Option<f64> {
    let fits = |unit: &f64| agrees(stored * unit, own);
    Some(unit_ms).filter(fits).or_else(|| {
        let ratio = |unit: f64| (stored * unit / own - 1.0).abs();
        UNITS.into_iter().map(|(_, unit)| unit).filter(|unit| ratio(*unit) <= near_factor(own)).min_by(|a, b| ratio(*a).total_cmp(&ratio(*b)))
    })
}

/// A unit's word in the spec.
pub fn word(unit_ms: f64) -> Option<&'static str> {
    UNITS.into_iter().find(|(_, ms)| (unit_ms / ms - 1.0).abs() < 1e-6).map(|(word, _)| word)
}

fn tolerance(own: f64) -> f64 {
    ABSOLUTE_MS.min(SHORT * own + SHORT_MS).max(RELATIVE * own)
}

fn factor(value: f64, own: f64) -> Option<f64> {
    FACTORS.into_iter().find(|f| own > 0.0 && (value / own / f - 1.0).abs() <= near_factor(own))
}

fn near_factor(own: f64) -> f64 {
    (ABSOLUTE_MS / own).clamp(NEAR_FACTOR[0], NEAR_FACTOR[1])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(value: f64, quantity: Quantity, unit: Option<f64>) -> (State, String) {
        let said = beside(value, quantity, &Figures::of(Some(80.0), Some(640.0), Some(20.0)), unit);
        (said.state, said.words)
    }

    #[test]
    fn a_value_that_fits_another_quantity_as_well_shows_nothing() {
        let near = Figures::of(Some(300.0), Some(330.0), Some(3.0));
        let said = |value: f64, quantity| beside(value, quantity, &near, Some(1.0)).state;
        assert_eq!([said(301.0, Quantity::Total), said(329.0, Quantity::Ttft)], [State::Doubtful; 2], "the two are swapped");
        assert_eq!([said(300.0, Quantity::Ttft), said(330.0, Quantity::Total)], [State::Right; 2]);
        let apart = Figures::of(Some(120.0), Some(430.0), Some(20.0));
        assert_eq!(beside(121.0, Quantity::Ttft, &apart, Some(1.0)).state, State::Right);
        assert_eq!(beside(425.0, Quantity::Total, &apart, Some(1.0)).state, State::Right);
    }

    #[test]
    fn a_value_beside_the_clients() {
        assert_eq!(said(655.0, Quantity::Total, Some(1e3)), (State::Right, "plausible, +15.0 ms".into()));
        assert_eq!(said(641_000.0, Quantity::Total, Some(1e3)), (State::Wrong, "1000 times as large: unit ms, not s".into()));
        assert_eq!(said(0.655, Quantity::Total, Some(1.0)), (State::Wrong, "1/1000 of it: unit s, not ms".into()));
        assert_eq!(said(0.655, Quantity::Total, None), (State::Wrong, "1/1000 of it".into()));
        assert_eq!(said(635.0, Quantity::Ttft, Some(1e3)), (State::Wrong, "is the client's total time".into()));
        assert_eq!(said(440.0, Quantity::Total, Some(1e3)), (State::Doubtful, "200 ms less".into()));
        assert_eq!(said(1000.0, Quantity::Total, None), (State::Doubtful, "360 ms more".into()));
        assert_eq!(said(0.0, Quantity::Total, None).0, State::Doubtful);
        // Short times: a value in another unit is next to nothing, and yet far off.
        assert_eq!(said(0.02, Quantity::InterChunk, Some(1.0)), (State::Wrong, "1/1000 of it: unit s, not ms".into()));
        assert_eq!(said(26.0, Quantity::InterChunk, Some(1.0)).0, State::Right);
        assert_eq!([said(3.0, Quantity::InterChunk, None).0, said(60.0, Quantity::InterChunk, None).0], [State::Doubtful; 2]);
    }

    /// A few tens of milliseconds lie between gateway and client: of a short request more than a tenth.
    #[test]
    fn another_unit_is_told_where_the_way_takes_its_share() {
        let client = Figures::of(Some(232.0), Some(323.9), Some(5.0));
        let said = |value: f64| beside(value, Quantity::Total, &client, Some(1.0));
        assert_eq!((said(0.2876).state, said(0.2876).words.as_str()), (State::Wrong, "1/1000 of it: unit s, not ms"));
        assert_eq!([said(0.2).state, said(287.6).state], [State::Doubtful, State::Right]);
        assert_eq!(fitting(0.2876, 323.9, 1.0), Some(1e3));
    }

    #[test]
    fn a_stored_number_finds_its_unit() {
        assert_eq!(fitting(0.64, 640.0, 1e3), Some(1e3));
        assert_eq!(fitting(641.0, 640.0, 1e3), Some(1.0));
        assert_eq!(fitting(3.0, 640.0, 1e3), None);
        assert_eq!([word(1e3), word(1.0), word(7.0)], [Some("s"), Some("ms"), None]);
    }
}
