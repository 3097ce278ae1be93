use serde::{Deserialize, Serialize};
use std::fmt;

/// What two versions differ in first, the nearer the smaller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Distance {
    /// Nothing: the same version, also where it is written otherwise.
    Same,
    /// Only how it was built or packaged: build metadata, a local label, a packager's revision.
    Local,
    /// Only how far before the release.
    PreRelease,
    /// The third number or a later one.
    Patch,
    /// The second number; of kernels also the flavour.
    Minor,
    /// The first number, or the epoch.
    Major,
}

impl fmt::Display for Distance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Distance::Same => "the same",
            Distance::Local => "another build",
            Distance::PreRelease => "another pre-release",
            Distance::Patch => "a patch release apart",
            Distance::Minor => "a minor release apart",
            Distance::Major => "a major release apart",
        })
    }
}

impl Distance {
    /// Those that a difference can have, with the words of expectations.
    const WORDS: [(&str, Distance); 5] = [
        ("local", Distance::Local),
        ("pre_release", Distance::PreRelease),
        ("patch", Distance::Patch),
        ("minor", Distance::Minor),
        ("major", Distance::Major),
    ];
    /// The distance of a word.
    pub fn of(word: &str) -> Option<Distance> {
        Distance::WORDS.into_iter().find(|(known, _)| *known == word).map(|(_, distance)| distance)
    }
}
