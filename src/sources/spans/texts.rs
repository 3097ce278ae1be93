//! The texts in a JSON value of whatever shape: a text, a list, OTLP's array of values or its list of keys and values. They are
//! heard one by one, and nothing of them is held.

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use std::{fmt, marker::PhantomData};

/// Who listens to the texts of one value.
pub trait Hears: Default {
    /// One text.
    fn hear(&mut self, text: &str);
    /// What was heard of a part.
    fn join(&mut self, part: Self);
    /// All that was heard so far stands under this key.
    fn under(&mut self, _key: &str) {}
}

/// Hears all texts of a value, at whatever depth JSON allows.
pub fn all<'de, T: Hears, D: Deserializer<'de>>(value: D) -> Result<T, D::Error> {
    value.deserialize_any(Listener(PhantomData))
}

struct All<T>(T);

impl<'de, T: Hears> Deserialize<'de> for All<T> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        all(d).map(All)
    }
}

struct Listener<T>(PhantomData<T>);

impl<'de, T: Hears> Visitor<'de> for Listener<T> {
    type Value = T;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }
    fn visit_str<E>(self, text: &str) -> Result<T, E> {
        let mut told = T::default();
        told.hear(text);
        Ok(told)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<T, A::Error> {
        let mut told = T::default();
        while let Some(All(one)) = list.next_element()? {
            told.join(one);
        }
        Ok(told)
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<T, A::Error> {
        let (mut told, mut name) = (T::default(), None);
        while let Some(key) = map.next_key::<String>()? {
            if key == "key" {
                name = map.next_value::<Name>()?.0;
            } else if key == "type" {
                // Of a tag or field of Jaeger.
                map.next_value::<IgnoredAny>()?;
            } else {
                let All(one) = map.next_value()?;
                told.join(one);
            }
        }
        if let Some(name) = name {
            told.under(&name);
        }
        Ok(told)
    }
    fn visit_unit<E>(self) -> Result<T, E> {
        Ok(T::default())
    }
    fn visit_bool<E>(self, _: bool) -> Result<T, E> {
        Ok(T::default())
    }
    fn visit_i64<E>(self, _: i64) -> Result<T, E> {
        Ok(T::default())
    }
    fn visit_u64<E>(self, _: u64) -> Result<T, E> {
        Ok(T::default())
    }
    fn visit_f64<E>(self, _: f64) -> Result<T, E> {
        Ok(T::default())
    }
}

/// A key, where it is a text.
struct Name(Option<String>);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Ok(Name(match serde_json::Value::deserialize(d)? {
            serde_json::Value::String(text) => Some(text),
            _ => None,
        }))
    }
}
