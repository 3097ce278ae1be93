//! A parsed YAML value that remembers where it was written, so that a bad parameter is shown at its place.
//!
//! The YAML reader of [`crate::spec`] makes nodes; typed parameters are read from them with [`Node::read`].

use serde::{
    Deserialize, Serialize,
    de::{self, DeserializeOwned, IntoDeserializer, Visitor},
};
use std::fmt;

/// A place in a file: file number (see `spec::files`), 1-based line and column, length in characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct At {
    /// Index into the list of files that were read; 0 is "nowhere".
    pub file: u16,
    /// 1-based line.
    pub line: u32,
    /// 1-based column.
    pub col: u32,
    /// Characters covered, at least 1 for a real place.
    pub len: u32,
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// `null`, `~` or nothing.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Num(f64),
    /// Text.
    Text(String),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping in the order written; keys are unique.
    Map(Vec<(Node, Node)>),
}

/// A value and its place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// Where it was written.
    pub at: At,
    /// What was written.
    pub value: Value,
}

/// A problem at a place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct Bad {
    /// Where; the default place means "unknown".
    pub at: At,
    /// What is wrong, in the user's words.
    pub why: String,
}

impl Bad {
    /// A problem at a place.
    pub fn new(at: At, why: impl Into<String>) -> Bad {
        Bad { at, why: why.into() }
    }
    fn or(mut self, at: At) -> Bad {
        if self.at == At::default() {
            self.at = at;
        }
        self
    }
}

impl de::Error for Bad {
    fn custom<T: fmt::Display>(why: T) -> Self {
        Bad { at: At::default(), why: why.to_string() }
    }
    /// In words of the spec: serde's name types of this program.
    fn invalid_type(found: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        use de::Unexpected as U;
        let found = match found {
            U::Bool(b) => format!("`{b}`"),
            U::Unsigned(n) => format!("`{n}`"),
            U::Signed(n) => format!("`{n}`"),
            U::Float(n) => format!("`{n}`"),
            U::Str(text) => format!("`{text}`"),
            U::Unit => "nothing".into(),
            U::Seq => "a list".into(),
            U::Map => "a mapping".into(),
            other => other.to_string(),
        };
        let wanted = match expected.to_string().as_str() {
            "a sequence" => "a list: write `[a, b]`".to_owned(),
            "a boolean" => "`true` or `false`".to_owned(),
            "a string" => "text".to_owned(),
            "f64" => "a number".to_owned(),
            "u64" | "u32" | "usize" => "a whole number".to_owned(),
            map if map.starts_with("struct ") || map == "a map" => "a mapping: write `{name: value}`".to_owned(),
            other => other.to_owned(),
        };
        Bad { at: At::default(), why: format!("{found} is of the wrong kind; expected {wanted}") }
    }
}

impl Node {
    /// An empty mapping that was written nowhere.
    pub fn empty() -> Node {
        Node { at: At::default(), value: Value::Map(vec![]) }
    }
    /// The text, if it is text.
    pub fn text(&self) -> Option<&str> {
        if let Value::Text(t) = &self.value { Some(t) } else { None }
    }
    /// The entries, if it is a mapping.
    pub fn entries(&self) -> Option<&[(Node, Node)]> {
        if let Value::Map(m) = &self.value { Some(m) } else { None }
    }
    /// The value under `key`, if it is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries()?.iter().find(|(k, _)| k.text() == Some(key)).map(|(_, v)| v)
    }
    /// Reads typed parameters; the error carries the place of the leaf that was refused.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, Bad> {
        T::deserialize(self).map_err(|e| e.or(self.at))
    }
    /// This value under a user's override: mappings merge, anything else is replaced, each value keeps its own place.
    #[must_use]
    pub fn under(&self, over: &Node) -> Node {
        let (Value::Map(base), Value::Map(changes)) = (&self.value, &over.value) else { return over.clone() };
        let mut merged = base.clone();
        for (key, value) in changes {
            match merged.iter_mut().find(|(k, _)| k.text() == key.text()) {
                Some(slot) => *slot = (key.clone(), slot.1.under(value)),
                None => merged.push((key.clone(), value.clone())),
            }
        }
        Node { at: self.at, value: Value::Map(merged) }
    }
}

impl From<serde_json::Value> for Node {
    /// A node that was written nowhere: for tests and for programs that use the library without YAML.
    fn from(json: serde_json::Value) -> Node {
        use serde_json::Value as J;
        let value = match json {
            J::Null => Value::Null,
            J::Bool(b) => Value::Bool(b),
            J::Number(n) => Value::Num(n.as_f64().unwrap_or(f64::NAN)),
            J::String(s) => Value::Text(s),
            J::Array(a) => Value::List(a.into_iter().map(Node::from).collect()),
            J::Object(o) => Value::Map(o.into_iter().map(|(k, v)| (Node::from(J::String(k)), Node::from(v))).collect()),
        };
        Node { at: At::default(), value }
    }
}

