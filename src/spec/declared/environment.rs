//! Variables that a file sets in a container.

use super::container::Container;
use crate::{
    kept::{self, variables::Variables},
    model::{
        evidence::Gap,
        node::{At, Node},
        payload::{FactTable, FactValue},
    },
};

/// What a file says of one variable.
pub(super) enum Variable {
    /// Its value.
    Plain(String),
    /// That it has one, which stands in a secret, or in an object of its own.
    Elsewhere,
    /// Why its value cannot be told.
    Open(Gap),
}

/// More variables are counted only.
const MOST: usize = 1_000;

/// Tells them as `env.NAME`. The cell `env` is always a gap: the image's own variables are not in the file, so that what is
/// not named here may be set all the same.
pub(super) fn tell(container: &mut Container<'_>, at: At, variables: Vec<(String, Variable)>, also: Option<&str>, how: &Variables) {
    let count = variables.len();
    let (mut plain, mut others) = (vec![], FactTable::default());
    let from = container.document.place(at);
    for (name, variable) in variables.into_iter().take(MOST) {
        let id = format!("env.{}", kept::named(&name));
        match variable {
            Variable::Plain(value) => plain.push((name, value)),
            Variable::Elsewhere => others.put(id, FactValue::Hidden, &from),
            Variable::Open(gap) => others.gap(id, gap),
        }
    }
    let mut told = FactTable::default();
    how.tell(&mut told, plain, &from);
    container.table.0.extend(told.0.into_iter().chain(others.0));
    let more = also.map_or_else(String::new, |also| format!(", and those of {also}"));
    container.gap("env", &format!("the file sets {count} variables; those of the image are not in it{more}"));
}

/// A value, or why it cannot be told; `written` turns what escapes a placeholder into what it means.
pub(super) fn plain(container: &Container<'_>, node: &Node, written: impl Fn(&str) -> Option<String>) -> Variable {
    match container.document.text(node) {
        Some(text) => written(&text).map_or_else(|| Variable::Open(container.document.unresolved(node)), Variable::Plain),
        None => Variable::Open(container.document.value(node).err().unwrap_or_else(|| container.document.unresolved(node))),
    }
}
