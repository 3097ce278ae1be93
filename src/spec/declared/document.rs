//! A text as trees with places, and the words as they were written: YAML reads `3.10` as `3.1`.

use crate::{
    model::{
        evidence::Gap,
        node::{At, Node, Value},
    },
    spec::{
        diagnostics::{Problem, Problems},
        files::Files,
        secrets, yaml,
    },
};
use std::sync::Arc;

/// Documents in one file; a namespace of Kubernetes as one file has a few dozen.
const MOST_DOCUMENTS: usize = 500;
/// Words on longer lines are not looked up again: nobody writes such lines by hand, and each look goes through the line.
const LONGEST_LINE: usize = 10_000;

pub(super) struct Document {
    /// The trees, one a document; a document without anything in it has none.
    pub(super) roots: Vec<Node>,
    name: String,
    lines: Vec<String>,
    files: Files,
    problems: Vec<Problem>,
}

impl Document {
    pub(super) fn new(text: &str, name: &str) -> Document {
        let mut files = Files::default();
        let file = files.add(name, text);
        let text = files.text(file).to_owned();
        let mut document =
            Document { roots: vec![], name: name.into(), lines: text.split('\n').map(str::to_owned).collect(), files, problems: vec![] };
        if text.len() > yaml::MAX_BYTES {
            document.problem(
                Problem::new(At { file, line: 1, col: 1, len: 1 }, "the file is larger than 1 MiB")
                    .label("take out what is not about one environment"),
            );
            return document;
        }
        for (number, (first, one)) in split(&text).into_iter().enumerate() {
            if number == MOST_DOCUMENTS {
                document.problem(
                    Problem::new(At { file, line: first + 1, col: 1, len: 3 }, format!("more than {MOST_DOCUMENTS} documents"))
                        .label("split the file"),
                );
                break;
            }
            document.add(yaml::parse(&one, file), first);
        }
        document
    }

    fn add(&mut self, mut parsed: yaml::Parsed, first: u32) {
        shift(&mut parsed.root, first);
        shift(&mut parsed.refused, first);
        for mut problem in parsed.problems {
            problem.at.line += first;
            if let Some((at, _)) = &mut problem.also {
                at.line += first;
            }
            self.problems.push(problem);
        }
        // A problem shows its line: whatever may be secret in it is blacked out first.
        secrets::mask(&mut self.files, &parsed.root);
        secrets::mask(&mut self.files, &all_secret(parsed.refused));
        if !parsed.whole {
            secrets::mask_lines(&mut self.files, parsed.root.at.file);
        }
        if parsed.root.value != Value::Map(vec![]) {
            self.roots.push(parsed.root);
        }
    }

    /// Says that there is more than one document.
    pub(super) fn only_one(&mut self) {
        if let Some(second) = self.roots.get(1) {
            let problem = Problem::new(second.at, "more than one document").label("one file is one environment; move this to a file of its own");
            self.problem(problem);
        }
    }

    pub(super) fn problem(&mut self, problem: Problem) {
        self.problems.push(problem);
    }
    /// Is there no problem so far?
    pub(super) fn sound(&self) -> bool {
        self.problems.is_empty()
    }
    pub(super) fn refuse(self) -> Problems {
        Problems::new(Arc::new(self.files), self.problems, true)
    }

    /// `production.yaml:12`.
    pub(super) fn place(&self, at: At) -> String {
        format!("{}:{}", self.name, at.line)
    }
    /// The start of the file, for what is missing from all of it.
    pub(super) fn top(&self) -> At {
        self.roots.first().map_or(At { file: 1, line: 1, col: 1, len: 1 }, |root| At { len: 1, ..root.at })
    }

    /// What stands at a place, quotes included. `None` where the line is too long to look.
    pub(super) fn written(&self, at: At) -> Option<String> {
        let line = self.lines.get((at.line as usize).checked_sub(1)?).filter(|line| line.len() <= LONGEST_LINE)?;
        Some(line.chars().skip((at.col as usize).saturating_sub(1)).take(at.len as usize).collect())
    }

    /// One value as the text that was written; `None` if it is no single value, or if its digits cannot be told again.
    pub(super) fn text(&self, node: &Node) -> Option<String> {
        match &node.value {
            Value::Text(text) => Some(text.clone()),
            Value::Num(n) => self.written(node.at).filter(|written| written.parse() == Ok(*n)),
            Value::Bool(yes) => Some(yes.to_string()),
            Value::Null | Value::List(_) | Value::Map(_) => None,
        }
    }

