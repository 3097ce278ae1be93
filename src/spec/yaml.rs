//! YAML text to a tree of nodes with places. YAML 1.2 core schema, read strictly: only `true` and `false` are booleans, and
//! a number is only what its own text says, so that `017`, `1_000` or a long account number stay text.

use super::diagnostics::{Problem, plain};
use crate::model::node::{At, Node, Value};
use serde_yaml::granit_parser::{Event, Marker, Parser, ScalarStyle, Span, Tag};
use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
};

/// Larger texts are no spec.
pub const MAX_BYTES: usize = 1 << 20;
/// Nested deeper is no spec; also guards the recursion of readers.
const MAX_DEPTH: usize = 64;
/// Values, each use of an anchor counted again.
const MAX_NODES: usize = 50_000;
/// Bytes of texts, each use of an anchor counted again: a few aliases of one huge text must not fill the memory either.
const MAX_TEXT: usize = 4 * MAX_BYTES;

/// What a text holds. The tree is there even if there are problems, as far as the reader came.
#[derive(Debug)]
pub struct Parsed {
    /// The one document; empty mapping if there is none.
    pub root: Node,
    /// What was refused and is not in the tree, under its keys: it may be as secret as what is.
    pub refused: Node,
    /// Everything that is wrong with the text itself.
    pub problems: Vec<Problem>,
    /// Did the reader come to the end?
    pub whole: bool,
}

/// Parses a text that was added to the files under this number (line ends are `\n`, no byte order mark).
pub fn parse(text: &str, file: u16) -> Parsed {
    let mut tree = Tree { file, ..Tree::default() };
    if text.len() > MAX_BYTES {
        tree.problem(At { file, line: 1, col: 1, len: 1 }, "the file is larger than 1 MiB", "a spec is a few hundred lines");
        return tree.finish(false);
    }
    for event in Parser::new_from_str(text) {
        match event {
            Ok((event, span)) => {
                if !tree.take(event, &span) {
                    return tree.finish(false);
                }
            }
            Err(error) => {
                let at = tree.at(&Span::empty(*error.marker()));
                let line = text.lines().nth(at.line.saturating_sub(1) as usize).unwrap_or_default();
                let tabbed = line.trim_start_matches(' ').starts_with('\t');
                let info = error.info().clone();
                let (what, label) = told(&info, tabbed);
                tree.problem(at, &format!("not YAML: {what}"), label);
                return tree.finish(false);
            }
        }
    }
    tree.finish(true)
}

/// What the reader says, and what to do; in other words where its own speak of its insides.
fn told(info: &str, tabbed: bool) -> (&str, &'static str) {
    if tabbed {
        return (info, "a tab; indent with spaces");
    }
    if info.contains("unknown anchor") {
        return ("this alias has no anchor before it", "quote a text that begins with `*`");
    }
    if info.contains("flow mapping") || info.contains("flow sequence") {
        return (info, "a `{` or `[` before this has no end; what follows was not checked");
    }
    (info, "the reader stopped here; what follows was not checked")
}

#[derive(Default)]
struct Tree {
    file: u16,
    open: Vec<Open>,
    anchors: BTreeMap<usize, (Node, Size)>,
    size: Size,
    documents: usize,
    root: Option<Node>,
    refused: Vec<(Node, Node)>,
    problems: Vec<Problem>,
}

/// Values and bytes of their texts.
#[derive(Clone, Copy, Default)]
struct Size(usize, usize);

/// A collection whose end has not come.
struct Open {
    at: At,
    anchor: usize,
    began: Size,
    kind: Kind,
}

enum Kind {
    List(Vec<Node>),
    Map { entries: Vec<(Node, Node)>, key: Option<Node>, merges: Vec<Node>, first: HashMap<String, At> },
}

