//! One tree over another. The law: mappings merge key by key, anything else replaces; `null` removes the key.

use super::diagnostics::{Problem, nearest, plain};
use crate::model::node::{Node, Value};

/// What is written over a base. Each value keeps its place; problems are told at the places of what is on top.
pub(super) fn over(base: Node, top: Node, problems: &mut Vec<Problem>) -> Node {
    merged(base, top, "", problems)
}

fn merged(base: Node, top: Node, path: &str, problems: &mut Vec<Problem>) -> Node {
    let (mut entries, changes) = match (base.value, top.value) {
        (Value::Map(entries), Value::Map(changes)) => (entries, changes),
        (_, value) => return Node { at: top.at, value },
    };
    for (key, value) in changes {
        let word = key.text().unwrap_or_default();
        let path = if path.is_empty() { word.to_owned() } else { format!("{path}.{word}") };
        let slot = entries.iter().position(|(k, _)| k.text() == key.text());
        match (slot, nothing(&key, &value)) {
            (None, Some(Nothing::Null)) => problems.push(removes_nothing(&key, &path, &entries)),
            (None, _) => entries.push((key, value)),
            (Some(i), Some(Nothing::Null)) => drop(entries.remove(i)),
            (Some(i), Some(Nothing::Blank)) => {
                let label = "remove this line to keep what is extended, or write `null` to remove it";
                problems.push(Problem::new(key.at, format!("`{}` has no value", plain(&path))).label(label).also(entries[i].0.at, "would be hidden"));
            }
            (Some(i), None) => {
                let old = std::mem::replace(&mut entries[i].1, Node::empty());
                entries[i] = (key, merged(old, value, &path, problems));
            }
        }
    }
    Node { at: top.at, value: Value::Map(entries) }
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

fn removes_nothing(key: &Node, path: &str, entries: &[(Node, Node)]) -> Problem {
    let word = key.text().unwrap_or_default();
    let known: Vec<_> = entries.iter().filter_map(|(k, _)| k.text()).collect();
    let label = match nearest(word, known.iter().copied()) {
        Some(near) => format!("did you mean `{}`?", plain(near)),
        None if known.is_empty() => "what is extended has nothing there".to_owned(),
        None => format!("what is extended has {}", plain(&known.join(", "))),
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
        assert_eq!(told("{a: 1}", "{zz: ~}"), ["`zz: null` removes nothing: what is extended has a"]);
        assert!(told("target: {url: x}", "target:\n")[0].starts_with("`target` has no value"));
    }
}
