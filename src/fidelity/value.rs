//! Two values as values of one kind.

use crate::model::payload::{FactKind, FactValue, Version};
use std::{collections::BTreeMap, mem::discriminant};

/// Are two values the same?
#[derive(Clone, Debug, PartialEq)]
pub enum Same {
    /// They are, whatever they were written as: the value.
    Yes(FactValue),
    /// They are called differently, and the spec says that both mean the same.
    Called,
    /// They are not. Both as values of one kind.
    No(FactValue, FactValue),
    /// That cannot be told: why.
    Unknown(String),
}

/// What two environments share beside their facts.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'e> {
    /// Paths and hosts here, and what they are called there.
    pub called: &'e BTreeMap<String, String>,
    /// Were their fingerprints made with one key?
    pub keyed: bool,
}

/// Compares two values.
pub fn same(here: &FactValue, there: &FactValue, terms: &Terms<'_>) -> Same {
    let (here, there) = match alike(here, there) {
        Ok(both) => both,
        Err(why) => return Same::Unknown(why),
    };
    match (&here, &there) {
        (FactValue::Hidden, _) | (_, FactValue::Hidden) => Same::Unknown(
            "the values are not kept: capture both with one `fingerprint_key`; one of fewer than 12 characters must be named under `variables`"
                .into(),
        ),
        (FactValue::Fingerprint(_), FactValue::Fingerprint(_)) if !terms.keyed => {
            Same::Unknown("their fingerprints were made with two keys; capture both with the same `fingerprint_key`".into())
        }
        (FactValue::Number(a), FactValue::Number(b)) if a.total_cmp(b).is_eq() => Same::Yes(here),
        (FactValue::Version(a), FactValue::Version(b)) if equal(a, b) => Same::Yes(here),
        (FactValue::Place(a), FactValue::Place(b)) if a != b && renamed(a, terms.called) == *b => Same::Called,
        (FactValue::Set(a), FactValue::Set(b)) if a != b && a.iter().map(|m| renamed(m, terms.called)).eq(b.iter().cloned()) => Same::Called,
        (a, b) if a == b => Same::Yes(here),
        _ => Same::No(here, there),
    }
}

/// A quantity as a number in its own unit, for ratios.
pub fn number(value: &FactValue) -> Option<f64> {
    match value {
        FactValue::Count(n) | FactValue::Micros(n) => Some(*n as f64),
        FactValue::Number(x) => Some(*x),
        FactValue::Bytes(n) | FactValue::Millicores(n) => Some(*n as f64),
        FactValue::Text(text) => text.trim().parse::<f64>().ok().filter(|x| x.is_finite()),
        _ => None,
    }
}

/// Is it counted in whole pieces, none of which can be halved?
pub fn counted(value: &FactValue) -> bool {
    matches!(value, FactValue::Count(_)) || matches!(value, FactValue::Text(text) if text.trim().parse::<i64>().is_ok())
}

fn equal(a: &Version, b: &Version) -> bool {
    use super::version::{Distance, distance};
    a.text == b.text || distance(a, b) == Some(Distance::Same)
}

/// The longest path or name of this environment that it begins with, in the reference's words.
fn renamed(place: &str, called: &BTreeMap<String, String>) -> String {
    let begins = |here: &&String| place.strip_prefix(here.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '.', ':']));
    let longest = called.keys().filter(begins).max_by_key(|here| here.len());
    longest.map_or_else(|| place.to_owned(), |here| format!("{}{}", called[here], &place[here.len()..]))
}

/// Both as one kind. What a person wrote, a text or a plain number, is read as what the other one is.
fn alike(here: &FactValue, there: &FactValue) -> Result<(FactValue, FactValue), String> {
    use FactValue as V;
    if discriminant(here) == discriminant(there) {
        return Ok((here.clone(), there.clone()));
    }
    match (here, there) {
        (V::Hidden, _) | (_, V::Hidden) => Ok((here.clone(), there.clone())),
        (V::Fingerprint(_), _) | (_, V::Fingerprint(_)) => Err("one of the values is kept as a fingerprint only".into()),
        (V::Count(n), V::Number(_)) => Ok((V::Number(*n as f64), there.clone())),
        (V::Number(_), V::Count(n)) => Ok((here.clone(), V::Number(*n as f64))),
        // A switch of more than two positions: `on` is on, `local` is neither.
        (V::Flag(_), V::Text(_)) | (V::Text(_), V::Flag(_)) => Ok((switch(here), switch(there))),
        // What is written without its unit is none: -1 for no limit, 0 for off.
        (V::Count(n), V::Bytes(_) | V::Micros(_)) if *n <= 0 => Ok((V::Text(n.to_string()), V::Text(there.to_string()))),
        (V::Bytes(_) | V::Micros(_), V::Count(n)) if *n <= 0 => Ok((V::Text(here.to_string()), V::Text(n.to_string()))),
        (plain @ (V::Text(_) | V::Count(_) | V::Number(_)), other) if !loose(other) => Ok((read(plain, other)?, other.clone())),
        (other, plain @ (V::Text(_) | V::Count(_) | V::Number(_))) if !loose(other) => Ok((other.clone(), read(plain, other)?)),
        (V::Text(text), other) | (other, V::Text(text)) if loose(other) => {
            // A number that one side has and the other wrote as a word.
            let (text, other) = (V::Text(text.clone()), V::Text(other.to_string()));
            Ok(if matches!(here, V::Text(_)) { (text, other) } else { (other, text) })
        }
        _ => Err(format!("`{here}` and `{there}` are no values of one kind")),
    }
}

/// As a switch, if it is one.
fn switch(value: &FactValue) -> FactValue {
    match value {
        FactValue::Text(text) => FactKind::Flag.read(text).unwrap_or_else(|_| value.clone()),
        other => other.clone(),
    }
}

/// May anything be written for it?
fn loose(value: &FactValue) -> bool {
    matches!(value, FactValue::Text(_) | FactValue::Count(_) | FactValue::Number(_))
}

/// What a person wrote, as the kind of another value.
fn read(plain: &FactValue, as_: &FactValue) -> Result<FactValue, String> {
    let Some(kind) = kind(as_) else { return Err(format!("`{plain}` and `{as_}` are no values of one kind")) };
    kind.read(&plain.to_string()).map_err(|bad| bad.to_string())
}

fn kind(value: &FactValue) -> Option<FactKind> {
    Some(match value {
        FactValue::Text(_) => FactKind::Text,
        FactValue::Flag(_) => FactKind::Flag,
        FactValue::Count(_) => FactKind::Count,
        FactValue::Number(_) => FactKind::Number,
        FactValue::Bytes(_) => FactKind::Bytes,
        FactValue::Millicores(_) => FactKind::Millicores,
        FactValue::Micros(_) => FactKind::Micros,
        FactValue::Version(v) => FactKind::Version(v.scheme),
        FactValue::Digest(_) => FactKind::Digest,
        FactValue::Set(_) => FactKind::Set,
        FactValue::Place(_) => FactKind::Place,
        FactValue::Fingerprint(_) | FactValue::Hidden | FactValue::List(_) => return None,
    })
}