impl Tree {
    /// False when reading has to stop.
    fn take(&mut self, event: Event<'_>, span: &Span) -> bool {
        let at = self.at(span);
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    self.problem(at, "more than one document", "one file is one document; remove this `---`");
                    return false;
                }
            }
            Event::Scalar(text, style, anchor, tag) => {
                // Nothing written is told as `~` without an extent.
                let blank = span.start.index() == span.end.index();
                let node = self.scalar(if blank { At { len: 0, ..at } } else { at }, &text, style, tag);
                self.grow(Size(1, text.len()));
                self.done(node, anchor, Size(1, text.len()));
            }
            Event::SequenceStart(_, anchor, tag) => return self.begin(at, anchor, tag, Kind::List(vec![])),
            Event::MappingStart(_, anchor, tag) => {
                return self.begin(at, anchor, tag, Kind::Map { entries: vec![], key: None, merges: vec![], first: HashMap::new() });
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(Some(span.end)),
            Event::Alias(id) => {
                let Some((node, size)) = self.anchors.get(&id).cloned() else {
                    self.problem(at, "an alias inside its own anchor", "it would never end");
                    return false;
                };
                if self.grow(size) {
                    self.done(node, 0, size);
                }
            }
            _ => {}
        }
        if !self.grow(Size(0, 0)) {
            let what = if self.size.0 > MAX_NODES { format!("{MAX_NODES} values") } else { format!("{} MiB of text", MAX_TEXT >> 20) };
            self.problem(at, &format!("more than {what}"), "uses of anchors count each time");
            return false;
        }
        true
    }

    /// Is there room for so much more, and for all there was?
    fn grow(&mut self, by: Size) -> bool {
        self.size = Size(self.size.0 + by.0, self.size.1 + by.1);
        self.size.0 <= MAX_NODES && self.size.1 <= MAX_TEXT
    }

    fn begin(&mut self, at: At, anchor: usize, tag: Option<Cow<'_, Tag>>, kind: Kind) -> bool {
        self.tag(at, tag);
        if self.open.len() >= MAX_DEPTH {
            self.problem(at, &format!("nested deeper than {MAX_DEPTH} levels"), "a spec needs six or seven");
            return false;
        }
        self.open.push(Open { at, anchor, began: self.size, kind });
        self.grow(Size(1, 0));
        true
    }

    fn end(&mut self, end: Option<Marker>) {
        let Some(open) = self.open.pop() else { return };
        let mut at = open.at;
        if let Some(end) = end.filter(|e| e.line() as u32 == at.line) {
            at.len = (end.col() as u32 + 1).saturating_sub(at.col).max(1);
        }
        let value = match open.kind {
            Kind::List(list) => Value::List(list),
            Kind::Map { mut entries, merges, mut first, .. } => {
                for from in merges {
                    self.merge(&mut entries, &mut first, from);
                }
                Value::Map(entries)
            }
        };
        let size = Size(self.size.0 - open.began.0, self.size.1 - open.began.1);
        self.done(Node { at, value }, open.anchor, size);
    }

    /// A finished value goes to where it belongs.
    fn done(&mut self, mut node: Node, anchor: usize, size: Size) {
        if anchor > 0 {
            self.anchors.insert(anchor, (node.clone(), size));
        }
        let Some(open) = self.open.last_mut() else {
            self.root.get_or_insert(node);
            return;
        };
        let blank = node.at.len == 0;
        node.at.len = node.at.len.max(1);
        let (entries, key, merges, first) = match &mut open.kind {
            Kind::List(list) => return list.push(node),
            Kind::Map { entries, key, merges, first } => (entries, key, merges, first),
        };
        let Some(key) = key.take() else {
            if node.text().is_none() {
                let problem = Problem::new(node.at, "a key must be a word").label("quote it if it is meant");
                self.problems.push(problem);
                // Nobody knows what it is about: it counts as secret.
                let unknown = Node { at: node.at, value: Value::Text("secret".into()) };
                let refused = std::mem::replace(&mut node.value, Value::Text(String::new()));
                self.refused.push((unknown, Node { at: node.at, value: refused }));
            }
            *key = Some(node);
            return;
        };
        // A blank has no place of its own; `~` has one.
        if blank {
            node.at = key.at;
        }
        let word = key.text().unwrap_or_default();
        if word == "<<" {
            merges.push(node);
        } else if let Some(at) = first.get(word).filter(|_| !word.is_empty()) {
            let problem = Problem::new(key.at, format!("`{}` is given twice", plain(word))).label("remove one of them").also(*at, "first given here");
            self.problems.push(problem);
            self.refused.push((key, node));
        } else {
            first.insert(word.to_owned(), key.at);
            entries.push((key, node));
        }
    }

    /// `<<: *defaults`: keys that are written beside it win.
    fn merge(&mut self, entries: &mut Vec<(Node, Node)>, first: &mut HashMap<String, At>, from: Node) {
        match from.value {
            Value::Map(more) => {
                for (key, value) in more {
                    let word = key.text().unwrap_or_default();
                    if !first.contains_key(word) {
                        first.insert(word.to_owned(), key.at);
                        entries.push((key, value));
                    }
                }
            }
            Value::List(several) => several.into_iter().for_each(|one| self.merge(entries, first, one)),
            _ => self.problem(from.at, "`<<` merges mappings only", "write `<<: *anchor` of a mapping"),
        }
    }

    fn scalar(&mut self, at: At, text: &str, style: ScalarStyle, tag: Option<Cow<'_, Tag>>) -> Node {
        let as_text = self.tag(at, tag);
        let is_key = matches!(self.open.last().map(|o| &o.kind), Some(Kind::Map { key: None, .. }));
        let value = match style {
            ScalarStyle::Plain if !is_key && !as_text => plain_scalar(text),
            _ => Value::Text(text.to_owned()),
        };
        Node { at, value }
    }

    /// True if the tag asks for text.
    fn tag(&mut self, at: At, tag: Option<Cow<'_, Tag>>) -> bool {
        let Some(tag) = tag else { return false };
        if !tag.is_yaml_core_schema() {
            self.problem(at, "tags are not supported", "remove the `!tag`");
        }
        tag.is_yaml_core_schema_tag("str")
    }

    fn at(&self, span: &Span) -> At {
        let len = span.end.index().saturating_sub(span.start.index()).max(1);
        At { file: self.file, line: span.start.line() as u32, col: span.start.col() as u32 + 1, len: len as u32 }
    }

    fn problem(&mut self, at: At, title: &str, label: &str) {
        self.problems.push(Problem::new(at, title).label(label));
    }

    fn finish(mut self, whole: bool) -> Parsed {
        while !self.open.is_empty() {
            // A key whose value never came still counts: what is secret must be known even in half a text.
            self.end(None);
        }
        let nothing = Node { at: At { file: self.file, line: 1, col: 1, len: 1 }, value: Value::Map(vec![]) };
        let root = self.root.filter(|r| r.value != Value::Null).unwrap_or(nothing);
        let refused = Node { at: root.at, value: Value::Map(self.refused) };
        Parsed { root, refused, problems: self.problems, whole }
    }
}

