//! A comparison for the comment of a pull request.

use super::{value, words};
use crate::{
    model::comparison::{Class, Comparison, Row},
    report::{
        markdown::text::{html, inline},
        phrases,
    },
};
use std::fmt::Write as _;

/// Bytes of the whole text: a forge takes 65 536 characters, and a job writes something around it.
const MOST: usize = 59_000;
/// Bytes for what stands behind the rows: it says more than the thirtieth of them.
const TAIL: usize = 16_000;
/// Rows of the table of what needs attention.
const ROWS: usize = 30;
/// Rows that are there to unfold, of one class.
const FOLDED: usize = 100;

/// As Markdown.
pub fn render(of: &Comparison) -> String {
    let names = words::names(of);
    let mut tail = Budget::new(TAIL);
    dimensions(of, &mut tail);
    transfers(of, &names, &mut tail);
    let tail = tail.finish() + "\n<!-- rigcheck comparison -->\n";
    let mut page = Budget::new(MOST - tail.len());
    head(of, &names, &mut page);
    attention(of, &names, &mut page);
    for class in [Class::Scaled, Class::Waived] {
        folded(of, class, &names, &mut page);
    }
    waivers(of, &mut page);
    page.finish() + &tail
}

/// Blocks as long as there is room; what does not fit is counted.
struct Budget {
    out: String,
    most: usize,
    left_out: u64,
}

/// Kept for the sentence that something was left out.
const RESERVE: usize = 200;

impl Budget {
    fn new(most: usize) -> Budget {
        Budget { out: String::new(), most: most.saturating_sub(RESERVE), left_out: 0 }
    }
    /// Nothing is pushed behind what was left out: a list has no holes.
    fn push(&mut self, block: &str) {
        if self.left_out > 0 || self.out.len() + block.len() > self.most {
            self.left_out += 1;
        } else {
            self.out.push_str(block);
        }
    }
    fn finish(mut self) -> String {
        if self.left_out > 0 {
            let _ = writeln!(self.out, "\n{} did not fit here: the other formats have all of it.\n", phrases::count(self.left_out, "part"));
        }
        self.out
    }
}

fn head(of: &Comparison, names: &[String; 2], page: &mut Budget) {
    page.push(&format!("## {} {}\n\n{}\n\n", words::glyph(of.verdict()), inline(&words::verdict(of)), words::tally(&words::counts(&of.rows))));
    for (name, side) in names.iter().zip([&of.here, &of.there]) {
        page.push(&format!("- **{}**: {}\n", inline(name), inline(&words::side(side))));
    }
    page.push("\n");
}

/// What stands in the way, in one table.
fn attention(of: &Comparison, names: &[String; 2], page: &mut Budget) {
    let wanted = |row: &&Row| row.class != Class::Unknown || words::awaited(row);
    let rows: Vec<&Row> = words::OPEN.iter().flat_map(|class| of.of(*class)).filter(wanted).collect();
    if !rows.is_empty() {
        page.push(&(title(names) + &table(rows.iter().take(ROWS).copied(), page.most / 2)));
        if rows.len() > ROWS {
            page.push(&format!("\nand {} more\n", rows.len() - ROWS));
        }
        page.push("\n");
    }
    let other = of.of(Class::Unknown).count() - rows.iter().filter(|row| row.class == Class::Unknown).count();
    if other > 0 {
        page.push(&format!("{} that need not be known could not be told.\n\n", phrases::count(other as u64, "fact")));
    }
}

fn title(names: &[String; 2]) -> String {
    format!("| | Fact | {} | {} | Why it matters |\n|---|---|---|---|---|\n", inline(&names[0]), inline(&names[1]))
}

/// Rows in at most so many bytes.
fn table<'r>(rows: impl Iterator<Item = &'r Row>, most: usize) -> String {
    let (mut out, mut left_out) = (String::new(), 0_u64);
    for row in rows {
        let line = line(row);
        if left_out > 0 || out.len() + line.len() > most { left_out += 1 } else { out += &line }
    }
    if left_out > 0 {
        let _ = writeln!(out, "\n{} did not fit here", phrases::count(left_out, "row"));
    }
    out
}

