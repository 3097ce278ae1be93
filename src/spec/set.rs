//! `--set PATH=VALUE`: one value of the command line over what the files say.

use super::{
    diagnostics::{Problem, plain},
    files::Files,
    merge, secrets, yaml,
};
use crate::model::node::{At, Node, Value};

/// What lies under a change; `Err` gives the tree back where the change could not be read.
pub(super) fn over(root: Node, change: &str, files: &mut Files, problems: &mut Vec<Problem>) -> Result<Node, Node> {
    let file = files.add(format!("--set {}…", names(change)), change);
    let line = files.text(file).to_owned();
    let read = path(&line, file).and_then(|(keys, from)| Ok((value(&line, from, file, files, &keys)?, keys)));
    let (value, keys) = match read {
        Ok(read) => read,
        Err(mut found) => {
            hide(files, file, &line);
            problems.append(&mut found);
            return Err(root);
        }
    };
    let top = keys.iter().rev().fold(value, |value, key| Node { at: key.at, value: Value::Map(vec![(key.clone(), value)]) });
    secrets::mask(files, &top);
    if let Some(problem) = refused(&root, &keys) {
        problems.push(problem);
        return Ok(root);
    }
    Ok(merge::over(root, top, problems))
}

type Problems = Vec<Problem>;

/// The keys before `=`, and the character at which the value begins.
fn path(line: &str, file: u16) -> Result<(Vec<Node>, usize), Problems> {
    let chars: Vec<char> = line.chars().collect();
    let wrong = |at: usize, what: &str| {
        let at = At { file, line: 1, col: at as u32 + 1, len: 1 };
        vec![Problem::new(at, what).label("write `--set PATH=VALUE`, as in `--set gate.threshold=0.9`")]
    };
    let mut keys = vec![];
    let mut i = 0;
    loop {
        let start = i;
        let quoted = chars.get(i) == Some(&'"');
        let ends = |c: char| if quoted { c == '"' } else { c == '.' || c == '=' };
        let from = start + usize::from(quoted);
        let Some(to) = (from..chars.len()).find(|at| ends(chars[*at])) else {
            return Err(wrong(start, if quoted { "a quote without its end" } else { "no `=` after the path" }));
        };
        if to == from {
            return Err(wrong(start, "an empty name in the path"));
        }
        i = to + usize::from(quoted);
        let at = At { file, line: 1, col: start as u32 + 1, len: (i - start) as u32 };
        let key: String = chars[from..to].iter().collect();
        if let Some((list, _)) = key.split_once('[').filter(|_| !quoted) {
            let label = format!("set the whole list: `--set …{}=[…]`", plain(list));
            return Err(vec![Problem::new(at, "an item of a list cannot be set by itself").label(label)]);
        }
        keys.push(Node { at, value: Value::Text(key) });
        match chars.get(i) {
            Some('.') => i += 1,
            Some('=') => return Ok((keys, i + 1)),
            _ => return Err(wrong(start, "a quoted name must be followed by `.` or `=`")),
        }
    }
}

/// The value, read as YAML, at its places in the line.
fn value(line: &str, from: usize, file: u16, files: &Files, keys: &[Node]) -> Result<Node, Problems> {
    let start = line.char_indices().nth(from).map_or(line.len(), |(at, _)| at);
    let text = &files.text(file)[start..];
    let at = |len: usize| At { file, line: 1, col: from as u32 + 1, len: len as u32 };
    match text.trim() {
        // As the reader gives a blank the place of its key.
        "" => return Ok(Node { at: keys.last().map_or(at(1), |k| k.at), value: Value::Null }),
        null @ ("null" | "Null" | "NULL" | "~") => return Ok(Node { at: at(null.len()), value: Value::Null }),
        _ => {}
    }
    let mut parsed = yaml::parse(text, file);
    let by = from as u32;
    if parsed.whole && parsed.problems.is_empty() {
        moved(&mut parsed.root, by);
        return Ok(parsed.root);
    }
    for problem in &mut parsed.problems {
        shift(&mut problem.at, by);
        if let Some((at, _)) = &mut problem.also {
            shift(at, by);
        }
    }
    Err(parsed.problems)
}

fn moved(node: &mut Node, by: u32) {
    shift(&mut node.at, by);
    match &mut node.value {
        Value::List(items) => items.iter_mut().for_each(|n| moved(n, by)),
        Value::Map(entries) => entries.iter_mut().for_each(|(k, v)| {
            moved(k, by);
            moved(v, by);
        }),
        _ => {}
    }
}

fn shift(at: &mut At, by: u32) {
    if at.line == 1 {
        at.col += by;
    }
}

