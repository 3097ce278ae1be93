//! What counts as a given multiple of a quantity.

/// Ratios of binary floats: 0.1 / 0.3 is no exact third.
const FLOAT: f64 = 1e-9;

/// Are two ratios the same but for how floats are rounded?
pub fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= FLOAT * a.abs().max(b.abs())
}

/// Is `here` the `ratio` of `there`? What is counted in whole pieces may be rounded up or down to the next one: half of five
/// workers is two or three. A `share` of the larger value may be missing, where that is equivalent.
pub fn fits(here: f64, there: f64, ratio: f64, counted: bool, share: f64) -> bool {
    let meant = there * ratio;
    let off = (here - meant).abs();
    near(here, meant) || (counted && off < 1.0 - FLOAT) || off <= share * here.abs().max(meant.abs())
}

/// Does a quantity that is `ratio` of the reference follow one that is `of` of it? It goes the same way, at most as far: what is
/// worked out of it may have a floor, a ceiling, or a part that stays.
pub fn follows(ratio: f64, of: f64, share: f64) -> bool {
    let (least, most) = if of < 1.0 { (of, 1.0) } else { (1.0, of) };
    ratio >= least * (1.0 - share.max(FLOAT)) && ratio <= most * (1.0 + share.max(FLOAT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_goes_the_same_way_and_no_further() {
        for (ratio, of, yes) in
            [(0.5, 0.5, true), (0.7, 0.5, true), (0.4, 0.5, false), (2.0, 0.5, false), (1.5, 2.0, true), (0.9, 2.0, false), (2.1, 2.0, false)]
        {
            assert_eq!(follows(ratio, of, 0.0), yes, "{ratio} of {of}");
        }
        assert!(follows(0.495, 0.5, 0.01) && !follows(0.49, 0.5, 0.01));
    }

    #[test]
    fn whole_pieces_are_rounded_by_less_than_one() {
        for (here, there, ratio, yes) in [
            (2.0, 5.0, 0.5, true),
            (3.0, 5.0, 0.5, true),
            (2.0, 4.0, 0.5, true),
            (3.0, 4.0, 0.5, false),
            (1.0, 1.0, 0.5, true),
            (4.0, 5.0, 0.5, false),
        ] {
            assert_eq!(fits(here, there, ratio, true, 0.0), yes, "{here} of {there}");
        }
        assert!(!fits(2.4, 5.0, 0.5, false, 0.0));
        assert!(fits(2.4, 5.0, 0.5, false, 0.05));
        assert!(fits(0.1, 0.3, 1.0 / 3.0, false, 0.0));
    }
}
