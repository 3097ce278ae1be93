//! `rigcheck validate --resolved`: the spec as it will judge, usable as a spec again, with the origin of every value.
//!
//! What was written lies over what the resolved profile and settings say of defaults, so that both are shown; the cases come
//! from the profile, with all thresholds.

mod cases;
mod defaults;
mod show;

use super::{
    diagnostics::plain,
    extends::Written,
    files::Files,
    folders::Folders,
    load::Loaded,
    secrets::{has_credentials, looks_secret, only_references},
    write::{scalar, verbatim},
};
use crate::model::{
    case::Case,
    node::{At, Node, Value},
};
use show::Shown;
use std::collections::BTreeMap;

/// The sections, in the order of the documentation.
const SECTIONS: [&str; 14] = [
    "version",
    "checks",
    "rig",
    "target",
    "sources",
    "metrics",
    "resources",
    "environment",
    "noise",
    "network",
    "cases",
    "require",
    "waivers",
    "gate",
];

/// What a loaded spec was made of.
#[derive(Default)]
pub(super) struct Basis {
    /// As written, references unresolved.
    written: Option<Node>,
    /// The same tree with references resolved.
    resolved: Option<Node>,
    folders: Folders,
    /// Numbers of files up to here are the spec's, later ones those of the checks.
    files: u16,
    /// The cases before the spec changed them.
    catalogue: Vec<Case>,
    /// Do they come from a folder that the user named?
    own_checks: bool,
}

impl Basis {
    /// Of a tree that was just read.
    pub(super) fn new(written: &Written, own_checks: bool) -> Basis {
        let (root, folders) = (Some(written.root.clone()), written.folders.clone());
        Basis { written: root, folders, files: written.files, own_checks, ..Basis::default() }
    }
    /// With what it became.
    pub(super) fn became(self, resolved: Node, selecting: Basis) -> Basis {
        Basis { resolved: Some(resolved), catalogue: selecting.catalogue, ..self }
    }
    /// The cases that the spec selects from, under its edition.
    pub(super) fn selecting(catalogue: Vec<Case>) -> Basis {
        Basis { catalogue, ..Basis::default() }
    }
}

impl Loaded {
    /// The effective spec as YAML. Secrets stand as their reference, or as `***`; each value ends in a comment on its origin.
    pub fn resolved(&self) -> String {
        let view = View::of(self);
        let nothing = Node::empty();
        let (raw, resolved) = (self.basis.written.as_ref().unwrap_or(&nothing), self.basis.resolved.as_ref().unwrap_or(&nothing));
        let mut root = view.shown(raw, resolved, &mut vec![]).over(defaults::of(self));
        root.put("cases", cases::of(self, &view));
        root.sort(&SECTIONS);
        let text = format!(
            "# The spec as it judges, and where each value comes from. It can be used as a spec; `***` is a secret that is written out, or a program that tells one.\n{}",
            root.text()
        );
        self.settings.redactor.clean(&text)
    }
}

/// What is needed to show a value and its origin.
struct View<'a> {
    loaded: &'a Loaded,
    files: &'a Files,
    /// The folder of the spec as its name begins with it: names in comments are shorter without.
    folder: String,
    /// Values with references, as written.
    references: BTreeMap<At, String>,
}

