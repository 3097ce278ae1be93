/// What `/proc/PID/stat` tells of a process (proc_pid_stat(5)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessStat<'a> {
    /// Its id.
    pub pid: u32,
    /// Its name, with whatever it holds.
    pub comm: &'a str,
    /// Who started it, or has it now.
    pub parent: u32,
    /// Is it a thread of the kernel?
    pub kernel: bool,
    /// CPU time of all its threads, ended ones too, ticks.
    pub used: u64,
    /// ... of children that ended and that it reaped, with theirs, ticks.
    pub ended: u64,
    /// Its nice value.
    pub nice: i32,
    /// How many threads it has.
    pub threads: u64,
    /// When it was started, ticks since the machine was.
    pub start: u64,
}

/// `PF_KTHREAD` of the kernel's `sched.h`.
const KERNEL_THREAD: u64 = 0x0020_0000;

impl<'a> ProcessStat<'a> {
    /// Reads it; `None` if it is torn. The name may hold blanks, parentheses and line ends: it reaches to the last `)`.
    pub fn of(text: &'a str) -> Option<ProcessStat<'a>> {
        let (before, after) = text.rsplit_once(')')?;
        let (pid, comm) = before.split_once('(')?;
        let mut words = [""; 20];
        let mut there = after.split_ascii_whitespace();
        for word in &mut words {
            *word = there.next()?;
        }
        // The first word is the state, the third column of the manual's list.
        let number = |column: usize| words[column - 3].parse::<u64>().ok();
        let signed = |column: usize| words[column - 3].parse::<i64>().ok();
        let positive = |column: usize| signed(column).map(|n| n.max(0).cast_unsigned());
        Some(ProcessStat {
            pid: pid.trim().parse().ok()?,
            comm,
            parent: u32::try_from(positive(4)?).ok()?,
            kernel: number(9)? & KERNEL_THREAD != 0,
            used: number(14)?.saturating_add(number(15)?),
            ended: positive(16)?.saturating_add(positive(17)?),
            nice: i32::try_from(signed(19)?).ok()?,
            threads: number(20)?,
            start: number(22)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_kernel_writes() {
        let text = "1313 (systemd) S 1 1313 1313 0 -1 4194560 25117 1234 12 3 150 75 40 -2 20 -5 3 0 7412 172 0 0 0";
        let stat = ProcessStat::of(text).unwrap();
        assert_eq!(
            stat,
            ProcessStat { pid: 1_313, comm: "systemd", parent: 1, kernel: false, used: 225, ended: 40, nice: -5, threads: 3, start: 7_412 }
        );
        let kernel = "13 (ksoftirqd/0) S 2 0 0 0 -1 69238848 0 0 0 0 0 9 0 0 20 0 1 0 5 0 0";
        assert!(ProcessStat::of(kernel).unwrap().kernel);
    }

    #[test]
    fn a_name_may_hold_anything() {
        for comm in ["a b", "a) S 1 (b", "(sd-pam)", ") ) (", "x\ny", "\u{fffd}"] {
            let text = format!("7 ({comm}) R 1 7 7 0 -1 0 0 0 0 0 1 2 3 4 20 0 1 0 {}", u64::MAX);
            let stat = ProcessStat::of(&text).unwrap();
            assert_eq!((stat.comm, stat.used, stat.ended, stat.start), (comm, 3, 7, u64::MAX));
        }
    }

    #[test]
    fn torn_lines_are_none() {
        let whole = "7 (a) R 1 7 7 0 -1 0 0 0 0 0 1 2 3 4 20 0 1 0 5";
        assert!(ProcessStat::of(whole).is_some());
        for length in 0..whole.len() - 1 {
            assert_eq!(ProcessStat::of(&whole[..length]), None, "{length}");
        }
        assert_eq!(ProcessStat::of("7 (a) R 1 7 7 0 -1 0 0 0 0 0 x 2 3 4 20 0 1 0 5"), None);
        let most = format!("7 (a) R 1 7 7 0 -1 0 0 0 0 0 {0} {0} {1} {1} 20 0 1 0 5", u64::MAX, i64::MAX);
        assert_eq!(ProcessStat::of(&most).unwrap().used, u64::MAX);
    }
}
