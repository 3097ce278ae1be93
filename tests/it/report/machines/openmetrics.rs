//! The metrics page of a run.
#![allow(clippy::disallowed_methods, reason = "one test runs promtool where it is installed")]

use super::{every, plain, samples};
use rigcheck::{
    model::outcome::Outcome,
    report::{Format, render},
    sources::exposition::{self, parse},
};
use std::{
    io::Write,
    process::{Command, Stdio},
};

fn page(run: &samples::Run) -> String {
    render(&run.report(), Format::Openmetrics, &plain(80))
}

#[test]
fn our_own_strict_reader_has_no_doubts() {
    for (name, run) in every() {
        let text = page(&run);
        assert!(text.ends_with("# EOF\n"), "{name}");
        // As Prometheus would read a file of node_exporter, too.
        for format in [exposition::Format::OpenMetrics, exposition::Format::Text] {
            let read = parse(text.as_bytes(), format);
            assert_eq!(read.doubts, [], "{name} as {format:?}\n{text}");
            assert!(read.families.iter().all(|f| f.declared && f.help.is_some() && !f.samples.is_empty()), "{name}");
        }
    }
}

#[test]
fn one_verdict_holds_and_numbers_are_the_reports() {
    for (name, run) in every() {
        let (text, report) = (page(&run), run.report());
        let read = parse(text.as_bytes(), exposition::Format::OpenMetrics);
        let holds: Vec<_> = read.family("rigcheck_verdict").unwrap().samples.iter().filter(|s| s.value > 0.5).collect();
        let word = serde_json::to_value(report.assessment.verdict).unwrap();
        assert_eq!(holds.iter().map(|s| s.labels.get("verdict")).collect::<Vec<_>>(), [word.as_str()], "{name}");
        let ends: Vec<_> = read.family("rigcheck_score_ratio").unwrap().samples.iter().map(|s| s.value.to_bits()).collect();
        assert_eq!(ends, [report.assessment.score.lo.to_bits(), report.assessment.score.hi.to_bits()], "{name}");
        // Each subject has one status.
        let outcomes = report.outcomes().count();
        assert_eq!(read.family("rigcheck_rule").map_or(0, |f| f.samples.len()), outcomes, "{name}");
    }
}

#[test]
fn a_page_without_a_run_is_not_fresh() {
    let text = page(&samples::empty());
    assert!(!text.contains("rigcheck_last_run_timestamp_seconds"), "{text}");
    let text = page(&samples::ready());
    assert!(text.contains("rigcheck_last_run_timestamp_seconds{rig=\"staging-eu\"} 1800000019\n"), "{text}");
    assert!(page(&samples::interrupted()).contains("rigcheck_run_complete{rig=\"staging-eu\"} 0"));
}

#[test]
fn promtool_has_nothing_to_say() {
    for (name, run) in every() {
        let Ok(mut promtool) = Command::new("promtool").args(["check", "metrics"]).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn() else {
            eprintln!("SKIPPED promtool_has_nothing_to_say: promtool is not installed (Debian package `prometheus`)");
            return;
        };
        promtool.stdin.take().unwrap().write_all(page(&run).as_bytes()).unwrap();
        let ended = promtool.wait_with_output().unwrap();
        assert!(ended.status.success(), "{name}: {}", String::from_utf8_lossy(&ended.stderr));
    }
}

#[test]
fn waivers_are_counted_by_state() {
    let many = |run: &samples::Run| -> Vec<(String, f64)> {
        let text = page(run);
        let read = parse(text.as_bytes(), exposition::Format::OpenMetrics);
        read.family("rigcheck_waivers").unwrap().samples.iter().map(|s| (s.labels.get("state").unwrap().to_owned(), s.value)).collect()
    };
    let states =
        |values: [f64; 5]| ["holds", "lapses_soon", "lapsed", "outgrown", "unused"].map(String::from).into_iter().zip(values).collect::<Vec<_>>();
    assert_eq!(many(&samples::waived()), states([1.0, 0.0, 1.0, 1.0, 1.0]));
    let mut soon = samples::waived();
    soon.header.waivers[0].expires = samples::waiver("LAT-14", None, None, 13).expires;
    assert_eq!(many(&soon), states([0.0, 1.0, 1.0, 1.0, 1.0]));
    assert_eq!(many(&samples::ready()), states([0.0; 5]));
    // One waiver of two failures is one waiver.
    let mut both = samples::waived();
    let lapsed = both.cases[0].outcomes.iter().find(|o| o.rule.as_str() == "LAT-05").unwrap().clone();
    both.cases[0].outcomes.push(Outcome { subject: "another:total".into(), ..lapsed });
    assert_eq!(many(&both), states([1.0, 0.0, 1.0, 1.0, 1.0]));
}
