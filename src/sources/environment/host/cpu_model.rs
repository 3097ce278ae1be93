//! Which CPUs a machine has, by `/proc/cpuinfo`.

use super::reader::{Reader, Says};
use crate::{
    kept,
    model::{evidence::Gap, payload::FactValue},
};
use std::collections::BTreeSet;

const CPUINFO: &str = "/proc/cpuinfo";

/// Instructions that numeric, hashing, compressing and encrypting code chooses its ways by, and what makes its clock cheap: a
/// library takes another way on a machine that lacks one of them. All flags together differ with every kernel.
const FEATURES: [&str; 55] = [
    // x86: vectors
    "sse4_2",
    "avx",
    "avx2",
    "fma",
    "f16c",
    "bmi2",
    "avx_vnni",
    "avx512f",
    "avx512bw",
    "avx512cd",
    "avx512dq",
    "avx512vl",
    "avx512ifma",
    "avx512vbmi",
    "avx512_vnni",
    "avx512_bf16",
    "avx512_fp16",
    "amx_tile",
    "amx_int8",
    "amx_bf16",
    "amx_fp16",
    // x86: encryption, copying, clock
    "aes",
    "vaes",
    "pclmulqdq",
    "vpclmulqdq",
    "sha_ni",
    "gfni",
    "adx",
    "rdrand",
    "rdseed",
    "erms",
    "fsrm",
    "constant_tsc",
    "nonstop_tsc",
    // ARM
    "asimd",
    "asimdhp",
    "asimddp",
    "asimdfhm",
    "fphp",
    "atomics",
    "crc32",
    "pmull",
    "sha1",
    "sha2",
    "sha3",
    "sha512",
    "sve",
    "sve2",
    "sveaes",
    "i8mm",
    "bf16",
    "svei8mm",
    "svebf16",
    "sme",
    "rng",
];

/// `cpu.model`, `cpu.vendor`, `cpu.features`, `cpu.hypervisor`.
pub fn tell(reader: &mut Reader<'_>) {
    let facts: [(&str, &dyn Fn(&str) -> Says); 3] = [("cpu.model", &model), ("cpu.vendor", &vendor), ("cpu.features", &features)];
    reader.tell_all(CPUINFO, &facts);
    hypervisor(reader);
}

/// ARM has numbers where x86 has a name.
fn model(of: &str) -> Says {
    let arm = || ["CPU implementer", "CPU part", "CPU variant"].map(|key| each(of, key).into_iter().collect::<Vec<_>>().join("+")).join(" ");
    one([each(of, "model name"), each(of, "cpu")].into_iter().find(|told| !told.is_empty()).unwrap_or_else(|| BTreeSet::from([arm()])))
}

fn vendor(of: &str) -> Says {
    one([each(of, "vendor_id"), each(of, "CPU implementer")].into_iter().find(|told| !told.is_empty()).unwrap_or_default())
}

/// Of those that matter the ones that each CPU has.
fn features(of: &str) -> Says {
    let mut every = flags(of).map(|line| line.split_whitespace().collect::<BTreeSet<_>>());
    let Some(first) = every.next() else { return Ok(None) };
    let all = every.fold(first, |all, one| &all & &one);
    kept::set(FEATURES.into_iter().filter(|f| all.contains(f)), CPUINFO).map(Some).map_err(|_| "flags")
}

/// Only x86 tells by a flag that it is a virtual machine; elsewhere its lack says nothing.
fn hypervisor(reader: &mut Reader<'_>) {
    let answer = reader.root.read(CPUINFO).and_then(|text| match text {
        None => Ok(None),
        Some(text) if values(&text, "flags").next().is_none() => Err(Gap::NotConfigured(format!(
            "{} tells of a hypervisor on x86 only; declare the kind of machine in the documents of the environment",
            reader.root.shown(CPUINFO)
        ))),
        Some(text) => Ok(Some(FactValue::Flag(values(&text, "flags").any(|line| line.split_whitespace().any(|flag| flag == "hypervisor"))))),
    });
    reader.table.answer("cpu.hypervisor", answer, reader.root.shown(CPUINFO));
}

