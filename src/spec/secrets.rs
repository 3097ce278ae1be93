//! Which parts of a text may be secret: they are blacked out before any of it is shown. Wider than what is read as a
//! secret, because a misspelt `baerer` is shown as a problem, and its line must not give the token away.

use super::{diagnostics::nearest, files::Files};
use crate::model::node::{At, Node, Value};

const WORDS: &[&str] = &["password", "passwd", "bearer", "secret", "authorization", "credential", "apikey", "headers", "cookie"];
/// `key` and `auth` are secret as a part of a name only: `x-api-key`, `AUTH_X`.
const PARTS: &[&str] = &["key", "auth", "pass", "pwd"];

/// Does a name (of a key, a header, a variable) speak of a secret?
pub(super) fn looks_secret(name: &str) -> bool {
    let lower = name.to_lowercase();
    let squeezed: String = lower.chars().filter(char::is_ascii_alphanumeric).collect();
    // `token` at the end only: `max_tokens` is no secret.
    let known = squeezed.ends_with("token")
        || WORDS.iter().any(|w| squeezed.contains(w))
        || lower.split(|c: char| !c.is_ascii_alphanumeric()).any(|part| PARTS.contains(&part));
    known || nearest(&lower, ["password", "bearer", "headers", "authorization"]).is_some()
}

/// Blacks out what may be secret below a node: values under such keys, and URLs with credentials in them.
pub(super) fn mask(files: &mut Files, node: &Node) {
    let mut places = vec![];
    collect(node, false, &mut places);
    places.sort_by_key(|at| at.file);
    for of_one in places.chunk_by(|a, b| a.file == b.file) {
        files.mask_all(of_one[0].file, of_one);
    }
}

fn collect(node: &Node, secret: bool, places: &mut Vec<At>) {
    match &node.value {
        Value::Map(entries) => {
            for (key, value) in entries {
                let word = key.text().unwrap_or_default();
                // The section that says in which header a clock is told is no misspelt `headers`.
                let clock = word == "header" && matches!(&value.value, Value::Map(inner) if inner.iter().any(|(k, _)| k.text() == Some("url")));
                collect(value, secret || !clock && looks_secret(word), places);
            }
        }
        Value::List(items) => items.iter().for_each(|n| collect(n, secret, places)),
        Value::Text(text) if (secret && !only_references(text)) || has_credentials(text) => places.push(node.at),
        Value::Num(_) if secret => places.push(node.at),
        _ => {}
    }
}

/// `${env:API_KEY}` and `Bearer ${file:token}` give nothing away; a default does.
pub(super) fn only_references(text: &str) -> bool {
    let mut rest = text.strip_prefix("Bearer ").unwrap_or(text);
    while let Some(inner) = rest.strip_prefix("${") {
        let Some(end) = inner.find('}') else { return false };
        // What a program is told may be secret itself.
        if inner[..end].contains(":-") || inner.starts_with("exec:") {
            return false;
        }
        rest = &inner[end + 1..];
    }
    rest.is_empty()
}

/// A URL with a user in it, or with a query that speaks of a secret.
pub(super) fn has_credentials(text: &str) -> bool {
    let Some((_, rest)) = text.split_once("://") else { return false };
    let query = rest.split_once('?').map_or("", |(_, query)| query);
    rest.contains('@') || query.split('&').any(|pair| looks_secret(pair.split('=').next().unwrap_or_default()))
}

/// The same for a text that could not be parsed: line by line, everything after a suspicious key.
pub(super) fn mask_lines(files: &mut Files, file: u16) {
    let mut places = vec![];
    let mut inside: Option<usize> = None;
    for (i, line) in files.text(file).split('\n').enumerate() {
        let indent = line.len() - line.trim_start().len();
        let chars = line.chars().count() as u32;
        let mut hide = |col: u32| places.push(At { file, line: i as u32 + 1, col, len: chars.saturating_sub(col).saturating_add(1).max(1) });
        if inside.is_some_and(|outer| indent > outer && !line.trim().is_empty()) {
            hide(1);
            continue;
        }
        inside = None;
        let suspicious = line.match_indices(':').find(|(at, _)| {
            let key = line[..*at].rsplit(|c: char| c.is_whitespace() || "{,\"'".contains(c)).find(|k| !k.is_empty()).unwrap_or_default();
            looks_secret(key)
        });
        if let Some((at, _)) = suspicious {
            inside = Some(indent);
            if at + 1 < line.len() {
                hide(line[..=at].chars().count() as u32 + 1);
            }
        } else if has_credentials(line) {
            hide(1);
        }
    }
    files.mask_all(file, &places);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::yaml::parse;

    const TEXT: &str = "target:\n  url: http://u:hidden@h\n  headers: {x-org: hidden, y: \"${env:X}\"}\n  baerer: hidden\n  model: shown\n  max_tokens: 64\nother:\n  password: |\n    hidden\n    hidden\n  key: shown\n";

    #[test]
    fn secrets_are_blacked_out_and_nothing_else() {
        let mut files = Files::default();
        let file = files.add("x", TEXT);
        mask(&mut files, &parse(TEXT, file).root);
        let masked = files.text(file);
        assert!(!masked.contains("hidden"), "{masked}");
        assert!(masked.contains("model: shown") && masked.contains("max_tokens: 64") && masked.contains("${env:X}"), "{masked}");
    }

    #[test]
    fn where_a_clock_is_told_is_no_secret() {
        let text = "sources:\n  clock: {header: {url: http://shown/healthz, name: x-time}}\nheader: {x-org: hidden}\n";
        let mut files = Files::default();
        let file = files.add("x", text);
        mask(&mut files, &parse(text, file).root);
        let masked = files.text(file);
        assert!(masked.contains("http://shown/healthz") && !masked.contains("hidden"), "{masked}");
    }

    #[test]
    fn also_in_a_text_that_is_no_yaml() {
        let mut files = Files::default();
        let file = files.add("x", TEXT);
        mask_lines(&mut files, file);
        assert!(!files.text(file).contains("hidden"), "{}", files.text(file));
        assert!(files.text(file).contains("model: shown"));
    }
}
