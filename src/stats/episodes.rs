//! One stall that hits many requests at once is one event, not many.

/// How many separate episodes the hits make: hits whose times lie within `merge_ms` of one another, in a chain, are one episode.
///
/// Where more than a fifth of all `of` requests are hit, each counts: that is no longer a stall that several requests shared.
/// Times may come in any order; a time that is not a number counts on its own.
pub fn episodes(times_of_hits_ms: &[f64], of: u64, merge_ms: f64) -> u64 {
    let hits = times_of_hits_ms.len() as u64;
    if hits == 0 || hits.saturating_mul(5) > of {
        return hits;
    }
    let times = super::quantile::sorted(times_of_hits_ms);
    // Written as "not within", so that NaN never merges.
    let apart = times.windows(2).filter(|pair| !matches!((pair[1] - pair[0]).partial_cmp(&merge_ms), Some(o) if o.is_le())).count();
    1 + apart as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_in_a_chain_are_one_episode() {
        assert_eq!(episodes(&[500.0, 0.0, 250.0, 751.0], 480, 250.0), 2, "0-250-500 in any order, and 751 on its own");
        assert_eq!(episodes(&[], 480, 250.0), 0);
    }

    #[test]
    fn above_a_fifth_each_hit_counts() {
        assert_eq!(episodes(&[7.0; 96], 480, 250.0), 1);
        assert_eq!(episodes(&[7.0; 97], 480, 250.0), 97);
        assert_eq!(episodes(&[7.0; 3], 0, 250.0), 3);
    }

    #[test]
    fn a_time_that_is_no_number_hides_nothing() {
        assert_eq!(episodes(&[f64::NAN, f64::NAN, 0.0], 480, 250.0), 3);
    }
}
