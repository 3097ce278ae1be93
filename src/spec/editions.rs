//! Editions of the checks. The case files hold the newest one; an earlier one is a lock: what its cases and rules judged by,
//! without the prose. A spec that stays with an earlier edition is judged by the case files under its lock.

use super::{
    catalogue::{self, read_each},
    diagnostics::{Problem, Problems},
    edition_file,
    files::Files,
    table::{Field, Reading},
};
use crate::model::{
    case::{Case, RuleSpec},
    name::Name,
    node::At,
};
use std::path::Path;

/// The embedded editions, oldest first; the last one is what the case files hold, under the name in `spec::EDITION`. A new
/// edition is one line here and that name.
const EMBEDDED: &[(&str, &str)] = &[("checks/editions/2027.1.yaml", include_str!("../../checks/editions/2027.1.yaml"))];

/// All editions that there are, oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Editions(Vec<Edition>);

/// One edition: what its cases and rules judge by.
#[derive(Clone, Debug)]
pub(super) struct Edition {
    /// `2027.1`.
    pub name: String,
    /// Cases and rules without prose.
    locked: Vec<Case>,
}

impl Editions {
    /// Those of this release.
    pub fn embedded(files: &mut Files) -> (Editions, Vec<Problem>) {
        read(EMBEDDED.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect(), files)
    }
    /// Those of a folder of checks; `None` where it has none of its own.
    pub fn of_folder(checks: &Path, files: &mut Files) -> Result<Option<(Editions, Vec<Problem>)>, Problems> {
        Ok(catalogue::own_editions(checks)?.map(|texts| read(texts, files)))
    }
    /// An edition by its name.
    pub fn named(&self, name: &str) -> Option<&Edition> {
        self.0.iter().find(|e| e.name == name)
    }
    /// What the case files hold.
    pub fn newest(&self) -> Option<&Edition> {
        self.0.last()
    }
    /// All names, oldest first.
    pub fn names(&self) -> Vec<&str> {
        self.0.iter().map(|e| e.name.as_str()).collect()
    }
}

impl Edition {
    /// The cases as this edition judges them, and as the case files describe them. What the edition does not know is newer.
    pub fn over(&self, cases: &[Case]) -> Vec<Case> {
        let of = |case: &Case| match self.locked.iter().find(|l| l.id == case.id) {
            Some(locked) => Case {
                weight: locked.weight,
                audit: locked.audit.clone(),
                params: locked.params.clone(),
                rules: case.rules.iter().map(|rule| under(rule, locked)).collect(),
                ..case.clone()
            },
            None => Case { rules: case.rules.iter().map(|r| RuleSpec { newer: true, ..r.clone() }).collect(), ..case.clone() },
        };
        cases.iter().map(of).collect()
    }
    /// What it judges by and the case files no longer have. Ids are never used again, so nothing else can stand in for them.
    pub fn gone(&self, cases: &[Case]) -> Vec<Name> {
        let mut gone = vec![];
        for locked in &self.locked {
            match cases.iter().find(|c| c.id == locked.id) {
                None => gone.push(locked.id.clone()),
                Some(case) => gone.extend(locked.rules.iter().filter(|l| !case.rules.iter().any(|r| r.id == l.id)).map(|l| l.id.clone())),
            }
        }
        gone
    }
    /// Does it judge by exactly what these cases say?
    #[cfg(test)]
    fn is(&self, cases: &[Case]) -> bool {
        self.gone(cases).is_empty() && self.over(cases).iter().map(super::canonical::case).eq(cases.iter().map(super::canonical::case))
    }
}

/// A rule as the lock of its case has it.
fn under(rule: &RuleSpec, locked: &Case) -> RuleSpec {
    let Some(was) = locked.rules.iter().find(|r| r.id == rule.id) else { return RuleSpec { newer: true, ..rule.clone() } };
    // What proved it then may have another name now, or be gone: the edition fixes that it counts as proven.
    let proven_by = match (was.proven_by.is_empty(), rule.proven_by.is_empty()) {
        (true, _) => vec![],
        (false, true) => was.proven_by.clone(),
        (false, false) => rule.proven_by.clone(),
    };
    RuleSpec {
        judge: was.judge.clone(),
        requires: was.requires.clone(),
        weight: was.weight,
        blocker: was.blocker,
        params: was.params.clone(),
        n_min: was.n_min,
        ttl: was.ttl,
        proven_by,
        ..rule.clone()
    }
}

/// The names of this release's editions, oldest first.
pub(super) fn embedded_names() -> Vec<String> {
    Editions::embedded(&mut Files::default()).0.0.into_iter().map(|e| e.name).collect()
}

/// Year and number, by which editions are ordered.
fn order(name: &str) -> Option<(u32, u32)> {
    let (year, number) = name.split_once('.')?;
    let number_of = |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten();
    Some((number_of(year)?, number_of(number)?))
}

fn read(texts: Vec<(String, String)>, files: &mut Files) -> (Editions, Vec<Problem>) {
    let (all, mut problems) = read_each(texts, files, |root, cx| edition(&Field::document(root), cx));
    let mut read: Vec<(Edition, At)> = vec![];
    for (edition, at) in all {
        match read.iter().find(|(other, _)| other.name == edition.name) {
            Some((_, first)) => {
                problems.push(Problem::new(at, format!("the edition `{}` is given twice", edition.name)).also(*first, "also here"));
            }
            None => read.push((edition, at)),
        }
    }
    read.sort_by_key(|(e, _)| order(&e.name));
    (Editions(read.into_iter().map(|(e, _)| e).collect()), problems)
}

fn edition(field: &Field<'_>, cx: &Reading) -> Option<(Edition, At)> {
    let mut table = field.table(cx)?;
    let name = table.need("edition", "\"2027.1\"", cx);
    let cases = table.need("cases", "[{id: …}]", cx);
    table.close(cx);
    let (name, cases) = (name?, cases?);
    let text = name.text(cx)?;
    if order(&text).is_none() {
        cx.problem(name.refuse("is no edition", "a year and a number in quotes, such as \"2027.1\""));
        return None;
    }
    let locked = cases.list(cx).iter().filter_map(|f| edition_file::case(f, cx)).collect();
    Some((Edition { name: text, locked }, name.node.at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn editions_are_ordered_as_numbers() {
        let mut names = ["2027.10", "2027.2", "2026.3", "2027.1"];
        names.sort_by_key(|n| order(n));
        assert_eq!(names, ["2026.3", "2027.1", "2027.2", "2027.10"]);
        for none in ["2027", "2027.x", "a.1", "2027.1.2", "+1.2", ""] {
            assert_eq!(order(none), None, "{none}");
        }
    }

    #[test]
    fn the_case_files_hold_the_newest_edition() {
        let mut files = Files::default();
        let (editions, problems) = Editions::embedded(&mut files);
        assert!(problems.is_empty());
        let (cases, _) = catalogue::read(None, &mut files).unwrap();
        let newest = editions.newest().unwrap();
        assert_eq!(newest.name, super::super::EDITION);
        assert!(newest.is(&cases), "checks/editions/{}.yaml says otherwise than the case files", newest.name);
    }

    #[test]
    fn every_edition_still_binds() {
        let mut files = Files::default();
        let (editions, _) = Editions::embedded(&mut files);
        let (cases, _) = catalogue::read(None, &mut files).unwrap();
        for edition in &editions.0 {
            assert_eq!(edition.gone(&cases), vec![], "{}", edition.name);
            assert!(catalogue::bind(&edition.over(&cases)).is_empty(), "{}", edition.name);
        }
    }
}
