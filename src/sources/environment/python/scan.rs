//! Packages by their folders, where the interpreter does not tell.

use super::{
    FIXED,
    package::{self, Package, broken, incomplete},
    places::{Places, metadata},
    subject::Subject,
};
use crate::{
    kept,
    model::{
        evidence::Gap,
        payload::{FactTable, FactValue, Scheme},
    },
};
use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

/// Reading thousands of packages from a disk that is slow takes seconds; the rest is not read.
const PATIENCE: Duration = Duration::from_secs(5);
/// Packages beyond this are not read.
const MOST: usize = 10_000;

/// Tells what the folders tell; `why` the interpreter did not.
pub(super) fn tell(table: &mut FactTable, subject: &Subject, why: &str) {
    let places = match Places::of(subject) {
        Ok(places) => places,
        Err(gap) => return FIXED.iter().for_each(|fact| table.gap(format!("python.{fact}"), gap.clone())),
    };
    let from = format!("folders of {}, because {why}", subject.path);
    table.put("python.version", FactValue::version(Scheme::Pep440, kept::plain(&places.version)), from.clone());
    let implementation = if subject.exe.rsplit('/').next().unwrap_or_default().starts_with("pypy") { "PyPy" } else { "CPython" };
    table.put("python.implementation", FactValue::Text(implementation.into()), from.clone());
    table.put("python.gil", FactValue::Flag(!places.free), from.clone());
    for fact in ["optimised", "openssl", "sqlite"] {
        table.gap(format!("python.{fact}"), Gap::NotReached(format!("python: only the interpreter tells it, and it was not asked: {why}")));
    }
    let (packages, gap) = packages(subject, &places);
    package::tell(table, packages, &from);
    if let Some(gap) = gap {
        incomplete(table, &gap);
    }
}

/// Those of all folders; of one name those of the first folder that has it. And why that may not be all.
fn packages(subject: &Subject, places: &Places) -> (Vec<Package>, Option<Gap>) {
    let deadline = Instant::now() + PATIENCE;
    let (mut all, mut seen, mut gap) = (vec![], BTreeSet::new(), None);
    for folder in &places.folders {
        let entries = match subject.root.list(folder) {
            Ok(entries) => entries.unwrap_or_default(),
            Err(refused) => {
                gap = gap.or(Some(refused));
                continue;
            }
        };
        let mut here = BTreeSet::new();
        // What pip leaves behind when it is interrupted begins with `~`.
        for entry in entries.into_iter().filter(|name| (name.ends_with(".dist-info") || name.ends_with(".egg-info")) && !name.starts_with(['~', '-']))
        {
            if all.len() >= MOST || Instant::now() > deadline {
                let why = format!("python: reading {} packages took the time or the room there is for it; run as the user of the process", all.len());
                return (all, Some(Gap::Truncated(why)));
            }
            let package = read(subject, folder, entry);
            let name = package.name.clone().unwrap_or_else(|| package.folder.clone()).to_ascii_lowercase().replace(['_', '.'], "-");
            if !seen.contains(&name) {
                here.insert(name);
                all.push(package);
            }
        }
        seen.append(&mut here);
    }
    (all, gap)
}

