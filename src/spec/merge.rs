//! One tree over another. The law: mappings merge key by key, anything else replaces; `null` removes the key.

use super::diagnostics::{Problem, nearest, plain, some_of};
use crate::model::node::{At, Node, Value};
use std::collections::HashMap;

/// What is written over a base. Each value keeps its place; problems are told at the places of what is on top.
pub(super) fn over(base: Node, top: Node, problems: &mut Vec<Problem>) -> Node {
    merged(base, top, "", problems)
}

fn merged(base: Node, top: Node, path: &str, problems: &mut Vec<Problem>) -> Node {
    let (entries, changes) = match (base.value, top.value) {
        (Value::Map(entries), Value::Map(changes)) => (entries, changes),
        (_, value) => return Node { at: top.at, value },
    };
    let known: Vec<(String, At)> = entries.iter().map(|(k, _)| (k.text().unwrap_or_default().to_owned(), k.at)).collect();
    let places: HashMap<&str, usize> = known.iter().enumerate().map(|(i, (word, _))| (word.as_str(), i)).collect();
    let mut slots: Vec<Option<(Node, Node)>> = entries.into_iter().map(Some).collect();
    for (key, value) in changes {
        let word = key.text().unwrap_or_default();
        let path = if path.is_empty() { word.to_owned() } else { format!("{path}.{word}") };
        match (places.get(word).copied(), nothing(&key, &value)) {
            (None, Some(Nothing::Null)) => problems.push(removes_nothing(&key, &path, &known)),
            (None, _) => slots.push(Some((key, value))),
            (Some(i), Some(Nothing::Null)) => slots[i] = None,
            (Some(i), Some(Nothing::Blank)) => {
                let label = "write a value, `null` to remove it, or leave this out to keep it";
                problems.push(Problem::new(key.at, format!("`{}` has no value", plain(&path))).label(label).also(known[i].1, "would be hidden"));
            }
            (Some(i), None) => slots[i] = slots[i].take().map(|(_, old)| (key, merged(old, value, &path, problems))),
        }
    }
    Node { at: top.at, value: Value::Map(slots.into_iter().flatten().collect()) }
}

/// Two ways to write nothing.
enum Nothing {
    /// `null` or `~`: meant.
    Null,
    /// Nothing after the colon, as when everything below is commented out.
    Blank,
}

fn nothing(key: &Node, value: &Node) -> Option<Nothing> {
    // The reader gives a blank the place of its key.
    (value.value == Value::Null).then_some(if value.at == key.at { Nothing::Blank } else { Nothing::Null })
}

fn removes_nothing(key: &Node, path: &str, known: &[(String, At)]) -> Problem {
    let word = key.text().unwrap_or_default();
    // A few of them: there may be thousands, and as many problems.
    let known: Vec<_> = known.iter().take(100).map(|(word, _)| word.as_str()).collect();
    let label = match nearest(word, known.iter().copied()) {
        Some(near) => format!("did you mean `{}`?", plain(near)),
        None if known.is_empty() => "there is nothing to remove".to_owned(),
        None => format!("there is {}", plain(&some_of(&known))),
    };
    Problem::new(key.at, format!("`{}: null` removes nothing", plain(path))).label(label)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::yaml::parse;

    fn merge(base: &str, top: &str) -> (String, Vec<String>) {
        let mut problems = vec![];
        let node = over(parse(base, 1).root, parse(top, 2).root, &mut problems);
        (crate::spec::explain::inline(&node), problems.into_iter().map(|p| format!("{}: {}", p.title, p.label)).collect())
    }

    #[test]
    fn mappings_merge_and_anything_else_replaces() {
        let good = |base, top| {
            let (node, problems) = merge(base, top);
            assert_eq!(problems, Vec::<String>::new(), "{base} < {top}");
            node
        };
        assert_eq!(good("{a: 1, b: {c: 2, d: 3}}", "{b: {d: 4, e: 5}, f: 6}"), "{a: 1, b: {c: 2, d: 4, e: 5}, f: 6}");
        assert_eq!(good("{a: [1, 2], b: {c: 2}}", "{a: [3], b: all}"), "{a: [3], b: all}");
        assert_eq!(good("{a: 1, b: {c: 2, d: 3}}", "{a: null, b: {d: ~}}"), "{b: {c: 2}}");
        assert_eq!(good("{a: 1}", "{b: {c: ~}}"), "{a: 1, b: {c: ~}}");
        assert_eq!(good("{a: 1}", "{}"), "{a: 1}");
    }

    #[test]
    fn what_removes_nothing_or_hides_by_accident_is_told() {
        let told = |base, top| merge(base, top).1;
        assert_eq!(told("{sources: {jaeger: 1}}", "{sources: {jager: null}}"), ["`sources.jager: null` removes nothing: did you mean `jaeger`?"]);
        assert_eq!(told("{a: 1}", "{zz: ~}"), ["`zz: null` removes nothing: there is a"]);
        assert!(told("target: {url: x}", "target:\n")[0].starts_with("`target` has no value"));
    }
}