fn line(row: &Row) -> String {
    let sides = value::both(&row.here.text, &row.there.text, value::LINE);
    let [here, there] = sides.map(|text| inline(&text));
    let path = inline(&value::text(&row.path(), words::PATH));
    let class = format!("{} {}", row.class.glyph(), row.class.word());
    format!("| {class} | **{path}** | {here} | {there} | {} |\n", inline(&value::text(&row.because, words::WHY)))
}

/// What was told apart from its size, and what somebody answers for.
fn folded(of: &Comparison, class: Class, names: &[String; 2], page: &mut Budget) {
    let rows: Vec<&Row> = of.of(class).collect();
    let scales = if class == Class::Scaled { of.scales.as_slice() } else { &[] };
    if rows.is_empty() && scales.is_empty() {
        return;
    }
    let mut out = format!("<details><summary>{} {}</summary>\n\n", rows.len(), class.word());
    for scale in scales.iter().take(FOLDED) {
        let group = value::text(scale.group.as_str(), words::PATH);
        let off: Vec<String> = scale.off.iter().take(ROWS).map(|path| value::text(path, words::PATH)).collect();
        let off = if off.is_empty() { String::new() } else { format!("; does not go with it: {}", off.join(", ")) };
        let says = format!("{group}: {}{off}", words::scale(scale, &names[1]));
        let _ = writeln!(out, "- {}", inline(&says));
    }
    if !rows.is_empty() {
        out += "\n";
        out += &title(names);
        out += &table(rows.iter().take(FOLDED).copied(), page.most / 4);
        if rows.len() > FOLDED {
            let _ = writeln!(out, "\nand {} more", rows.len() - FOLDED);
        }
    }
    page.push(&(out + "\n</details>\n\n"));
}

fn waivers(of: &Comparison, page: &mut Budget) {
    let open: Vec<_> = of.waivers.iter().filter(|w| words::needs_attention(w.state)).collect();
    if open.is_empty() {
        return;
    }
    let mut out =
        format!("<details><summary>{}</summary>\n\n", html(&format!("{} that need attention", phrases::count(open.len() as u64, "waiver"))));
    for waiver in open.iter().take(ROWS) {
        let _ = writeln!(out, "- **{}** {}: {}", waiver.state.word(), inline(&value::text(&waiver.fact, words::PATH)), inline(&waiver.says));
    }
    if open.len() > ROWS {
        let _ = writeln!(out, "- and {} more", open.len() - ROWS);
    }
    page.push(&(out + "\n</details>\n\n"));
}

fn dimensions(of: &Comparison, page: &mut Budget) {
    if of.dimensions.is_empty() {
        return;
    }
    page.push("| Dimension | Verdict | Agrees | With waivers | Known |\n|---|---|--:|--:|--:|\n");
    for d in &of.dimensions {
        let verdict = format!("{} {}", words::glyph(d.verdict), d.verdict.words());
        let [raw, waived, known] = [d.raw, d.waived, d.coverage].map(words::share);
        page.push(&format!("| {} | {} | {raw} | {waived} | {known} |\n", d.dimension.word(), inline(&verdict)));
    }
    page.push("\n");
}

fn transfers(of: &Comparison, names: &[String; 2], page: &mut Budget) {
    if of.transfers.is_empty() {
        return;
    }
    page.push(&format!("### What carries over to {}\n\n", inline(&names[1])));
    for transfer in &of.transfers {
        let (glyph, holds) = words::holds(transfer.holds);
        page.push(&format!("- {glyph} **{holds}**: {}\n", inline(&transfer.conclusion)));
        for because in &transfer.because {
            page.push(&format!("  - {}\n", inline(because)));
        }
    }
}
