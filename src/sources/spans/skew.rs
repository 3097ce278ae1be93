//! What Jaeger writes of clock skew into the warnings of a span: how far it moved the span, or would have. Of the texts
//! nothing is kept.

use super::texts::{self, Hears};
use crate::sources::duration;
use serde::{Deserialize, Deserializer};

/// The attribute in which Jaeger's OTLP carries the warnings of a span (`internal/jptrace/attributes.go`).
pub const WARNINGS: &str = "@jaeger@warnings";

/// What precedes the difference in the warnings of Jaeger's adjuster (`adjuster/clockskew.go`, 1.22 to 2.13), and whether the
/// span was moved by it. Its other warnings (a parent that is not in the trace, an id that is there twice) tell of no clock,
/// though they speak of skew, too.
const DIFFERENCES: [(&str, bool); 2] = [("calculated delta of ", false), ("timestamps were adjusted by ", true)];

/// A difference, ms, where the text tells it.
pub type Difference = Option<f64>;

/// What the warnings of one span tell of clock skew. Of several of one kind the first counts: a store that keeps what it
/// showed adds the same one again.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Skew {
    /// By so much Jaeger would have moved the span.
    pub calculated: Option<Difference>,
    /// By so much it did.
    pub moved: Option<Difference>,
}

impl Hears for Skew {
    fn hear(&mut self, warning: &str) {
        for (words, did) in DIFFERENCES {
            if let Some((_, rest)) = warning.split_once(words) {
                let of_kind = if did { &mut self.moved } else { &mut self.calculated };
                of_kind.get_or_insert(rest.split_whitespace().next().and_then(duration::ms));
            }
        }
    }
    fn join(&mut self, other: Skew) {
        self.calculated = self.calculated.or(other.calculated);
        self.moved = self.moved.or(other.moved);
    }
}

/// A list of texts, or OTLP's array of values; read one by one, and whatever else stands there is read past.
impl<'de> Deserialize<'de> for Skew {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        texts::all(d)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_tells_of_a_clock_counts() {
        let said = |json: &str| serde_json::from_str::<Skew>(json).unwrap();
        let disabled = r#"["parent span ID=0000000000000063 is not in the trace; skipping clock skew adjustment",
            "clock skew adjustment disabled; not applying calculated delta of 35ms"]"#;
        assert_eq!(said(disabled), Skew { calculated: Some(Some(35.0)), moved: None });
        let beyond = r#"["max clock skew adjustment delta of 10ms exceeded; not applying calculated delta of -45ms", "calculated delta of 1s"]"#;
        assert_eq!(said(beyond).calculated, Some(Some(-45.0)));
        let array = r#"{"values":[{"stringValue":"This span's timestamps were adjusted by 255ms"},{"intValue":"5"}]}"#;
        assert_eq!(said(array), Skew { calculated: None, moved: Some(Some(255.0)) });
        assert_eq!(said(r#"["the calculated delta of all"]"#).calculated, Some(None), "a warning that does not tell how much");
        for other in ["null", "[]", "5", "{}", r#""duplicate span IDs; skipping clock skew adjustment""#, r#"[[{"values":7}], null, 1.5, true, -1]"#]
        {
            assert_eq!(said(other), Skew::default(), "{other}");
        }
    }
}
