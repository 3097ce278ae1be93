//! A name that the user gave or that a list defines: a source, a claim, a subject, a container.

use serde::{Deserialize, Serialize};
use std::{borrow::Borrow, fmt};

/// A short identifier in the user's own words.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Name(pub String);

/// Shorthand for a [`Name`].
pub fn name(text: impl Into<String>) -> Name {
    Name(text.into())
}

impl Name {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl Borrow<str> for Name {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Name {
    fn from(text: &str) -> Self {
        name(text)
    }
}
