//! `/proc/vmstat`: what memory cost.

/// Events since the machine was booted; what a kernel does not count is 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// Page faults that needed a disk.
    pub major_faults: u64,
    /// Pages read back from swap.
    pub swapped_in: u64,
    /// Pages written to swap.
    pub swapped_out: u64,
    /// Times that a task had to compact memory itself.
    pub compact_stalls: u64,
}

impl Memory {
    /// Reads them; `None` where not even faults are counted.
    pub fn of(text: &str) -> Option<Memory> {
        let mut memory = Memory::default();
        let mut there = false;
        for (name, n) in text.lines().filter_map(|line| line.split_once(' ')) {
            let into = match name {
                "pgmajfault" => &mut memory.major_faults,
                "pswpin" => &mut memory.swapped_in,
                "pswpout" => &mut memory.swapped_out,
                "compact_stall" => &mut memory.compact_stalls,
                _ => continue,
            };
            if let Ok(n) = n.trim().parse() {
                *into = n;
                there |= name == "pgmajfault";
            }
        }
        there.then_some(memory)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_whole_words() {
        let text = "nr_free_pages 5\npswpin 1\npswpout 2\npgfault 900\npgmajfault 7\npgmajfault_x 8\ncompact_stall 3\ncompact_fail 4\n";
        assert_eq!(Memory::of(text), Some(Memory { major_faults: 7, swapped_in: 1, swapped_out: 2, compact_stalls: 3 }));
        assert_eq!(Memory::of("pgmajfault 7\n"), Some(Memory { major_faults: 7, ..Memory::default() }));
        assert_eq!((Memory::of(""), Memory::of("pgmajfault many\n"), Memory::of("pgmajfault")), (None, None, None));
    }
}
