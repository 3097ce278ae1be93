//! Nested keys as facts: `postgres: {settings: {work_mem: 64MB}}` is `settings.work_mem` of the part `postgres`.

use super::{
    Kinds, MOST_FACTS,
    document::{Document, open},
    header::{KEYS, is_name, takes_for},
};
use crate::{
    model::{
        evidence::Gap,
        name::{Name, name},
        node::{At, Node, Value},
        payload::{Cell, FactKind, FactTable, FactValue},
    },
    spec::diagnostics::{Problem, plain},
};
use std::collections::BTreeMap;

/// Longer ids are no facts that anything could be compared with.
const LONGEST: usize = 200;
/// Longer texts are cut off: nobody wrote them by hand.
const LONGEST_TEXT: usize = 4_096;

/// All parts of a document; what is wrong is told, and left out.
pub(super) fn parts(document: &mut Document, kinds: Kinds<'_>) -> BTreeMap<Name, FactTable> {
    let root = document.roots.first().cloned().unwrap_or_else(Node::empty);
    let mut parts = BTreeMap::new();
    let Some(entries) = root.entries() else {
        document.problem(Problem::new(root.at, "a document must be a mapping").label("write `key: value` pairs"));
        return parts;
    };
    let mut count = 0;
    for (key, value) in entries {
        let word = key.text().unwrap_or_default();
        if KEYS.iter().any(|(known, _)| *known == word) {
            continue;
        }
        if value.entries().is_none_or(<[_]>::is_empty) {
            document.problem(no_part(key.at, word, value));
        } else if !is_name(word) {
            document.problem(
                Problem::new(key.at, format!("`{}` is no name for a part", plain(word))).label("letters, digits, `_`, `-` and `.`, at most 64"),
            );
        } else {
            let mut part = Part { document, kinds, name: word, table: FactTable::default(), places: BTreeMap::new(), count: &mut count };
            part.below("", value);
            parts.insert(name(word), part.table);
        }
    }
    parts
}

fn no_part(at: At, word: &str, value: &Node) -> Problem {
    match takes_for(word, value) {
        Some(_) => Problem::unknown(at, "key", word, KEYS.map(|(key, _)| key)),
        None => Problem::new(at, format!("`{}` is a part without facts", plain(word)))
            .label("write its facts below it, such as `cpu: {count: 8}`, or remove it"),
    }
}

struct Part<'a> {
    document: &'a mut Document,
    kinds: Kinds<'a>,
    name: &'a str,
    table: FactTable,
    places: BTreeMap<String, At>,
    count: &'a mut usize,
}

