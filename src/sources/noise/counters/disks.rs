//! `/proc/diskstats` (iostats.rst of the kernel's documentation).

use std::collections::BTreeMap;

/// A sector is so many bytes, whatever the disk says of itself.
const SECTOR: u64 = 512;
/// Devices that are no disks, or whose bytes the disks below them count.
const LEFT_OUT: [&str; 8] = ["loop", "ram", "zram", "dm-", "md", "sr", "fd", "nbd"];

/// What was read and written since the disk was there, and for how long it had something to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Disk {
    /// Both ways.
    pub bytes: u64,
    /// ms.
    pub busy_ms: u64,
}

/// Whole disks by name; `None` where no line can be read at all.
pub fn disks(text: &str) -> Option<BTreeMap<String, Disk>> {
    let lines: Vec<(&str, Disk)> = text.lines().filter_map(line).collect();
    let whole = |name: &str| !LEFT_OUT.iter().any(|kind| name.starts_with(kind)) && !lines.iter().any(|(disk, _)| part(name, disk));
    let all = || lines.iter().filter(|(name, _)| whole(name)).map(|(name, disk)| ((*name).to_owned(), *disk)).collect();
    (!lines.is_empty()).then(all)
}

/// `MAJOR MINOR NAME reads merged sectors ms writes merged sectors ms now busy_ms ...`.
fn line(line: &str) -> Option<(&str, Disk)> {
    let mut words = line.split_ascii_whitespace().skip(2);
    let name = words.next()?;
    let mut figures = [0; 10];
    for figure in &mut figures {
        *figure = words.next()?.parse::<u64>().ok()?;
    }
    let [_, _, read, _, _, _, written, _, _, busy_ms] = figures;
    Some((name, Disk { bytes: read.saturating_add(written).saturating_mul(SECTOR), busy_ms }))
}

/// Is this a partition of that disk? `sda1` of `sda`, `nvme0n1p1` of `nvme0n1`, but not `nvme0n10` of `nvme0n1`.
fn part(name: &str, disk: &str) -> bool {
    let Some(rest) = name.strip_prefix(disk).filter(|rest| !rest.is_empty()) else { return false };
    let number = if disk.ends_with(|c: char| c.is_ascii_digit()) { rest.strip_prefix('p') } else { Some(rest) };
    number.is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_disks_are_told_from_their_parts_and_from_what_is_no_disk() {
        let text = "   7       0 loop0 1 0 8 0 0 0 0 0 0 4 0 0 0 0 0 0 0\n \
                    254       0 vda 1463628 55181 69175058 6934691 236811 461985 113623456 521167 0 222644 7488347 230467 29 79779088 29677 28663 2810\n \
                    254       1 vda1 5 0 10 5 5 0 10 5 0 5 5\n 259 0 nvme0n1 1 0 2 1 1 0 4 1 0 7 2\n 259 1 nvme0n1p1 1 0 2 1 1 0 4 1 0 7 2\n \
                    259 2 nvme0n10 1 0 2 1 1 0 4 1 0 9 2\n 202 1 xvda1 1 0 2 1 1 0 2 1 0 3 2\n 253 0 zram0 0 0 0 0 0 0 0 0 0 0 0\n 252 0 dm-0 1 0 2 1 1 0 2 1 0 3 2\n";
        let disks = disks(text).unwrap();
        assert_eq!(disks.keys().collect::<Vec<_>>(), ["nvme0n1", "nvme0n10", "vda", "xvda1"]);
        assert_eq!(disks["vda"], Disk { bytes: (69_175_058 + 113_623_456) * 512, busy_ms: 222_644 });
        assert_eq!(disks["nvme0n1"], Disk { bytes: 6 * 512, busy_ms: 7 });
    }

    #[test]
    fn torn_lines_are_left_out() {
        assert_eq!(disks(""), None);
        assert_eq!(disks("254 0 vda 1 2 3\n254 0 vdb x 0 0 0 0 0 0 0 0 0\n"), None);
        let most = format!("8 0 sda 0 0 {0} 0 0 0 {0} 0 0 {0}\n", u64::MAX);
        assert_eq!(disks(&most).unwrap()["sda"], Disk { bytes: u64::MAX, busy_ms: u64::MAX });
    }
}
