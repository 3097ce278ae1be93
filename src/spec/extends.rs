//! `extends: base.yaml`: what a spec is written over. Nodes keep the file that they came from.

use super::{
    bounded_file,
    diagnostics::{Problem, plain},
    files::Files,
    folders::Folders,
    merge,
    owner::stranger,
    secrets, set, yaml,
};
use crate::model::node::{At, Node, Value};
use std::path::{Path, PathBuf};

/// Files of one chain; a longer one is a riddle.
const MAX_FILES: usize = 8;

/// The spec, what it extends, and what `--set` says: one tree.
pub(super) struct Written {
    /// The merged tree, without any `extends`.
    pub(super) root: Node,
    /// What is wrong with the texts and with how they lie over one another.
    pub(super) problems: Vec<Problem>,
    /// Was everything read? If not, what is missing from the tree may stand in what was not read.
    pub(super) whole: bool,
    /// Where paths start.
    pub(super) folders: Folders,
    /// What `--set` said, without secrets.
    pub(super) set: Vec<String>,
    /// How many files these are; the first numbers of `Files`.
    pub(super) files: u16,
}

/// The spec that the user named.
pub(super) struct Named<'a> {
    pub(super) text: &'a str,
    /// As it is called in problems.
    pub(super) name: &'a str,
    /// Where its paths start.
    pub(super) folder: &'a Path,
    /// Its file, if it is one.
    pub(super) path: Option<&'a Path>,
}

/// Reads the chain from the spec down to its last base, and the changes of the command line over it.
pub(super) fn read(named: &Named<'_>, changes: &[String], files: &mut Files) -> Written {
    let mut chain = Chain { named: named.path, folders: Folders::default(), problems: vec![], whole: true, seen: vec![] };
    let mut layers = vec![];
    let mut next = Some(File { text: named.text.to_owned(), name: named.name.to_owned(), folder: named.folder.to_owned() });
    chain.seen.extend(named.path.and_then(|p| Some((bounded_file::real(p).ok()?, named.name.to_owned()))));
    while let Some(file) = next.take() {
        let mut root = chain.parse(&file, files);
        if let Some((at, node)) = taken(&mut root) {
            match chain.base(&file, &node) {
                Ok(base) => next = Some(base),
                Err((what, label)) => {
                    chain.whole = false;
                    chain.problems.push(Problem::new(if node.value == Value::Null { at } else { node.at }, what).label(label));
                }
            }
        }
        layers.push(root);
    }
    let Chain { mut folders, mut problems, mut whole, .. } = chain;
    let mut count = layers.len();
    let first = count + 1;
    let below = layers.pop().unwrap_or_else(Node::empty);
    let mut root = layers.into_iter().rev().fold(below, |base, top| merge::over(base, top, &mut problems));
    for change in changes {
        folders.push("");
        count += 1;
        root = set::over(root, change, files, &mut problems).unwrap_or_else(|as_it_was| {
            whole = false;
            as_it_was
        });
    }
    let number = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
    let set = (first..=count).map(|nth| plain(files.text(number(nth)))).collect();
    Written { root, problems, whole, folders, set, files: number(count) }
}

struct File {
    text: String,
    name: String,
    folder: PathBuf,
}

struct Chain<'a> {
    named: Option<&'a Path>,
    folders: Folders,
    problems: Vec<Problem>,
    whole: bool,
    /// Where each file really is, and its name.
    seen: Vec<(PathBuf, String)>,
}

type Refusal = (String, String);

impl Chain<'_> {
    fn parse(&mut self, file: &File, files: &mut Files) -> Node {
        let number = files.add(file.name.clone(), &file.text);
        self.folders.push(&file.folder);
        let parsed = yaml::parse(files.text(number), number);
        secrets::mask(files, &parsed.root);
        secrets::mask(files, &parsed.refused);
        if !parsed.whole {
            secrets::mask_lines(files, number);
        }
        self.whole &= parsed.whole;
        self.problems.extend(parsed.problems);
        parsed.root
    }

    /// The file that `extends` names.
    fn base(&mut self, from: &File, node: &Node) -> Result<File, Refusal> {
        let refuse = |what: &str, label: &str| Err((what.to_owned(), label.to_owned()));
        let written = match &node.value {
            Value::Text(path) if path.trim().is_empty() => return refuse("`extends` is empty", "write `extends: base.yaml`, or remove the key"),
            Value::Text(path) => path.as_str(),
            Value::Null => return refuse("`extends` has no value", "write `extends: base.yaml`, or remove the key"),
            Value::List(_) => return refuse("`extends` takes one file", "a base may itself extend another"),
            _ => return refuse("`extends` must be the path of a file", "write `extends: base.yaml`"),
        };
        if written.contains("${") {
            return refuse("`extends` takes a path as it stands", "`${…}` is resolved in the values of the files, after they are read");
        }
        let shown = plain(written);
        let path = from.folder.join(written);
        let unread =
            |e: &dyn std::fmt::Display| (format!("`{shown}` cannot be read: {e}"), "relative paths start at the folder of this file".to_owned());
        let real = bounded_file::real(&path).map_err(|e| unread(&e))?;
        if let Some(first) = self.seen.iter().position(|(seen, _)| *seen == real) {
            let circle: Vec<_> = self.seen[first..].iter().chain([&self.seen[first]]).map(|(_, name)| plain(name)).collect();
            return refuse(&format!("`extends` goes in a circle: {}", circle.join(" extends ")), "remove one of them");
        }
        if self.seen.len() >= MAX_FILES {
            return refuse(&format!("`extends` goes through more than {MAX_FILES} files"), "fewer files are easier to understand");
        }
        // A spec may come from a stranger's branch; lines of other files must not end in the problems of a base.
        let yaml = |p: &Path| p.extension().is_some_and(|e| e == "yaml" || e == "yml");
        if !yaml(&path) || !yaml(&real) {
            return refuse(&format!("`{shown}` is no YAML file by its name"), "name one that ends in `.yaml` or `.yml`");
        }
        if let Some((owner, you)) = stranger(&path, self.named).map_err(|e| unread(&e))? {
            let what = format!("`{shown}` belongs to another user (uid {owner}, you are uid {you})");
            return refuse(&what, "a spec says where credentials go: copy it if you trust it");
        }
        let text = bounded_file::yaml(&path)
            .map_err(|why| (format!("`{shown}` {why}"), "what is extended is a spec: a file of a few hundred lines".to_owned()))?;
        let name = Path::new(&from.name).parent().map_or_else(|| path.clone(), |folder| folder.join(written)).display().to_string();
        self.seen.push((real, name.clone()));
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        Ok(File { text, name, folder })
    }
}

/// Takes `extends` out of a tree, with the place of its key.
fn taken(root: &mut Node) -> Option<(At, Node)> {
    let Value::Map(entries) = &mut root.value else { return None };
    let at = entries.iter().position(|(key, _)| key.text() == Some("extends"))?;
    let (key, node) = entries.remove(at);
    Some((key.at, node))
}
