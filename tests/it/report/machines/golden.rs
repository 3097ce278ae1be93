//! What each of these formats says of one run that has something of everything.

use super::{plain, samples};
use rigcheck::report::{Comparison, Format, render};

#[test]
fn something_of_everything() {
    let mut report = samples::rich().report();
    report.against = Some(Comparison::of(&report, &samples::ready().report()));
    for (format, word) in Format::ALL {
        // The others are looked at elsewhere, sample by sample.
        if !matches!(format, Format::Human | Format::Json | Format::Html) {
            insta::assert_snapshot!(word, render(&report, format, &plain(80)));
        }
    }
}
