//! A comparison for a terminal.

use super::{
    columns::{How, ink, list},
    value, words,
};
use crate::{
    model::{
        comparison::{Class, Comparison, Match, Row},
        fact_waiver::FactWaiverState,
    },
    report::{
        Style,
        human::page::{Ink, Page, columns, piece},
        phrases,
    },
};
use std::collections::HashMap;

/// Rows of a class that are shown unless all are asked for; those that block are always shown.
const FEW: usize = 30;

/// As text.
pub fn render(of: &Comparison, style: &Style) -> String {
    let names = words::names(of);
    let told = Told { of, names: &names, verbose: style.verbose };
    let mut page = Page::new(style.width, style.color);
    told.headline(&mut page);
    told.differences(&mut page);
    told.unknown(&mut page);
    told.scaled(&mut page);
    told.waived(&mut page);
    told.waivers(&mut page);
    told.rest(&mut page);
    told.dimensions(&mut page);
    told.transfers(&mut page);
    if !style.files.is_empty() {
        page.blank();
        page.flow(0, 2, &[piece("Comparison:", Ink::Dim), piece(style.files.join(", "), Ink::Plain)]);
    }
    page.finish()
}

struct Told<'c> {
    of: &'c Comparison,
    names: &'c [String; 2],
    verbose: bool,
}

