//! Lists of a foreign document, element by element: what is made of an element is often a hundred times as large as its text
//! (`{}` becomes a span with seven empty fields), so that a list must never be held before it is known to be one of ours.

use serde::{
    Deserialize, Deserializer,
    de::{SeqAccess, Visitor},
};
use std::{fmt, marker::PhantomData};

/// Hands each element to `take`; `null` is a list of none.
pub fn each<'de, T: Deserialize<'de>, D: Deserializer<'de>>(list: D, take: impl FnMut(T)) -> Result<(), D::Error> {
    list.deserialize_any(Each(take, PhantomData))
}

/// The first elements, at most so many; the others are read past.
pub fn first<'de, T: Deserialize<'de>, D: Deserializer<'de>>(list: D, most: usize) -> Result<Vec<T>, D::Error> {
    let mut kept = vec![];
    each(list, |element| {
        if kept.len() < most {
            kept.push(element);
        }
    })?;
    Ok(kept)
}

struct Each<T, F>(F, PhantomData<T>);

impl<'de, T: Deserialize<'de>, F: FnMut(T)> Visitor<'de> for Each<T, F> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        while let Some(element) = list.next_element()? {
            (self.0)(element);
        }
        Ok(())
    }
}
