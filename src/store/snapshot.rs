//! A snapshot as a file: lines of evidence, the first of which tells of the snapshot itself, with the digest of all that is told.
#![allow(clippy::disallowed_methods, reason = "the store reads and writes snapshots")]

use super::{StoreError, io_error};
use crate::model::{
    evidence::{Evidence, Fact, digest},
    key::{Facts, Payload, Question},
    payload::{Cell, FactTable, FactValue, Told},
    snapshot::{About, of_itself},
};
use std::{fs, path::Path};

/// Where the digest stands in the first line.
const SEAL: &str = "digest";

/// A longer file is no snapshot: 10,000 facts take some 2 MB.
pub const LONGEST: u64 = 16 << 20;

/// The text of a snapshot: what it says of itself, then its parts in order.
pub fn text(facts: &Evidence) -> Result<String, serde_json::Error> {
    let mut lines = String::new();
    let mut itself = None;
    for (key, answer) in facts.iter() {
        let fact = Fact { key: key.clone(), answer: answer.clone() };
        if *key == of_itself() {
            itself = Some(fact);
        } else {
            lines += &serde_json::to_string(&fact)?;
            lines.push('\n');
        }
    }
    let Some(itself) = itself else { return Ok(lines) };
    let head = with_seal(&itself, String::new())?;
    let head = with_seal(&itself, seal(&head, &lines))?;
    Ok(format!("{head}\n{lines}"))
}

/// The first line with this digest in it.
fn with_seal(itself: &Fact, digest: String) -> Result<String, serde_json::Error> {
    let mut itself = Fact { key: itself.key.clone(), answer: itself.answer.clone() };
    if let Ok(seen) = &mut itself.answer
        && let Payload::Facts(table) = &mut std::sync::Arc::make_mut(seen).payload
    {
        table.put(SEAL, FactValue::Digest(digest), "");
    }
    serde_json::to_string(&itself)
}

/// The digest of all that a snapshot tells, of when it is and of its parts, too: of its text, with nothing where the digest will stand.
fn seal(head: &str, lines: &str) -> String {
    digest(format!("{head}\n{lines}").as_bytes())
}

/// Reads a snapshot from a file.
pub fn read(path: &Path) -> Result<Evidence, StoreError> {
    let found = fs::metadata(path).map_err(io_error("reading", path))?;
    // A pipe to which nobody writes would be read for ever.
    if !found.is_file() {
        return Err(wrong(path, 1, "it is no regular file; `rigcheck snapshot capture FILE` writes one".into()));
    }
    let length = found.len();
    if length > LONGEST {
        return Err(wrong(path, 1, format!("it has {length} bytes, and no snapshot has more than {LONGEST}")));
    }
    let text = fs::read(path).map_err(io_error("reading", path))?;
    let text = String::from_utf8(text).map_err(|_| wrong(path, 1, "it is no UTF-8 text".into()))?;
    parsed(&text, path)
}

/// Reads the text of a snapshot, which goes by a path.
pub fn parsed(text: &str, path: &Path) -> Result<Evidence, StoreError> {
    let Some((first, rest)) = text.split_once('\n') else {
        let why = if text.trim().is_empty() { "it is empty" } else { "it has one line: it was cut, or it is no snapshot" };
        return Err(wrong(path, 1, format!("{why}; `rigcheck snapshot capture FILE` writes one")));
    };
    let itself: Fact =
        serde_json::from_str(first).map_err(|e| wrong(path, 1, format!("{}; `rigcheck snapshot capture FILE` writes one", not_ours(&e))))?;
    let table = table(&itself).filter(|_| itself.key == of_itself());
    let table =
        table.ok_or_else(|| wrong(path, 1, "its first line does not tell of a snapshot; `rigcheck snapshot capture FILE` writes one".into()))?;
    let about = About::read(table).map_err(|why| wrong(path, 1, why))?;
    if !rest.is_empty() && !rest.ends_with('\n') {
        return Err(wrong(path, rest.lines().count() + 1, "the line has no end: the file was cut; capture it again, or copy it again".into()));
    }
    match table.0.get(SEAL) {
        Some(Cell::Value(Told { value: FactValue::Digest(told), .. })) if *told == seal(&first.replacen(told.as_str(), "", 1), rest) => {}
        _ => {
            let lines = rest.lines().count();
            let why = if lines < about.parts.len() {
                format!("it has {lines} of its {} parts: the file was cut; copy it again, or capture it again", about.parts.len())
            } else {
                "its facts are not those that were captured: the file was edited. What a person says is written as a document: \
                 a YAML file with `environment`, `as_of` and `by`"
                    .to_owned()
            };
            return Err(wrong(path, 2, why));
        }
    }
    let mut evidence = Evidence::default();
    for (number, line) in rest.lines().enumerate() {
        let fact: Fact = serde_json::from_str(line).map_err(|e| wrong(path, number + 2, not_ours(&e)))?;
        evidence.put(fact.key, fact.answer);
    }
    evidence.put(itself.key, itself.answer);
    Ok(evidence)
}

fn table(fact: &Fact) -> Option<&FactTable> {
    fact.answer.as_ref().ok().and_then(|seen| Facts::pick(&seen.payload))
}

fn not_ours(error: &serde_json::Error) -> String {
    // The reader's message may quote the file, which may hold anything.
    format!("column {} is not what rigcheck writes", error.column())
}

fn wrong(path: &Path, line: usize, why: String) -> StoreError {
    StoreError::NoSnapshot { path: path.into(), line, why }
}
