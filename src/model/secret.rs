//! Values that must never be shown: they have no `Debug` text, and a [`Redactor`](super::redactor::Redactor) takes them
//! out of what leaves the program.

use std::fmt;

/// A secret value. Formatting it shows stars.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a value.
    pub fn new(value: impl Into<String>) -> Secret {
        Secret(value.into())
    }
    /// The value, for the one place that sends it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formatting_shows_stars() {
        assert_eq!(format!("{:?}", Secret::new("s3cret")), "***");
    }
}
