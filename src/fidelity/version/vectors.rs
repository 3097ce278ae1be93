//! Pairs that other programs have put in order: tests/vectors/versions.

use crate::model::payload::{Scheme, Version};

/// What is not in the order that a file says; each line of it is `a < b`, `a = b` or `a > b`.
pub(super) fn check(scheme: Scheme, file: &str) -> Vec<String> {
    let version = |text: &str| Version { scheme, text: text.into() };
    let lines: Vec<_> = file.lines().filter(|line| !line.starts_with('#')).collect();
    assert!(lines.len() >= 50, "{} pairs are no test", lines.len());
    let wrong = lines.iter().filter_map(|line| {
        let [a, sign, b] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let order = super::newer(&version(a), &version(b)).map(|order| ["<", "=", ">"][(order as i8 + 1) as usize]);
        (order != Some(sign)).then(|| format!("{line}: {order:?}"))
    });
    wrong.collect()
}
