use super::view::Calls;
use crate::model::chart::Chart;

/// The trace of a typical call of each kind, from each store.
pub fn charts(_: &Calls<'_>) -> Vec<Chart> {
    vec![]
}
