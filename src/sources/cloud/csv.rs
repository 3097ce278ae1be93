//! Tables: one line of names, one column with the time, one for each metric.

use super::{
    exported::{Exported, Point},
    time,
};

/// Names of the column with the time; without one of them it is the first.
const TIMES: [&str; 8] = ["time", "timestamp", "date", "datetime", "at", "ts", "epoch", "_time"];
/// A line has no more cells than this.
const CELLS: usize = 2_000;

/// Reads a table; where it cannot, the line and why.
pub fn read(text: &str) -> Result<Vec<Exported>, String> {
    let mut lines = Lines { rest: text.trim_start_matches('\u{feff}'), line: 0, separator: ',' };
    lines.separator = lines.guess();
    let Some((_, header)) = lines.next().transpose()? else { return Err("is empty".into()) };
    if header.len() < 2 {
        return Err("line 1: not a table: a column with the time and one for each metric, with `,`, `;` or a tab between, are expected".into());
    }
    let clock = header.iter().position(|name| TIMES.contains(&name.trim().to_ascii_lowercase().as_str())).unwrap_or(0);
    let mut columns: Vec<Exported> = header.iter().map(|name| Exported { names: vec![name.trim().to_owned()], ..Exported::default() }).collect();
    while let Some((line, cells)) = lines.next().transpose()? {
        if cells.iter().all(|c| c.trim().is_empty()) {
            continue;
        }
        if cells.len() != header.len() {
            return Err(format!("line {line}: has {} cells, its header {}", cells.len(), header.len()));
        }
        let at = time::text(&cells[clock]).ok_or_else(|| {
            format!("line {line}, column `{}`: not a time; write RFC 3339 with an offset, or seconds since the epoch", short(&header[clock]))
        })?;
        for (n, cell) in cells.iter().enumerate().filter(|(n, cell)| *n != clock && !cell.trim().is_empty()) {
            let value: f64 = cell.trim().parse().map_err(|_| format!("line {line}, column `{}`: not a number", short(&header[n])))?;
            if value.is_finite() {
                columns[n].points.push(Point { from: None, at, value });
            } else {
                columns[n].nan += 1;
            }
        }
    }
    columns.remove(clock);
    Ok(columns)
}

fn short(name: &str) -> String {
    name.trim().chars().filter(|c| !c.is_control()).take(60).collect()
}

/// Lines as cells; a cell in quotes may hold separators, line ends and quotes written twice.
struct Lines<'t> {
    rest: &'t str,
    line: usize,
    separator: char,
}

impl Lines<'_> {
    /// The first of the usual separators that stands in the first line outside quotes.
    fn guess(&self) -> char {
        let (mut quoted, mut found) = (false, None);
        for c in self.rest.chars() {
            match c {
                '"' => quoted = !quoted,
                '\n' if !quoted => break,
                ',' | ';' | '\t' if !quoted && found.is_none() => found = Some(c),
                _ => {}
            }
        }
        found.unwrap_or(',')
    }

    fn next(&mut self) -> Option<Result<(usize, Vec<String>), String>> {
        if self.rest.is_empty() {
            return None;
        }
        self.line += 1;
        let first = self.line;
        let (mut cells, mut cell, mut quoted) = (vec![], String::new(), false);
        let mut chars = self.rest.char_indices().peekable();
        let mut end = self.rest.len();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' if quoted && chars.peek().is_some_and(|next| next.1 == '"') => {
                    chars.next();
                    cell.push('"');
                }
                '"' => quoted = !quoted,
                c if c == self.separator && !quoted => cells.push(std::mem::take(&mut cell)),
                '\n' if !quoted => {
                    end = at + 1;
                    break;
                }
                '\n' => {
                    self.line += 1;
                    cell.push(c);
                }
                '\r' if !quoted => {}
                c => cell.push(c),
            }
            if cells.len() > CELLS {
                return Some(Err(format!("line {first}: more than {CELLS} cells")));
            }
        }
        cells.push(cell);
        self.rest = &self.rest[end..];
        Some(if quoted { Err(format!("line {first}: a quote is never closed")) } else { Ok((first, cells)) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::units::Wall;

    #[test]
    fn a_table_has_a_series_for_each_column() {
        let read = read("\u{feff}\"cpu, %\";time;mem\r\n12.5;2025-11-26T20:00:00Z;100\r\n;2025-11-26T20:01:00Z;NaN\r\n\r\n").unwrap();
        assert_eq!(read.iter().map(|e| e.names[0].as_str()).collect::<Vec<_>>(), ["cpu, %", "mem"]);
        assert_eq!(read[0].points, [Point { from: None, at: Wall(1_764_187_200_000_000), value: 12.5 }]);
        assert_eq!((read[1].points.len(), read[1].nan), (1, 1));
        let plain = super::read("a,b\n1,2\n").unwrap();
        assert_eq!((plain[0].names[0].as_str(), plain[0].points[0].at), ("b", Wall(1_000_000)), "the first is the time");
    }

    #[test]
    fn what_is_no_table_is_told_with_its_line() {
        for (text, words) in [
            ("", "is empty"),
            ("one\n", "line 1: not a table"),
            ("time,cpu\n1\n", "line 2: has 1 cells, its header 2"),
            ("time,cpu\nsoon,1\n", "line 2, column `time`: not a time"),
            ("time,cpu\n1,1\n2,many\n", "line 3, column `cpu`: not a number"),
            ("time,cpu\n1,\"2\n", "line 2: a quote is never closed"),
        ] {
            let why = read(text).expect_err(text);
            assert!(why.starts_with(words), "{text:?}: {why}");
        }
    }
}