/// What a text means without quotes.
pub(super) fn plain_scalar(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ => number(text).map_or_else(|| Value::Text(text.to_owned()), Value::Num),
    }
}

/// Decimal numbers that a double holds exactly enough: no leading zeros, signs other than minus, underscores or bases.
fn number(text: &str) -> Option<f64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let whole: String = digits.chars().take_while(char::is_ascii_digit).collect();
    let only = digits.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '-' | '+'));
    let leading_zero = whole.len() > 1 && whole.starts_with('0');
    if !only || whole.is_empty() || leading_zero || digits.chars().filter(char::is_ascii_digit).count() > 15 {
        return None;
    }
    text.parse::<f64>().ok().filter(|x| x.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(text: &str) -> Node {
        let parsed = parse(text, 1);
        assert_eq!(parsed.problems, vec![], "{text}");
        parsed.root
    }
    fn problems(text: &str) -> Vec<(u32, u32, String)> {
        parse(text, 1).problems.into_iter().map(|p| (p.at.line, p.at.col, p.title)).collect()
    }

    #[test]
    fn scalars_are_read_strictly() {
        let node = root("{a: 1.5, b: 017, c: yes, d: true, e: '5', f: ~, g: 1_000, h: 12345678901234567890, i: -3, j: 1e3, k: 60k, l: .inf, m: +1}");
        let values: Vec<_> = node.entries().unwrap().iter().map(|(_, v)| v.value.clone()).collect();
        let text = |t: &str| Value::Text(t.into());
        assert_eq!(values[..6], [Value::Num(1.5), text("017"), text("yes"), Value::Bool(true), text("5"), Value::Null]);
        assert_eq!(values[6..10], [text("1_000"), text("12345678901234567890"), Value::Num(-3.0), Value::Num(1000.0)]);
        assert_eq!(values[10..], [text("60k"), text(".inf"), text("+1")]);
    }

    #[test]
    fn every_node_knows_its_place() {
        let node = root("a:\n  ü: [x, 'yz' ]  # c\n  b:\n");
        let a = node.get("a").unwrap();
        let at = |line, col, len| At { file: 1, line, col, len };
        assert_eq!(a.entries().unwrap()[0].0.at, at(2, 3, 1));
        let list = a.get("ü").unwrap();
        assert_eq!(list.at, at(2, 6, 10));
        let Value::List(items) = &list.value else { panic!() };
        assert_eq!((items[0].at, items[1].at), (at(2, 7, 1), at(2, 10, 4)));
        assert_eq!(a.get("b").unwrap(), &Node { at: at(3, 3, 1), value: Value::Null });
    }

    #[test]
    fn all_duplicates_are_told_with_both_places() {
        assert_eq!(problems("a: 1\nb: {x: 1, x: 2}\na: 2\n"), [(2, 11, "`x` is given twice".into()), (3, 1, "`a` is given twice".into())]);
        assert_eq!(parse("a: 1\na: 2", 1).problems[0].also, Some((At { file: 1, line: 1, col: 1, len: 1 }, "first given here".into())));
    }

    #[test]
    fn anchors_and_merges() {
        let node = root("base: &b {url: x, n: 1}\nother:\n  <<: *b\n  n: 2\nagain: *b\n");
        assert_eq!(node.get("other").unwrap().get("url").unwrap().text(), Some("x"));
        assert_eq!(node.get("other").unwrap().get("n").unwrap().value, Value::Num(2.0));
        assert_eq!(node.get("again"), node.get("base"));
    }

    #[test]
    fn bombs_end() {
        let mut bomb = "a0: &a0 [x]\n".to_owned();
        for i in 1..30 {
            let line = format!("a{i}: &a{i} [{}]\n", vec![format!("*a{}", i - 1); 9].join(","));
            bomb.push_str(&line);
        }
        assert!(problems(&bomb)[0].2.contains("more than 50000 values"));
        let long = format!("- &a {}\n{}", "x".repeat(MAX_BYTES / 2), "- *a\n".repeat(40_000));
        assert!(problems(&long)[0].2.contains("more than 4 MiB of text"));
        assert!(problems(&"- ".repeat(200))[0].2.contains("nested deeper"));
        assert!(!problems(&"[".repeat(2000)).is_empty());
        assert!(problems("a: &a [*a]")[0].2.contains("alias"), "{:?}", problems("a: &a [*a]"));
        assert!(problems(&"#".repeat(MAX_BYTES + 1))[0].2.contains("1 MiB"));
    }

    #[test]
    fn what_is_not_yaml_is_shown_at_its_place() {
        for (text, line) in [("a:\n\tb: 1\n", 2), ("a: [1, 2\nb: 3\n", 2), ("a: 'x\n", 2), ("a: b: c\n", 1), ("a: *nope\n", 1)] {
            let found = problems(text);
            assert_eq!(found.len(), 1, "{text:?} {found:?}");
            assert!(found[0].0 <= line + 1, "{text:?} {found:?}");
            assert!(found[0].2.starts_with("not YAML: "), "{text:?} {found:?}");
        }
        assert_eq!(problems("a: 1\n---\nb: 2\n"), [(2, 1, "more than one document".into())]);
        assert_eq!(problems("a: !secret x\n")[0].2, "tags are not supported");
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in "\\PC{0,200}") {
            let _ = parse(&text, 1);
        }
        #[test]
        fn never_panics_on_yaml_like_text(text in "[ a\\-:{}\\[\\],&*!|>'\"%@`#?\n\t<~0.]{0,80}") {
            let parsed = parse(&text, 1);
            proptest::prop_assert!(parsed.whole || !parsed.problems.is_empty());
        }
    }
}
