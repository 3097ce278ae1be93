//! How fast CPUs may run (cpufreq of the kernel's documentation). Virtual machines mostly have none of it.

use super::{
    cpu::{CPUS, of_each},
    reader::{Reader, flag},
};
use crate::{kept, model::payload::FactValue};
use std::collections::BTreeSet;

const BOOST: &str = "/sys/devices/system/cpu/cpufreq/boost";
const NO_TURBO: &str = "/sys/devices/system/cpu/intel_pstate/no_turbo";

/// `cpu.governor`, `cpu.driver`, `cpu.max_frequency` (MHz, of the fastest CPU), `cpu.boost`.
pub fn tell(reader: &mut Reader<'_>, online: &BTreeSet<usize>) {
    for (fact, file) in [("cpu.governor", "cpufreq/scaling_governor"), ("cpu.driver", "cpufreq/scaling_driver")] {
        let told = of_each(reader, online, file).and_then(|told| match (told.len(), told.first()) {
            (0, _) => Ok(None),
            (1, Some(one)) => Ok(Some(FactValue::Text(kept::plain(one)))),
            _ => kept::set(told.iter().map(String::as_str), file).map(Some),
        });
        let from = reader.root.shown(&format!("{CPUS}/cpu*/{file}"));
        reader.table.answer(fact, told, from);
    }
    // What the governor may choose, not what the hardware could do.
    let file = "cpufreq/scaling_max_freq";
    let fastest = of_each(reader, online, file).and_then(|told| {
        let khz: Option<Vec<u64>> = told.iter().map(|text| text.parse().ok()).collect();
        let khz = khz.ok_or_else(|| reader.odd(&format!("{CPUS}/cpu*/{file}"), "frequencies in kHz"))?;
        Ok(khz.into_iter().max().map(|khz| FactValue::Number(khz as f64 / 1e3)))
    });
    let from = reader.root.shown(&format!("{CPUS}/cpu*/{file}"));
    reader.table.answer("cpu.max_frequency", fastest, from);
    if reader.root.has(BOOST) || !reader.root.has(NO_TURBO) {
        return reader.tell("cpu.boost", BOOST, flag);
    }
    reader.tell("cpu.boost", NO_TURBO, |text| {
        Ok(flag(text)?.map(|off| if off == FactValue::Flag(true) { FactValue::Flag(false) } else { FactValue::Flag(true) }))
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::payload::{Cell, FactTable},
        sources::environment::root::Root,
    };
    use std::fs;

    fn told(files: &[(&str, &str)]) -> FactTable {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(&CPUS[1..]).join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let root = Root::at(folder.path());
        let mut reader = Reader { root: &root, table: FactTable::default() };
        tell(&mut reader, &BTreeSet::from([0, 1]));
        reader.table
    }
    fn value(table: &FactTable, fact: &str) -> FactValue {
        match &table.0[fact] {
            Cell::Value(told) => told.value.clone(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_laptop_with_intel_pstate() {
        let table = told(&[
            ("cpu0/cpufreq/scaling_governor", "powersave\n"),
            ("cpu1/cpufreq/scaling_governor", "performance\n"),
            ("cpu0/cpufreq/scaling_driver", "intel_pstate\n"),
            ("cpu1/cpufreq/scaling_driver", "intel_pstate\n"),
            ("cpu0/cpufreq/scaling_max_freq", "4700000\n"),
            ("cpu1/cpufreq/scaling_max_freq", "3500000\n"),
            ("intel_pstate/no_turbo", "1\n"),
        ]);
        assert_eq!(value(&table, "cpu.governor"), FactValue::Set(BTreeSet::from(["performance".into(), "powersave".into()])));
        assert_eq!(value(&table, "cpu.driver"), FactValue::Text("intel_pstate".into()));
        assert_eq!(value(&table, "cpu.max_frequency"), FactValue::Number(4_700.0));
        assert_eq!(value(&table, "cpu.boost"), FactValue::Flag(false), "no_turbo is the other way round");
        assert_eq!(value(&told(&[("cpufreq/boost", "1\n")]), "cpu.boost"), FactValue::Flag(true));
    }

    #[test]
    fn a_guest_has_none_of_it() {
        let table = told(&[]);
        assert_eq!(table.0.len(), 4);
        assert!(table.0.values().all(|cell| *cell == Cell::Absent), "{table:?}");
        assert!(matches!(&told(&[("cpu0/cpufreq/scaling_max_freq", "fast\n")]).0["cpu.max_frequency"], Cell::Gap(_)));
    }
}
