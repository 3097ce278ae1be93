//! From the facts of two environments to their comparison.

use super::{
    agreement,
    expectation::{Differs, Expectation, Expectations, Law, SERVICE},
    half::{Half, Tolerance},
    pair::{pair, shown},
    rounding::follows,
    scale::{self, Member},
    validity,
    value::{Terms, number},
    waivers,
};
use crate::model::{
    comparison::{Class, Comparison, Dimension, Row},
    environment::PartKind,
    evidence::Gap,
    fact_waiver::FactWaiver,
    name::{Name, name},
    payload::{Cell, FactTable, FactValue, Told},
    units::Wall,
};
use std::collections::{BTreeMap, BTreeSet};

/// What decides beside the facts.
#[derive(Clone, Copy, Debug)]
pub struct How<'e> {
    /// What is expected.
    pub expectations: &'e Expectations,
    /// Paths and hosts here, and what they are called there.
    pub called: &'e BTreeMap<String, String>,
    /// Declared ratios by group.
    pub scale: &'e BTreeMap<Name, f64>,
    /// Accepted differences.
    pub waivers: &'e [FactWaiver],
    /// Now.
    pub now: Wall,
}

/// Lays two environments beside one another.
pub fn compare(here: &Half<'_>, there: &Half<'_>, how: &How<'_>) -> Comparison {
    let mut judged = Judged { rows: vec![], cells: vec![], members: BTreeMap::new(), everything_else: unnamed() };
    let parts: BTreeSet<&Name> = here.facts.keys().chain(there.facts.keys()).collect();
    for part in parts {
        let kind = [here, there].iter().find_map(|h| h.side.parts.get(part).copied()).unwrap_or_else(|| PartKind::guessed(part));
        let of = [here, there].map(|half| half.facts.get(part));
        let terms = Terms { called: how.called, keyed: here.key == there.key };
        judged.part(&Part { name: part, kind, of, there, terms }, how);
    }
    let mut scales = vec![];
    let mut services = None;
    let (first, rest): (Vec<_>, Vec<_>) = judged.members.iter().partition(|(group, _)| group.as_str() == SERVICE);
    for (group, members) in first.into_iter().chain(rest) {
        let (scale, sized) = scale::judge(group, members, how.scale.get(group).copied(), services);
        if group.as_str() == SERVICE {
            services = scale.as_ref().map(|s| s.ratio);
        }
        scales.extend(scale);
        for sized in sized {
            let row = &mut judged.rows[sized.row];
            (row.class, row.raw) = sized.class.map_or((row.class, row.raw), |class| (class, class));
            row.because = sized.because;
        }
    }
    derived(&mut judged, how.expectations);
    let waivers = waivers::apply(how.waivers, &mut judged.rows, &judged.cells, how.now);
    for row in judged.rows.iter_mut().filter(|r| r.class.differs()) {
        if let Some(expected) = how.expectations.0.get(&row.by) {
            row.because = format!("{}: {}", row.because, expected.means);
        }
    }
    let rows = judged.rows;
    let dimensions = Dimension::ALL.into_iter().map(|d| agreement::of(d, &rows, how.expectations)).collect();
    let transfers = validity::transfers(&rows, &scales, how.expectations);
    Comparison { here: here.side.clone(), there: there.side.clone(), rows, scales, waivers, dimensions, transfers }
}

/// Who judges what no expectation names.
const UNNAMED: &str = "everything-else";

struct Judged<'e> {
    rows: Vec<Row>,
    cells: Vec<waivers::Cells<'e>>,
    members: BTreeMap<Name, Vec<Member>>,
    /// What is expected of a fact that nobody named.
    everything_else: Expectation,
}

/// A part on both sides.
struct Part<'e, 'h> {
    name: &'h Name,
    kind: PartKind,
    /// Its facts here and there, or why there are none.
    of: [Option<&'h Result<&'e FactTable, Gap>>; 2],
    there: &'h Half<'e>,
    terms: Terms<'h>,
}

impl<'e> Judged<'e> {
    fn part(&mut self, part: &Part<'e, '_>, how: &How<'_>) {
        let [ours, theirs] = part.of.map(|of| of.and_then(|t| t.as_ref().ok().copied()));
        let told = [ours, theirs].into_iter().flatten().flat_map(|t| &t.0);
        // A list says how many there are; its members are compared.
        let list = |cell: &Cell| matches!(cell, Cell::Value(Told { value: FactValue::List(_), .. }));
        let mut facts: BTreeSet<String> = told.filter(|(_, cell)| !list(cell)).map(|(fact, _)| fact.clone()).collect();
        let wanted = how.expectations.0.values().filter(|e| e.wanted);
        facts.extend(wanted.flat_map(|e| e.literal(part.name, part.kind)));
        for fact in facts {
            let known = |table: Option<&'e FactTable>| table.and_then(|t| t.known(&fact));
            let cells = (known(ours), known(theirs));
            self.fact(part, fact, cells, how);
        }
    }