impl<'de> de::Deserializer<'de> for &'de Node {
    type Error = Bad;

    fn deserialize_any<V: Visitor<'de>>(self, v: V) -> Result<V::Value, Bad> {
        match &self.value {
            Value::Null => v.visit_unit(),
            Value::Bool(b) => v.visit_bool(*b),
            Value::Num(n) if n.fract() == 0.0 && *n >= 0.0 && *n < 1.8e19 => v.visit_u64(*n as u64),
            Value::Num(n) if n.fract() == 0.0 && n.abs() < 9e18 => v.visit_i64(*n as i64),
            Value::Num(n) => v.visit_f64(*n),
            Value::Text(t) => v.visit_borrowed_str(t),
            Value::List(l) => v.visit_seq(de::value::SeqDeserializer::new(l.iter())),
            Value::Map(m) => v.visit_map(Entries { rest: m.iter(), value: None }),
        }
        .map_err(|e| e.or(self.at))
    }

    fn deserialize_option<V: Visitor<'de>>(self, v: V) -> Result<V::Value, Bad> {
        if self.value == Value::Null { v.visit_none() } else { v.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, v: V) -> Result<V::Value, Bad> {
        v.visit_newtype_struct(self).map_err(|e: Bad| e.or(self.at))
    }

    fn deserialize_enum<V: Visitor<'de>>(self, name: &'static str, words: &'static [&'static str], v: V) -> Result<V::Value, Bad> {
        let found = match &self.value {
            Value::Text(t) => v.visit_enum(IntoDeserializer::<Bad>::into_deserializer(t.as_str())),
            Value::Map(m) if m.len() == 1 => v.visit_enum(de::value::MapAccessDeserializer::new(Entries { rest: m.iter(), value: None })),
            _ => Err(Bad::new(self.at, format!("expected a {name}: one of {}", words.join(", ")))),
        };
        found.map_err(|e: Bad| e.or(self.at))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        seq tuple tuple_struct map struct identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, Bad> for &'de Node {
    type Deserializer = &'de Node;
    fn into_deserializer(self) -> &'de Node {
        self
    }
}

/// serde's own map access loses the place of a leaf when a newtype refuses its text after reading it; this one keeps it.
struct Entries<'a> {
    rest: std::slice::Iter<'a, (Node, Node)>,
    value: Option<&'a Node>,
}

impl<'de> de::MapAccess<'de> for Entries<'de> {
    type Error = Bad;
    fn next_key_seed<K: de::DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Bad> {
        let Some((key, value)) = self.rest.next() else { return Ok(None) };
        self.value = Some(value);
        seed.deserialize(key).map(Some).map_err(|e| e.or(key.at))
    }
    fn next_value_seed<V: de::DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Bad> {
        let value = self.value.take().ok_or_else(|| Bad::new(At::default(), "value asked before key"))?;
        seed.deserialize(value).map_err(|e| e.or(value.at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::units::{Margin, Ms, Share};

    fn at(line: u32, col: u32) -> At {
        At { file: 1, line, col, len: 1 }
    }
    fn text(line: u32, col: u32, t: &str) -> Node {
        Node { at: at(line, col), value: Value::Text(t.into()) }
    }
    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Params {
        margin: Margin,
        pairs: u64,
    }

    #[test]
    fn an_override_merges_and_keeps_its_place() {
        let base = Node::from(serde_json::json!({"margin": {"absolute": "2ms", "relative": "2%"}, "pairs": 93}));
        let over = |value: &str| Node {
            at: at(32, 3),
            value: Value::Map(vec![(
                text(32, 3, "margin"),
                Node { at: at(32, 20), value: Value::Map(vec![(text(32, 21, "absolute"), text(32, 33, value))]) },
            )]),
        };
        let merged = base.under(&over("7ms")).read::<Params>().unwrap();
        assert_eq!(merged, Params { margin: Margin { absolute: Ms(7.0), relative: Share(0.02) }, pairs: 93 });
        let bad = base.under(&over("7")).read::<Params>().unwrap_err();
        assert_eq!((bad.at, bad.why.contains("not a duration")), (at(32, 33), true));
    }

    #[test]
    fn a_value_of_the_wrong_kind_is_told_in_words_of_the_spec() {
        let whole = serde_json::json!({"margin": {"absolute": "2ms", "relative": "2%"}, "pairs": 93});
        for (key, value, told) in [
            ("margin", text(3, 9, "5ms"), "`5ms` is of the wrong kind; expected a mapping: write `{name: value}`"),
            ("pairs", text(3, 9, "many"), "`many` is of the wrong kind; expected a whole number"),
            ("pairs", Node { at: at(3, 9), value: Value::List(vec![]) }, "a list is of the wrong kind; expected a whole number"),
        ] {
            let over = Node { at: at(3, 1), value: Value::Map(vec![(text(3, 1, key), value)]) };
            let bad = Node::from(whole.clone()).under(&over).read::<Params>().unwrap_err();
            assert_eq!((bad.at, bad.why.as_str()), (at(3, 9), told));
        }
    }

    #[test]
    fn an_unknown_key_is_shown_at_its_place() {
        let over = Node { at: at(9, 1), value: Value::Map(vec![(text(9, 5, "margn"), text(9, 12, "1%"))]) };
        let bad =
            Node::from(serde_json::json!({"margin": {"absolute": "2ms", "relative": "2%"}, "pairs": 93})).under(&over).read::<Params>().unwrap_err();
        assert_eq!(bad.at, at(9, 5));
    }
}
