//! What passed interfaces: `/proc/net/dev`, and `/proc/net/softnet_stat`, whose columns are `net/core/net-procfs.c` of the kernel's.

use std::collections::BTreeMap;

/// Bytes received and sent, by interface; `None` where no line can be read.
pub fn interfaces(text: &str) -> Option<BTreeMap<String, u64>> {
    let line = |line: &str| {
        let (name, figures) = line.rsplit_once(':')?;
        let mut figures = figures.split_ascii_whitespace().map(str::parse::<u64>);
        let (received, sent) = (figures.next()?.ok()?, figures.nth(7)?.ok()?);
        Some((name.trim().to_owned(), received.saturating_add(sent)))
    };
    let all: BTreeMap<String, u64> = text.lines().filter_map(line).collect();
    (!all.is_empty()).then_some(all)
}

/// Packets dropped, and times that the kernel stopped taking more, of all CPUs.
pub fn softnet(text: &str) -> Option<(u64, u64)> {
    let hex = |word: Option<&str>| u64::from_str_radix(word?, 16).ok();
    let line = |line: &str| {
        let mut words = line.split_ascii_whitespace().skip(1);
        Some((hex(words.next())?, hex(words.next())?))
    };
    let all: Vec<(u64, u64)> = text.lines().filter_map(line).collect();
    (!all.is_empty()).then(|| all.iter().fold((0, 0), |sum: (u64, u64), one| (sum.0.saturating_add(one.0), sum.1.saturating_add(one.1))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_both_ways_are_told_by_interface() {
        let text = "Inter-|   Receive                                                |  Transmit\n \
                    face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n    \
                    lo: 51201062994 9252341    0    0    0     0          0         0 51201062994 9252341    0    0    0     0       0          0\n  \
                    eth0:989665031   41642    0    0    0     0          0         0  3068894   26994    0    0    0     0       0          0\n torn: 1 2\n";
        let all = interfaces(text).unwrap();
        assert_eq!((all["lo"], all["eth0"], all.len()), (102_402_125_988, 992_733_925, 2));
        assert_eq!(interfaces("Inter-|\n face |bytes\n"), None);
    }

    #[test]
    fn softnet_is_hexadecimal() {
        assert_eq!(softnet("004c1cea 00000002 00000233 00000000\n004a5e9d 00000001 00000221 0\n"), Some((3, 0x233 + 0x221)));
        assert_eq!(softnet("004c1cea\nxyz 1 2 \n"), Some((1, 2)));
        assert_eq!(softnet("garbage\n"), None);
    }
}