/// The path as far as it is one, with the `=` behind it.
fn names(change: &str) -> &str {
    let end = change.find(|c: char| !c.is_ascii_alphanumeric() && !"_-.\"[]".contains(c)).unwrap_or(change.len());
    let equals = usize::from(change[end..].starts_with('='));
    &change[..end + equals]
}

/// What could not be read may be a secret: only names are shown.
fn hide(files: &mut Files, file: u16, line: &str) {
    let shown = names(line).chars().count();
    for (nth, text) in line.split('\n').enumerate() {
        let from = if nth == 0 { shown } else { 0 };
        let len = text.chars().count().saturating_sub(from);
        if len > 0 {
            files.mask(At { file, line: nth as u32 + 1, col: from as u32 + 1, len: len as u32 });
        }
    }
}

/// A path must lead through mappings: what replaces a list or a word would change more than was said.
fn refused(root: &Node, keys: &[Node]) -> Option<Problem> {
    let mut node = root;
    for (i, key) in keys.iter().enumerate() {
        let word = key.text().unwrap_or_default();
        if word == "extends" && i == 0 {
            return Some(Problem::new(key.at, "`extends` cannot be set").label("name another spec by `--spec`"));
        }
        if node.entries().is_none() && node.value != Value::Null {
            let before = keys[..i].iter().filter_map(Node::text).collect::<Vec<_>>().join(".");
            let what = if matches!(node.value, Value::List(_)) { "a list" } else { "one value" };
            let label = format!("set all of it: `--set {}=…`", plain(&before));
            return Some(
                Problem::new(key.at, format!("`{}` is {what}, which has no key `{}`", plain(&before), plain(word)))
                    .label(label)
                    .also(node.at, "here"),
            );
        }
        match node.get(word) {
            Some(inner) => node = inner,
            None => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(base: &str, change: &str) -> Result<String, String> {
        let (mut files, mut problems) = (Files::default(), vec![]);
        let file = files.add("base", base);
        let root = yaml::parse(base, file).root;
        let node = over(root, change, &mut files, &mut problems);
        match (node, problems.first()) {
            (Ok(node), None) => Ok(crate::spec::explain::inline(&node)),
            (_, found) => Err(found.map(|p| format!("{}:{} {}", p.at.line, p.at.col, p.title)).unwrap_or_default()),
        }
    }

    #[test]
    fn a_value_is_read_as_yaml_and_lies_on_top() {
        for (change, expected) in [
            ("a=2", "{a: 2, b: {c: x}}"),
            ("b.c=y", "{a: 1, b: {c: y}}"),
            ("b.\"d.e\"={f: [1, 2]}", "{a: 1, b: {c: x, d.e: {f: [1, 2]}}}"),
            ("b=null", "{a: 1}"),
            ("b.c= http://h:1/?a=b ", "{a: 1, b: {c: http://h:1/?a=b}}"),
            ("n.m='1'", "{a: 1, b: {c: x}, n: {m: 1}}"),
        ] {
            assert_eq!(set("a: 1\nb: {c: x}\n", change).as_deref(), Ok(expected), "{change}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_at_its_place() {
        for (change, expected) in [
            ("a", "1:1 no `=` after the path"),
            ("a..b=1", "1:3 an empty name in the path"),
            ("=1", "1:1 an empty name in the path"),
            ("\"a=1", "1:1 a quote without its end"),
            ("\"a\"b=1", "1:1 a quoted name must be followed by `.` or `=`"),
            ("a.b=1", "1:3 `a` is one value, which has no key `b`"),
            ("l.0=1", "1:3 `l` is a list, which has no key `0`"),
            ("b.x=null", "1:3 `b.x: null` removes nothing"),
            ("b.c=", "1:3 `b.c` has no value"),
            ("extends=x.yaml", "1:1 `extends` cannot be set"),
            ("a={x: 1, x: 2}", "1:10 `x` is given twice"),
        ] {
            assert_eq!(set("a: 1\nb: {c: x}\nl: [1]\n", change), Err(expected.into()), "{change}");
        }
        assert!(set("a: 1\n", "b=[1").unwrap_err().contains("not YAML"));
    }

    #[test]
    fn a_secret_is_hidden_whether_or_not_it_can_be_read() {
        for change in ["target.bearer=s3cr3t", "target.bearer=[s3cr3t", "target.url=http://u:s3cr3t@h", "bearer: s3cr3t", "target.\"bearer=s3cr3t"] {
            let (mut files, mut problems) = (Files::default(), vec![]);
            let _ = over(Node::empty(), change, &mut files, &mut problems);
            assert!(!files.text(1).contains("s3cr3t"), "{change}: {}", files.text(1));
            assert!(!files.name(At { file: 1, ..At::default() }).unwrap().contains("s3cr3t"), "{change}");
        }
    }
}
