//! What looks like a secret, or like what somebody wrote: by the name under which it stands, and by itself.

pub mod by_key;
pub mod by_value;

use crate::model::payload::Secret;

/// What the value of this key looks like.
pub fn of(key: &str, text: &str) -> Option<Secret> {
    let rule = by_key::rule(key);
    match rule.filter(|rule| rule.admits(text)) {
        // A header is named as what it is, whatever scheme it uses.
        Some(by_key::Rule::Header) => Some(Secret::Header),
        Some(rule) => by_value::looks_like(text).or(Some(rule.secret())),
        None => by_value::looks_like(text),
    }
}

/// Is it a URL with a user in it, `scheme://user:password@host`? A user alone may be a token.
pub fn credentials(value: &str) -> bool {
    value.split_once("://").is_some_and(|(_, rest)| rest.split(['/', '?', '#']).next().is_some_and(|authority| authority.contains('@')))
}