impl<'a> View<'a> {
    fn of(loaded: &'a Loaded) -> View<'a> {
        let files: &Files = &loaded.warnings.files;
        let name = files.name(At { file: 1, ..At::default() }).unwrap_or_default();
        let folder = name.rsplit_once('/').map_or_else(String::new, |(folder, _)| format!("{folder}/"));
        let mut references = BTreeMap::new();
        if let Some(root) = &loaded.basis.written {
            collect(root, &mut references);
        }
        View { loaded, files, folder, references }
    }

    /// Is it a place in the spec, not in the checks?
    fn in_spec(&self, at: At) -> bool {
        at.file > 0 && at.file <= self.loaded.basis.files
    }

    /// Where something was written, in a few words.
    fn place(&self, at: At) -> String {
        let name = self.files.name(at).unwrap_or_default();
        if self.in_spec(at) && name.starts_with("--set ") {
            return "--set".into();
        }
        let name = name.strip_prefix(&self.folder).unwrap_or(name);
        let place = format!("{}:{}", plain(name), at.line);
        match self.references.get(&at) {
            Some(text) => format!("{} at {place}", plain(&names(text))),
            None => place,
        }
    }

    /// A written value below its keys, with references resolved where that gives nothing away.
    fn shown(&self, raw: &Node, resolved: &Node, path: &mut Vec<String>) -> Shown {
        match (&raw.value, &resolved.value) {
            (Value::Map(entries), Value::Map(values)) => {
                let shown = entries.iter().zip(values).map(|((key, raw), (_, resolved))| {
                    path.push(key.text().unwrap_or_default().to_owned());
                    let shown = self.shown(raw, resolved, path);
                    (path.pop().unwrap_or_default(), shown)
                });
                Shown::Map(shown.collect(), Some(self.place(raw.at)))
            }
            (Value::List(items), Value::List(values)) => {
                let shown = items.iter().zip(values).map(|(raw, resolved)| self.shown(raw, resolved, path)).collect();
                Shown::List(shown, self.place(raw.at))
            }
            (raw_value, value) => Shown::Leaf(self.leaf(raw.at, raw_value, value, path), self.place(raw.at)),
        }
    }

    fn leaf(&self, at: At, raw: &Value, value: &Value, path: &[String]) -> String {
        let secret = path.iter().any(|key| looks_secret(key));
        match (raw, value) {
            (Value::Text(raw), Value::Text(text)) => {
                let known = self.loaded.settings.redactor.clean(text) != *text;
                if secret && !only_references(raw) || has_credentials(raw) || known && raw.contains(":-") {
                    return scalar("***");
                }
                if (secret || known) && raw.contains("${") {
                    return verbatim(&self.with_files_of_the_spec(at, raw));
                }
                let file = path.last().is_some_and(|key| key.ends_with("_file"))
                    || path.first().is_some_and(|s| s == "sources") && path.last().is_some_and(|k| k == "path");
                let text = if file && text != "-" { self.loaded.basis.folders.as_of_the_spec(at, text) } else { text.clone() };
                scalar(&text)
            }
            (Value::Num(_), _) if secret => scalar("***"),
            _ => show::value(value),
        }
    }

    /// `${file:X}` names the same file from the spec's folder.
    fn with_files_of_the_spec(&self, at: At, raw: &str) -> String {
        let mut parts = raw.split("${file:");
        let mut out = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (file, rest) = part.split_once('}').unwrap_or((part, ""));
            out.extend(["${file:", &self.loaded.basis.folders.as_of_the_spec(at, file), "}", rest]);
        }
        out
    }
}

fn collect(node: &Node, references: &mut BTreeMap<At, String>) {
    match &node.value {
        Value::Text(text) if !names(text).is_empty() => drop(references.insert(node.at, text.clone())),
        Value::List(items) => items.iter().for_each(|n| collect(n, references)),
        Value::Map(entries) => entries.iter().for_each(|(_, n)| collect(n, references)),
        _ => {}
    }
}

/// The references of a text without their defaults, which may be secret.
fn names(text: &str) -> String {
    let mut found: Vec<String> = vec![];
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let escaped = rest[..start].ends_with('$');
        let inner = &rest[start + 2..];
        let end = inner.find('}').unwrap_or(inner.len());
        let name = inner[..end].split(":-").next().unwrap_or_default();
        if !escaped && ["env:", "file:"].iter().any(|kind| name.starts_with(kind)) {
            found.push(format!("${{{name}}}"));
        } else if !escaped && name.starts_with("exec:") {
            // What a program is told may be secret itself.
            found.push("${exec:…}".into());
        }
        rest = &inner[end..];
    }
    found.join(" ")
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn references_are_named_without_their_defaults() {
        assert_eq!(names("Bearer ${env:A:-s3cr3t} ${file:t}"), "${env:A} ${file:t}");
        assert_eq!(names("$${env:A} ${remote_addr} $status"), "");
        assert_eq!(names("Bearer ${exec:vault read s3cr3t}"), "${exec:…}");
    }
}
