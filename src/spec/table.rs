//! Reading a section by hand, so that every problem in it is told, not only the first.

use super::{
    diagnostics::{Problem, nearest, plain},
    folders::Folders,
};
use crate::model::{
    bytes::{Bytes, BytesPerSecond},
    capability::Capability,
    node::{At, Node, Value},
    redactor::Redactor,
    secret::Secret,
    units::{Count, Ms, PerSecond, Share},
};
use std::{cell::RefCell, collections::BTreeSet, path::PathBuf};

/// What reading leaves behind: problems, warnings, secrets.
pub(super) struct Reading {
    problems: RefCell<Vec<Problem>>,
    warnings: RefCell<Vec<Problem>>,
    redactor: RefCell<Redactor>,
    /// Values whose references could not be resolved: told once, not again where they are used.
    pub failed: RefCell<BTreeSet<At>>,
    /// Values that stand for the output of a program that is not run.
    pub not_run: RefCell<BTreeSet<At>>,
    /// Where relative paths start.
    folders: Folders,
}

impl Reading {
    pub(super) fn new(folders: Folders) -> Reading {
        Reading {
            problems: RefCell::default(),
            warnings: RefCell::default(),
            redactor: RefCell::default(),
            failed: RefCell::default(),
            not_run: RefCell::default(),
            folders,
        }
    }
    /// The file that a path means, from the folder of the file in which it is written.
    pub(super) fn beside(&self, at: At, path: &str) -> PathBuf {
        self.folders.join(at, path)
    }
    pub(super) fn problem(&self, problem: Problem) {
        self.problems.borrow_mut().push(problem);
    }
    pub(super) fn warn(&self, problem: Problem) {
        self.warnings.borrow_mut().push(problem);
    }
    pub(super) fn learn(&self, secret: &Secret) {
        self.redactor.borrow_mut().learn(secret);
    }
    /// Problems so far.
    pub(super) fn count(&self) -> usize {
        self.problems.borrow().len()
    }
    /// Problems, warnings, and what knows the secrets.
    pub(super) fn finish(self) -> (Vec<Problem>, Vec<Problem>, Redactor) {
        (self.problems.into_inner(), self.warnings.into_inner(), self.redactor.into_inner())
    }
}

/// A mapping whose keys are read one by one; what nobody asked for is unknown.
pub(super) struct Table<'a> {
    path: String,
    at: At,
    entries: &'a [(Node, Node)],
    known: Vec<&'a str>,
}

/// One value with its path (`sources.prometheus.url`) and key.
#[derive(Clone)]
pub(super) struct Field<'a> {
    pub(super) path: String,
    /// Place of the key.
    pub(super) key: At,
    pub(super) node: &'a Node,
}

