//! Lists of CPUs as the kernel and Docker write them: `0-3,8,10-11` (cpuset(7), List Format).

use std::collections::BTreeSet;

/// No kernel has more: `CONFIG_NR_CPUS` ends at 8192.
const MOST: usize = 8_192;

/// The CPUs of a list, none of an empty one; `None` if it is no list.
pub fn cpus(text: &str) -> Option<BTreeSet<usize>> {
    let mut all = BTreeSet::new();
    for part in text.trim().split(',').filter(|part| !part.is_empty()) {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (first.trim().parse::<usize>().ok()?, last.trim().parse::<usize>().ok()?);
        if first > last || last >= MOST {
            return None;
        }
        all.extend(first..=last);
    }
    Some(all)
}

/// As members of a set.
pub fn members(cpus: &BTreeSet<usize>) -> BTreeSet<String> {
    cpus.iter().map(usize::to_string).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_as_the_manual_shows_them() {
        // The examples of cpuset(7), but for the mask beside them.
        assert_eq!(cpus("0-4,9\n"), Some(BTreeSet::from([0, 1, 2, 3, 4, 9])));
        assert_eq!(cpus("0-2,7,12-14"), Some(BTreeSet::from([0, 1, 2, 7, 12, 13, 14])));
        assert_eq!(cpus("\n"), Some(BTreeSet::new()));
    }

    #[test]
    fn what_is_no_list_is_none_and_no_list_is_endless() {
        for odd in ["(null)", "a-b", "3-1", "0-18446744073709551615", "0-4294967295", "-1", "99999999999999999999"] {
            assert_eq!(cpus(odd), None, "{odd}");
        }
    }
}
