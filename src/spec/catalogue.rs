//! The cases of this release, embedded; or those of a folder instead.
#![allow(clippy::disallowed_methods, reason = "reads the case files of a folder that the user names")]

use super::{
    bounded_file, case_file,
    diagnostics::{Problem, Problems, nearest},
    files::Files,
    folders::Folders,
    table::Reading,
    yaml,
};
use crate::{
    audits,
    model::{
        case::{Case, RuleSpec},
        node::{At, Node},
    },
};
use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

/// The embedded case files, in the order of the report. A new case is one line here.
const EMBEDDED: &[(&str, &str)] = &[
    ("checks/observability/latency_accuracy.yaml", include_str!("../../checks/observability/latency_accuracy.yaml")),
    ("checks/observability/resource_accuracy.yaml", include_str!("../../checks/observability/resource_accuracy.yaml")),
    ("checks/observability/trace_granularity.yaml", include_str!("../../checks/observability/trace_granularity.yaml")),
    ("checks/fidelity/config_match.yaml", include_str!("../../checks/fidelity/config_match.yaml")),
    ("checks/fidelity/no_interference.yaml", include_str!("../../checks/fidelity/no_interference.yaml")),
    ("checks/fidelity/network_baseline.yaml", include_str!("../../checks/fidelity/network_baseline.yaml")),
];

/// The folder of a folder of checks that holds its editions.
const EDITIONS: &str = "editions";

/// More files than this in a folder of checks are not checks.
const MAX_FILES: usize = 1_000;
/// Folders below a folder of checks: one per group of cases, and some room.
const MAX_DEPTH: usize = 8;

/// Cases with the texts that they were read from.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    /// In the order of the report.
    pub cases: Vec<Case>,
    /// What they were read from.
    pub files: Arc<Files>,
}

impl Catalogue {
    /// The cases of this release, or those of a folder; all problems at once, bindings included.
    pub fn load(checks_dir: Option<&Path>) -> Result<Catalogue, Problems> {
        let mut files = Files::default();
        let (cases, mut problems) = read(checks_dir, &mut files)?;
        if problems.is_empty() {
            problems = bind(&cases);
        }
        let files = Arc::new(files);
        if problems.is_empty() { Ok(Catalogue { cases, files }) } else { Err(Problems::new(files, problems, true)) }
    }
    /// A case by its id.
    pub fn case(&self, id: &str) -> Option<&Case> {
        self.cases.iter().find(|c| c.id.as_str() == id)
    }
    /// A rule by its id, with its case.
    pub fn rule(&self, id: &str) -> Option<(&Case, &RuleSpec)> {
        self.cases.iter().find_map(|c| Some((c, c.rules.iter().find(|r| r.id.as_str() == id)?)))
    }
    /// The known id that was probably meant.
    pub fn nearest(&self, id: &str) -> Option<&str> {
        nearest(id, self.cases.iter().flat_map(|c| c.rules.iter().map(|r| r.id.as_str()).chain([c.id.as_str()])))
    }
}

/// The cases of this edition, whatever folder is used instead.
pub(super) fn edition() -> Result<Vec<Case>, Problems> {
    let mut files = Files::default();
    let (cases, problems) = read(None, &mut files)?;
    if problems.is_empty() { Ok(cases) } else { Err(Problems::new(Arc::new(files), problems, true)) }
}

/// Reads the case files into a list of texts that may hold others already.
pub(super) fn read(checks_dir: Option<&Path>, files: &mut Files) -> Result<(Vec<Case>, Vec<Problem>), Problems> {
    let embedded = || EMBEDDED.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    let texts: Vec<(String, String)> = checks_dir.map_or_else(|| Ok(embedded()), texts_in)?;
    let (cases, mut problems) = read_each(texts, files, |root, cx| Some((case_file::read(root, cx)?, At { len: 1, ..root.at })));
    problems.extend(doubles(&cases));
    Ok((cases.into_iter().map(|(case, _)| case).collect(), problems))
}