fn read(subject: &Subject, folder: &str, entry: String) -> Package {
    let told = metadata(&subject.root, folder, &entry);
    let (name, version) = match told {
        Ok((name, version)) => (name, version.ok_or_else(|| broken(&format!("{folder}/{entry}")))),
        Err(gap) => (None, Err(gap)),
    };
    let direct_url = if entry.ends_with(".dist-info") { subject.root.read(&format!("{folder}/{entry}/direct_url.json")).transpose() } else { None };
    Package { name, version, direct_url, folder: entry }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::payload::{Cell, Told},
        sources::environment::root::Root,
    };
    use std::{fs, os::unix::fs::symlink, path::Path};

    const SITE: &str = "venv/lib/python3.11/site-packages";

    /// A container as seen from outside: a virtual environment over a Python whose headers are there.
    fn tree() -> (tempfile::TempDir, Subject) {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        write(at, "venv/pyvenv.cfg", "home = /usr/local/bin\ninclude-system-site-packages = false\nversion = 3.11.2\n");
        write(at, "usr/local/include/python3.11/patchlevel.h", "#define PY_VERSION      \t\"3.11.7\"\n");
        write(at, "usr/local/lib/python3.11/site-packages/pip-24.0.dist-info/METADATA", "Name: pip\nVersion: 24.0\n");
        write(at, &format!("{SITE}/fastapi-0.1.dist-info/METADATA"), "Metadata-Version: 2.1\nName: FastAPI\nVersion: 0.1\n\nlong\n");
        let subject = Subject {
            pid: 1,
            path: "/venv/bin/python3".into(),
            exe: "/usr/local/bin/python3.11".into(),
            root: Root::at(at),
            ours: false,
            user: None,
            home: None,
            python_path: String::new(),
            user_base: String::new(),
            libraries: None,
        };
        (folder, subject)
    }

    fn write(at: &Path, path: &str, text: &str) {
        fs::create_dir_all(at.join(path).parent().unwrap()).unwrap();
        fs::write(at.join(path), text).unwrap();
    }

    fn told(subject: &Subject) -> FactTable {
        let mut table = FactTable::default();
        tell(&mut table, subject, "it was not asked");
        table
    }

    fn value(table: &FactTable, id: &str) -> Option<String> {
        match table.0.get(&format!("python.{id}")) {
            Some(Cell::Value(Told { value, from })) => {
                assert!(from.contains("it was not asked"), "{from}");
                Some(value.to_string())
            }
            _ => None,
        }
    }

    #[test]
    fn a_virtual_environment_has_its_own_packages_alone_unless_it_says_otherwise() {
        let (folder, subject) = tree();
        let some = |text: &str| Some(text.to_owned());
        let table = told(&subject);
        assert_eq!(value(&table, "version"), some("3.11.7"), "of the headers: the one in pyvenv.cfg is as old as the environment");
        assert_eq!((value(&table, "packages.fastapi"), value(&table, "packages")), (some("0.1"), some("1 listed")));
        assert!(matches!(table.0.get("python.openssl"), Some(Cell::Gap(Gap::NotReached(_)))));
        write(folder.path(), "venv/pyvenv.cfg", "include-system-site-packages = true\nversion_info = 3.11.2.final.0\n");
        write(folder.path(), &format!("{SITE}/own.pth"), "import os; os.abort()\n/src\n# no\n");
        write(folder.path(), "src/own.egg-info/PKG-INFO", "Name: own\nVersion: 7\n");
        fs::remove_dir_all(folder.path().join("usr/local/include")).unwrap();
        let table = told(&subject);
        assert_eq!(value(&table, "version"), some("3.11.2"));
        assert_eq!((value(&table, "packages.pip"), value(&table, "packages.own")), (some("24.0"), some("7")));
        let system = Subject { path: "/usr/local/bin/python3".into(), ..subject };
        let table = told(&system);
        assert_eq!(
            (value(&table, "version"), value(&table, "packages"), value(&table, "packages.pip")),
            (some("3.11"), some("1 listed"), some("24.0"))
        );
    }

    #[test]
    fn what_is_hostile_ends_in_gaps() {
        let (folder, subject) = tree();
        let site = folder.path().join(SITE);
        symlink("b.dist-info", site.join("a.dist-info")).unwrap();
        symlink("a.dist-info", site.join("b.dist-info")).unwrap();
        symlink("/proc/self/environ", site.join("c.dist-info")).unwrap();
        write(&site, "fastapi-0.2.dist-info/METADATA", "Name: fastapi\nVersion: 0.2\n");
        write(&site, "broken-1.dist-info/METADATA", "\u{0}\u{1}");
        write(&site, "long-1.dist-info/METADATA", &format!("Name: long\nVersion: {}\n", "9".repeat(1_000_000)));
        write(&site, "huge-1.dist-info/METADATA", &"x".repeat(5 << 20));
        write(&site, "~astapi-0.3.dist-info/METADATA", "Name: fastapi\nVersion: 0.3\n");
        write(&site, "odd\n\u{1b}[31m-1.dist-info/METADATA", "Name: odd\u{1b}[31m name\nVersion: 1\n");
        write(&site, "url-1.dist-info/METADATA", "Name: url\nVersion: 1\n");
        write(&site, "url-1.dist-info/direct_url.json", r#"{"url": "https://u:hunter2@h/x.zip", "archive_info": {}}"#);
        let table = told(&subject);
        assert_eq!(value(&table, "packages.fastapi").as_deref(), Some("0.1, 0.2"));
        assert_eq!(value(&table, "sources.url").as_deref(), Some("https://h/x.zip"));
        for package in ["a", "b", "broken", "huge"] {
            let id = if table.0.contains_key(&format!("python.packages.{package}")) { package.to_owned() } else { format!("{package}-dist-info") };
            assert!(
                table.0.iter().any(|(fact, cell)| fact.starts_with(&format!("python.packages.{package}")) && matches!(cell, Cell::Gap(_))),
                "{id}: {table:?}"
            );
        }
        assert!(table.0.keys().all(|id| id.len() < 200 && !id.contains(char::is_control)), "{:?}", table.0.keys());
        assert!(serde_json::to_string(&table).unwrap().len() < 20_000);
    }

    #[test]
    fn a_library_that_is_not_there_is_a_gap_and_no_empty_list() {
        let (folder, subject) = tree();
        fs::remove_dir_all(folder.path().join("venv/lib")).unwrap();
        assert!(matches!(told(&subject).0.get("python.packages"), Some(Cell::Gap(_))));
        symlink("lib", folder.path().join("venv/lib")).unwrap();
        assert!(matches!(told(&subject).0.get("python.packages"), Some(Cell::Gap(Gap::Malformed(why))) if why.contains("circle")));
    }
}
