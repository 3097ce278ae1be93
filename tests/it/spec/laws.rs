//! Laws of reading: any text ends in a spec or in problems, never in a panic, and never in both.

use super::{SMALL, read};
use proptest::prelude::*;

const STAGING: &str = include_str!("../../fixtures/spec/staging.yaml");

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,200}") {
        if let Err(problems) = read(&text) {
            prop_assert!(!problems.is_empty());
            let _ = problems.render(true);
        }
    }

    #[test]
    fn a_damaged_spec_is_read_or_refused(from in 0usize..10_000, len in 0usize..40, put in "[a-z:{}\\[\\]\"'$\n &*|-]{0,6}", small: bool) {
        let mut chars: Vec<char> = if small { SMALL } else { STAGING }.chars().collect();
        let from = from % chars.len();
        let to = (from + len).min(chars.len());
        chars.splice(from..to, put.chars());
        let damaged: String = chars.into_iter().collect();
        match read(&damaged) {
            Ok(loaded) => prop_assert!(!loaded.summary().is_empty()),
            Err(problems) => prop_assert!(problems.to_string().contains("error: ")),
        }
    }
}