/// Reads each text, which goes by a name, into a list of texts that may hold others already; with all problems of them.
pub(super) fn read_each<T>(texts: Vec<(String, String)>, files: &mut Files, read: impl Fn(&Node, &Reading) -> Option<T>) -> (Vec<T>, Vec<Problem>) {
    let (mut all, mut problems) = (vec![], vec![]);
    for (name, text) in texts {
        let file = files.add(name, &text);
        let parsed = yaml::parse(files.text(file), file);
        problems.extend(parsed.problems);
        if parsed.whole {
            let cx = Reading::new(Folders::default());
            all.extend(read(&parsed.root, &cx));
            problems.extend(cx.finish().0);
        }
    }
    (all, problems)
}

/// Ids are unique over the whole catalogue.
fn doubles(cases: &[(Case, At)]) -> Vec<Problem> {
    let mut problems = vec![];
    let mut seen: Vec<(&str, At)> = vec![];
    for (case, at) in cases {
        let ids = [(case.id.as_str(), *at)].into_iter().chain(case.rules.iter().map(|r| (r.id.as_str(), r.params.at)));
        for (id, at) in ids {
            match seen.iter().find(|(other, _)| *other == id) {
                Some((_, first)) => {
                    problems.push(Problem::new(at, format!("the id `{id}` is given twice")).label("ids are unique").also(*first, "also here"));
                }
                None => seen.push((id, at)),
            }
        }
    }
    problems
}

/// What the cases' audits say of their parameters.
pub(super) fn bind(cases: &[Case]) -> Vec<Problem> {
    let mut problems = vec![];
    for case in cases {
        match audits::ALL.iter().find(|a| a.name == case.audit.as_str()) {
            None => problems.push(Problem::unknown(case.params.at, "audit", case.audit.as_str(), audits::ALL.iter().map(|a| a.name))),
            Some(entry) => problems.extend((entry.bind)(case.clone()).err().unwrap_or_default().into_iter().map(Problem::from)),
        }
    }
    problems
}

/// The texts of a folder's own editions, if it has any.
pub(super) fn own_editions(checks: &Path) -> Result<Option<Vec<(String, String)>>, Problems> {
    let dir = checks.join(EDITIONS);
    if dir.is_dir() { texts_in(&dir).map(Some) } else { Ok(None) }
}

/// The texts of a folder, those of folders in it included; editions lie apart.
fn texts_in(dir: &Path) -> Result<Vec<(String, String)>, Problems> {
    let failed = |path: &Path, why: &dyn std::fmt::Display| Problems::one(format!("{}: {why}", path.display()));
    let mut paths = vec![];
    walk(dir, 0, &mut paths).map_err(|e| failed(dir, &format!("cannot be read as a folder of checks: {e}")))?;
    if paths.is_empty() {
        return Err(failed(dir, &"has no case files (`*.yaml`, except those that begin with `_`)"));
    }
    let read = |path: &PathBuf| {
        let text = bounded_file::yaml(path).map_err(|why| failed(path, &why))?;
        Ok((path.display().to_string(), text))
    };
    paths.iter().map(read).collect()
}

fn walk(dir: &Path, depth: usize, found: &mut Vec<PathBuf>) -> io::Result<()> {
    if depth > MAX_DEPTH {
        return Err(io::Error::other(format!("folders nested deeper than {MAX_DEPTH}")));
    }
    let mut entries: Vec<_> = std::fs::read_dir(dir)?.map(|e| e.map(|e| e.path())).collect::<Result<_, _>>()?;
    entries.sort();
    for path in entries {
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        if name.starts_with(['_', '.']) {
            continue;
        }
        if path.is_dir() && depth == 0 && name == EDITIONS {
            continue;
        }
        if path.is_dir() {
            walk(&path, depth + 1, found)?;
        } else if path.extension().is_some_and(|e| e == "yaml" || e == "yml") {
            found.push(path);
        }
        if found.len() > MAX_FILES {
            return Err(io::Error::other(format!("more than {MAX_FILES} case files")));
        }
    }
    Ok(())
}
