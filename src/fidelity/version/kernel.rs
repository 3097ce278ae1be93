//! Releases of the Linux kernel as `uname -r` tells them, of whichever distribution.

use super::{Distance, numbers};
use std::cmp::Ordering;

/// A release taken apart.
#[derive(Debug, Default, PartialEq)]
struct Release {
    /// `6.1.0`.
    base: Vec<u64>,
    /// `rc3`.
    candidate: Option<u64>,
    /// The distribution's own counting behind it: `18` of `6.1.0-18-amd64`, `513.11.1` of `4.18.0-513.11.1.el8_9.x86_64`.
    abi: Vec<u64>,
    /// For whom it was configured: `amd64`, `aws`, `el8`, `x86_64`.
    flavour: Vec<String>,
    /// What a builder's tree adds: a commit, `dirty`, `+`.
    local: Vec<String>,
}

/// Another flavour counts as a minor release. `-aws` and `-generic` of one number have other timer frequencies, preemption,
/// drivers and patches: more than a stable update brings, less than what another series does. Other counts of the same flavour are
/// a patch, for distributions keep the base and bring the stable updates in under them. A minor release of Red Hat's (8.9 to
/// 8.10) shows in the first of these counts only, and brings features: it counts as minor, too.
pub(super) fn compared(a: &str, b: &str) -> Option<(Distance, Ordering)> {
    let (a, b) = (Release::read(a)?, Release::read(b)?);
    let red_hat = |r: &Release| r.flavour.iter().any(|word| enterprise(word));
    let distance = match numbers::apart(&a.base, &b.base) {
        Some(distance) => distance,
        None if a.flavour != b.flavour => Distance::Minor,
        None if red_hat(&a) && a.abi.first() != b.abi.first() => Distance::Minor,
        None if a.abi != b.abi => Distance::Patch,
        None if a.candidate != b.candidate => Distance::PreRelease,
        None if a.local != b.local => Distance::Local,
        None => Distance::Same,
    };
    // A candidate comes before its release, which has none.
    let candidate = |r: &Release| r.candidate.unwrap_or(u64::MAX);
    let base = |r: &Release| [0, 1, 2, 3].map(|i| r.base.get(i).copied().unwrap_or(0));
    let order = base(&a).cmp(&base(&b)).then(candidate(&a).cmp(&candidate(&b))).then_with(|| a.abi.cmp(&b.abi));
    Some((distance, order))
}

impl Release {
    fn read(text: &str) -> Option<Release> {
        let (base, rest) = numbers::leading(text)?;
        let sound = |c: char| c.is_ascii_alphanumeric() || "-.+_~".contains(c);
        if !(2..=4).contains(&base.len()) || !rest.is_empty() && !rest.starts_with(['-', '.', '+', '_', '~']) || !rest.chars().all(sound) {
            return None;
        }
        let mut release = Release { base, ..Release::default() };
        if rest.ends_with('+') {
            release.local.push("+".into());
        }
        for word in rest.split(['-', '.', '+', '~']).filter(|word| !word.is_empty()) {
            release.take(word);
        }
        Some(release)
    }

    fn take(&mut self, word: &str) {
        let number = |text: &str| text.parse::<u64>().ok();
        let commit = word.strip_prefix('g').is_some_and(|hex| hex.len() >= 7 && hex.bytes().all(|b| b.is_ascii_hexdigit()));
        if let Some(n) = number(word) {
            self.abi.push(n);
        } else if let Some(n) = word.strip_prefix("rc").and_then(number) {
            self.candidate = Some(n);
        } else if commit || word == "dirty" {
            self.local.push(word.to_owned());
        } else if let Some((series, n)) =
            word.split_once('_').and_then(|(series, n)| Some((series, number(n)?))).filter(|(series, _)| enterprise(series))
        {
            // `el8_9`: the ninth minor release of one and the same flavour.
            self.flavour.push(series.to_owned());
            self.abi.push(n);
        } else {
            self.flavour.push(word.to_owned());
        }
    }
}

fn enterprise(word: &str) -> bool {
    word.strip_prefix("el").is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{fidelity::version::vectors, model::payload::Scheme};

    #[test]
    fn the_order_is_that_of_debians_linux_version() {
        assert_eq!(vectors::check(Scheme::Kernel, include_str!("../../../tests/vectors/versions/kernel.txt")), Vec::<String>::new());
    }

    #[test]
    fn the_distance_is_what_differs_first() {
        for (a, b, distance) in [
            ("6.18.5", "6.18.5", Distance::Same),
            ("6.18.5+", "6.18.5", Distance::Local),
            ("6.8.0-rc3-g0123abc", "6.8.0-rc3-g0123abd-dirty", Distance::Local),
            ("6.8.0-rc3", "6.8.0", Distance::PreRelease),
            ("6.1.0-18-amd64", "6.1.0-28-amd64", Distance::Patch),
            ("5.15.0-1051-aws", "5.15.0-1052-aws", Distance::Patch),
            ("6.1.79-99.167.amzn2023.x86_64", "6.1.82-99.168.amzn2023.x86_64", Distance::Patch),
            ("4.18.0-513.el8.x86_64", "4.18.0-513.11.1.el8_9.x86_64", Distance::Patch),
            ("5.15.153.1-microsoft-standard-WSL2", "5.15.167.4-microsoft-standard-WSL2", Distance::Patch),
            ("4.18.0-513.el8.x86_64", "4.18.0-553.el8_10.x86_64", Distance::Minor),
            ("5.15.0-101-generic", "5.15.0-1051-aws", Distance::Minor),
            ("6.1.0-28-cloud-amd64", "6.1.0-28-amd64", Distance::Minor),
            ("5.15.0-101-generic", "5.15.0-101-lowlatency", Distance::Minor),
            ("6.1.0-18-amd64", "6.12.1-1-amd64", Distance::Minor),
            ("5.15.0-101-generic", "6.8.0-31-generic", Distance::Major),
        ] {
            assert_eq!(compared(a, b).map(|(d, _)| d), Some(distance), "{a} {b}");
        }
        for bad in ["6", "linux", "6.1 x", "6.1.0.0.0", "6.1x", "6.1/3"] {
            assert_eq!(compared(bad, "6.1.0"), None, "{bad}");
        }
    }
}
