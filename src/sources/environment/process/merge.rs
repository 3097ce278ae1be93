//! Facts of several processes of one workload as facts of the workload.

use crate::model::{
    evidence::Gap,
    payload::{Cell, FactTable, FactValue, Told},
};
use std::collections::BTreeSet;

/// What all have and in which none differs is a fact; numbers of workers are added; all else is a gap that says who differ.
pub(super) fn merge(mut tables: Vec<FactTable>) -> FactTable {
    if tables.len() == 1 {
        return tables.pop().unwrap_or_default();
    }
    let ids: BTreeSet<String> = tables.iter().flat_map(|table| table.0.keys().cloned()).collect();
    let cell = |id: String| {
        let cells: Vec<Option<&Cell>> = tables.iter().map(|table| table.0.get(&id)).collect();
        let merged = if matches!(id.as_str(), "process.workers" | "process.workers_asked") { sum(&cells) } else { same(&id, &cells) };
        (id, merged)
    };
    FactTable(ids.into_iter().map(cell).collect())
}

fn sum(cells: &[Option<&Cell>]) -> Cell {
    let mut all = 0_i64;
    for cell in cells {
        match cell {
            Some(Cell::Value(Told { value: FactValue::Count(n), .. })) => all = all.saturating_add(*n),
            Some(other) => return (*other).clone(),
            None => return Cell::Absent,
        }
    }
    Cell::Value(Told { value: FactValue::Count(all), from: format!("sum of {} first processes", cells.len()) })
}

fn same(id: &str, cells: &[Option<&Cell>]) -> Cell {
    let value = |cell: &&Cell| match cell {
        Cell::Value(told) => Some(told.value.clone()),
        _ => None,
    };
    let gap = cells.iter().flatten().find(|cell| matches!(cell, Cell::Gap(_)));
    let mut all = cells.iter().map(|cell| cell.as_ref().and_then(value));
    let first = all.next().flatten();
    match (gap, cells.first().copied().flatten()) {
        (Some(gap), _) => (*gap).clone(),
        (None, Some(cell)) if all.all(|other| other == first) => cell.clone(),
        _ => {
            let n = cells.len();
            Cell::Gap(Gap::Malformed(format!("process: the {n} first processes differ in `{id}`; find the one that is meant, by `pid` or `port`")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_differ_are_not_told_as_one() {
        let of = |workers: i64, nice: i64| {
            let mut table = FactTable::default();
            table.put("process.workers", FactValue::Count(workers), format!("{workers}"));
            table.put("process.nice", FactValue::Count(nice), format!("{workers}"));
            table.put("process.user", FactValue::Count(0), format!("{workers}"));
            table.absent("process.loop");
            table
        };
        let mut other = of(2, 5);
        other.put("env.A", FactValue::Hidden, "");
        let merged = merge(vec![of(3, 0), other]);
        let value = |id: &str| merged.0.get(id).cloned();
        assert!(matches!(value("process.workers"), Some(Cell::Value(Told { value: FactValue::Count(5), .. }))));
        assert!(matches!(value("process.user"), Some(Cell::Value(Told { value: FactValue::Count(0), .. }))));
        assert!(matches!(value("process.nice"), Some(Cell::Gap(Gap::Malformed(why))) if why.contains("process.nice")));
        assert!(matches!(value("env.A"), Some(Cell::Gap(_))), "one has it and one has not");
        assert_eq!(value("process.loop"), Some(Cell::Absent));
        assert_eq!(merge(vec![of(3, 0)]), of(3, 0));
    }
}
