//! Reads a recorded run, also one that was killed half-way.
#![allow(clippy::disallowed_methods, reason = "the store owns the run's files")]

use super::{FORMAT, Folder, StoreError, THIS, io_error};
use crate::{
    model::{
        event::{Event, Header, Stamped},
        evidence::{Evidence, Fact, digest},
        key::Key,
        rows::Blobs,
        units::Wall,
        waiver::Waiver,
    },
    spec::profile::Profile,
};
use serde::de::DeserializeOwned;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::{BufRead, BufReader, Read},
    path::Path,
    sync::Arc,
};

/// A run as recorded.
#[derive(Debug)]
pub struct Recorded {
    /// What was judged.
    pub profile: Profile,
    /// What happened, in order.
    pub events: Vec<Stamped>,
    /// What was answered.
    pub evidence: Evidence,
}

/// What can be told of a run without its evidence.
#[derive(Debug)]
pub struct Head {
    /// What was judged.
    pub profile: Profile,
    /// What happened, in order.
    pub events: Vec<Stamped>,
    /// How it is described; `None` where it was killed before it said so.
    pub began: Option<Header>,
}

/// Reads what was judged and what happened, and not the evidence: enough for a list of runs. The profile is compared with
/// the digest that the run tells.
pub fn head(path: &Path) -> Result<Head, StoreError> {
    let release = written_by(path);
    let at = path.join("profile.json");
    let text = fs::read(&at).map_err(io_error("reading", &at))?;
    let profile: Profile = serde_json::from_slice(&text).map_err(|e| release.broken(&at, e.line(), &e))?;
    let events: Vec<Stamped> = lines(&path.join("events.jsonl"), &release)?.1;
    let began = events.iter().find_map(|e| if let Event::Began(header) = &e.event { Some(header.clone()) } else { None });
    if let Some(header) = &began
        && header.format > FORMAT
    {
        let why = format!("runs of format {}, and this release reads up to {FORMAT}", header.format);
        return Err(StoreError::OtherRelease { path: path.join("events.jsonl"), line: 1, tool: header.tool.clone(), why });
    }
    if began.as_ref().is_some_and(|header| !judged_by(&profile, header)) {
        return Err(StoreError::OtherProfile { path: at });
    }
    Ok(Head { profile, events, began })
}

/// Opens the run in `path`. Answers are compared with the digests that the events tell, so that nobody judges by a file
/// that was edited; blobs are verified now, so that reading rows cannot fail later.
pub fn open(path: &Path) -> Result<Recorded, StoreError> {
    let Head { profile, events, .. } = head(path)?;
    let at = path.join("evidence.jsonl");
    let (text, facts): (String, Vec<Fact>) = lines(&at, &written_by(path))?;
    let mut answered = answered(&events);
    // Where a secret happened to be a word of the question, it was taken out of the event, but not of the fact.
    let asked: BTreeSet<&Key> = facts.iter().map(|f| &f.key).collect();
    let mut renamed: Vec<_> = answered.iter().filter(|(key, _)| !asked.contains(*key)).flat_map(|(_, told)| told.clone()).collect();
    answered.retain(|key, _| asked.contains(*key));
    // A run that was killed may have kept an answer of which it could not tell any more.
    let whole = events.iter().any(|e| matches!(e.event, Event::Gathered { .. }));
    let numbered = text.lines().enumerate().filter(|(_, l)| !l.is_empty());
    for ((number, line), fact) in numbered.zip(&facts) {
        let known = answered.contains_key(&fact.key);
        let told = answered.get_mut(&fact.key).unwrap_or(&mut renamed);
        match told.iter().position(|(_, digest)| is(line, fact, *digest)) {
            Some(found) => drop(told.swap_remove(found)),
            None if !whole && !known => {}
            None => return Err(StoreError::Tampered { path: at, line: number + 1, key: fact.key.to_string() }),
        }
    }
    // Whatever was judged must still be there: without it the run would only look as if it had been asked for less.
    if let Some((key, _)) = answered.values().flatten().chain(&renamed).next().filter(|_| whole) {
        return Err(StoreError::Missing { path: at, key: key.to_string() });
    }
    let folder = Folder::new(path.join("blobs"));
    for digest in facts.iter().flat_map(|f| &f.answer).flat_map(|s| s.payload.blobs()) {
        if !folder.verify(&digest).unwrap_or(false) {
            return Err(StoreError::Changed { path: folder.path_of(&digest) });
        }
    }
    let mut evidence: Evidence = facts.into_iter().collect();
    let blobs: Arc<dyn Blobs> = Arc::new(folder);
    evidence.attach(&blobs);
    Ok(Recorded { profile, events, evidence })
}

/// Is this the profile that the run says it was judged by?
fn judged_by(profile: &Profile, header: &Header) -> bool {
    // Untold by a program that keeps no digest.
    let untold = header.profile.is_empty();
    header.gate == profile.gate && same_waivers(&header.waivers, &profile.waivers) && (untold || as_told(&profile.digest(), &header.profile))
}

/// An answer as the events tell it: the question, and the digest; `None` for a gap.
type Told<'e> = (&'e Key, Option<&'e str>);