fn flags(of: &str) -> impl Iterator<Item = &str> {
    values(of, "flags").chain(values(of, "Features"))
}

/// A machine with CPUs of several kinds has all of them in its name.
#[allow(clippy::unnecessary_wraps, reason = "every reading of a file has this shape")]
fn one(told: BTreeSet<String>) -> Says {
    let text = kept::plain(&told.into_iter().collect::<Vec<_>>().join(" + "));
    Ok((!text.is_empty()).then_some(FactValue::Text(text)))
}

fn each(of: &str, key: &str) -> BTreeSet<String> {
    values(of, key).filter(|value| !value.is_empty()).map(kept::plain).collect()
}

fn values<'a>(of: &'a str, key: &str) -> impl Iterator<Item = &'a str> {
    of.lines().filter_map(move |line| line.split_once(':').filter(|(k, _)| k.trim() == key).map(|(_, value)| value.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::payload::{Cell, FactTable, Told},
        sources::environment::root::Root,
    };
    use std::fs;

    fn told(cpuinfo: &str) -> FactTable {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("proc")).unwrap();
        fs::write(folder.path().join("proc/cpuinfo"), cpuinfo).unwrap();
        let root = Root::at(folder.path());
        let mut reader = Reader { root: &root, table: FactTable::default() };
        tell(&mut reader);
        reader.table
    }
    fn shown(table: &FactTable, fact: &str) -> String {
        match &table.0[fact] {
            Cell::Value(Told { value, .. }) => value.to_string(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn an_x86_guest() {
        let cpu = |n: u8| {
            format!(
                "processor\t: {n}\nvendor_id\t: AuthenticAMD\nmodel\t\t: 1\nmodel name\t: AMD EPYC\nflags\t\t: fpu vme tsc aes avx avx2 hypervisor sha_ni vaes\nbugs\t\t: spectre_v1\n\n"
            )
        };
        let table = told(&[cpu(0), cpu(1)].concat());
        assert_eq!((shown(&table, "cpu.model"), shown(&table, "cpu.vendor")), ("AMD EPYC".into(), "AuthenticAMD".into()));
        assert_eq!((shown(&table, "cpu.features"), shown(&table, "cpu.hypervisor")), ("aes, avx, avx2, sha_ni, vaes".into(), "yes".into()));
    }

    #[test]
    fn an_arm_machine_has_numbers_and_does_not_tell_of_a_hypervisor() {
        // Graviton 2, as it tells it.
        let table = told(
            "processor\t: 0\nBogoMIPS\t: 243.75\nFeatures\t: fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp ssbs\n\
             CPU implementer\t: 0x41\nCPU architecture: 8\nCPU variant\t: 0x3\nCPU part\t: 0xd0c\nCPU revision\t: 1\n",
        );
        assert_eq!((shown(&table, "cpu.model"), shown(&table, "cpu.vendor")), ("0x41 0xd0c 0x3".into(), "0x41".into()));
        assert_eq!(shown(&table, "cpu.features"), "aes, asimd, asimddp, asimdhp, atomics, crc32, fphp, pmull, sha1, sha2");
        assert!(matches!(&table.0["cpu.hypervisor"], Cell::Gap(Gap::NotConfigured(why)) if why.contains("x86 only")));
    }

    #[test]
    fn what_only_some_cpus_have_does_not_count() {
        let table = told("model name: P\nflags: avx2 avx512f aes\n\nmodel name: E\nflags: avx2 aes\n");
        assert_eq!((shown(&table, "cpu.features"), shown(&table, "cpu.model")), ("aes, avx2".into(), "E + P".into()));
        assert_eq!(shown(&table, "cpu.hypervisor"), "no");
    }

    #[test]
    fn a_cpuinfo_of_another_kind_is_no_model() {
        let table = told("hello\n");
        assert_eq!((&table.0["cpu.model"], &table.0["cpu.features"]), (&Cell::Absent, &Cell::Absent));
    }
}
