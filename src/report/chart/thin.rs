//! Fewer points that look like all of them.

/// Of each equal stretch of the axis the first, the lowest, the highest and the last point (the M4 aggregation of Jugel et al.,
/// VLDB 2014): at one stretch a pixel the line looks the same. At most about `most` points; all of them if they are no more.
pub(super) fn thin(points: &[(f64, f64)], most: usize) -> Vec<(f64, f64)> {
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return vec![] };
    if points.len() <= most {
        return points.to_vec();
    }
    let stretches = (most / 4).max(1);
    let wide = ((last.0 - first.0) / stretches as f64).max(f64::MIN_POSITIVE);
    let stretch = |x: f64| (((x - first.0) / wide) as usize).min(stretches - 1);
    let mut kept = Vec::with_capacity(most);
    for group in points.chunk_by(|a, b| stretch(a.0) == stretch(b.0)) {
        let lowest = (0..group.len()).min_by(|a, b| group[*a].1.total_cmp(&group[*b].1)).unwrap_or(0);
        let highest = (0..group.len()).max_by(|a, b| group[*a].1.total_cmp(&group[*b].1)).unwrap_or(0);
        let mut places = [0, lowest, highest, group.len() - 1];
        places.sort_unstable();
        let mut before = None;
        for place in places {
            if before != Some(place) {
                kept.push(group[place]);
            }
            before = Some(place);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extremes_and_ends_stay() {
        let mut points: Vec<(f64, f64)> = (0..10_000).map(|n| (f64::from(n), f64::from(n % 7))).collect();
        points[5_555].1 = 99.0;
        points[7_777].1 = -99.0;
        let kept = thin(&points, 400);
        assert!(kept.len() <= 400, "{}", kept.len());
        assert!(kept.contains(&points[5_555]) && kept.contains(&points[7_777]));
        assert_eq!((kept.first(), kept.last()), (points.first(), points.last()));
        assert!(kept.is_sorted_by(|a, b| a.0 < b.0));
    }

    #[test]
    fn few_points_and_points_at_one_place_are_no_trouble() {
        assert_eq!(thin(&[], 400), vec![]);
        assert_eq!(thin(&[(1.0, 2.0)], 400), vec![(1.0, 2.0)]);
        let heap: Vec<(f64, f64)> = (0..1_000).map(|n| (3.0, f64::from(n))).collect();
        assert_eq!(thin(&heap, 400), vec![(3.0, 0.0), (3.0, 999.0)]);
    }
}
