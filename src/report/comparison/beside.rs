//! The two environments side by side, for a page: rows with what decides whether they are shown.

use super::{value, words};
use crate::model::comparison::{Class, Comparison, Dimension, Row};
use std::collections::BTreeMap;

/// Parts that can be filtered by: more boxes than these are no filter any more.
const PARTS: usize = 24;

/// A table of rows, the worst first; those that are identical apart.
pub struct Beside {
    /// What can be said, in one line.
    pub headline: String,
    /// What the two are called.
    pub names: [String; 2],
    /// What can be filtered by.
    pub filters: Vec<Filter>,
    /// Rows that are not identical.
    pub rows: Vec<Line>,
    /// Those that are.
    pub identical: Vec<Line>,
    /// Are those shown from the beginning?
    pub open: bool,
}

/// Boxes of one kind.
pub struct Filter {
    /// `Class`.
    pub title: &'static str,
    /// Each can be taken away.
    pub boxes: Vec<Tick>,
}

/// A box: rows of this mark are shown while it is ticked.
pub struct Tick {
    /// Their CSS class.
    pub mark: String,
    /// Glyph, where they have one.
    pub glyph: &'static str,
    /// In words.
    pub word: String,
    /// How many they are.
    pub n: usize,
}

/// One row.
pub struct Line {
    /// CSS classes: of its class, its dimension and its part.
    pub marks: String,
    /// How it stands.
    pub class: Class,
    /// Which tone it has.
    pub tone: &'static str,
    /// Must it be known?
    pub awaited: bool,
    /// Which fact.
    pub path: String,
    /// Which dimension.
    pub dimension: &'static str,
    /// Here and there.
    pub sides: [Cell; 2],
    /// Why it matters.
    pub because: String,
}

/// A value.
pub struct Cell {
    /// What both begin with.
    pub front: String,
    /// What it has of its own; all of it is in front where they are the same.
    pub own: String,
    /// What both end with.
    pub end: String,
    /// Where it was read, or why it is not known.
    pub from: String,
}

impl Beside {
    /// All rows. On a page of its own everything is open.
    pub fn of(of: &Comparison, open: bool) -> Beside {
        let mut parts: BTreeMap<&str, usize> = BTreeMap::new();
        for row in &of.rows {
            *parts.entry(row.part.as_str()).or_default() += 1;
        }
        let numbers: BTreeMap<&str, usize> = parts.keys().enumerate().map(|(nth, part)| (*part, nth)).collect();
        let mark = |part: &str| numbers.get(part).filter(|nth| **nth < PARTS).map(|nth| format!("p-{nth}")).unwrap_or_default();
        let line = |row: &Row| Line::of(row, &mark(row.part.as_str()));
        let tick = |mark: String, glyph, word: String, n| Tick { mark, glyph, word, n };
        let counts = words::counts(&of.rows);
        let classes = words::OPEN.iter().chain(&words::CLOSED).filter_map(|class| {
            let n = counts.get(class).copied().filter(|n| *n > 0)?;
            Some(tick(format!("c-{}", class.word()), class.glyph(), class.word().into(), n))
        });
        let dimensions = Dimension::ALL.into_iter().map(|d| (d, of.rows.iter().filter(|r| r.dimension == d).count()));
        let dimensions = dimensions.filter(|(_, n)| *n > 0).map(|(d, n)| tick(format!("d-{}", d.word()), "", d.word().into(), n));
        let ticks = parts.iter().take(PARTS).map(|(part, n)| tick(mark(part), "", value::text(part, words::PATH), *n));
        let all = [("Class", classes.collect::<Vec<_>>()), ("Part", ticks.collect()), ("Dimension", dimensions.collect())];
        // One box takes away everything or nothing.
        let filters = all.into_iter().filter(|(_, boxes)| boxes.len() > 1).map(|(title, boxes)| Filter { title, boxes }).collect();
        let open_rows = words::OPEN.iter().chain(words::CLOSED.iter().filter(|c| **c != Class::Identical));
        Beside {
            headline: super::headline(of),
            names: words::names(of),
            filters,
            rows: open_rows.flat_map(|class| of.of(*class)).map(line).collect(),
            identical: of.of(Class::Identical).map(line).collect(),
            open,
        }
    }
    /// Rules of a page's style by which a box that is not ticked takes its rows away, without any script.
    pub fn rules(&self) -> impl Iterator<Item = String> {
        let marks = self.filters.iter().flat_map(|f| &f.boxes).map(|tick| &tick.mark);
        marks.map(|m| format!(".beside:has(input[value={m}]:not(:checked)) .{m}{{display:none}}"))
    }
    /// How many rows there are.
    pub fn n(&self) -> usize {
        self.rows.len() + self.identical.len()
    }
}

