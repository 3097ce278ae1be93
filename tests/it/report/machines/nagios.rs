//! The line of a monitoring plugin.

use super::{every, plain};
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