impl<'a> Table<'a> {
    /// The path of a key in it.
    pub(super) fn path(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }
    /// The place to show when something is missing from it.
    pub(super) fn at(&self) -> At {
        self.at
    }
    /// Its value for a key.
    pub(super) fn get(&mut self, key: &'static str) -> Option<Field<'a>> {
        self.known.push(key);
        let (k, node) = self.entries.iter().find(|(k, _)| k.text() == Some(key))?;
        Some(Field { path: self.path(key), key: k.at, node })
    }
    /// The same; it is a problem if it is not there.
    pub(super) fn need(&mut self, key: &'static str, example: &str, cx: &Reading) -> Option<Field<'a>> {
        let found = self.get(key);
        if found.is_none() {
            let whose = if self.path.is_empty() { "the spec".to_owned() } else { format!("`{}`", self.path) };
            // Keys that may be this one with a typing error are shown there, not as missing.
            let typo = self.entries.iter().any(|(k, _)| k.text().is_some_and(|k| !self.known.contains(&k) && nearest(k, [key]).is_some()));
            if !typo {
                cx.problem(Problem::new(self.at, format!("{whose} needs `{key}`")).label(format!("add `{key}: {example}`")));
            }
        }
        found
    }
    /// All keys were asked for: what is left is unknown.
    pub(super) fn close(self, cx: &Reading) {
        for (word, at) in self.unknown() {
            let mut problem = Problem::unknown(at, "key", word, self.known.iter().copied());
            if !self.path.is_empty() {
                problem.title = format!("{} in `{}`", problem.title, self.path);
            }
            if word == "slo" {
                problem.label = String::new();
                problem.help = Some(format!("an SLO belongs to a case; {}", Capability::Slo.how()));
            }
            cx.problem(problem);
        }
    }
    /// The keys that nobody asked for so far.
    pub(super) fn unknown(&self) -> Vec<(&'a str, At)> {
        let keys = self.entries.iter().filter_map(|(k, _)| Some((k.text()?, k.at)));
        keys.filter(|(k, _)| !k.is_empty() && !self.known.contains(k)).collect()
    }
    /// Takes a key for known: it was told otherwise.
    pub(super) fn forgive(&mut self, key: &'a str) {
        self.known.push(key);
    }
}

impl<'a> Field<'a> {
    /// A whole document.
    pub(super) fn document(root: &'a Node) -> Field<'a> {
        Field { path: String::new(), key: At { len: 1, ..root.at }, node: root }
    }
    /// A problem with this value.
    pub(super) fn refuse(&self, what: impl AsRef<str>, label: impl Into<String>) -> Problem {
        Problem::new(self.node.at, format!("`{}` {}", self.path, what.as_ref())).label(label)
    }
    /// As a section; nothing written below its key is an empty one.
    pub(super) fn table(&self, cx: &Reading) -> Option<Table<'a>> {
        let entries = match &self.node.value {
            Value::Map(entries) => entries.as_slice(),
            Value::Null => &[],
            _ => {
                let what = if self.path.is_empty() { "a spec must be a mapping".to_owned() } else { format!("`{}` must be a mapping", self.path) };
                cx.problem(Problem::new(self.node.at, what).label("write `key: value` pairs"));
                return None;
            }
        };
        Some(Table { path: self.path.clone(), at: self.key, entries, known: vec![] })
    }
    /// The entries of a mapping whose keys the user chooses.
    pub(super) fn entries(&self, cx: &Reading) -> Vec<(&'a str, Field<'a>)> {
        let Some(table) = self.table(cx) else { return vec![] };
        let named = |(k, node): &'a (Node, Node)| {
            let key = k.text().unwrap_or_default();
            (key, Field { path: table.path(key), key: k.at, node })
        };
        table.entries.iter().filter(|(k, _)| k.text().is_some_and(|k| !k.is_empty())).map(named).collect()
    }
    /// The items of a list.
    pub(super) fn list(&self, cx: &Reading) -> Vec<Field<'a>> {
        let Value::List(items) = &self.node.value else {
            cx.problem(self.refuse("must be a list", "write `[a, b]`, or one `- item` a line"));
            return vec![];
        };
        items.iter().enumerate().map(|(i, node)| Field { path: format!("{}[{i}]", self.path), key: node.at, node }).collect()
    }
    /// Is it the output of a program that is not run, and has a form that such a placeholder has not? Then any value that
    /// has it stands in, and a warning says that this one was not checked.
    pub(super) fn unchecked(&self, cx: &Reading) -> bool {
        let not_run = cx.not_run.borrow().contains(&self.node.at);
        if not_run {
            cx.warn(self.refuse("cannot be checked without running its `${exec:…}`", "what is said of it below is a placeholder's"));
        }
        not_run
    }
    fn failed(&self, cx: &Reading) -> bool {
        cx.failed.borrow().contains(&self.node.at)
    }
    /// As text. Whole numbers count as the text they were written as.
    pub(super) fn text(&self, cx: &Reading) -> Option<String> {
        if self.failed(cx) {
            return None;
        }
        match &self.node.value {
            Value::Text(t) if t.trim().is_empty() => cx.problem(self.refuse("is empty", "write a value, or remove the key")),
            Value::Text(t) => return Some(t.clone()),
            Value::Num(n) if n.fract() == 0.0 && n.abs() < 1e15 => return Some(n.to_string()),
            Value::Null => cx.problem(self.refuse("has no value", "write a value, or remove the key")),
            Value::Bool(_) | Value::Num(_) => cx.problem(self.refuse("must be text", "put it in quotes")),
            Value::List(_) | Value::Map(_) => cx.problem(self.refuse("must be text", "write one value")),
        }
        None
    }
    /// As a secret: never shown, and cleaned from everything that leaves the program.
    pub(super) fn secret(&self, cx: &Reading) -> Option<Secret> {
        let secret = Secret::new(self.text(cx)?);
        cx.learn(&secret);
        Some(secret)
    }
    /// As a path, from the folder of its file if relative.
    pub(super) fn file(&self, cx: &Reading) -> Option<PathBuf> {
        Some(cx.beside(self.node.at, &self.text(cx)?))
    }
    /// As `true` or `false`.
    pub(super) fn flag(&self, cx: &Reading) -> Option<bool> {
        match &self.node.value {
            _ if self.failed(cx) => None,
            _ if self.unchecked(cx) => Some(false),
            Value::Bool(b) => Some(*b),
            // What a reference resolved to is always text.
            Value::Text(t) if t == "true" => Some(true),
            Value::Text(t) if t == "false" => Some(false),
            value => {
                let word = if let Value::Text(t) = value { t.to_lowercase() } else { crate::spec::explain::inline(self.node) };
                let label = match word.as_str() {
                    "yes" | "on" | "y" | "1" => "write `true`",
                    "no" | "off" | "n" | "0" => "write `false`",
                    _ => "write one of the two",
                };
                cx.problem(self.refuse("must be `true` or `false`", label));
                None
            }
        }
    }
    /// As one of some words.
    pub(super) fn word<T: Copy>(&self, what: &str, words: &[(&str, T)], cx: &Reading) -> Option<T> {
        let text = self.text(cx)?;
        if self.unchecked(cx) {
            return words.first().map(|(_, t)| *t);
        }
        let found = words.iter().find(|(w, _)| *w == text).map(|(_, t)| *t);
        if found.is_none() {
            cx.problem(Problem::unknown(self.node.at, what, &text, words.iter().map(|(w, _)| *w)));
        }
        found
    }
    /// As a quantity with its unit.
    fn unit<T: std::str::FromStr<Err: std::fmt::Display>>(&self, what: &str, cx: &Reading) -> Option<T> {
        let text = match &self.node.value {
            _ if self.failed(cx) => return None,
            _ if self.unchecked(cx) => return ["1s", "1/s", "1", "1B", "1B/s"].iter().find_map(|one| one.parse().ok()),
            Value::Text(t) => t.clone(),
            Value::Num(n) => n.to_string(),
            _ => {
                cx.problem(self.refuse(format!("is not {what}"), ""));
                return None;
            }
        };
        text.parse()
            .map_err(|e: T::Err| {
                let why = e.to_string();
                let (title, label) = why.split_once("; ").unwrap_or((&why, ""));
                cx.problem(Problem::new(self.node.at, format!("`{}`: {}", self.path, plain(title))).label(label));
            })
            .ok()
    }
    /// As a duration above zero.
    pub(super) fn ms(&self, cx: &Reading) -> Option<Ms> {
        let ms: Ms = self.unit("a duration", cx)?;
        if ms.0 <= 0.0 {
            cx.problem(self.refuse("must be longer than nothing", "write one above 0, such as `500ms`"));
            return None;
        }
        Some(ms)
    }
    /// As an amount of bytes.
    pub(super) fn bytes(&self, cx: &Reading) -> Option<Bytes> {
        self.unit("an amount of bytes, such as `64MiB`", cx)
    }
    /// As bytes per second.
    pub(super) fn bytes_per_second(&self, cx: &Reading) -> Option<BytesPerSecond> {
        self.unit("bytes per second, such as `5MB/s`", cx)
    }
    /// As a rate.
    pub(super) fn rate(&self, cx: &Reading) -> Option<PerSecond> {
        self.unit("a rate, such as `15/s`", cx)
    }
    /// As a count of at least `least`.
    pub(super) fn count(&self, least: u64, cx: &Reading) -> Option<Count> {
        let count: Count = self.unit("a count, such as `700` or `60k`", cx)?;
        if count.0 < least {
            cx.problem(self.refuse(format!("must be at least {least}"), ""));
            return None;
        }
        Some(count)
    }
    /// As a part of one: `0.85` or `85%`.
    pub(super) fn part(&self, cx: &Reading) -> Option<f64> {
        let part = match &self.node.value {
            _ if self.failed(cx) => return None,
            _ if self.unchecked(cx) => return Some(0.5),
            Value::Num(n) => Some(*n),
            Value::Text(t) => t.parse::<Share>().map(|s| s.0).or_else(|_| t.parse()).ok(),
            _ => None,
        };
        let part = part.filter(|p| (0.0..=1.0).contains(p));
        if part.is_none() {
            cx.problem(self.refuse("must lie between 0 and 1", "write `0.85` or `85%`"));
        }
        part
    }
}

/// A name that may stand in a key, a subject and a file: letters, digits, `_`, `-`, `.`.
pub(super) fn check_name(what: &str, name: &str, at: At, cx: &Reading) -> bool {
    let fits = name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c)) && (1..=64).contains(&name.len());
    if !fits {
        cx.problem(Problem::new(at, format!("`{}` is no name for {what}", plain(name))).label("letters, digits, `_`, `-` and `.`, at most 64"));
    }
    fits
}