    fn fact(&mut self, of: &Part<'e, '_>, fact: String, cells: waivers::Cells<'e>, how: &How<'_>) {
        let part = of.name;
        let (by, expected) =
            how.expectations.of(part, of.kind, &fact).map_or_else(|| (name(UNNAMED), &self.everything_else), |(by, expected)| (by.clone(), expected));
        let tolerated = tolerated(expected, of.there, &format!("{part}.{fact}"));
        let expected = tolerated.as_ref().unwrap_or(expected);
        let mut found = pair(cells.0, cells.1, expected, &of.terms);
        let wanted = found.class == Class::Unknown && open(cells, expected) || needed(cells, expected);
        if found.class == Class::Unknown {
            if !wanted && matches!(cells, (None, None | Some(Cell::Gap(_) | Cell::Absent)) | (Some(Cell::Gap(_) | Cell::Absent), None)) {
                return;
            }
            let why = |side: &str, of: Option<&Result<&FactTable, Gap>>| match of {
                None => Some(format!("there is no part `{part}` {side}")),
                Some(Err(gap)) => Some(format!("{part} is not known {side}: {gap}")),
                Some(Ok(_)) => None,
            };
            found.because = why("here", of.of[0]).or_else(|| why("there", of.of[1])).unwrap_or(found.because);
        }
        if let Some((here, there)) = found.sizes {
            let off = if expected.differs == Differs::Blocking { Class::Blocking } else { Class::Material };
            let path = format!("{part}.{fact}");
            self.members.entry(expected.group_of(part)).or_default().push(Member {
                row: self.rows.len(),
                path,
                knob: expected.knob_of(part, &fact),
                here,
                there,
                close: expected.close_share(),
                off,
            });
        }
        self.rows.push(Row {
            part: part.clone(),
            dimension: expected.dimension,
            by,
            class: found.class,
            raw: found.class,
            here: shown(cells.0),
            there: shown(cells.1),
            because: found.because,
            group: (expected.law == Law::Proportional).then(|| expected.group_of(part)),
            wanted,
            key: wanted && expected.key(),
            fact,
        });
        self.cells.push(cells);
    }
}

/// Is it as open as what must be known? Both sides looked for it, one of them saw something, and whether that differs cannot be
/// told: it must not pass for the same.
fn open(cells: waivers::Cells<'_>, expected: &Expectation) -> bool {
    let gap = |cell: &Cell| matches!(cell, Cell::Gap(_));
    expected.differs != Differs::Noted && matches!(cells, (Some(here), Some(there)) if !(gap(here) && gap(there)))
}

/// Must it be known?
fn needed(cells: waivers::Cells<'_>, expected: &Expectation) -> bool {
    expected.wanted && !(expected.if_there && matches!(cells, (Some(Cell::Absent), None) | (None, Some(Cell::Absent))))
}

/// What follows from facts that are scaled is scaled with them; what follows from facts that differ is no difference of its own.
/// It follows a quantity no further than that one went: half of the memory explains no swap of twice the size.
fn derived(judged: &mut Judged<'_>, expectations: &Expectations) {
    let (rows, cells) = (&mut judged.rows, &judged.cells);
    for at in 0..rows.len() {
        let Some(expected) = expectations.0.get(&rows[at].by).filter(|e| e.law == Law::Derived && rows[at].class.differs()) else { continue };
        let source = |i: &usize| rows[*i].part == rows[at].part && expected.from.iter().any(|glob| glob.matches(&rows[*i].fact));
        let close = expected.close_share().map_or(0.0, |share| share.0);
        let explains = |i: &usize| match (ratio(cells[at]), ratio(cells[*i])) {
            (Some(ours), Some(theirs)) => follows(ours, theirs, close),
            // What is set on one side only has no ratio: what follows from it may be anything.
            (_, theirs) => theirs.is_none(),
        };
        let of =
            |class: &dyn Fn(Class) -> bool| (0..rows.len()).filter(source).filter(|i| class(rows[*i].class)).find(explains).map(|i| rows[i].path());
        let (scaled, differs) = (of(&|class| class == Class::Scaled), of(&|class| class.differs()));
        let found = match (scaled, differs) {
            (Some(path), _) => Some((Class::Scaled, format!("follows from {path}, which is scaled"))),
            (None, Some(path)) => Some((Class::Equivalent, format!("follows from {path}, which differs"))),
            (None, None) => None,
        };
        if let Some((class, because)) = found {
            let row = &mut rows[at];
            (row.class, row.raw, row.because) = (class, class, because);
        }
    }
}

/// How many times the reference's a quantity is.
fn ratio((here, there): waivers::Cells<'_>) -> Option<f64> {
    let of = |cell: Option<&Cell>| match cell {
        Some(Cell::Value(told)) => number(&told.value),
        _ => None,
    };
    let (here, there) = (of(here)?, of(there)?);
    (here > 0.0 && there > 0.0).then(|| here / there)
}

/// What is expected with what whoever accepted the reference lets differ.
fn tolerated(expected: &Expectation, there: &Half<'_>, path: &str) -> Option<Expectation> {
    let fitting = there.tolerances.iter().filter(|(glob, _)| glob.matches(path));
    let (_, tolerance) = fitting.max_by_key(|(glob, _)| glob.letters())?;
    Some(match tolerance {
        Tolerance::Noted => Expectation { differs: Differs::Noted, blocking_from: None, law: Law::Invariant, ..expected.clone() },
        Tolerance::Close(close) => Expectation { close: Some(*close), law: Law::Invariant, ..expected.clone() },
    })
}

/// Of a fact that nobody named, a difference counts: silence must not make it harmless.
fn unnamed() -> Expectation {
    Expectation {
        facts: vec![],
        dimension: Dimension::Software,
        law: Law::Invariant,
        group: name(""),
        knob: None,
        from: vec![],
        differs: Differs::Material,
        close: None,
        blocking_from: None,
        wanted: false,
        if_there: false,
        kind: None,
        weight: crate::model::case::Weight::Low,
        bears_on: None,
        means: "no expectation names it, so nobody said that it is harmless".into(),
    }
}
