//! A timeline in lines of text.

use super::{
    Series,
    marked::{Marked, reasons},
};
use crate::{
    model::chart::Chart,
    report::{clean, phrases},
};
use std::fmt::Write as _;

/// Columns of the time axis.
const COLUMNS: usize = 60;
/// Columns of a name at most.
const NAME: usize = 40;
const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Each line as a row of bars with its least, middle and greatest value, then what is marked. The highest value of a column is shown,
/// nothing where there is none.
pub(super) fn lines(chart: &Chart, kept: &[Series<'_>], steps: &[String], marks: &[Marked<'_>], (from, to): (f64, f64)) -> String {
    let value = |x: f64| phrases::value(x, "");
    let ys = || kept.iter().flat_map(|(_, points)| points.iter().map(|(_, y)| *y));
    let (lo, hi) = ys().fold((0.0_f64, f64::NEG_INFINITY), |(lo, hi), y| (lo.min(y), hi.max(y)));
    let column = |x: f64| if to > from { (((x - from) / (to - from) * COLUMNS as f64) as usize).min(COLUMNS - 1) } else { 0 };
    let names: Vec<String> = kept.iter().map(|(line, _)| clean::line(&line.name).chars().take(NAME).collect()).collect();
    let wide = names.iter().map(|name| name.chars().count()).max().unwrap_or(0).max("marked".len());
    let mut text = format!("{} over {}, from {} to {}\n\n", clean::line(&chart.y), clean::line(&chart.x), value(from), value(to));
    for ((line, points), name) in kept.iter().zip(&names) {
        let mut cells: Vec<Option<f64>> = vec![None; COLUMNS];
        for (x, y) in points {
            let cell = &mut cells[column(*x)];
            *cell = Some(cell.map_or(*y, |before| before.max(*y)));
        }
        if steps.contains(&line.name) {
            hold(&mut cells);
        }
        let bar = |y: f64| if hi > lo { LEVELS[(((y - lo) / (hi - lo) * 8.0) as usize).min(7)] } else { LEVELS[0] };
        let bars: String = cells.into_iter().map(|cell| cell.map_or(' ', bar)).collect();
        let mut sorted: Vec<f64> = points.iter().map(|(_, y)| *y).collect();
        sorted.sort_by(f64::total_cmp);
        let middle = sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN);
        let (least, most) = (sorted.first().copied().unwrap_or(f64::NAN), sorted.last().copied().unwrap_or(f64::NAN));
        let _ = writeln!(text, "{name:wide$}  {bars}  {} … {}, median {}", value(least), value(most), value(middle));
    }
    if !marks.is_empty() {
        let mut cells = vec![' '; COLUMNS];
        for mark in marks {
            let number = char::from_digit(u32::try_from(mark.number).unwrap_or(u32::MAX).min(9), 10).unwrap_or('9');
            cells[column(mark.from)..=column(mark.to)].fill(number);
        }
        let _ = writeln!(text, "{:wide$}  {}", "marked", cells.iter().collect::<String>().trim_end());
        for reason in reasons(marks) {
            let _ = writeln!(text, "  {}  {}: {}", reason.number, clean::line(reason.why), reason.places);
        }
    }
    text
}

/// Each value until the next one.
fn hold(cells: &mut [Option<f64>]) {
    let mut held = None;
    let last = cells.iter().rposition(Option::is_some).unwrap_or(0);
    for cell in cells.iter_mut().take(last) {
        held = cell.or(held);
        *cell = held;
    }
}