impl Told<'_> {
    fn headline(&self, page: &mut Page) {
        let verdict = self.of.verdict();
        let tally = words::tally(&words::counts(&self.of.rows));
        page.flow(0, 2, &[piece(format!("{}:", words::verdict(self.of)), verdict_ink(verdict)), piece(tally, Ink::Plain)]);
        let column = self.names.iter().map(|name| columns(name)).max().unwrap_or(0) + 2;
        for (name, side) in self.names.iter().zip([&self.of.here, &self.of.there]) {
            page.pair(0, column, name, &words::side(side));
        }
    }
    fn how(&self) -> How<'_> {
        How { names: self.names, why: true, from: self.verbose }
    }
    /// Rows of a class, as many as are worth the room.
    fn listed(&self, page: &mut Page, rows: &[&Row], how: How<'_>) {
        let shown = if self.verbose { rows.len() } else { rows.len().min(FEW) };
        list(page, &rows[..shown], how);
        more(page, rows.len() - shown, "more");
    }
    fn differences(&self, page: &mut Page) {
        for class in [Class::Blocking, Class::Material] {
            let rows: Vec<&Row> = self.of.of(class).collect();
            if !rows.is_empty() {
                head(page, class, rows.len());
                if class == Class::Blocking { list(page, &rows, self.how()) } else { self.listed(page, &rows, self.how()) }
            }
        }
    }
    fn unknown(&self, page: &mut Page) {
        let (awaited, other): (Vec<&Row>, Vec<&Row>) = self.of.of(Class::Unknown).partition(|row| words::awaited(row));
        if awaited.is_empty() && other.is_empty() {
            return;
        }
        head(page, Class::Unknown, awaited.len() + other.len());
        self.listed(page, &awaited, self.how());
        if self.verbose {
            list(page, &other, self.how());
        } else {
            more(page, other.len(), if awaited.is_empty() { "that need not be known" } else { "more that need not be known" });
        }
    }
    fn scaled(&self, page: &mut Page) {
        let mut rest: HashMap<String, &Row> = self.of.of(Class::Scaled).map(|row| (row.path(), row)).collect();
        if rest.is_empty() && self.of.scales.is_empty() {
            return;
        }
        head(page, Class::Scaled, rest.len());
        let how = How { why: false, ..self.how() };
        for scale in &self.of.scales {
            let group = format!("{}: {}", value::text(scale.group.as_str(), words::PATH), words::scale(scale, &self.names[1]));
            let fit = phrases::count(scale.fits.len() as u64, "fact");
            page.flow(0, 2, &[piece(group, Ink::Bold), piece(format!("({fit})"), Ink::Dim)]);
            let rows: Vec<&Row> = scale.fits.iter().filter_map(|path| rest.remove(path)).collect();
            self.listed(page, &rows, how);
            let off: Vec<&String> = scale.off.iter().take(if self.verbose { usize::MAX } else { FEW }).collect();
            for path in &off {
                page.flow(0, 4, &[piece("!", Ink::Mind), piece(value::text(path, words::PATH), Ink::Bold), piece("does not go with it", Ink::Plain)]);
            }
            more(page, scale.off.len() - off.len(), "more that do not go with it");
        }
        let mut rest: Vec<&Row> = rest.into_values().collect();
        rest.sort_by_key(|row| row.path());
        self.listed(page, &rest, how);
    }
    fn waived(&self, page: &mut Page) {
        let rows: Vec<&Row> = self.of.of(Class::Waived).collect();
        if !rows.is_empty() {
            head(page, Class::Waived, rows.len());
            self.listed(page, &rows, self.how());
        }
    }
    fn waivers(&self, page: &mut Page) {
        let mut open = self.of.waivers.iter().filter(|w| words::needs_attention(w.state)).peekable();
        if open.peek().is_none() {
            return;
        }
        page.heading("WAIVERS THAT NEED ATTENTION");
        for waiver in open {
            let (glyph, ink) = match waiver.state {
                FactWaiverState::Expired | FactWaiverState::Outgrown => ("✗", Ink::Bad),
                _ => ("!", Ink::Mind),
            };
            let state = format!("{glyph} {}", waiver.state.word());
            let fact = value::text(&waiver.fact, words::PATH);
            page.flow(
                0,
                4,
                &[piece(state, ink), piece(fact, Ink::Bold).whole().after(2), piece(value::text(&waiver.says, words::WHY), Ink::Plain).after(2)],
            );
        }
    }
    /// What makes no difference: counted, and listed on demand.
    fn rest(&self, page: &mut Page) {
        for class in [Class::Equivalent, Class::Identical] {
            let rows: Vec<&Row> = self.of.of(class).collect();
            if !rows.is_empty() && self.verbose {
                head(page, class, rows.len());
                list(page, &rows, How { why: class == Class::Equivalent, ..self.how() });
            } else if !rows.is_empty() {
                page.blank();
                let says = format!("{} (--verbose lists them)", phrases::count(rows.len() as u64, "fact"));
                page.flow(0, 2, &[piece(format!("{} {}", class.glyph(), class.word()), ink(class)), piece(says, Ink::Dim)]);
            }
        }
    }
    fn dimensions(&self, page: &mut Page) {
        if self.of.dimensions.is_empty() {
            return;
        }
        page.heading("DIMENSIONS");
        let mut rows = vec![["", "", "agrees", "with waivers", "known"].map(str::to_owned)];
        rows.extend(self.of.dimensions.iter().map(|d| {
            let verdict = format!("{} {}", words::glyph(d.verdict), d.verdict.words());
            [d.dimension.word().to_owned(), verdict, words::share(d.raw), words::share(d.waived), words::share(d.coverage)]
        }));
        let widths = [0, 1, 2, 3, 4].map(|at| rows.iter().map(|row| columns(&row[at])).max().unwrap_or(0));
        for (nth, row) in rows.iter().enumerate() {
            let verdict = nth.checked_sub(1).and_then(|at| self.of.dimensions.get(at)).map_or(Ink::Dim, |d| verdict_ink(d.verdict));
            let figures = if nth == 0 { Ink::Dim } else { Ink::Plain };
            let mut pieces = vec![];
            let mut gap = 0;
            for (at, (text, ink)) in row.iter().zip([Ink::Bold, verdict, figures, figures, figures]).enumerate() {
                let pad = widths[at] - columns(text);
                // Figures stand at the right of their column.
                let (before, after) = if at > 1 { (pad, 0) } else { (0, pad) };
                if text.is_empty() {
                    gap += pad + 2;
                } else {
                    pieces.push(piece(text, ink).whole().after(gap + before));
                    gap = after + 2;
                }
            }
            // The first piece of a line has no gap of its own.
            let indent = if nth == 0 { widths[0] + widths[1] + 4 + widths[2] - columns(&row[2]) } else { 0 };
            page.flow(indent, 2, &pieces);
        }
        let read = "agrees: share of what is expected that holds; known: share of what must be known on both sides";
        page.flow(0, 2, &[piece(read, Ink::Dim)]);
    }
    fn transfers(&self, page: &mut Page) {
        if self.of.transfers.is_empty() {
            return;
        }
        page.heading(&format!("WHAT CARRIES OVER TO {}", self.names[1]));
        for transfer in &self.of.transfers {
            let (glyph, holds) = words::holds(transfer.holds);
            let ink = match transfer.holds {
                Some(true) => Ink::Good,
                Some(false) => Ink::Bad,
                None => Ink::Open,
            };
            let conclusion = value::text(&transfer.conclusion, words::WHY);
            page.flow(0, 2, &[piece(glyph, ink), piece(conclusion, Ink::Plain), piece(format!("— {holds}"), ink)]);
            for because in &transfer.because {
                page.flow(4, 6, &[piece("·", Ink::Dim), piece(value::text(because, words::WHY), Ink::Plain)]);
            }
        }
    }
}

fn head(page: &mut Page, class: Class, n: usize) {
    page.heading(&format!("{} ({n})", class.word().to_uppercase()));
}

/// What was not listed, and how to see it.
fn more(page: &mut Page, n: usize, which: &str) {
    if n > 0 {
        page.flow(2, 2, &[piece(format!("{n} {which} (--verbose lists them)"), Ink::Dim)]);
    }
}

fn verdict_ink(of: Match) -> Ink {
    match of {
        Match::Matches => Ink::Good,
        Match::Conditional => Ink::Mind,
        Match::Unknown | Match::Untold => Ink::Open,
        Match::Differs => Ink::Bad,
    }
}
