//! A tree of values with their origins, as YAML text.

use crate::{
    model::node::Value,
    spec::write::{flow, scalar, verbatim},
};

/// The column at which origins begin, where the value leaves room.
const COLUMN: usize = 56;

/// A value as it is printed.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Shown {
    /// A value as YAML on one line, and where it comes from.
    Leaf(String, String),
    /// Keys in order; where it was written, if it was.
    Map(Vec<(String, Shown)>, Option<String>),
    /// Items, and where the list comes from.
    List(Vec<Shown>, String),
}

impl Shown {
    /// A value that nobody wrote.
    pub(super) fn default(value: impl Into<Value>) -> Shown {
        Shown::Leaf(self::value(&value.into()), "default".into())
    }
    /// A section with defaults in it.
    pub(super) fn section(entries: impl IntoIterator<Item = (String, Shown)>) -> Shown {
        Shown::Map(entries.into_iter().collect(), None)
    }
    /// Words that nobody wrote.
    pub(super) fn words<'w>(words: impl IntoIterator<Item = &'w str>) -> Shown {
        Shown::List(words.into_iter().map(|w| Shown::default(Value::Text(w.to_owned()))).collect(), "default".into())
    }

    /// What was written lies over the defaults; nothing written below a key is an empty section.
    pub(super) fn over(self, defaults: Shown) -> Shown {
        match (self, defaults) {
            (Shown::Map(mut entries, at), Shown::Map(more, _)) => {
                for (key, default) in more {
                    match entries.iter_mut().find(|(k, _)| *k == key) {
                        Some((_, slot)) => {
                            let written = std::mem::replace(slot, Shown::List(vec![], String::new()));
                            *slot = written.over(default);
                        }
                        None => entries.push((key, default)),
                    }
                }
                Shown::Map(entries, at)
            }
            (Shown::Leaf(text, _), defaults @ Shown::Map(..)) if text == value(&Value::Null) => defaults,
            (written, _) => written,
        }
    }

    /// Replaces or adds a key.
    pub(super) fn put(&mut self, key: &str, shown: Shown) {
        let Shown::Map(entries, _) = self else { return };
        match entries.iter_mut().find(|(k, _)| k == key) {
            Some(slot) => slot.1 = shown,
            None => entries.push((key.to_owned(), shown)),
        }
    }

    /// Puts known keys into an order.
    pub(super) fn sort(&mut self, order: &[&str]) {
        if let Shown::Map(entries, _) = self {
            entries.sort_by_key(|(key, _)| order.iter().position(|k| k == key).unwrap_or(order.len()));
        }
    }

    /// The whole document.
    pub(super) fn text(&self) -> String {
        self.lines().into_iter().map(|line| line.text()).collect()
    }

    fn lines(&self) -> Vec<Line> {
        match self {
            Shown::Map(entries, _) if !entries.is_empty() => {
                entries.iter().flat_map(|(key, shown)| shown.below(&format!("{}:", verbatim(key)))).collect()
            }
            Shown::List(items, _) if self.on_one_line().is_none() => items.iter().flat_map(|item| listed(item.lines())).collect(),
            _ => self.on_one_line().into_iter().collect(),
        }
    }

    /// Under its key.
    fn below(&self, key: &str) -> Vec<Line> {
        if let Some(Line { body, origin }) = self.on_one_line() {
            return vec![Line { body: format!("{key} {body}"), origin }];
        }
        let mut lines = vec![Line { body: key.to_owned(), origin: None }];
        lines.extend(self.lines().into_iter().map(|l| Line { body: format!("  {}", l.body), ..l }));
        lines
    }

    fn on_one_line(&self) -> Option<Line> {
        let line = |body: String, origin: &str| Some(Line { body, origin: Some(origin.to_owned()) });
        match self {
            Shown::Leaf(text, origin) => line(text.clone(), origin),
            Shown::Map(entries, at) => {
                entries.is_empty().then(|| Line { body: "{}".into(), origin: Some(at.clone().unwrap_or_else(|| "default".into())) })
            }
            Shown::List(items, origin) => {
                let texts: Option<Vec<_>> = items.iter().map(|i| if let Shown::Leaf(text, _) = i { Some(text.as_str()) } else { None }).collect();
                line(format!("[{}]", texts?.join(", ")), origin)
            }
        }
    }
}

struct Line {
    body: String,
    origin: Option<String>,
}

impl Line {
    fn text(&self) -> String {
        match &self.origin {
            Some(origin) => format!("{:COLUMN$}  # {origin}\n", self.body),
            None => format!("{}\n", self.body),
        }
    }
}

fn listed(lines: Vec<Line>) -> impl Iterator<Item = Line> {
    lines.into_iter().enumerate().map(|(nth, l)| Line { body: format!("{}{}", if nth == 0 { "- " } else { "  " }, l.body), ..l })
}

/// A value on one line. It was resolved, and is not resolved again.
pub(super) fn value(value: &Value) -> String {
    flow(value, scalar)
}