impl Part<'_> {
    fn below(&mut self, above: &str, node: &Node) {
        for (key, value) in node.entries().unwrap_or_default() {
            let word = key.text().unwrap_or_default();
            if word.is_empty() || word.contains(|c: char| c.is_whitespace() || c.is_control()) || word.starts_with('.') || word.ends_with('.') {
                self.refuse(key.at, format!("`{}` is no name of a fact", plain(&cut(word, 60))), "a word without spaces");
                continue;
            }
            let id = normal(&if above.is_empty() { word.to_owned() } else { format!("{above}.{word}") });
            if id.len() > LONGEST {
                self.refuse(key.at, format!("the name of a fact is longer than {LONGEST} characters"), "");
                continue;
            }
            self.fact(&id, key.at, value);
        }
    }

    fn fact(&mut self, id: &str, key: At, value: &Node) {
        let kind = (self.kinds)(self.name, id);
        match &value.value {
            Value::Map(entries) if entries.is_empty() => {
                self.refuse(key, format!("`{id}` has nothing below it"), "write its facts, `absent` if there is none, or remove it");
            }
            Value::Map(_) if kind.is_some() => self.refuse(key, format!("`{id}` is one value, not a mapping"), "write the value itself"),
            Value::Map(_) => self.below(id, value),
            // Nothing written has the place of its key; `~` has its own.
            Value::Null if value.at == key => {
                self.refuse(key, format!("`{id}` has no value"), "write it; `absent` if there is none, `unknown` if nobody knows");
            }
            _ => {
                if let Some(cell) = self.cell(id, kind, value) {
                    self.keep(id, key, cell);
                }
            }
        }
    }

    /// The cell of a value; `None` if it was refused.
    fn cell(&mut self, id: &str, kind: Option<FactKind>, node: &Node) -> Option<Cell> {
        let from = self.document.place(node.at);
        let told = |value| Some(Cell::Value(crate::model::payload::Told { value, from: from.clone() }));
        if let Value::List(items) = &node.value {
            return self.set(id, kind, node, items).and_then(told);
        }
        if node.value == Value::Null {
            return Some(Cell::Absent);
        }
        // Only without quotes: `"unknown"` is the text.
        let bare = self.document.written(node.at);
        match node.text().filter(|text| bare.as_deref().is_none_or(|bare| bare == *text)) {
            Some("absent") => return Some(Cell::Absent),
            Some("unknown") => return Some(Cell::Gap(Gap::NotConfigured(format!("{from} says that it is not known; ask whoever runs it")))),
            _ => {}
        }
        let Some(text) = self.document.text(node) else {
            self.refuse(node.at, format!("`{id}`: the digits of this number cannot be told"), "put it in quotes");
            return None;
        };
        if open(&text) {
            return Some(Cell::Gap(self.document.unresolved(node)));
        }
        match kind {
            Some(kind) => match kind.read(&text) {
                Ok(value) => told(shortened(value)),
                Err(why) => {
                    let why = why.to_string();
                    let (title, label) = why.split_once("; ").unwrap_or((&why, ""));
                    self.refuse(node.at, format!("`{id}`: {title}"), label);
                    None
                }
            },
            None => told(untyped(&node.value, text)),
        }
    }

    fn set(&mut self, id: &str, kind: Option<FactKind>, node: &Node, items: &[Node]) -> Option<FactValue> {
        if !matches!(kind, None | Some(FactKind::Set | FactKind::PgSetting)) {
            self.refuse(node.at, format!("`{id}` is one value, not a list"), "write the value itself");
            return None;
        }
        let members: Vec<_> = items.iter().map(|item| self.document.text(item).filter(|text| !open(text)).ok_or(item.at)).collect();
        if let Some(at) = members.iter().find_map(|member| member.as_ref().err().copied()) {
            self.refuse(at, format!("`{id}`: a list holds words only"), "write the words; what is below a key goes into a mapping");
            return None;
        }
        Some(FactValue::Set(members.into_iter().flatten().map(|member| cut(&member, LONGEST_TEXT)).collect()))
    }

    fn keep(&mut self, id: &str, key: At, cell: Cell) {
        if let Some(first) = self.places.insert(id.to_owned(), key) {
            self.document.problem(Problem::new(key, format!("`{id}` is given twice")).label("remove one of them").also(first, "first given here"));
            return;
        }
        *self.count += 1;
        match *self.count {
            n if n <= MOST_FACTS => drop(self.table.0.insert(id.to_owned(), cell)),
            n if n == MOST_FACTS + 1 => self.refuse(key, format!("more than {MOST_FACTS} facts"), "leave out what nobody compares"),
            _ => {}
        }
    }

    fn refuse(&mut self, at: At, title: String, label: &str) {
        self.document.problem(Problem::new(at, title).label(label));
    }
}

/// What YAML has it for, without a kind. `3.10` may be a version: it stays as it was written.
fn untyped(value: &Value, text: String) -> FactValue {
    match value {
        Value::Bool(yes) => FactValue::Flag(*yes),
        Value::Num(_) if text.contains('.') && text.ends_with('0') => FactValue::Text(text),
        Value::Num(n) => text.parse().map_or(FactValue::Number(*n), FactValue::Count),
        _ => FactValue::Text(cut(&text, LONGEST_TEXT)),
    }
}

fn shortened(value: FactValue) -> FactValue {
    match value {
        FactValue::Text(text) => FactValue::Text(cut(&text, LONGEST_TEXT)),
        FactValue::Place(text) => FactValue::Place(cut(&text, LONGEST_TEXT)),
        other => other,
    }
}

fn cut(text: &str, longest: usize) -> String {
    text.char_indices().nth(longest).map_or_else(|| text.to_owned(), |(end, _)| format!("{}…", &text[..end]))
}

/// Names of Python packages as PEP 503 has them, which is how they are collected: `Zope.Interface` is `zope-interface`.
fn normal(id: &str) -> String {
    const PACKAGES: &str = "python.packages.";
    let Some(package) = id.strip_prefix(PACKAGES) else { return id.to_owned() };
    let words: Vec<_> = package.split(['-', '_', '.']).filter(|word| !word.is_empty()).collect();
    format!("{PACKAGES}{}", words.join("-").to_lowercase())
}

#[cfg(test)]
#[path = "facts_tests.rs"]
mod tests;
