//! Where an interpreter looks for packages, told from its folders alone.

use super::{metadata::name_and_version, subject::Subject};
use crate::{model::evidence::Gap, sources::environment::root::Root};
use std::path::Path;

/// Lines of `.pth` files and folders beyond this are not followed.
const MOST: usize = 200;

/// The folders of an interpreter.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Places {
    /// As exactly as files tell it.
    pub(super) version: String,
    /// Is it without the global lock (`python3.13t`)?
    pub(super) free: bool,
    /// In the order in which they are looked at.
    pub(super) folders: Vec<String>,
}

/// A virtual environment, by its `pyvenv.cfg`.
struct Venv {
    prefix: String,
    text: String,
}

impl Venv {
    fn of(root: &Root, path: &str) -> Result<Option<Venv>, Gap> {
        let Some(prefix) = above(above(path).unwrap_or_default()).filter(|prefix| !prefix.is_empty()) else { return Ok(None) };
        Ok(root.read(&format!("{prefix}/pyvenv.cfg"))?.map(|text| Venv { prefix: prefix.to_owned(), text }))
    }
    fn value(&self, key: &str) -> Option<&str> {
        let mut lines = self.text.lines().take(MOST).filter_map(|line| line.split_once('='));
        lines.find(|(name, _)| name.trim().eq_ignore_ascii_case(key)).map(|(_, value)| value.trim())
    }
}

impl Places {
    /// Those of the interpreter of a process.
    pub(super) fn of(subject: &Subject) -> Result<Places, Gap> {
        let root = &subject.root;
        let venv = Venv::of(root, &subject.path)?;
        let exe = subject.exe.strip_suffix(" (deleted)").unwrap_or(&subject.exe);
        let base = subject.home.as_deref().or_else(|| above(above(exe).unwrap_or_default())).unwrap_or("/usr").to_owned();
        let prefix = venv.as_ref().map_or(base.as_str(), |venv| venv.prefix.as_str());
        let name = library(root, prefix, exe)?;
        let minor = name.trim_start_matches("python").trim_end_matches('t').to_owned();
        let told = venv.as_ref().and_then(|venv| venv.value("version").or_else(|| venv.value("version_info")));
        let version = headers(root, &base, &name).or_else(|| told.filter(|v| v.starts_with(&format!("{minor}."))).map(release)).unwrap_or(minor);
        let alone = venv.as_ref().is_some_and(|venv| !venv.value("include-system-site-packages").is_some_and(|v| v.eq_ignore_ascii_case("true")));
        let mut folders: Vec<String> = subject.python_path.split(':').filter(|path| path.starts_with('/')).map(str::to_owned).collect();
        let of = |prefix: &str| {
            ["lib", "lib64"].map(|lib| ["site-packages", "dist-packages"].map(|kind| format!("{prefix}/{lib}/{name}/{kind}"))).concat()
        };
        if venv.is_some() {
            folders.extend(of(prefix));
        }
        if !alone {
            if !subject.user_base.is_empty() {
                folders.push(format!("{}/lib/{name}/site-packages", subject.user_base));
            }
            if base == "/usr" {
                folders.extend([format!("/usr/local/lib/{name}/dist-packages"), "/usr/lib/python3/dist-packages".into()]);
            }
            folders.extend(of(&base));
        }
        Ok(Places { version, free: name.ends_with('t'), folders: with_links(root, folders) })
    }
}

/// `python3.11`: the folder of the library, that of the program's own name where there are several.
fn library(root: &Root, prefix: &str, exe: &str) -> Result<String, Gap> {
    let own = exe.rsplit('/').next().unwrap_or_default();
    let mut there: Vec<String> = vec![];
    for lib in ["lib", "lib64"] {
        there.extend(root.list(&format!("{prefix}/{lib}"))?.unwrap_or_default().into_iter().filter(|name| is_library(name)));
    }
    there.sort();
    there.dedup();
    match there.as_slice() {
        [one] => Ok(one.clone()),
        several if several.iter().any(|name| name == own) => Ok(own.to_owned()),
        [] => Err(Gap::NotConfigured(format!("python: there is no library of Python below {}; declare the packages", root.shown(prefix)))),
        _ => Err(Gap::Malformed(format!("python: there are {} libraries of Python below {}; declare the packages", there.len(), root.shown(prefix)))),
    }
}

fn is_library(name: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    name.strip_prefix("python").and_then(|v| v.split_once('.')).is_some_and(|(major, minor)| digits(major) && digits(minor.trim_end_matches('t')))
}

/// The exact version, where the headers are there, too.
fn headers(root: &Root, base: &str, library: &str) -> Option<String> {
    let text = root.read(&format!("{base}/include/{library}/patchlevel.h")).ok()??;
    let line = text
        .lines()
        .find_map(|line| line.trim().strip_prefix("#define PY_VERSION")?.trim().strip_prefix('"')?.split('"').next().map(str::to_owned))?;
    Some(line.trim_end_matches('+').to_owned())
}

/// `3.12.1.final.0`, as virtualenv writes it.
fn release(version: &str) -> String {
    version.split('.').take(3).collect::<Vec<_>>().join(".")
}

/// With the folders that `.pth` files name, which hold no `.pth` files that count.
fn with_links(root: &Root, folders: Vec<String>) -> Vec<String> {
    let mut all: Vec<String> = vec![];
    for folder in folders {
        let files = root
            .list(&folder)
            .ok()
            .flatten()
            .unwrap_or_default()
            .into_iter()
            .filter(|name| Path::new(name).extension().is_some_and(|end| end == "pth"))
            .take(MOST);
        let texts = files.filter_map(|name| root.read(&format!("{folder}/{name}")).ok().flatten());
        let named: Vec<String> = texts
            .flat_map(|text| text.lines().take(MOST).map(|line| line.trim().to_owned()).collect::<Vec<_>>())
            .filter(|line| !line.is_empty() && !line.starts_with('#') && !line.starts_with("import ") && !line.starts_with("import\t"))
            .map(|line| if line.starts_with('/') { line } else { format!("{folder}/{line}") })
            .collect();
        for folder in std::iter::once(folder).chain(named) {
            if all.len() < MOST && folder.len() < 4_096 && !all.contains(&folder) {
                all.push(folder);
            }
        }
    }
    all
}

/// The folder of a path.
fn above(path: &str) -> Option<&str> {
    path.rsplit_once('/').map(|(above, _)| above)
}

/// Name and version of a package's folder or file of metadata.
pub(super) fn metadata(root: &Root, folder: &str, entry: &str) -> Result<(Option<String>, Option<String>), Gap> {
    let inside = if entry.ends_with(".dist-info") { "METADATA" } else { "PKG-INFO" };
    let text = match root.read(&format!("{folder}/{entry}/{inside}"))? {
        // An egg-info may be a file itself.
        None if entry.ends_with(".egg-info") => {
            root.read(&format!("{folder}/{entry}")).or_else(|gap| if matches!(gap, Gap::Malformed(_)) { Ok(None) } else { Err(gap) })?
        }
        text => text,
    };
    Ok(text.map_or((None, None), |text| name_and_version(&text)))
}
