//! What must be the same for two calibrations to be comparable.

use super::loads::{RELEASE, optimised};
use crate::{
    kept::plain,
    model::{evidence::digest, payload::CalibrationHost},
    sources::{
        environment::root::Root,
        noise::{counters::once, probe::allowed},
    },
};

/// Digits of the machine's digest that are kept.
const DIGITS: usize = 16;

/// This machine, as this process sees it.
pub fn host(root: &Root) -> CalibrationHost {
    let mut buffer = vec![];
    let name = plain(&once(root, "/proc/sys/kernel/hostname", &mut buffer));
    let machine = machine(&once(root, "/etc/machine-id", &mut buffer));
    let cpu = model(&once(root, "/proc/cpuinfo", &mut buffer));
    CalibrationHost { name, machine, cpu, cpus: u32::try_from(allowed().len()).unwrap_or(u32::MAX), loads: RELEASE, optimised: optimised() }
}

/// The id itself is not told: machine-id(5) asks that it stay on the machine.
fn machine(id: &str) -> String {
    let id = id.trim();
    if id.is_empty() {
        return String::new();
    }
    let text = format!("rigcheck{id}");
    digest(text.as_bytes()).chars().take(DIGITS).collect()
}

/// x86 has `model name`, ARM only numbers.
fn model(text: &str) -> String {
    let of = |name: &str| {
        let mut lines = text.lines().filter_map(|line| line.split_once(':'));
        lines.find(|(key, _)| key.trim() == name).map(|(_, value)| value.trim().to_owned())
    };
    let arm = || Some(format!("implementer {} part {}", of("CPU implementer")?, of("CPU part")?));
    plain(&of("model name").or_else(arm).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machines_id_is_told_as_a_digest() {
        // printf rigcheck0123456789abcdef0123456789abcdef | sha256sum
        assert_eq!(machine("0123456789abcdef0123456789abcdef\n"), "f119fae36603324f");
        assert_eq!(machine("\n"), "");
    }

    #[test]
    fn a_cpu_is_told_by_its_name_or_its_numbers() {
        assert_eq!(
            model("processor\t: 0\nmodel\t\t: 85\nmodel name\t: Intel(R) Xeon(R) Processor @ 2.90GHz\n"),
            "Intel(R) Xeon(R) Processor @ 2.90GHz"
        );
        assert_eq!(model("processor\t: 0\nCPU implementer\t: 0x41\nCPU part\t: 0xd40\n"), "implementer 0x41 part 0xd40");
        assert_eq!(model(""), "");
        let here = host(&Root::machine());
        assert!(here.cpus > 0 && here.loads == 1 && !here.name.is_empty());
    }
}
