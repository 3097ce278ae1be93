//! Semantic Versioning 2.0.0, read by semver.

use super::{Distance, numbers};
use semver::Version;
use std::cmp::Ordering;

pub(super) fn compared(a: &str, b: &str) -> Option<(Distance, Ordering)> {
    let (a, b) = (lenient(a)?, lenient(b)?);
    let distance = match numbers::apart(&[a.major, a.minor, a.patch], &[b.major, b.minor, b.patch]) {
        Some(distance) => distance,
        None if a.pre != b.pre => Distance::PreRelease,
        None if a.build != b.build => Distance::Local,
        None => Distance::Same,
    };
    // "Build metadata MUST be ignored when determining version precedence."
    Some((distance, a.cmp_precedence(&b)))
}

/// As tools write it: with a `v` before it, and without the parts that are zero.
fn lenient(text: &str) -> Option<Version> {
    let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
    let end = text.find(['-', '+']).unwrap_or(text.len());
    let (release, rest) = text.split_at(end);
    let missing = 3_usize.checked_sub(release.split('.').count())?;
    Version::parse(&format!("{release}{}{rest}", ".0".repeat(missing))).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{fidelity::version::vectors, model::payload::Scheme};

    #[test]
    fn the_order_is_that_of_the_specification() {
        assert_eq!(vectors::check(Scheme::Semver, include_str!("../../../tests/vectors/versions/semver.txt")), Vec::<String>::new());
    }

    #[test]
    fn the_distance_is_what_differs_first() {
        for (a, b, distance) in [
            ("v2.42.0", "2.42.0", Distance::Same),
            ("1.2", "1.2.0", Distance::Same),
            ("1", "v1.0.0", Distance::Same),
            ("1.0.0+20130313", "1.0.0+exp.sha.5114f85", Distance::Local),
            ("1.0.0-rc.1", "1.0.0", Distance::PreRelease),
            ("1.0.0", "1.0.1", Distance::Patch),
            ("0.1.0", "0.2.0", Distance::Minor),
            ("1.9.9", "2.0.0-alpha", Distance::Major),
        ] {
            assert_eq!(compared(a, b).map(|(d, _)| d), Some(distance), "{a} {b}");
        }
        for bad in ["1.2.3.4", "01.2.3", "1..2", "v", "1.0.0-", "1.2.x"] {
            assert_eq!(compared(bad, "1.0.0"), None, "{bad}");
        }
    }
}
