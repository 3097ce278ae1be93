//! What others wrote about an environment, as tables of facts: a document by hand, a compose file, objects of Kubernetes.
//!
//! Nothing here is measured, and nothing is guessed: what a file leaves open is a gap that says who decides it.

mod compose;
mod container;
mod docker_units;
mod document;
mod environment;
mod facts;
mod header;
mod kubernetes;
mod network;
mod workload;

pub use compose::compose;
pub use kubernetes::kubernetes;
pub use network::{is_network, network};

use super::{bounded_file, diagnostics::Problems};
use crate::model::{
    name::Name,
    payload::{FactKind, FactTable},
    units::Wall,
};
use document::Document;
use std::{collections::BTreeMap, path::Path};

/// More facts are no document that somebody wrote, or could keep true.
pub const MOST_FACTS: usize = 20_000;

/// An environment as somebody described it.
#[derive(Clone, Debug, PartialEq)]
pub struct Declared {
    /// What it is called.
    pub name: Name,
    /// When that was true; a date means its first moment, in UTC.
    pub as_of: Wall,
    /// Who says so.
    pub by: String,
    /// Facts by part.
    pub parts: BTreeMap<Name, FactTable>,
}

/// The kind of a fact of a part, where the catalogue has it.
pub type Kinds<'a> = &'a dyn Fn(&str, &str) -> Option<FactKind>;

/// What kind of file a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Written by hand for this program: `environment` and `as_of`.
    Declared,
    /// `services`.
    Compose,
    /// `apiVersion` and `kind`.
    Kubernetes,
}

/// The form of a text by its keys. `None` where it has those of none.
pub fn form(text: &str) -> Option<Form> {
    Document::new(text, "").roots.iter().find_map(|root| {
        let has = |key| root.get(key).is_some();
        match () {
            () if has("apiVersion") && has("kind") => Some(Form::Kubernetes),
            () if has("environment") || has("as_of") => Some(Form::Declared),
            () if has("services") => Some(Form::Compose),
            () => None,
        }
    })
}

/// Reads a document that was written by hand.
pub fn read(path: &Path, kinds: Kinds<'_>) -> Result<Declared, Problems> {
    let text = bounded_file::yaml(path).map_err(|why| Problems::one(format!("{}: {why}", path.display())))?;
    read_text(&text, &path.display().to_string(), kinds)
}

/// The same of a text that goes by a name.
pub fn read_text(text: &str, name: &str, kinds: Kinds<'_>) -> Result<Declared, Problems> {
    let mut document = Document::new(text, name);
    document.only_one();
    let header = header::read(&mut document);
    let parts = facts::parts(&mut document, kinds);
    let (Some(header), true) = (header, document.sound()) else { return Err(document.refuse()) };
    Ok(Declared { name: header.name, as_of: header.as_of, by: header.by, parts })
}

/// A cell and where it stands, as tests of documents compare them.
#[cfg(test)]
fn shown(table: &FactTable, fact: &str) -> String {
    use crate::model::payload::Cell;
    match table.0.get(fact) {
        Some(Cell::Value(told)) => format!("{} @ {}", told.value, told.from),
        Some(Cell::Absent) => "absent".into(),
        Some(Cell::Gap(gap)) => format!("gap: {}", gap.detail()),
        None => "no cell".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_known_by_its_keys() {
        assert_eq!(form("environment: production\nas_of: 2026-11-01\nservices: {x: 1}\n"), Some(Form::Declared));
        assert_eq!(form("name: shop\nservices:\n  web: {image: nginx}\n"), Some(Form::Compose));
        assert_eq!(form("---\n# a comment\n---\napiVersion: v1\nkind: Pod\n"), Some(Form::Kubernetes));
        assert_eq!((form("a: 1\n"), form(""), form("{{{{")), (None, None, None));
    }

    #[test]
    fn a_file_that_is_not_there_is_told() {
        let refused = read(Path::new("/no/such/production.yaml"), &|_, _| None).unwrap_err().to_string();
        assert!(refused.starts_with("error: /no/such/production.yaml: cannot be read: No such file"), "{refused}");
    }
}
