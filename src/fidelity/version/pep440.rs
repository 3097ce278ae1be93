//! Python packages: PEP 440, read by pep440_rs.

use super::{Distance, numbers};
use pep440_rs::Version;
use std::cmp::Ordering;

/// A post-release counts as a patch: PEP 440 would have it for corrections of the packaging only, yet what is published as one
/// often holds repairs of the code (vLLM 0.4.0.post1), and versions made from a repository's history count commits with it.
pub(super) fn compared(a: &str, b: &str) -> Option<(Distance, Ordering)> {
    let (a, b): (Version, Version) = (a.parse().ok()?, b.parse().ok()?);
    let distance = match (numbers::apart(a.release(), b.release()), a.cmp(&b)) {
        _ if a.epoch() != b.epoch() => Distance::Major,
        (Some(distance), _) => distance,
        (None, Ordering::Equal) => Distance::Same,
        _ if a.post() != b.post() => Distance::Patch,
        _ if a.pre() != b.pre() || a.dev() != b.dev() => Distance::PreRelease,
        _ => Distance::Local,
    };
    Some((distance, a.cmp(&b)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{fidelity::version::vectors, model::payload::Scheme};

    #[test]
    fn the_order_is_that_of_pythons_packaging() {
        assert_eq!(vectors::check(Scheme::Pep440, include_str!("../../../tests/vectors/versions/pep440.txt")), Vec::<String>::new());
    }

    #[test]
    fn the_distance_is_what_differs_first() {
        for (a, b, distance) in [
            ("1.0", "1.0.0", Distance::Same),
            ("v3.11.4", "3.11.4", Distance::Same),
            ("1.0RC1", "1.0-c.1", Distance::Same),
            ("2.1.0+cu121", "2.1.0+cu118", Distance::Local),
            ("2.1.0+cu121", "2.1.0", Distance::Local),
            ("2.0rc1", "2.0", Distance::PreRelease),
            ("2.0.dev3", "2.0a1", Distance::PreRelease),
            ("0.4.0.post1", "0.4.0", Distance::Patch),
            ("0.110.0", "0.110.3", Distance::Patch),
            ("3.10", "3.1", Distance::Minor),
            ("1!2.0", "2.0", Distance::Major),
            ("2.0", "1.26.4", Distance::Major),
        ] {
            assert_eq!(compared(a, b).map(|(d, _)| d), Some(distance), "{a} {b}");
        }
    }
}