impl Line {
    fn of(row: &Row, part: &str) -> Line {
        let sides = value::both(&row.here.text, &row.there.text, value::CELL);
        let from = [&row.here, &row.there].map(|side| value::text(&side.from, words::WHY));
        let differs = sides[0] != sides[1] && row.class != Class::Unknown;
        let (front, own, end) =
            if differs { value::parted(&sides[0], &sides[1]) } else { (String::new(), [String::new(), String::new()], String::new()) };
        let cells = sides.into_iter().zip(own).zip(from).map(|((whole, own), from)| Cell {
            front: if differs { front.clone() } else { whole },
            own,
            end: end.clone(),
            from,
        });
        let cells: Vec<Cell> = cells.collect();
        let sides = cells.try_into().unwrap_or_else(|_| [Cell::none(), Cell::none()]);
        Line {
            marks: format!("c-{} d-{} {part}", row.class.word(), row.dimension.word()).trim_end().to_owned(),
            class: row.class,
            tone: tone(row.class),
            awaited: words::awaited(row) && row.class == Class::Unknown,
            path: value::text(&row.path(), words::PATH),
            dimension: row.dimension.word(),
            sides,
            because: value::text(&row.because, words::WHY),
        }
    }
}

impl Cell {
    fn none() -> Cell {
        Cell { front: String::new(), own: String::new(), end: String::new(), from: String::new() }
    }
}

/// The tone of the page's colours.
pub fn tone(class: Class) -> &'static str {
    match class {
        Class::Blocking => "bad",
        Class::Material => "mind",
        Class::Unknown => "open",
        Class::Scaled | Class::Waived | Class::Equivalent => "mute",
        Class::Identical => "good",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{comparison::Shown, name::name};

    fn row(part: &str, class: Class, here: &str, there: &str) -> Row {
        let shown = |text: &str| Shown { text: text.into(), ..Shown::default() };
        Row {
            group: None,
            part: name(part),
            fact: "fact".into(),
            dimension: Dimension::Software,
            by: name("expected"),
            class,
            raw: class,
            here: shown(here),
            there: shown(there),
            because: String::new(),
            wanted: false,
            key: false,
        }
    }

    #[test]
    fn rows_stand_the_worst_first_and_only_what_differs_is_marked() {
        let rows = vec![
            row("a", Class::Identical, "1", "1"),
            row("a", Class::Scaled, "2 cores", "4 cores"),
            row("b", Class::Unknown, "?", "3"),
            row("b", Class::Blocking, "x 1", "x 2"),
        ];
        let beside = Beside::of(&Comparison { rows, ..Comparison::default() }, true);
        assert_eq!(beside.rows.iter().map(|line| line.class).collect::<Vec<_>>(), [Class::Blocking, Class::Unknown, Class::Scaled]);
        assert_eq!(beside.identical.len(), 1);
        let marked: Vec<_> = beside.rows.iter().chain(&beside.identical).map(|l| (l.sides[0].own.as_str(), l.sides[1].own.as_str())).collect();
        assert_eq!(marked, [("1", "2"), ("", ""), ("2", "4"), ("", "")]);
        assert_eq!((beside.rows[1].sides[0].front.as_str(), beside.rows[1].sides[1].front.as_str()), ("?", "3"));
        // Dimensions are all the same: there is nothing to choose.
        assert_eq!(beside.filters.iter().map(|f| (f.title, f.boxes.len())).collect::<Vec<_>>(), [("Class", 4), ("Part", 2)]);
    }

    #[test]
    fn names_of_parts_never_reach_a_style() {
        let rows = (0..40).map(|n| row(&format!("}}</style>{n}"), Class::Material, "1", "2")).chain([row("z", Class::Identical, "1", "1")]).collect();
        let beside = Beside::of(&Comparison { rows, ..Comparison::default() }, true);
        assert!(beside.rules().all(|rule| !rule.contains('<')));
        assert_eq!(beside.rules().count(), PARTS + 2);
    }
}
