use super::{axis::Axis, between, cut, parts, remarks, short_name};
use crate::model::{
    units::Ms,
    waterfall::{Bar, Hole, Waterfall},
};

/// Columns of a length: ` 9.99 min`.
const LENGTH: usize = 9;
/// Columns of the bars at least; the names give way.
const LEAST: usize = 16;
/// How deep names are indented.
const DEEPEST: usize = 12;

/// As lines of so many columns: `█` where a span holds the request up, `▒` where it runs beside, `╌` where none runs.
pub fn render(of: &Waterfall, width: usize) -> String {
    if of.rows.is_empty() {
        return "The trace has no spans.\n".into();
    }
    let columns = Columns::of(of, width.clamp(40, 200));
    let axis = Axis::of(of, columns.bars as f64);
    let mut text = columns.line("", "", &ruler(&axis, columns.bars), "");
    let holes = holes(of);
    for (row, bar) in of.rows.iter().enumerate() {
        holes.iter().filter(|(before, _)| *before == row).for_each(|(_, hole)| text += &columns.hole(of, hole, &axis));
        let beside = cut(&remarks(of, row).join(" "), columns.label / 2);
        let room = columns.label.saturating_sub(if beside.is_empty() { 0 } else { beside.chars().count() + 1 });
        let called = cut(&format!("{}{}", " ".repeat(bar.depth.min(DEEPEST)), short_name(of, row)), room.max(8));
        let label = if beside.is_empty() { called } else { format!("{called} {beside}") };
        let mut cells = vec![' '; columns.bars];
        let whole = [(bar.start_ms, bar.start_ms + bar.length_ms.max(0.0))];
        if bar.times > 1 {
            paint(&mut cells, &axis, &whole, '·');
        }
        paint(&mut cells, &axis, if bar.times > 1 { &bar.parts } else { &whole }, '▒');
        paint(&mut cells, &axis, &bar.critical, '█');
        let (left, right) = axis.leaves(whole[0].0, whole[0].1);
        if left {
            cells[0] = '◂';
        }
        if right && let Some(last) = cells.last_mut() {
            *last = '▸';
        }
        let stage = bar.stage.and_then(|stage| of.stages.get(stage)).map(|stage| stage.name.as_str()).unwrap_or_default();
        text += &columns.line(&label, stage, &cells.into_iter().collect::<String>(), &Ms(bar.length_ms).to_string());
    }
    holes.iter().filter(|(before, _)| *before == of.rows.len()).for_each(|(_, hole)| text += &columns.hole(of, hole, &axis));
    text + "\n" + &flowing(&legend(of), "   ", width) + &flowing(&parts(of), " · ", width)
}

fn legend(of: &Waterfall) -> Vec<String> {
    let mut keys = vec!["█ holds the request up", "▒ runs beside"];
    keys.extend((!of.gaps.is_empty()).then_some("╌ gap: nothing that the request called runs"));
    keys.extend(of.rows.iter().any(|bar| bar.times > 1).then_some("×N alike spans in one row"));
    keys.into_iter().map(Into::into).collect()
}

/// Parts on lines that keep to the width.
fn flowing(parts: &[String], between: &str, width: usize) -> String {
    let (mut text, mut at) = (String::new(), 0);
    for part in parts {
        let long = part.chars().count();
        if at > 0 && at + between.chars().count() + long > width {
            text.push('\n');
            at = 0;
        } else if at > 0 {
            text.push_str(between);
            at += between.chars().count();
        }
        text.push_str(part);
        at += long;
    }
    text + "\n"
}

/// Each gap with the row before which it is told: the next span that the gap's own called, or whatever comes after all of those.
fn holes(of: &Waterfall) -> Vec<(usize, &Hole)> {
    let place = |hole: &Hole| {
        let depth = of.rows.get(hole.row).map_or(0, |row| row.depth);
        let below = of.rows.iter().enumerate().skip(hole.row + 1).take_while(|(_, row)| row.depth > depth);
        let mut last = hole.row + 1;
        for (at, row) in below {
            if row.depth == depth + 1 && row.start_ms >= hole.to_ms {
                return at;
            }
            last = at + 1;
        }
        last
    };
    let mut holes: Vec<_> = of.gaps.iter().map(|hole| (place(hole), hole)).collect();
    holes.sort_by(|a, b| a.1.from_ms.total_cmp(&b.1.from_ms));
    holes
}

struct Columns {
    label: usize,
    stage: usize,
    bars: usize,
}

impl Columns {
    fn of(of: &Waterfall, width: usize) -> Columns {
        let stage = of.stages.iter().map(|s| s.name.chars().count()).max().map_or(0, |longest| longest.min(12) + 1);
        let long = |(at, row): (usize, &Bar)| row.depth.min(DEEPEST) + [short_name(of, at), remarks(of, at).join(" ")].join(" ").chars().count();
        let gaps = of.gaps.iter().map(|gap| between(gap).chars().count() + 6);
        let longest = of.rows.iter().enumerate().map(long).chain(gaps).max();
        let rest = width.saturating_sub(stage + LENGTH + 2);
        let label = longest.unwrap_or(0).clamp(12, (rest * 2 / 5).max(12)).min(rest.saturating_sub(LEAST).max(8));
        Columns { label, stage, bars: rest.saturating_sub(label).max(8) }
    }
    fn line(&self, label: &str, stage: &str, bars: &str, length: &str) -> String {
        let stage = if self.stage > 0 { format!("{:<1$} ", cut(stage, self.stage - 1), self.stage - 1) } else { String::new() };
        let line = format!("{:<1$} {stage}{bars} {length:>LENGTH$}", cut(label, self.label), self.label);
        line.trim_end().to_owned() + "\n"
    }
    fn hole(&self, of: &Waterfall, hole: &Hole, axis: &Axis) -> String {
        let mut cells = vec![' '; self.bars];
        paint(&mut cells, axis, &[(hole.from_ms, hole.to_ms)], '╌');
        let depth = of.rows.get(hole.row).map_or(0, |row| row.depth.min(DEEPEST)) + 1;
        self.line(
            &format!("{}gap {}", " ".repeat(depth), between(hole)),
            "",
            &cells.into_iter().collect::<String>(),
            &Ms(hole.length_ms()).to_string(),
        )
    }
}

fn ruler(axis: &Axis, columns: usize) -> String {
    let mut cells = vec![' '; columns];
    let mut free = 0;
    for tick in axis.ticks((columns / 14).max(2)) {
        let label: Vec<char> = tick.label.chars().collect();
        let at = (tick.at as usize).min(columns.saturating_sub(label.len()));
        if at >= free && at + label.len() <= columns {
            cells[at..at + label.len()].copy_from_slice(&label);
            free = at + label.len() + 1;
        }
    }
    cells.into_iter().collect()
}

/// A column at least, so that a short span can be seen.
fn paint(cells: &mut [char], axis: &Axis, pieces: &[(f64, f64)], glyph: char) {
    let last = cells.len().saturating_sub(1);
    for (from, to) in pieces {
        let (from, to) = (axis.at(*from), axis.at(*to));
        let begin = (from.floor() as usize).min(last);
        let end = (to.round() as usize).clamp(begin + 1, last + 1);
        cells[begin..end].fill(glyph);
    }
}
