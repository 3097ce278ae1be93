//! How far two versions are apart, by the rules of those who number so.

mod deb;
mod distance;
mod kernel;
mod numbers;
mod pep440;
mod semver;
#[cfg(test)]
mod vectors;

pub use distance::Distance;

use crate::model::payload::{Scheme, Version};
use std::cmp::Ordering;

/// Longer texts are no versions; readers behind this may take time that grows with the text.
const LONGEST: usize = 200;

/// How far apart two versions are. `None` where they follow different schemes, or where one of them is no version of its
/// scheme: then all that can be told is whether the texts are the same.
pub fn distance(a: &Version, b: &Version) -> Option<Distance> {
    compared(a, b).map(|(distance, _)| distance)
}

/// `Greater` where the first one is newer. Versions of which neither is newer may still differ: in the flavour of a kernel, in
/// the build of a semantic version. `None` as for [`distance`].
pub fn newer(a: &Version, b: &Version) -> Option<Ordering> {
    compared(a, b).map(|(_, order)| order)
}

fn compared(a: &Version, b: &Version) -> Option<(Distance, Ordering)> {
    if a.scheme != b.scheme || a.text.len().max(b.text.len()) > LONGEST {
        return None;
    }
    let (x, y) = (a.text.trim(), b.text.trim());
    match a.scheme {
        Scheme::Pep440 => pep440::compared(x, y),
        Scheme::Semver => semver::compared(x, y),
        Scheme::Deb => deb::compared(x, y),
        Scheme::Kernel => kernel::compared(x, y),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SCHEMES: [Scheme; 4] = [Scheme::Pep440, Scheme::Semver, Scheme::Deb, Scheme::Kernel];

    fn version(scheme: Scheme, text: &str) -> Version {
        Version { scheme, text: text.into() }
    }

    #[test]
    fn versions_of_two_schemes_are_not_compared() {
        assert_eq!(distance(&version(Scheme::Semver, "1.2.3"), &version(Scheme::Pep440, "1.2.3")), None);
        assert_eq!(newer(&version(Scheme::Deb, &"1".repeat(201)), &version(Scheme::Deb, "1")), None);
    }

    #[test]
    fn what_is_no_version_is_not_compared() {
        for scheme in SCHEMES {
            for bad in ["", "latest", "main@3f2a", "\u{1b}[31m", "１.２", "99999999999999999999999.1 x"] {
                assert_eq!(distance(&version(scheme, bad), &version(scheme, "1.2.3")), None, "{scheme:?} {bad}");
            }
        }
    }

    proptest! {
        #[test]
        fn any_two_texts_are_compared_alike_both_ways(a in "[0-9a-z.+~:_-]{0,24}", b in "[0-9a-z.+~:_-]{0,24}", any in "\\PC{0,40}") {
            for scheme in SCHEMES {
                for (a, b) in [(&a, &b), (&a, &any), (&any, &any)] {
                    let (a, b) = (version(scheme, a), version(scheme, b));
                    prop_assert_eq!(distance(&a, &b), distance(&b, &a));
                    prop_assert_eq!(newer(&a, &b), newer(&b, &a).map(Ordering::reverse));
                    if distance(&a, &b) == Some(Distance::Same) {
                        prop_assert_eq!(newer(&a, &b), Some(Ordering::Equal));
                    }
                }
            }
        }
    }
}
