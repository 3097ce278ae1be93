//! Debian packages: deb-version(7).

use super::{Distance, numbers};
use std::cmp::Ordering;

/// Marks of what a packager did to the upstream text: files taken out, packed once more.
const REPACKED: [&str; 4] = ["dfsg", "ds", "repack", "debian"];

/// `[epoch:]upstream[-revision]`.
struct Deb<'a> {
    epoch: u64,
    upstream: &'a str,
    revision: &'a str,
}

pub(super) fn compared(a: &str, b: &str) -> Option<(Distance, Ordering)> {
    let (a, b) = (Deb::read(a)?, Deb::read(b)?);
    let upstream = order(a.upstream, b.upstream);
    let revision = order(a.revision, b.revision);
    let distance = match (upstream, revision) {
        _ if a.epoch != b.epoch => Distance::Major,
        (Ordering::Equal, Ordering::Equal) => Distance::Same,
        (Ordering::Equal, _) => Distance::Local,
        _ => between(a.upstream, b.upstream),
    };
    Some((distance, a.epoch.cmp(&b.epoch).then(upstream).then(revision)))
}

impl<'a> Deb<'a> {
    fn read(text: &'a str) -> Option<Deb<'a>> {
        let (epoch, rest) = text.split_once(':').unwrap_or(("0", text));
        let (upstream, revision) = rest.rsplit_once('-').unwrap_or((rest, ""));
        let allowed = |text: &str, also: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || also.contains(c));
        let sound = upstream.starts_with(|c: char| c.is_ascii_digit()) && allowed(upstream, ".+-:~") && allowed(revision, "+.~");
        // dpkg refuses an empty revision behind a hyphen, and epochs that are no number of its own size.
        let sound = sound && !rest.ends_with('-') && !epoch.is_empty() && epoch.bytes().all(|b| b.is_ascii_digit());
        let epoch = epoch.parse::<u64>().ok().filter(|e| i32::try_from(*e).is_ok())?;
        sound.then_some(Deb { epoch, upstream, revision })
    }
}

/// By turns: what is no digit, letter by letter, then what is one, as a number.
fn order(mut a: &str, mut b: &str) -> Ordering {
    while !a.is_empty() || !b.is_empty() {
        let (word_a, rest_a) = split(a, |b| !b.is_ascii_digit());
        let (word_b, rest_b) = split(b, |b| !b.is_ascii_digit());
        let (digits_a, next_a) = split(rest_a, |b| b.is_ascii_digit());
        let (digits_b, next_b) = split(rest_b, |b| b.is_ascii_digit());
        let found = words(word_a, word_b).then_with(|| digits(digits_a, digits_b));
        if found != Ordering::Equal {
            return found;
        }
        (a, b) = (next_a, next_b);
    }
    Ordering::Equal
}

fn split(text: &str, belongs: impl Fn(u8) -> bool) -> (&str, &str) {
    text.split_at(text.bytes().take_while(|b| belongs(*b)).count())
}

/// `~` comes before the end of the text, the end before letters, letters before everything else.
fn words(a: &str, b: &str) -> Ordering {
    let weight = |byte: Option<&u8>| match byte {
        Some(b'~') => -1,
        None => 0,
        Some(b) if b.is_ascii_alphabetic() => i32::from(*b),
        Some(b) => i32::from(*b) + 256,
    };
    let longest = a.len().max(b.len());
    (0..longest).map(|i| weight(a.as_bytes().get(i)).cmp(&weight(b.as_bytes().get(i)))).find(|o| *o != Ordering::Equal).unwrap_or(Ordering::Equal)
}

/// Numbers of any length; none is zero.
fn digits(a: &str, b: &str) -> Ordering {
    let (a, b) = (a.trim_start_matches('0'), b.trim_start_matches('0'));
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

/// Two upstream texts that differ. A letter behind the numbers is a patch: OpenSSL 1.1.1n and 1.1.1w.
fn between(a: &str, b: &str) -> Distance {
    let (Some((numbers_a, rest_a)), Some((numbers_b, rest_b))) = (numbers::leading(a), numbers::leading(b)) else {
        // Numbers that no computer counts with: nothing nearer can be told.
        return Distance::Major;
    };
    if let Some(distance) = numbers::apart(&numbers_a, &numbers_b) {
        return distance;
    }
    let (base_a, base_b) = (without_repack(rest_a), without_repack(rest_b));
    let before = |rest: &str| rest.split_once('~').map_or(rest.to_owned(), |(before, _)| before.to_owned());
    match (order(base_a, base_b), before(base_a) == before(base_b)) {
        (Ordering::Equal, _) if numbers_a.len() == numbers_b.len() => Distance::Local,
        (order, true) if order != Ordering::Equal => Distance::PreRelease,
        _ => Distance::Patch,
    }
}

fn without_repack(rest: &str) -> &str {
    let cut = rest.rfind(['+', '.', '~']).filter(|at| REPACKED.iter().any(|mark| rest[at + 1..].starts_with(mark)));
    cut.map_or(rest, |at| &rest[..at])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{fidelity::version::vectors, model::payload::Scheme};

    #[test]
    fn the_order_is_that_of_dpkg() {
        assert_eq!(vectors::check(Scheme::Deb, include_str!("../../../tests/vectors/versions/deb.txt")), Vec::<String>::new());
    }

    #[test]
    fn the_distance_is_what_differs_first() {
        for (a, b, distance) in [
            ("2.36-9+deb12u4", "2.36-9+deb12u4", Distance::Same),
            ("1.0-1", "1.00-01", Distance::Same),
            ("0:1.0", "1.0-0", Distance::Same),
            ("3.0.11-1~deb12u1", "3.0.11-1~deb12u2", Distance::Local),
            ("1.2.11.dfsg-1", "1.2.11-1", Distance::Local),
            ("1.2.11+dfsg-1", "1.2.11+dfsg2-1", Distance::Local),
            ("2.0~rc1-1", "2.0-1", Distance::PreRelease),
            ("2.0~rc1-1", "2.0~rc2-1", Distance::PreRelease),
            ("1.1.1n-0", "1.1.1w-0", Distance::Patch),
            ("1:9.2p1-2", "1:9.2p2-2", Distance::Patch),
            ("2.3.0+git2021-1", "2.3.0+git2022-1", Distance::Patch),
            ("1.0-1", "1.0.0-1", Distance::Patch),
            ("3.0.11-1", "3.0.13-1", Distance::Patch),
            ("15.4-1", "15.14-1", Distance::Minor),
            ("1:1.0", "1.0", Distance::Major),
            ("15.4", "16.0", Distance::Major),
        ] {
            assert_eq!(compared(a, b).map(|(d, _)| d), Some(distance), "{a} {b}");
        }
        for bad in ["a1", "1.0-", ":1.0", "x:1.0", "1 0", "1.0_1", "9999999999:1", "-1"] {
            assert_eq!(compared(bad, "1.0"), None, "{bad}");
        }
    }
}
