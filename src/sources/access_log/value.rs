//! A field of a log line, and what it may mean. Nothing is guessed: `12.5ms` is not 12.5.

use crate::model::units::Wall;
use serde_json::Value;
use std::borrow::Cow;

/// A field as it stands in the line.
#[derive(Clone, Debug, PartialEq)]
pub enum Raw<'l> {
    /// Not there, `null`, empty, or nginx's `-`.
    Absent,
    /// A text or the text of a number.
    Text(Cow<'l, str>),
    /// An object, a list or a boolean.
    Other,
}

/// A number with the number of decimals that it was printed with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Number {
    /// The value.
    pub value: f64,
    /// Printed decimals.
    pub decimals: i32,
}

impl<'l> Raw<'l> {
    /// What a field of a JSON object says; `None` where there is no such field.
    pub fn of(value: Option<&'l Value>) -> Raw<'l> {
        match value {
            None | Some(Value::Null) => Raw::Absent,
            Some(Value::String(text)) if text.is_empty() || text == "-" => Raw::Absent,
            Some(Value::String(text)) => Raw::Text(Cow::Borrowed(text)),
            Some(Value::Number(number)) => Raw::Text(Cow::Owned(number.to_string())),
            // Headers are often logged as lists of one value.
            Some(Value::Array(list)) => match list.as_slice() {
                [one @ Value::String(_)] => Raw::of(Some(one)),
                _ => Raw::Other,
            },
            Some(Value::Object(_) | Value::Bool(_)) => Raw::Other,
        }
    }
    /// The text, if it is one.
    pub fn text(&self) -> Option<&str> {
        if let Raw::Text(text) = self { Some(text) } else { None }
    }
    /// A non-negative number; `None` if absent, `Err` says why what is there is none.
    pub fn number(&self) -> Result<Option<Number>, &'static str> {
        let text = match self {
            Raw::Absent => return Ok(None),
            Raw::Other => return Err("is not a number"),
            Raw::Text(text) => text.trim(),
        };
        // `inf`, `nan` and `infinity` parse as f64, but are no measurements.
        let plain = text.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
        let value = Some(text).filter(|_| plain).and_then(|t| t.parse::<f64>().ok()).filter(|x| x.is_finite()).ok_or("is not a number")?;
        if value < 0.0 {
            return Err("is negative");
        }
        Ok(Some(Number { value, decimals: decimals(text) }))
    }
    /// An HTTP status.
    pub fn status(&self) -> Option<u16> {
        self.text()?.trim().parse().ok().filter(|s| (100..1000).contains(s))
    }
    /// An instant: RFC 3339, nginx's `$time_local`, or a number since the epoch, whose size tells seconds, milli-, micro- or nanoseconds.
    pub fn wall(&self) -> Option<Wall> {
        let text = self.text()?.trim();
        if let Ok(Some(number)) = self.number() {
            // Seconds stay below 1e11 until the year 5138, milliseconds are above it since 1973.
            let us = match number.value {
                x if x < 1e11 => x * 1e6,
                x if x < 1e14 => x * 1e3,
                x if x < 1e17 => x,
                x => x / 1e3,
            };
            return Some(Wall(us.round() as i64));
        }
        let rfc3339 = text.parse::<jiff::Timestamp>().ok();
        let nginx = || jiff::fmt::strtime::parse("%d/%b/%Y:%H:%M:%S %z", text).ok()?.to_timestamp().ok();
        rfc3339.or_else(nginx).map(|t| Wall(t.as_microsecond()))
    }
}

fn decimals(text: &str) -> i32 {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let printed = mantissa.split_once('.').map_or(0, |(_, tail)| i32::try_from(tail.len()).unwrap_or(i32::MAX));
    // No figure has more digits than this; the bound only keeps absurd exponents from overflowing.
    printed.saturating_sub(exponent.parse().unwrap_or(0)).clamp(-30, 30)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(t: &str) -> Raw<'_> {
        Raw::Text(t.into())
    }

    #[test]
    fn numbers_are_numbers_and_nothing_else() {
        let number = |t: &str| text(t).number();
        assert_eq!(number("12.50"), Ok(Some(Number { value: 12.5, decimals: 2 })));
        assert_eq!(number(" 7 "), Ok(Some(Number { value: 7.0, decimals: 0 })));
        assert_eq!(number("1e-2147483648"), Ok(Some(Number { value: 0.0, decimals: 30 })));
        assert_eq!(number("1.5e-3"), Ok(Some(Number { value: 0.0015, decimals: 4 })));
        for bad in ["12.5ms", "inf", "NaN", "", "0.1, 0.2", "1,5", "--1", "e"] {
            assert_eq!(number(bad), Err("is not a number"), "{bad}");
        }
        assert_eq!(number("-3"), Err("is negative"));
        assert_eq!(Raw::Absent.number(), Ok(None));
        assert_eq!(Raw::Other.number(), Err("is not a number"));
    }

    #[test]
    fn instants_of_the_field() {
        let expected = Some(Wall(1_714_564_800_500_000));
        for t in [
            "2024-05-01T12:00:00.5Z",
            "2024-05-01T14:00:00.500+02:00",
            "2024-05-01 12:00:00.5+00:00",
            "1714564800.5",
            "1714564800500",
            "1714564800500000",
            "1714564800500000000",
        ] {
            assert_eq!(text(t).wall(), expected, "{t}");
        }
        assert_eq!(text("01/May/2024:14:00:00 +0200").wall(), Some(Wall(1_714_564_800_000_000)));
        for t in ["2024-05-01T12:00:00", "2024-05-01 12:00:00,500", "noon", ""] {
            assert_eq!(text(t).wall(), None, "{t}: without an offset it could be any of 24 hours");
        }
    }

    #[test]
    fn statuses() {
        assert_eq!([text("200").status(), text("20").status(), text("OK").status(), Raw::Absent.status()], [Some(200), None, None, None]);
    }
}