    /// One value for a fact, or why it is none: a placeholder that nobody filled in is no value.
    pub(super) fn value(&self, node: &Node) -> Result<String, Gap> {
        let malformed = |why: &str| Gap::Malformed(format!("{}: {why}", self.place(node.at)));
        let text = self.text(node).ok_or_else(|| match &node.value {
            Value::Num(_) => malformed("a number on a line that is too long to be read again; put it in quotes"),
            Value::Null => malformed("there is no value behind the key"),
            _ => malformed("one value was expected, not a list or a mapping"),
        })?;
        if open(&text) { Err(self.unresolved(node)) } else { Ok(text) }
    }

    /// The gap of a placeholder.
    pub(super) fn unresolved(&self, node: &Node) -> Gap {
        Gap::NotConfigured(format!("{}: a placeholder that is filled in elsewhere; give the file as it is deployed", self.place(node.at)))
    }
}

/// Does it hold `${X}`, or a `{{ placeholder }}` of a template?
pub(super) fn open(text: &str) -> bool {
    text.contains("${") || text.contains("{{")
}

/// What was refused is kept without what it stands below, so that nobody knows whether it is secret: it counts as such.
fn all_secret(refused: Node) -> Node {
    let Value::Map(entries) = refused.value else { return refused };
    let secret = |(key, value): (Node, Node)| (Node { at: key.at, value: Value::Text("secret".into()) }, value);
    Node { at: refused.at, value: Value::Map(entries.into_iter().map(secret).collect()) }
}

/// The documents of a text, each with the number of lines before it. A line that begins with `---` ends a document wherever it
/// stands: YAML allows it in no text, not even in one of many lines.
fn split(text: &str) -> Vec<(u32, String)> {
    let mut all = vec![(0, String::new())];
    for (number, line) in (0_u32..).zip(text.split_inclusive('\n')) {
        let marks = line.strip_prefix("---").is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\n']));
        // Directives and comments before the first mark belong to what follows it.
        let begun = all.last().is_some_and(|(_, one)| one.lines().any(|l| !l.trim().is_empty() && !l.starts_with(['#', '%'])));
        if marks && begun && all.len() <= MOST_DOCUMENTS {
            all.push((number, String::new()));
        }
        if let Some((_, one)) = all.last_mut() {
            *one += line;
        }
    }
    all
}

fn shift(node: &mut Node, by: u32) {
    node.at.line += by;
    match &mut node.value {
        Value::List(items) => items.iter_mut().for_each(|item| shift(item, by)),
        Value::Map(entries) => entries.iter_mut().for_each(|(key, value)| {
            shift(key, by);
            shift(value, by);
        }),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_document_knows_its_lines() {
        let document = Document::new("# head\n---\na: 1\n---\nb: 3.10\nt: |\n  x\n  ---\n--- # third\nc: [1\n", "all.yaml");
        assert_eq!(document.roots.len(), 3, "what was read before the end is there");
        let b = document.roots[1].get("b").unwrap();
        assert_eq!((document.place(b.at), document.text(b)), ("all.yaml:5".into(), Some("3.10".into())));
        assert_eq!(document.roots[1].get("t").unwrap().text(), Some("x\n---\n"));
        assert!(document.refuse().to_string().contains("all.yaml:1"), "the third one has no end");
    }

    #[test]
    fn a_word_is_told_as_it_was_written() {
        let document = Document::new("ü: 3.10 # x\nq: '3.10'\na: &v 1.20\nb: *v\nn: 1e3\n", "f");
        let root = &document.roots[0];
        let text = |key| document.text(root.get(key).unwrap());
        assert_eq!([text("ü"), text("q"), text("n")], [Some("3.10".into()), Some("3.10".into()), Some("1e3".into())]);
        assert_eq!(text("b"), text("a"));
        assert!([None, Some("1.20".to_owned())].contains(&text("a")), "right or refused");
    }

    #[test]
    fn a_flood_is_refused_in_time() {
        let document = Document::new(&"---\na: 1\n".repeat(100_000), "f");
        assert!(document.roots.len() <= MOST_DOCUMENTS);
        assert!(document.refuse().to_string().contains("more than 500 documents"));
        assert!(!Document::new(&"x".repeat(2 << 20), "f").sound());
    }
}