/// What was told of each question.
fn answered(events: &[Stamped]) -> BTreeMap<&Key, Vec<Told<'_>>> {
    let mut told: BTreeMap<&Key, Vec<Told<'_>>> = BTreeMap::new();
    for event in events {
        if let Event::Answered(answered) = &event.event {
            told.entry(&answered.key).or_default().push((&answered.key, answered.digest.as_deref()));
        }
    }
    told
}

/// Is this the digest that is told? Where a secret is a part of it by chance, `***` stands in its place: what is left must
/// fit, and be half of it at least.
fn as_told(digest: &str, told: &str) -> bool {
    let parts: Vec<_> = told.split("***").collect();
    let [first, .., last] = parts.as_slice() else { return digest == told };
    let inner = &parts[1..parts.len() - 1];
    let rest = digest.strip_prefix(first).and_then(|rest| rest.strip_suffix(last));
    let fits = rest.and_then(|rest| inner.iter().try_fold(rest, |rest, part| rest.split_once(part).map(|(_, after)| after)));
    fits.is_some() && parts.iter().map(|p| p.len()).sum::<usize>() * 2 >= digest.len()
}

/// Does a line hold the answer of this digest? Its text is looked at, not what is read from it: a later release may read
/// more from the same line.
fn is(line: &str, fact: &Fact, told: Option<&str>) -> bool {
    // Inside the key quotes are escaped, so the first one that is not begins the answer.
    let answer = line.split_once(",\"answer\":").and_then(|(_, rest)| rest.strip_suffix('}'));
    match (told, answer) {
        (None, _) => fact.answer.is_err(),
        (Some(told), Some(answer)) => fact.answer.is_ok() && as_told(&digest(answer.as_bytes()), told),
        (Some(_), None) => false,
    }
}

/// Texts may have been cleaned of secrets in one place and not in the other; what decides holds none.
fn same_waivers(a: &[Waiver], b: &[Waiver]) -> bool {
    let what = |w: &Waiver| (w.rule.clone(), w.of.clone(), w.holds.clone(), w.expires);
    a.iter().map(what).eq(b.iter().map(what))
}

/// The text and the lines of a file. A last line without its end was being written when the run was killed: it is left out.
fn lines<T: DeserializeOwned>(path: &Path, release: &Release) -> Result<(String, Vec<T>), StoreError> {
    let text = fs::read_to_string(path).map_err(io_error("reading", path))?;
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    let parse = |(at, line): (usize, &str)| serde_json::from_str(line).map_err(|e| release.broken(path, at + 1, &e));
    let parsed: Result<Vec<T>, StoreError> = whole.lines().enumerate().filter(|(_, l)| !l.is_empty()).map(parse).collect();
    Ok((whole.to_owned(), parsed?))
}

/// Which release wrote a run, as the run's first event says.
struct Release(Option<String>);

/// Looks for nothing but the name, so that it is found whatever else is not known.
fn written_by(path: &Path) -> Release {
    Release(beginning(path).and_then(|e| Some(e.get("tool")?.as_str()?.to_owned())))
}

/// When a run began, as it says itself.
pub(super) fn started(path: &Path) -> Option<Wall> {
    beginning(path)?.get("started")?.as_i64().map(Wall)
}

/// The first event of a run.
fn beginning(path: &Path) -> Option<serde_json::Value> {
    let first = fs::File::open(path.join("events.jsonl")).ok().and_then(|f| {
        let mut line = String::new();
        BufReader::new(f.take(1 << 20)).read_line(&mut line).ok().map(|_| line)
    });
    serde_json::from_str::<serde_json::Value>(&first?).ok()?.get_mut("event").map(serde_json::Value::take)
}

impl Release {
    /// What cannot be read: written by a later release, or broken.
    fn broken(&self, path: &Path, line: usize, error: &serde_json::Error) -> StoreError {
        let (path, why) = (path.to_owned(), error.to_string());
        match &self.0 {
            // What is cut off or no JSON is broken, whoever wrote it.
            Some(tool) if error.is_data() && later(tool) => StoreError::OtherRelease { path, line, tool: tool.clone(), why },
            Some(tool) => StoreError::Broken { path, line, why: format!("{why}; the run was recorded by {tool}") },
            None => StoreError::Broken { path, line, why },
        }
    }
}

/// Is `rigcheck 1.2.3` later than this release?
fn later(tool: &str) -> bool {
    let version = |text: &str| -> Option<Vec<u64>> {
        let digits = text.strip_prefix("rigcheck ")?.split(['-', '+']).next()?;
        digits.split('.').map(|part| part.parse().ok()).collect()
    };
    version(tool).zip(version(THIS)).is_some_and(|(its, ours)| its > ours)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_with_a_secret_in_it_still_proves() {
        let digest = "0123456789abcdef";
        for told in [digest, "***456789abcdef", "0123***89***ef", "01234567***", "0123456789abcdef***"] {
            assert!(as_told(digest, told), "{told}");
        }
        for told in ["***", "*", "0123***", "0123***89***ee", "***0123456789abcdefgh", "0123456789abcde", "", "******"] {
            assert!(!as_told(digest, told), "{told}");
        }
    }

    #[test]
    fn releases_are_compared_by_number() {
        assert!(later("rigcheck 0.10.0") && later("rigcheck 999.0.0-rc.1"));
        assert!(!later(THIS) && !later("rigcheck 0.0.9") && !later("rigcheck") && !later("something 9.9.9"));
    }
}
