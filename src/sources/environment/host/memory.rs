//! How much memory a machine has, and how its kernel deals with it.

use super::reader::{Reader, Says, bracketed, count, field};
use crate::model::payload::FactValue;

/// `memory.*`.
pub fn tell(reader: &mut Reader<'_>) {
    reader.tell_all("/proc/meminfo", &[("memory.total", &|of| kib(of, "MemTotal")), ("memory.swap", &|of| kib(of, "SwapTotal"))]);
    reader.tell("memory.thp", "/sys/kernel/mm/transparent_hugepage/enabled", bracketed);
    for (fact, path) in [
        ("memory.hugepages", "/proc/sys/vm/nr_hugepages"),
        ("memory.numa_balancing", "/proc/sys/kernel/numa_balancing"),
        ("memory.swappiness", "/proc/sys/vm/swappiness"),
        ("memory.overcommit", "/proc/sys/vm/overcommit_memory"),
        ("memory.zone_reclaim", "/proc/sys/vm/zone_reclaim_mode"),
    ] {
        reader.tell(fact, path, count);
    }
}

/// `kB` of proc_meminfo(5) are 1024 bytes. A kernel without swap has no line of it.
fn kib(of: &str, key: &str) -> Says {
    let Some(told) = field(of, key, ':') else { return Ok(None) };
    let bytes = told.strip_suffix("kB").and_then(|kib| kib.trim().parse::<u64>().ok()?.checked_mul(1_024));
    bytes.map(|bytes| Some(FactValue::Bytes(bytes))).ok_or("a number of kB")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::payload::{Cell, FactTable},
        sources::environment::root::Root,
    };

    #[test]
    fn a_kb_is_1024_bytes() {
        let text = "MemTotal:       24683656 kB\nMemFree:        17987916 kB\nSwapTotal:             0 kB\nSwapFree:              0 kB\n";
        // As `free -b` tells it of the same machine.
        assert_eq!(kib(text, "MemTotal"), Ok(Some(FactValue::Bytes(25_276_063_744))));
        assert_eq!((kib(text, "SwapTotal"), kib("MemTotal: 1 kB\n", "SwapTotal")), (Ok(Some(FactValue::Bytes(0))), Ok(None)));
        assert!(kib("MemTotal: 18446744073709551615 kB\n", "MemTotal").is_err());
        assert!(kib("MemTotal: 5 MB\n", "MemTotal").is_err());
    }

    #[test]
    fn this_machine_has_what_another_reader_sees() {
        let root = Root::machine();
        let mut reader = Reader { root: &root, table: FactTable::default() };
        tell(&mut reader);
        let total = procfs::Current::current().map(|m: procfs::Meminfo| m.mem_total).unwrap();
        assert!(matches!(&reader.table.0["memory.total"], Cell::Value(told) if told.value == FactValue::Bytes(total)));
        assert_eq!(reader.table.0.len(), 8, "each has a cell");
    }
}
