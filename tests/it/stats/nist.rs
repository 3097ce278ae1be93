//! Against the certified results of NIST's Statistical Reference Datasets, where a copy is at hand.
#![allow(clippy::disallowed_methods, reason = "tests find and read data kept outside the package")]
#![allow(clippy::print_stdout, reason = "a skipped test says why")]

use super::close;
use rigcheck::stats::{Answer, mean, slope_within, theil_sen};
use std::path::PathBuf;

/// Rows of numbers from line 61 on, as every file of the collection has them. Says why when there is no copy.
fn rows(file: &str) -> Option<Vec<Vec<f64>>> {
    let root = std::env::var("RIGCHECK_EXTERNAL_DATA").map_or_else(|_| PathBuf::from("../shared/data"), PathBuf::from);
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(root).join("nist").join(file);
    match std::fs::read_to_string(&path) {
        Ok(text) => {
            let number = |field: &str| field.parse().expect("the files hold only numbers from line 61 on");
            let rows = text.lines().skip(60).filter(|l| !l.trim().is_empty());
            Some(rows.map(|l| l.split_whitespace().map(number).collect()).collect())
        }
        Err(e) => {
            println!("skipped: {} cannot be read ({e}); set RIGCHECK_EXTERNAL_DATA to a folder that holds nist/{file}", path.display());
            None
        }
    }
}

#[test]
fn norris_slope_is_near_the_certified_least_squares_slope() {
    let Some(rows) = rows("Norris.dat") else { return };
    assert_eq!(rows.len(), 36);
    let (y, x): (Vec<f64>, Vec<f64>) = rows.iter().map(|r| (r[0], r[1])).unzip();
    let (certified, its_sd, intercept) = (1.002_116_818_020_45, 0.000_429_796_848, -0.262_323_073_774_029);
    let s = theil_sen(&x, &y, 0.0).unwrap();
    close(s.value, certified, 2.0 * its_sd, "Theil-Sen against least squares");
    assert!(s.lo95 < certified && certified < s.hi95);
    // y = 1.0021 x: its difference y - x rises by 0.2 %, and that is resolved.
    let rise: Vec<f64> = y.iter().zip(&x).map(|(y, x)| y - x).collect();
    assert_eq!(slope_within(&theil_sen(&x, &rise, 0.0).unwrap(), 0.02), Answer::Pass);
    // The certified line runs through the two means.
    close(mean(&y).unwrap(), intercept + certified * mean(&x).unwrap(), 1e-12, "centre of gravity");
}

#[test]
fn means_keep_the_digits_an_analysis_of_variance_needs() {
    // Certified F is 21 for all three; their values carry 1, 7 and 13 leading digits that say nothing.
    for (file, tolerance) in [("SmLs01.dat", 1e-12), ("SmLs07.dat", 2e-2)] {
        let Some(rows) = rows(file) else { return };
        assert_eq!(rows.len(), 189);
        let grand = mean(&rows.iter().map(|r| r[1]).collect::<Vec<_>>()).unwrap();
        let (mut between, mut within) = (0.0, 0.0);
        for treatment in 1..=9 {
            let values: Vec<f64> = rows.iter().filter(|r| r[0] as usize == treatment).map(|r| r[1]).collect();
            let centre = mean(&values).unwrap();
            between += values.len() as f64 * (centre - grand).powi(2);
            within += values.iter().map(|v| (v - centre).powi(2)).sum::<f64>();
        }
        close((between / 8.0) / (within / 180.0), 21.0, tolerance, file);
    }
}
