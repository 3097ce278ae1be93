//! How many CPUs a machine has, and how they belong together.

use super::{
    frequency,
    reader::{Reader, Says, field, text},
};
use crate::{
    model::{evidence::Gap, payload::FactValue},
    sources::environment::cpu_list,
};
use std::collections::BTreeSet;

/// Below it each CPU has a folder.
pub const CPUS: &str = "/sys/devices/system/cpu";
const ONLINE: &str = "/sys/devices/system/cpu/online";
const CONTROL: &str = "/sys/devices/system/cpu/smt/control";

/// `cpu.count` and all that is told by CPU.
pub fn tell(reader: &mut Reader<'_>) {
    let online = online(reader);
    let from = reader.root.shown(if reader.root.has(ONLINE) { ONLINE } else { "/proc/cpuinfo" });
    let count = online.clone().map(|online| Some(FactValue::Count(i64::try_from(online.len()).unwrap_or(i64::MAX))).filter(|_| !online.is_empty()));
    reader.table.answer("cpu.count", count, from);
    let online = online.unwrap_or_default();
    distinct(reader, &online, "cpu.cores", "topology/thread_siblings_list");
    distinct(reader, &online, "cpu.sockets", "topology/physical_package_id");
    reader.tell("cpu.numa_nodes", "/sys/devices/system/node/online", |of| {
        let nodes = cpu_list::cpus(of).ok_or("a list of nodes")?;
        Ok(Some(FactValue::Count(i64::try_from(nodes.len()).unwrap_or(i64::MAX))))
    });
    smt(reader);
    reader.tell("cpu.isolated", &format!("{CPUS}/isolated"), list);
    reader.tell("cpu.nohz_full", &format!("{CPUS}/nohz_full"), list);
    frequency::tell(reader, &online);
}

/// Where the kernel tells no list (an old one, or `/sys` is not mounted), `/proc/cpuinfo` has a paragraph of each.
fn online(reader: &Reader<'_>) -> Result<BTreeSet<usize>, Gap> {
    if let Some(text) = reader.root.read(ONLINE)? {
        return cpu_list::cpus(&text).ok_or_else(|| reader.odd(ONLINE, "a list of CPUs"));
    }
    let text = reader.root.read("/proc/cpuinfo")?.unwrap_or_default();
    Ok(text.lines().filter_map(|line| field(line, "processor", ':')?.parse().ok()).collect())
}

/// How many different texts the CPUs have in a file of theirs: threads of one core have the same siblings.
fn distinct(reader: &mut Reader<'_>, online: &BTreeSet<usize>, fact: &str, file: &str) {
    let told = of_each(reader, online, file);
    let counted = told.map(|told| {
        // What the kernel does not know has the number -1.
        let known = told.iter().filter(|text| *text != "-1").count();
        (known > 0).then(|| FactValue::Count(i64::try_from(known).unwrap_or(i64::MAX)))
    });
    let from = reader.root.shown(&format!("{CPUS}/cpu*/{file}"));
    reader.table.answer(fact, counted, from);
}

/// What stands in one file of each CPU, where there is one.
pub fn of_each(reader: &Reader<'_>, online: &BTreeSet<usize>, file: &str) -> Result<BTreeSet<String>, Gap> {
    let read = online.iter().map(|cpu| reader.root.read(&format!("{CPUS}/cpu{cpu}/{file}")));
    read.filter_map(Result::transpose).map(|text| text.map(|text| text.trim().to_owned())).collect()
}

/// `control` says what was chosen; kernels before 4.19 have neither file, some architectures only whether it is active.
fn smt(reader: &mut Reader<'_>) {
    if reader.root.has(CONTROL) {
        return reader.tell("cpu.smt", CONTROL, text);
    }
    reader.tell("cpu.smt", &format!("{CPUS}/smt/active"), |of| match of.trim() {
        "0" => text("off"),
        "1" => text("on"),
        _ => Err("0 or 1"),
    });
}

