//! `/proc/stat` (proc_stat(5)): CPU time in ticks, interrupts, and how many processes were started.

use super::reading::rise;

/// What it says at one instant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stat {
    /// Of all CPUs.
    pub all: Ticks,
    /// Of each CPU that is online.
    pub cpus: Vec<(u32, Ticks)>,
    /// Interrupts since it was booted.
    pub interrupts: u64,
    /// Processes and threads that were started since.
    pub forks: u64,
}

/// CPU time, ticks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ticks {
    /// All that was not idle, without what the hypervisor took. Guests' time lies within `user` and `nice`, and is counted once.
    pub busy: u64,
    /// Idle time, that with a disk to wait for, too.
    pub idle: u64,
    /// What the hypervisor gave to others; `None` where the column is missing.
    pub steal: Option<u64>,
    /// Interrupts.
    pub irq: u64,
    /// Their deferred work.
    pub softirq: u64,
}

impl Stat {
    /// Reads it; `None` where there is no line of all CPUs.
    pub fn of(text: &str) -> Option<Stat> {
        let mut stat = Stat::default();
        let mut there = false;
        for line in text.lines() {
            let (name, rest) = line.split_once(' ').unwrap_or((line, ""));
            let first = || rest.split_ascii_whitespace().next().and_then(|n| n.parse().ok());
            match name {
                "cpu" => {
                    stat.all = Ticks::of(rest)?;
                    there = true;
                }
                "intr" => stat.interrupts = first().unwrap_or(0),
                "processes" => stat.forks = first().unwrap_or(0),
                _ => {
                    let cpu = name.strip_prefix("cpu").and_then(|n| n.parse().ok());
                    stat.cpus.extend(cpu.zip(Ticks::of(rest)));
                }
            }
        }
        there.then_some(stat)
    }
    /// What it says of one CPU; `None` while that is offline.
    pub fn cpu(&self, cpu: u32) -> Option<Ticks> {
        self.cpus.iter().find(|(n, _)| *n == cpu).map(|(_, ticks)| *ticks)
    }
}

impl Ticks {
    /// How much each rose. One that goes backwards was reset, and tells nothing.
    pub fn risen(&self, now: &Ticks) -> Ticks {
        Ticks {
            busy: rise(self.busy, now.busy),
            idle: rise(self.idle, now.idle),
            steal: self.steal.zip(now.steal).map(|(was, is)| rise(was, is)),
            irq: rise(self.irq, now.irq),
            softirq: rise(self.softirq, now.softirq),
        }
    }
    /// `user nice system idle iowait irq softirq steal guest guest_nice`; old kernels end earlier.
    fn of(text: &str) -> Option<Ticks> {
        let mut columns = [None; 8];
        for (column, word) in columns.iter_mut().zip(text.split_ascii_whitespace()) {
            *column = Some(word.parse::<u64>().ok()?);
        }
        let [user, nice, system, idle, iowait, irq, softirq, steal] = columns;
        let idle = idle?.saturating_add(iowait.unwrap_or(0));
        let (irq, softirq) = (irq.unwrap_or(0), softirq.unwrap_or(0));
        let busy = [user?, nice?, system?, irq, softirq].into_iter().fold(0, u64::saturating_add);
        Some(Ticks { busy, idle, steal, irq, softirq })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_kernel_writes() {
        let text = "cpu  1098974 198798 194081 1156083 11178 3 13474 57988 40 2\ncpu0 546274 96272 94807 589657 3281 1 6181 28810 0 0\n\
                    cpu3 552699 102525 99274 566426 7897 2 7292 29177 0 0\nintr 20434009 0 0 1\nctxt 55\nbtime 1700000000\nprocesses 35791\n\
                    procs_running 1\nprocs_blocked 0\nsoftirq 5 1 2\n";
        let stat = Stat::of(text).unwrap();
        let (busy, idle) = (1_098_974 + 198_798 + 194_081 + 3 + 13_474, 1_156_083 + 11_178);
        assert_eq!(stat.all, Ticks { busy, idle, steal: Some(57_988), irq: 3, softirq: 13_474 });
        assert_eq!((stat.interrupts, stat.forks, stat.cpus.len()), (20_434_009, 35_791, 2));
        assert_eq!((stat.cpu(3).and_then(|c| c.steal), stat.cpu(1)), (Some(29_177), None));
    }

    #[test]
    fn old_kernels_have_no_steal_and_torn_lines_are_none() {
        assert_eq!(Stat::of("cpu 1 2 3 4\n").unwrap().all, Ticks { busy: 6, idle: 4, steal: None, irq: 0, softirq: 0 });
        let most = format!("cpu {0} {0} {0} {0} {0} {0} {0} {0}\nintr\nprocesses x\ncpuX 1 2 3 4\ncpu0 1\n", u64::MAX);
        let stat = Stat::of(&most).unwrap();
        assert_eq!((stat.all.busy, stat.all.steal, stat.cpus.len()), (u64::MAX, Some(u64::MAX), 0));
        for odd in ["", "cpu", "cpu 1 2 3", "cpu 1 2 3 four", "cpu -1 2 3 4", "cpu0 1 2 3 4\n"] {
            assert_eq!(Stat::of(odd), None, "{odd}");
        }
    }
}
