//! Rust text as far as these tests need it: what is code, and which paths it names.

/// The text without its comments and without what its literals hold; lines stay lines.
pub fn code(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let at = |i: usize| chars.get(i).copied().unwrap_or('\0');
    let (mut out, mut i) = (String::new(), 0);
    while i < chars.len() {
        let begun = i;
        match (at(i), at(i + 1)) {
            ('/', '/') => {
                while i < chars.len() && at(i) != '\n' {
                    i += 1;
                }
            }
            ('/', '*') => {
                let mut depth = 0;
                loop {
                    match (at(i), at(i + 1)) {
                        ('/', '*') => (depth, i) = (depth + 1, i + 2),
                        ('*', '/') => (depth, i) = (depth - 1, i + 2),
                        _ => i += 1,
                    }
                    if depth == 0 || i >= chars.len() {
                        break;
                    }
                }
            }
            ('"', _) => i = after_string(&chars, i),
            ('r', '"' | '#') if raw(&chars, i).is_some() => i = raw(&chars, i).unwrap(),
            // A character, or the name of a lifetime.
            ('\'', '\\') => {
                i += 3;
                while i < chars.len() && at(i) != '\'' {
                    i += 1;
                }
                i += 1;
            }
            ('\'', _) if at(i + 2) == '\'' => i += 3,
            (c, _) => {
                out.push(c);
                i += 1;
                continue;
            }
        }
        if at(begun) != '/' {
            out.push_str("\"\"");
        }
        out.extend(chars[begun..i.min(chars.len())].iter().filter(|c| **c == '\n'));
    }
    out
}

fn after_string(chars: &[char], quote: usize) -> usize {
    let mut i = quote + 1;
    while i < chars.len() && chars[i] != '"' {
        i += if chars[i] == '\\' { 2 } else { 1 };
    }
    i + 1
}

/// Where a raw string that begins here ends; nothing if none begins.
fn raw(chars: &[char], r: usize) -> Option<usize> {
    let part_of_a_word = r > 0 && is_word(chars[r - 1]) && !(matches!(chars[r - 1], 'b' | 'c') && (r < 2 || !is_word(chars[r - 2])));
    let fences = chars[r + 1..].iter().take_while(|c| **c == '#').count();
    let begin = r + 1 + fences;
    if part_of_a_word || chars.get(begin) != Some(&'"') {
        return None;
    }
    let closes = |i: &usize| chars[*i] == '"' && chars[i + 1..].iter().take_while(|c| **c == '#').count() >= fences;
    (begin + 1..chars.len()).find(closes).map(|i| i + 1 + fences)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The code before the unit tests of a file, which stand at its end (clippy sees to that: `items_after_test_module`).
pub fn outside_tests(text: &str) -> String {
    code(text).split("#[cfg(test)]").next().unwrap_or_default().to_owned()
}

/// Words, `::`, and other signs one by one.
pub fn tokens(code: &str) -> Vec<&str> {
    let (mut found, mut rest) = (vec![], code.trim_start());
    while let Some(first) = rest.chars().next() {
        let length = if is_word(first) {
            rest.find(|c| !is_word(c)).unwrap_or(rest.len())
        } else if rest.starts_with("::") {
            2
        } else {
            first.len_utf8()
        };
        found.push(&rest[..length]);
        rest = rest[length..].trim_start();
    }
    found
}

/// Every path that begins with `crate`, `self` or `super`, from the root of the crate, and every one that begins with one of
/// `crates`, as it is; groups are opened. `own` is the module whose text it is.
pub fn paths<'t>(own: &[&'t str], code: &'t str, crates: &[&str]) -> Vec<Vec<&'t str>> {
    let tokens = tokens(code);
    let at = |i: usize| tokens.get(i).copied().unwrap_or_default();
    let (mut found, mut i) = (vec![], 0);
    // Modules that are written within the file, each with the depth of its braces.
    let (mut within, mut depth): (Vec<(&str, usize)>, usize) = (vec![], 0);
    while i < tokens.len() {
        let goes_on = at(i + 1) == "::" || at(i + 1) == "as";
        let begins = i == 0 || at(i - 1) != "::";
        match at(i) {
            "{" => depth += 1,
            "}" => {
                depth = depth.saturating_sub(1);
                within.retain(|(_, inside)| *inside <= depth);
            }
            "mod" if at(i + 2) == "{" => within.push((at(i + 1), depth + 1)),
            "crate" | "self" | "super" if goes_on && begins => {
                let here = own.iter().copied().chain(within.iter().map(|(name, _)| *name)).collect();
                i = tree(&tokens, i, here, &mut found);
                continue;
            }
            word if crates.contains(&word) && at(i + 1) == "::" && begins => {
                i = tree(&tokens, i, vec![], &mut found);
                continue;
            }
            _ => {}
        }
        i += 1;
    }
    found
}