/// A list of CPUs as it is written; none is nothing. Kernels without the setting write `(null)`.
fn list(of: &str) -> Says {
    if of.trim() == "(null)" {
        return Ok(None);
    }
    if cpu_list::cpus(of).is_none() { Err("a list of CPUs") } else { text(of) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::payload::{Cell, FactTable},
        sources::environment::root::Root,
    };
    use std::{fs, path::Path, process::Command};

    fn write(root: &Path, path: &str, text: &str) {
        let path = root.join(path.trim_start_matches('/'));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    fn told(files: &[(&str, &str)]) -> FactTable {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            write(folder.path(), path, text);
        }
        let root = Root::at(folder.path());
        let mut reader = Reader { root: &root, table: FactTable::default() };
        tell(&mut reader);
        reader.table
    }
    fn count(table: &FactTable, fact: &str) -> Option<i64> {
        match &table.0[fact] {
            Cell::Value(told) => matches!(told.value, FactValue::Count(_)).then(|| told.value.to_string().parse().unwrap()),
            _ => None,
        }
    }

    #[test]
    fn threads_of_one_core_are_one_core() {
        // Two sockets of two cores of two threads, as the kernel numbers them on two-socket Xeons; the last CPU is offline.
        let mut files = vec![("/sys/devices/system/cpu/online".to_owned(), "0-6\n".to_owned())];
        for cpu in 0..8 {
            let at = format!("/sys/devices/system/cpu/cpu{cpu}/topology");
            files.push((format!("{at}/thread_siblings_list"), if cpu % 4 == 3 { "3\n".into() } else { format!("{},{}\n", cpu % 4, cpu % 4 + 4) }));
            files.push((format!("{at}/physical_package_id"), format!("{}\n", cpu % 2)));
        }
        files.push(("/sys/devices/system/node/online".into(), "0-1\n".into()));
        files.push(("/sys/devices/system/cpu/smt/control".into(), "on\n".into()));
        files.push(("/sys/devices/system/cpu/isolated".into(), "2-3\n".into()));
        files.push(("/sys/devices/system/cpu/nohz_full".into(), "  (null)\n".into()));
        let files: Vec<(&str, &str)> = files.iter().map(|(p, t)| (p.as_str(), t.as_str())).collect();
        let table = told(&files);
        let counts = ["cpu.count", "cpu.cores", "cpu.sockets", "cpu.numa_nodes"].map(|fact| count(&table, fact));
        assert_eq!(counts, [Some(7), Some(4), Some(2), Some(2)]);
        assert_eq!((table.value("cpu.smt"), table.value("cpu.isolated"), &table.0["cpu.nohz_full"]), (Some("on"), Some("2-3"), &Cell::Absent));
    }

    #[test]
    fn what_is_not_told_is_absent_and_what_is_odd_a_gap() {
        let table =
            told(&[("/proc/cpuinfo", "processor\t: 0\n\nprocessor\t: 1\n"), ("/sys/devices/system/cpu/cpu0/topology/physical_package_id", "-1\n")]);
        assert_eq!(count(&table, "cpu.count"), Some(2));
        assert!(["cpu.cores", "cpu.sockets", "cpu.numa_nodes", "cpu.smt", "cpu.isolated"].iter().all(|fact| table.0[*fact] == Cell::Absent));
        let odd = told(&[("/sys/devices/system/cpu/online", "0-99999999999\n")]);
        assert!(matches!(&odd.0["cpu.count"], Cell::Gap(Gap::Malformed(why)) if why.contains("online")));
    }

    #[test]
    fn this_machine_has_as_many_as_lscpu_and_nproc_say() {
        let root = Root::machine();
        let mut reader = Reader { root: &root, table: FactTable::default() };
        tell(&mut reader);
        let Ok(lscpu) = Command::new("lscpu").arg("-p=CPU,CORE,SOCKET").env("LC_ALL", "C").output() else { return };
        let text = String::from_utf8(lscpu.stdout).unwrap();
        let rows: Vec<Vec<&str>> = text.lines().filter(|l| !l.starts_with('#')).map(|l| l.split(',').collect()).collect();
        let unique = |of: usize| i64::try_from(rows.iter().map(|row| row[of]).collect::<BTreeSet<_>>().len()).unwrap();
        assert_eq!(["cpu.count", "cpu.cores", "cpu.sockets"].map(|fact| count(&reader.table, fact)), [0, 1, 2].map(|of| Some(unique(of))));
    }
}
