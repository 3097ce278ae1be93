//! A table that an audit shows, in a terminal.

use super::page::columns;
use crate::report::{grid::Grid, phrases};
use comfy_table::{ContentArrangement, Table, presets};

/// Columns that a cell needs to be read in a table.
const CELL: usize = 12;
/// Rows that are shown unless all are asked for.
const FEW: usize = 30;

/// To so many columns: a table where it fits, else each row as a list.
pub fn lines(grid: &Grid, width: usize, all: bool) -> String {
    if grid.rows.is_empty() {
        return "  There is nothing to show.".into();
    }
    let shown = &grid.rows[..if all { grid.rows.len() } else { FEW.min(grid.rows.len()) }];
    let mut text = if fits(grid, width) { table(&grid.head, shown, width) } else { listed(&grid.head, shown) };
    if shown.len() < grid.rows.len() {
        let more = phrases::count((grid.rows.len() - shown.len()) as u64, "row");
        text.push_str("\n  and ");
        text.push_str(&more);
        text.push_str(" more (--verbose lists them)");
    }
    text
}

/// Has each column room for its longest word, or for a cell?
fn fits(grid: &Grid, width: usize) -> bool {
    let longest = |at: usize| {
        let words = grid.rows.iter().chain([&grid.head]).flat_map(|row| row[at].split_whitespace());
        words.map(columns).max().unwrap_or(0).min(CELL)
    };
    (0..grid.head.len()).map(|at| longest(at) + 3).sum::<usize>() < width
}

fn table(head: &[String], rows: &[Vec<String>], width: usize) -> String {
    let mut table = Table::new();
    table
        .load_style(presets::UTF8_FULL_CONDENSED.with_rounded_corners())
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(u16::try_from(width).unwrap_or(u16::MAX))
        .force_no_tty()
        .set_header(head);
    table.add_rows(rows);
    table.to_string()
}

fn listed(head: &[String], rows: &[Vec<String>]) -> String {
    let mut text = String::new();
    for row in rows {
        let mut cells = head.iter().zip(row);
        let of = cells.next().map(|(_, of)| of.as_str()).unwrap_or_default();
        text.extend(["  ", of, "\n"]);
        for (title, cell) in cells.filter(|(_, cell)| !cell.is_empty()) {
            text.extend(["    ", title, ": ", cell, "\n"]);
        }
    }
    text.trim_end().to_owned()
}
