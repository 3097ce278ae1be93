//! What a cumulative histogram can say about a quantile, and no more.

/// The bucket in which a quantile lies, in the histogram's unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Within {
    /// Lower edge: 0 for the lowest bucket of a layout without negative edges, minus infinity for one with them.
    pub lo: f64,
    /// Upper edge; infinite when the quantile lies beyond the last finite edge.
    pub hi: f64,
}

/// The bucket of a cumulative histogram in which its `q`-quantile lies, by Prometheus' rule: the first bucket whose cumulative count reaches
/// `q` times the total. No place within the bucket is claimed.
///
/// Each entry is (upper edge, count of values at or below it), ascending by edge, the last edge +Inf. `None` when there are no observations, when
/// `q` lies outside `0 ..= 1`, when the last edge is not +Inf, or when edges or counts go down.
pub fn bucket_of(edges_and_cumulative: &[(f64, f64)], q: f64) -> Option<Within> {
    let &(last_edge, total) = edges_and_cumulative.last()?;
    let rising = edges_and_cumulative.windows(2).all(|w| w[0].0 < w[1].0 && w[0].1 <= w[1].1);
    let &(first_edge, first_count) = edges_and_cumulative.first()?;
    if !(0.0..=1.0).contains(&q) || last_edge < f64::INFINITY || !rising || first_count < 0.0 || !(total > 0.0 && total.is_finite()) {
        return None;
    }
    // The product's rounding error must not carry a rank that is met exactly into the next bucket.
    let rank = q * total * (1.0 - 1e-12);
    let at = edges_and_cumulative.iter().position(|(_, count)| *count > 0.0 && *count >= rank)?;
    let lowest = if first_edge > 0.0 { 0.0 } else { f64::NEG_INFINITY };
    let lo = at.checked_sub(1).map_or(lowest, |below| edges_and_cumulative[below].0);
    Some(Within { lo, hi: edges_and_cumulative[at].0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    const INF: f64 = f64::INFINITY;

    #[test]
    fn a_rank_met_exactly_stays_in_its_bucket() {
        // 0.07 * 100 is 7.000000000000001 in floating point.
        let layout = [(1.0, 7.0), (2.0, 100.0), (INF, 100.0)];
        assert_eq!(bucket_of(&layout, 0.07), Some(Within { lo: 0.0, hi: 1.0 }));
        assert_eq!(bucket_of(&layout, 0.071), Some(Within { lo: 1.0, hi: 2.0 }));
    }

    #[test]
    fn empty_buckets_hold_no_quantile() {
        let layout = [(1.0, 0.0), (2.0, 0.0), (4.0, 5.0), (INF, 5.0)];
        for q in [0.0, 0.5, 1.0] {
            assert_eq!(bucket_of(&layout, q), Some(Within { lo: 2.0, hi: 4.0 }));
        }
    }

    #[test]
    fn beyond_the_last_finite_edge_there_is_no_upper_edge() {
        assert_eq!(bucket_of(&[(1.0, 5.0), (INF, 10.0)], 0.95), Some(Within { lo: 1.0, hi: INF }));
        assert_eq!(bucket_of(&[(INF, 10.0)], 0.5), Some(Within { lo: 0.0, hi: INF }));
        assert_eq!(bucket_of(&[(-1.0, 5.0), (INF, 10.0)], 0.5), Some(Within { lo: -INF, hi: -1.0 }));
    }

    #[test]
    fn what_is_no_histogram_has_no_bucket() {
        let bad: [&[(f64, f64)]; 8] = [
            &[],
            &[(INF, 0.0)],
            &[(1.0, 5.0), (2.0, 10.0)],
            &[(1.0, 6.0), (INF, 5.0)],
            &[(2.0, 1.0), (1.0, 2.0), (INF, 5.0)],
            &[(1.0, f64::NAN), (INF, 5.0)],
            &[(1.0, -1.0), (INF, 5.0)],
            &[(f64::NAN, 1.0), (INF, 5.0)],
        ];
        for layout in bad {
            assert_eq!(bucket_of(layout, 0.5), None, "{layout:?}");
        }
        assert_eq!(bucket_of(&[(INF, 5.0)], 1.5), None);
        assert_eq!(bucket_of(&[(INF, f64::NAN)], 0.5), None);
    }
}
