//! The line of a monitoring plugin.

use super::{every, plain, samples};
use rigcheck::{
    report::{Format, nagios, render},
    scoring::Verdict,
};

#[test]
fn one_line_with_performance_data() {
    for (name, run) in every() {
        let report = run.report();
        let line = render(&report, Format::Nagios, &plain(80));
        assert!(line.len() <= 1024, "{name}: {} bytes", line.len());
        assert_eq!((line.matches('\n').count(), line.matches('|').count()), (1, 1), "{name}: {line}");
        let (text, data) = line.trim_end().split_once(" | ").unwrap();
        let state = text.split(' ').nth(1).unwrap();
        assert_eq!(nagios::STATES[usize::from(nagios::code(&report))], state, "{name}");
        let expected = match report.assessment.verdict {
            Verdict::Ready => "OK",
            Verdict::ReadyWithWaivers => "WARNING",
            Verdict::NotReady => "CRITICAL",
            Verdict::Indeterminate => "UNKNOWN",
        };
        assert_eq!(state, expected, "{name}");
        for item in data.split(' ') {
            let (label, value) = item.split_once('=').unwrap();
            assert!(label.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{name}: {item}");
            assert!(value.split(';').next().unwrap().parse::<f64>().is_ok() && value.split(';').count() <= 5, "{name}: {item}");
        }
    }
}

#[test]
fn waivers_to_look_at_are_counted() {
    let line = |run: &samples::Run| render(&run.report(), Format::Nagios, &plain(80));
    let waived = line(&samples::waived());
    assert!(waived.contains("; waivers: 1 lapsed, 1 outgrown, 1 unused; checks "), "{waived}");
    let mut soon = samples::waived();
    soon.header.waivers[0].expires = samples::waiver("LAT-14", None, None, 13).expires;
    assert!(line(&soon).contains("; waivers: 1 lapses soon, 1 lapsed, "), "{}", line(&soon));
    assert!(!line(&samples::ready()).contains("waivers"));
}

/// Who imports a run has what others recorded.
#[test]
fn a_profile_that_is_none_leaves_the_data_alone() {
    let mut run = samples::ready();
    run.header.profile = "|x\n".repeat(5_000);
    run.header.checks = "ä".repeat(5_000);
    let line = render(&run.report(), Format::Nagios, &plain(80));
    assert!(line.len() <= 1024 && line.starts_with("RIGCHECK OK") && line.contains(" | score_lo="), "{line}");
    assert_eq!((line.matches('\n').count(), line.matches('|').count()), (1, 1), "{line}");
}
