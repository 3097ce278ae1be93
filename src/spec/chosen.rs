//! What a spec selects from: the case files under the edition of the checks that it chose.

use super::{
    catalogue,
    diagnostics::{Problem, Problems},
    editions::{Edition, Editions},
    files::Files,
    table::{Field, Reading},
};
use crate::model::{
    case::Case,
    change::OWN_EDITION,
    node::{At, Value},
};
use std::path::Path;

/// All case files and editions that there are.
pub(super) struct Checks {
    /// The case files: those of this release, or of the folder that stands in their place.
    cases: Vec<Case>,
    /// The case files of this release and their editions.
    release: (Vec<Case>, Editions),
    /// The editions of the folder, if it has its own.
    own: Option<Editions>,
    /// Does a folder stand in the place of this release's case files?
    folder: bool,
}

/// An edition, and what it says.
pub(super) struct Chosen {
    /// Its name for reports; one that only a folder of checks knows says so, as this release vouches for nothing in it.
    pub name: String,
    /// The cases as they are judged: rules that are newer than the edition are in them, and marked.
    pub cases: Vec<Case>,
    /// The cases as the edition has them: what a spec's choice is compared with.
    pub edition: Vec<Case>,
    /// The newest edition, where that is a later one.
    pub newer: Option<String>,
}

impl Checks {
    /// Reads the embedded case files and editions, and those of a folder; with all problems of their texts.
    pub fn read(folder: Option<&Path>, files: &mut Files) -> Result<(Checks, Vec<Problem>), Problems> {
        let (cases, mut problems) = catalogue::read(folder, files)?;
        let release = if folder.is_some() { catalogue::edition()? } else { cases.clone() };
        let (embedded, broken) = Editions::embedded(files);
        problems.extend(broken);
        let own = match folder {
            Some(folder) => Editions::of_folder(folder, files)?,
            None => None,
        };
        let own = own.map(|(own, broken)| {
            problems.extend(broken);
            own
        });
        Ok((Checks { cases, release: (release, embedded), own, folder: folder.is_some() }, problems))
    }

    /// What `checks:` chose; the newest edition where it says nothing, and where what it says is refused.
    pub fn under(&self, field: Option<&Field<'_>>, cx: &Reading) -> Option<Chosen> {
        let editions = self.own.as_ref().unwrap_or(&self.release.1);
        let newest = editions.newest()?;
        let chosen = match field {
            Some(field) => named(field, editions, newest, cx).unwrap_or(newest),
            None => newest,
        };
        let at = field.map_or_else(At::default, |f| f.node.at);
        let of_release = self.release.1.named(&chosen.name);
        // Whoever writes an edition is compared with this release's: with that of its name, else with the newest. An own edition
        // that is its own measure would hide whatever it takes out.
        let basis = of_release.or_else(|| self.release.1.newest())?;
        whole(basis, &self.release.0, at, newest, cx);
        let judged = if chosen.name == newest.name || (self.folder && self.own.is_none()) {
            if self.own.is_some() {
                whole(chosen, &self.cases, at, newest, cx);
            }
            self.cases.clone()
        } else {
            whole(chosen, &self.cases, at, newest, cx);
            chosen.over(&self.cases)
        };
        Some(Chosen {
            name: if of_release.is_some() { chosen.name.clone() } else { format!("{}{OWN_EDITION}", chosen.name) },
            cases: judged,
            edition: without_newer(basis.over(&self.release.0)),
            newer: (chosen.name != newest.name).then(|| newest.name.clone()),
        })
    }
}

fn named<'e>(field: &Field<'_>, editions: &'e Editions, newest: &Edition, cx: &Reading) -> Option<&'e Edition> {
    let write = format!("`checks: \"{}\"`", newest.name);
    if let Value::Num(_) = field.node.value {
        cx.problem(field.refuse("is a number here, and 2027.10 would be 2027.1", format!("put it in quotes: {write}")));
        return None;
    }
    let text = field.text(cx)?;
    let found = editions.named(&text);
    if found.is_none() {
        let names = editions.names();
        let there = if names.len() == 1 { format!("write {write}") } else { format!("there are {}; the newest is {write}", names.join(", ")) };
        cx.problem(field.refuse("is an edition that this release does not have", there));
    }
    found
}

/// An edition of which something is gone cannot be kept to.
fn whole(edition: &Edition, cases: &[Case], at: At, newest: &Edition, cx: &Reading) {
    let gone: Vec<_> = edition.gone(cases).iter().map(ToString::to_string).collect();
    if gone.is_empty() {
        return;
    }
    let title = format!("checks {} judge by {}, which this release no longer has", edition.name, gone.join(", "));
    let label = if edition.name == newest.name {
        "the case files and the edition differ: ids are never removed from an edition".to_owned()
    } else {
        format!("stay with the release that you have been using, or write `checks: \"{}\"`", newest.name)
    };
    cx.problem(Problem::new(at, title).label(label));
}

/// What the edition itself holds.
fn without_newer(cases: Vec<Case>) -> Vec<Case> {
    let of = |case: Case| Case { rules: case.rules.iter().filter(|r| !r.newer).cloned().collect(), ..case };
    cases.into_iter().map(of).filter(|c| !c.rules.is_empty()).collect()
}
