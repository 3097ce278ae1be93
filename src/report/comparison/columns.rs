//! Rows of a comparison in a terminal: in columns where they are short, one below the other where they are not.

use super::{value, words};
use crate::{
    model::comparison::{Class, Row},
    report::human::page::{Ink, Page, columns, piece},
};

/// Glyph, and what stands between three columns.
const AROUND: usize = 6;
/// Where explanations begin.
const BODY: usize = 4;

/// How rows are listed.
#[derive(Clone, Copy)]
pub struct How<'n> {
    /// What the two are called.
    pub names: &'n [String; 2],
    /// Say below each why it matters?
    pub why: bool,
    /// Say below each where it was read?
    pub from: bool,
}

/// All of them, in order.
pub fn list(page: &mut Page, rows: &[&Row], how: How<'_>) {
    let lines: Vec<Line<'_>> = rows.iter().map(|row| Line::of(row)).collect();
    let room = page.width().saturating_sub(AROUND);
    let path = lines.iter().map(|line| columns(&line.path)).filter(|long| *long <= room / 2).max().unwrap_or(0);
    let side = room.saturating_sub(path) / 2;
    let fits = |line: &&Line<'_>| columns(&line.path) <= path && line.sides.iter().all(|text| columns(text) <= side);
    let heads = [0, 1].map(|at| value::text(&how.names[at], side));
    let here = lines.iter().filter(fits).map(|line| columns(&line.sides[0]).max(columns(&heads[0]))).max();
    if let Some(here) = here {
        page.flow(2 + path + 2, BODY, &[piece(&heads[0], Ink::Dim).whole(), piece(&heads[1], Ink::Dim).whole().after(here + 2 - columns(&heads[0]))]);
    }
    for (at, line) in lines.iter().enumerate() {
        match here {
            Some(here) if fits(&line) => line.across(page, path, here),
            _ => line.down(page, how.names),
        }
        // Why several in a row matter is said once, below the last.
        let again = lines.get(at + 1).is_some_and(|next| next.row.because == line.row.because);
        line.below(page, How { why: how.why && (how.from || !again), ..how });
    }
}

struct Line<'r> {
    row: &'r Row,
    path: String,
    sides: [String; 2],
}

impl<'r> Line<'r> {
    fn of(row: &'r Row) -> Line<'r> {
        Line { row, path: value::text(&row.path(), words::PATH), sides: value::both(&row.here.text, &row.there.text, value::LINE) }
    }
    fn head(&self) -> [crate::report::human::page::Piece; 2] {
        [piece(self.row.class.glyph(), ink(self.row.class)), piece(&self.path, Ink::Bold).whole()]
    }
    fn across(&self, page: &mut Page, path: usize, here: usize) {
        let [glyph, name] = self.head();
        let (to_here, to_there) = (path + 2 - columns(&self.path), here + 2 - columns(&self.sides[0]));
        let [a, b] = [(0, to_here), (1, to_there)].map(|(at, gap)| piece(&self.sides[at], Ink::Plain).whole().after(gap));
        page.flow(0, BODY, &[glyph, name, a, b]);
    }
    fn down(&self, page: &mut Page, names: &[String; 2]) {
        page.flow(0, BODY, &self.head());
        let column = names.iter().map(|name| columns(name)).max().unwrap_or(0) + 2;
        for (name, text) in names.iter().zip(&self.sides) {
            let pad = column - columns(name);
            page.flow(BODY, BODY + 2, &[piece(name, Ink::Dim).whole(), piece(text, Ink::Plain).after(pad)]);
        }
    }
    fn below(&self, page: &mut Page, how: How<'_>) {
        if how.why && !self.row.because.is_empty() {
            page.flow(BODY, BODY, &[piece(value::text(&self.row.because, words::WHY), Ink::Plain)]);
        }
        if how.from {
            for (name, side) in how.names.iter().zip([&self.row.here, &self.row.there]).filter(|(_, side)| !side.from.is_empty()) {
                page.flow(BODY, BODY + 2, &[piece(format!("{name}: {}", value::text(&side.from, words::WHY)), Ink::Dim)]);
            }
        }
    }
}

/// Colour of a class.
pub fn ink(class: Class) -> Ink {
    match class {
        Class::Blocking => Ink::Bad,
        Class::Material => Ink::Mind,
        Class::Unknown => Ink::Open,
        Class::Scaled | Class::Waived => Ink::Plain,
        Class::Equivalent | Class::Identical => Ink::Dim,
    }
}