/// Reads a path, or a group of them, from the token at `i` on; gives the place behind it.
fn tree<'t>(tokens: &[&'t str], mut i: usize, mut path: Vec<&'t str>, found: &mut Vec<Vec<&'t str>>) -> usize {
    let at = |i: usize| tokens.get(i).copied().unwrap_or_default();
    loop {
        match at(i) {
            "crate" => path.clear(),
            "self" => {}
            "super" => drop(path.pop()),
            "{" => {
                i += 1;
                while i < tokens.len() && at(i) != "}" {
                    let next = tree(tokens, i, path.clone(), found);
                    i = if at(next) == "," || next == i { next + 1 } else { next };
                }
                return i + 1;
            }
            word if word == "*" || word.starts_with(is_word) => path.push(word),
            _ => break, // a turbofish: what it holds is read on its own
        }
        i += 1;
        match at(i) {
            "::" => i += 1,
            "as" => {
                i += 2;
                break;
            }
            _ => break,
        }
    }
    found.push(path);
    i
}

#[test]
fn comments_and_literals_are_no_code() {
    let text = r##"a("http://x", 'c', '"', '\'', b"\"", r"\", br#"" crate::x"#) // crate::y
        /* crate::z /* nested */ */ fn f<'a>(x: &'a str) { "two
lines"; r#type }"##;
    let expected = "a(\"\", \"\", \"\", \"\", b\"\", \"\", b\"\") \n         fn f<'a>(x: &'a str) { \"\"\n; r#type }";
    assert_eq!(code(text), expected);
}

#[test]
fn paths_are_seen_in_every_form() {
    let of = |own: &[&str], text: &str| {
        let code = code(text);
        paths(own, &code, &["std"]).into_iter().map(|p| p.join("::")).collect::<Vec<_>>()
    };
    let text = "use crate::model::x;\nuse crate::{\n  spec::{a, b as c},\n  engine,\n};\nfn f() { crate::cli::run::<crate::llm::T>() } // crate::store\nuse mycrate::sources;";
    assert_eq!(of(&["store"], text), ["model::x", "spec::a", "spec::b", "engine", "cli::run", "llm::T"]);
    let address = "let at = \"http://h\"; crate::cli::run(); let c = '/'; crate::store::x()";
    assert_eq!(of(&["store"], address), ["cli::run", "store::x"], "what stands behind an address is read too");
    assert_eq!(of(&["spec", "load"], "use super::super::cli::run; use super::yaml; pub(super) fn f() {}"), ["cli::run", "spec::yaml"]);
    assert_eq!(
        of(
            &["scoring"],
            "use super::{model, self as root, super::x}; mod tests { use super::*; mod n { use super::super::super::cli; } } use self::own;"
        ),
        ["model", "", "x", "scoring::*", "cli", "scoring::own"]
    );
    assert_eq!(of(&["llm"], "use super as root; use crate::*; mod a { } use super::cli;"), ["", "*", "cli"]);
    assert_eq!(of(&["llm"], "use std::{fs::{self, File}, time}; std::env::var(\"X\")"), ["std::fs", "std::fs::File", "std::time", "std::env::var"]);
}
