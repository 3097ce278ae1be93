//! `${env:X}`, `${env:X:-default}`, `${file:X}` and `${exec:program arg …}` inside values. They are resolved on parsed values, never on the text of
//! the file, so that a value cannot change what the file means. `$${` is a literal `${`.

use super::{
    bounded_file,
    diagnostics::{Problem, nearest, plain},
    exec::{self, Exec},
    secrets::looks_secret,
    table::Reading,
};
use crate::model::{
    node::{At, Node, Value},
    secret::Secret,
};

/// Reads a variable of the environment.
pub(super) type Env<'e> = dyn Fn(&str) -> Option<String> + 'e;

/// What stands for the output of a program that is not run: a name, a model, a header's value, and no URL and no number.
const NOT_RUN: &str = "output-of-exec";

/// A secret file is a line or two; larger is a mistake.
const MAX_FILE: usize = 64 << 10;

/// Replaces the references in every value below a node. What cannot be resolved is a problem at its place.
pub(super) fn resolve(node: &mut Node, env: &Env<'_>, exec: Exec, cx: &Reading) {
    match &mut node.value {
        Value::Text(text) if text.contains("${") => match substitute(text, node.at, env, exec, cx) {
            Ok(resolved) => {
                if resolved.contains(NOT_RUN) {
                    cx.warn(
                        Problem::new(node.at, "`${exec:…}` is not run by this command, so its value is not known")
                            .label("`rigcheck audit --allow-exec` runs it, and so does `rigcheck plan --probe --allow-exec`"),
                    );
                    cx.not_run.borrow_mut().insert(node.at);
                }
                *text = resolved;
            }
            Err((what, todo)) => {
                cx.problem(Problem::new(node.at, what).label(todo));
                cx.failed.borrow_mut().insert(node.at);
            }
        },
        Value::List(items) => items.iter_mut().for_each(|n| resolve(n, env, exec, cx)),
        Value::Map(entries) => {
            for (_, value) in entries {
                resolve(value, env, exec, cx);
            }
        }
        _ => {}
    }
}

type Refusal = (String, String);

fn substitute(text: &str, at: At, env: &Env<'_>, exec: Exec, cx: &Reading) -> Result<String, Refusal> {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        if rest[..start].ends_with('$') {
            out += &rest[..start - 1];
            out += "${";
            rest = &rest[start + 2..];
            continue;
        }
        out += &rest[..start];
        let inner = &rest[start + 2..];
        let word = inner.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
        if !inner[word.len()..].starts_with(':') {
            // `${remote_addr}` of an nginx log format is no reference of ours.
            out += "${";
            rest = inner;
            continue;
        }
        let end =
            inner.find('}').ok_or_else(|| (format!("`${{{word}:` has no end"), "close it with `}`, or write `$${` for a literal `${`".to_owned()))?;
        out += &lookup(word, &inner[word.len() + 1..end], at, env, exec, cx)?;
        rest = &inner[end + 1..];
    }
    Ok(out + rest)
}

fn lookup(word: &str, what: &str, at: At, env: &Env<'_>, exec: Exec, cx: &Reading) -> Result<String, Refusal> {
    match word {
        "env" => {
            let (name, default) = what.split_once(":-").map_or((what, None), |(n, d)| (n, Some(d)));
            let found = env(name).filter(|v| !v.is_empty()).or_else(|| default.map(str::to_owned));
            let value = found.ok_or_else(|| {
                let todo = format!("export {0}=…, or write `${{env:{0}:-default}}`", plain(name));
                (format!("the environment variable `{}` is not set or is empty", plain(name)), todo)
            })?;
            if looks_secret(name) {
                cx.learn(&Secret::new(value.clone()));
            }
            Ok(value)
        }
        "file" => {
            let path = cx.beside(at, what);
            let shown = plain(what);
            let text = bounded_file::text(&path, MAX_FILE)
                .map_err(|why| (format!("`{shown}` {why}"), "relative paths start at the folder of the file in which they are written".to_owned()))?;
            let value = text.trim_end_matches(['\n', '\r']).to_owned();
            if value.is_empty() {
                return Err((format!("`{shown}` is empty"), String::new()));
            }
            cx.learn(&Secret::new(value.clone()));
            Ok(value)
        }
        "exec" => match exec {
            Exec::Refused => Err((
                "`${exec:…}` is refused: a spec is input, and must not start programs unasked".into(),
                "`rigcheck audit --allow-exec` and `rigcheck plan --probe --allow-exec` run it; or pass its output as `${env:X}` or `${file:X}`"
                    .into(),
            )),
            Exec::NotRun => Ok(NOT_RUN.into()),
            Exec::Allowed => {
                let value = exec::output(what, &cx.beside(at, "."))
                    .map_err(|why| (format!("the program of `${{exec:…}}` {why}"), "run it in the spec's folder and see what it says".to_owned()))?;
                cx.learn(&Secret::new(value.clone()));
                Ok(value)
            }
        },
        _ => {
            let label = nearest(word, ["env", "file", "exec"])
                .map_or_else(|| "known: `${env:X}`, `${file:X}`; `$${` is a literal `${`".to_owned(), |w| format!("did you mean `${{{w}:…}}`?"));
            Err((format!("unknown reference `${{{word}:…}}`"), label))
        }
    }
}
