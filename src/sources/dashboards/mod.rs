//! Dashboards as files: by which expressions people read the rig's figures.
#![allow(clippy::disallowed_methods, reason = "dashboards are files")]

mod grafana;

use super::{
    lines,
    stored_query::{MOST, too_many},
};
use crate::{
    engine::wall_now,
    model::{
        audit::Effort,
        evidence::{Gap, Method, Origin, Seen},
        key::{Payload, Query},
        name::Name,
        payload::StoredQueries,
        source::{Answer, Cost, Slot, Source, Timing},
        units::{Ms, Span},
    },
    spec::bounded_file::{self, Unread},
};
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

/// Larger files are no dashboards: the largest that are shared have some 2 MB.
pub const CAP: usize = 4 << 20;
/// Files of a folder that are read at most.
const FILES: usize = 1_000;

/// A file of Grafana's, or a folder of them.
pub struct Dashboards {
    name: Name,
    path: PathBuf,
    reads: AtomicU64,
    bytes: AtomicU64,
}

impl Dashboards {
    /// The file, or a folder's files by a `*` in the name.
    pub fn new(name: Name, path: PathBuf) -> Dashboards {
        Dashboards { name, path, reads: AtomicU64::new(0), bytes: AtomicU64::new(0) }
    }

    fn queries(&self) -> Result<Seen, Gap> {
        let (from, files) = (wall_now(), self.files()?);
        let (mut queries, mut notes, mut partial) = (vec![], vec![], None);
        if files.len() > FILES {
            partial = Some(Gap::Truncated(format!("{}: more than {FILES} files; the rest was not looked at", self.path.display())));
        }
        let several = files.len() > 1;
        for path in files.into_iter().take(FILES) {
            match self.read(&path) {
                Ok(found) => queries.extend(found),
                // A single file has nothing beside it that could be told.
                Err(gap) if !several => return Err(gap),
                Err(gap) => {
                    notes.push(gap.to_string());
                    partial.get_or_insert(gap);
                }
            }
            if queries.len() > MOST {
                queries.truncate(MOST);
                partial.get_or_insert(too_many(&self.path.display().to_string()));
                break;
            }
        }
        Ok(Seen {
            payload: Payload::Queries(StoredQueries { queries, interval_ms: None }),
            covered: Span { from, to: wall_now() },
            origin: Origin { request: self.path.display().to_string(), server: None, method: Method::Reported },
            notes,
            partial,
        })
    }

    fn read(&self, path: &Path) -> Result<Vec<crate::model::payload::StoredQuery>, Gap> {
        let shown = path.display();
        self.reads.fetch_add(1, Ordering::Relaxed);
        let bytes = bounded_file::bytes(path, CAP).map_err(|why| match &why {
            Unread::Failed(e) => refused(path, e),
            Unread::Large(_) => Gap::Truncated(format!("{shown} {why}, which no dashboard is; correct `path`")),
            Unread::Folder => Gap::NotConfigured(format!("{shown} is a folder; write `{shown}/*.json`")),
            _ => Gap::NotConfigured(format!("{shown} {why}")),
        })?;
        self.bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        grafana::read(&bytes).map_err(|why| Gap::Malformed(format!("{shown}: {why}")))
    }

    /// The files that the path means, by name.
    fn files(&self) -> Result<Vec<PathBuf>, Gap> {
        let name = self.path.file_name().and_then(|n| n.to_str()).filter(|n| n.contains('*'));
        let Some(name) = name else { return Ok(vec![self.path.clone()]) };
        let folder = self.path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut found = vec![];
        for entry in fs::read_dir(folder).map_err(|e| refused(folder, &e))? {
            let entry = entry.map_err(|e| refused(folder, &e))?;
            if entry.file_name().to_str().is_some_and(|other| lines::matches(name, other)) {
                found.push(entry.path());
            }
        }
        found.retain(|path| !path.is_dir());
        found.sort();
        if found.is_empty() {
            return Err(Gap::Unreachable(format!("{}: no file has such a name; check `path` (it is relative to the spec)", self.path.display())));
        }
        Ok(found)
    }
}

fn refused(path: &Path, error: &io::Error) -> Gap {
    let shown = path.display();
    match error.kind() {
        io::ErrorKind::NotFound => Gap::Unreachable(format!("{shown}: there is no such file or folder; check `path` (it is relative to the spec)")),
        io::ErrorKind::PermissionDenied => Gap::Denied(format!("{shown}: no permission to read it; allow it with `setfacl -m u:$USER:r {shown}`")),
        kind => Gap::Unreachable(format!("{shown}: {kind}")),
    }
}

impl Source for Dashboards {
    fn name(&self) -> &Name {
        &self.name
    }
    fn timing(&self, _: &Query) -> Timing {
        Timing::Recall { settle: Ms(0.0) }
    }
    fn ask<'a>(&'a self, query: &'a Query, _effort: Effort, _slot: &'a Slot) -> Answer<'a> {
        Box::pin(async move {
            match query {
                Query::Queries(_) => self.queries(),
                other => Err(Gap::NotConfigured(format!("{}: files of dashboards cannot answer {}", self.name, other.word()))),
            }
        })
    }
    fn cost(&self) -> Cost {
        Cost { queries: self.reads.load(Ordering::Relaxed), bytes: self.bytes.load(Ordering::Relaxed) }
    }
}
