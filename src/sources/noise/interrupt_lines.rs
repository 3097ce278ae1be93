use super::{kept_file::KeptFile, pacing::Pacing};
use crate::{kept::plain, model::payload::Interrupts, sources::environment::root::Root};
use std::collections::BTreeMap;

/// Lines that are told.
const TOLD: usize = 12;
/// Lines that are kept.
const MOST: usize = 10_000;
/// CPU time that reading them may take of a second: a large machine has hundreds of lines, with a figure for each CPU.
const SHARE: f64 = 0.002;

/// The lines of `/proc/interrupts` and `/proc/softirqs` over a window (proc_interrupts(5), proc_softirqs(5)).
pub struct InterruptLines {
    files: [(KeptFile, BTreeMap<String, Line>); 2],
    pacing: Pacing,
    /// Seconds since they were read.
    since: u32,
    buffer: Vec<u8>,
}

/// One line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Line {
    of: String,
    /// As it was last, by CPU.
    last: BTreeMap<u32, u64>,
    /// What was added in the window, by CPU.
    added: BTreeMap<u32, u64>,
    peak: u64,
}

impl InterruptLines {
    /// Those below a root.
    pub fn new(root: &Root) -> InterruptLines {
        let file = |path: &str| (KeptFile::new(root, path), BTreeMap::new());
        InterruptLines { files: [file("/proc/interrupts"), file("/proc/softirqs")], pacing: Pacing::new(SHARE), since: 0, buffer: vec![] }
    }
    /// Reads them if it is their turn, or the last one.
    pub fn read(&mut self, last: bool) {
        self.since += 1;
        if !self.pacing.turn() && !last {
            return;
        }
        let since = std::mem::take(&mut self.since);
        let InterruptLines { files, pacing, buffer, .. } = self;
        pacing.timed(|| {
            for (file, lines) in files {
                if let Ok(Some(text)) = file.read(buffer) {
                    add(lines, &text, u64::from(since));
                }
            }
        });
    }
    /// The most seconds that were between two readings.
    pub fn rarest(&self) -> u32 {
        self.pacing.most()
    }
    /// Those that counted the most.
    pub fn told(&self) -> Vec<Interrupts> {
        let mut all = vec![];
        for (deferred, (_, lines)) in [false, true].into_iter().zip(&self.files) {
            for (name, line) in lines {
                let count = line.added.values().fold(0, |sum: u64, n| sum.saturating_add(*n));
                let most = line.added.iter().max_by_key(|(_, n)| **n).map_or(0, |(cpu, _)| *cpu);
                if count > 0 {
                    all.push(Interrupts { line: plain(name), of: line.of.clone(), deferred, count, peak: line.peak, cpu: most });
                }
            }
        }
        all.sort_by_key(|line| std::cmp::Reverse(line.count));
        all.truncate(TOLD);
        all
    }
}

/// Adds what each line rose by. A line that is new was made since: it began at 0, but for the first reading.
fn add(lines: &mut BTreeMap<String, Line>, text: &str, seconds: u64) {
    let mut there = text.lines();
    let cpus: Vec<u32> = there.next().unwrap_or_default().split_ascii_whitespace().filter_map(|cpu| cpu.strip_prefix("CPU")?.parse().ok()).collect();
    let first = lines.is_empty();
    for line in there {
        let Some((name, rest)) = line.split_once(':') else { continue };
        let (name, mut words) = (name.trim(), rest.split_ascii_whitespace());
        if !lines.contains_key(name) {
            if lines.len() >= MOST {
                continue;
            }
            let of = rest.split_ascii_whitespace().skip(cpus.len()).collect::<Vec<_>>().join(" ");
            lines.insert(name.to_owned(), Line { of: plain(&of), ..Line::default() });
        }
        let Some(known) = lines.get_mut(name) else { continue };
        let mut rose = 0_u64;
        for cpu in &cpus {
            // Some lines have one figure for all CPUs.
            let Some(now) = words.next().and_then(|n| n.parse::<u64>().ok()) else { break };
            // A CPU that came online counts from 0.
            let before = known.last.insert(*cpu, now).unwrap_or(if first { now } else { 0 });
            let more = now.saturating_sub(before);
            if more > 0 {
                *known.added.entry(*cpu).or_default() += more;
                rose = rose.saturating_add(more);
            }
        }
        known.peak = known.peak.max(rose.div_ceil(seconds.max(1)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(texts: &[&str]) -> Vec<Interrupts> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("proc")).unwrap();
        let mut lines = InterruptLines::new(&Root::at(folder.path()));
        for text in texts {
            std::fs::write(folder.path().join("proc/interrupts"), text).unwrap();
            std::fs::write(folder.path().join("proc/softirqs"), "                    CPU0       CPU1\n      NET_RX:          5          5\n")
                .unwrap();
            lines.read(true);
        }
        lines.told()
    }

    #[test]
    fn lines_are_told_with_their_device_and_their_busiest_cpu() {
        let told = told(&[
            "           CPU0       CPU1\n 24:          1          0  IO-APIC   5-edge      ACPI:Ged\nLOC:      100      200   Local timer interrupts\nERR:          0\n",
            "           CPU0       CPU1\n 24:          4          9  IO-APIC   5-edge      ACPI:Ged\nLOC:      200      500   Local timer interrupts\nERR:          1\n",
            "           CPU0       CPU1\n 24:          4          9  IO-APIC   5-edge      ACPI:Ged\nLOC:      250      510   Local timer interrupts\nERR:          1\n",
        ]);
        let one = |line: &str, of: &str, count, peak, cpu| Interrupts { line: line.into(), of: of.into(), deferred: false, count, peak, cpu };
        assert_eq!(
            told,
            [one("LOC", "Local timer interrupts", 460, 400, 1), one("24", "IO-APIC 5-edge ACPI:Ged", 12, 12, 1), one("ERR", "", 1, 1, 0)]
        );
    }

    #[test]
    fn torn_and_hostile_lines_break_nothing() {
        let most = format!("CPU0 CPU1\nX: {0} {0} name\n", u64::MAX);
        let told = told(&["", "CPU0 CPU1\nX: 1\n:\nno colon\nY: a b\nX: 5 5 5 5\n", &most, "CPU0\nX: 0\n"]);
        assert!(told.iter().all(|line| line.line == "X"), "{told:?}");
    }
}
