//! A table that an audit shows: one form for every format.

use super::clean;
use crate::model::chart::{Chart, ChartKind};

/// Titles and cells, cleaned; each row has as many cells as there are titles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grid {
    /// Titles of the columns.
    pub head: Vec<String>,
    /// The first cell of a row says of what it is.
    pub rows: Vec<Vec<String>>,
}

impl Grid {
    /// The table of a chart, if it is one. What has more cells than titles gets titles without a word: nothing is left out.
    pub fn of(chart: &Chart) -> Option<Grid> {
        let ChartKind::Table { head, rows } = &chart.kind else { return None };
        let wide = rows.iter().map(Vec::len).chain([head.len()]).max().unwrap_or(0);
        let whole = |cells: &Vec<String>| (0..wide).map(|at| cells.get(at).map(|cell| clean::line(cell)).unwrap_or_default()).collect();
        Some(Grid { head: whole(head), rows: rows.iter().map(whole).collect() })
    }
}
