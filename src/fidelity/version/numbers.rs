//! The numbers of a release.

use super::Distance;

/// By the first number in which two releases differ; what is not written counts as zero. `None` where none differs.
pub(super) fn apart(a: &[u64], b: &[u64]) -> Option<Distance> {
    let at = |list: &[u64], i: usize| list.get(i).copied().unwrap_or(0);
    let differs = (0..a.len().max(b.len())).find(|i| at(a, *i) != at(b, *i))?;
    Some(match differs {
        0 => Distance::Major,
        1 => Distance::Minor,
        _ => Distance::Patch,
    })
}

/// The numbers with dots between them at the beginning of a text, and what follows. `None` where it begins with no number.
pub(super) fn leading(text: &str) -> Option<(Vec<u64>, &str)> {
    let (mut numbers, mut rest) = (vec![], text);
    loop {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, behind) = rest.split_at(digits);
        numbers.push(number.parse().ok()?);
        match behind.strip_prefix('.') {
            Some(next) if next.starts_with(|c: char| c.is_ascii_digit()) => rest = next,
            _ => return Some((numbers, behind)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_number_that_differs_decides() {
        let distance = |a: &[u64], b: &[u64]| apart(a, b);
        assert_eq!(distance(&[1, 0], &[1, 0, 0]), None);
        assert_eq!(distance(&[1, 0], &[1, 0, 1]), Some(Distance::Patch));
        assert_eq!(distance(&[1, 2, 3], &[1, 3, 3]), Some(Distance::Minor));
        assert_eq!(distance(&[1], &[2]), Some(Distance::Major));
        assert_eq!(distance(&[5, 15, 153, 1], &[5, 15, 153, 2]), Some(Distance::Patch));
    }

    #[test]
    fn numbers_end_where_no_digit_follows() {
        assert_eq!(leading("6.1.0-18-amd64"), Some((vec![6, 1, 0], "-18-amd64")));
        assert_eq!(leading("9.2p1"), Some((vec![9, 2], "p1")));
        assert_eq!(leading("1."), Some((vec![1], ".")));
        assert_eq!((leading(""), leading("v1"), leading("99999999999999999999")), (None, None, None));
    }
}
