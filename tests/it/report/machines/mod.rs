//! Formats that programs read: each parses, whatever the world said, however the report is shown.

mod golden;
mod junit;
mod markdown;
mod nagios;
mod openmetrics;
mod sarif;

use super::{loosened::loosened, plain, samples};
use rigcheck::{
    model::outcome::Status,
    report::{Format, Style, render},
    scoring::Verdict,
};

/// All samples, the hostile one and the one of which nothing is in scope.
fn every() -> Vec<(&'static str, samples::Run)> {
    let more = [("hostile", samples::hostile()), ("nothing in scope", samples::nothing_in_scope())];
    samples::all().into_iter().chain(more).collect()
}

const MACHINES: [Format; 6] = [Format::Json, Format::Junit, Format::Sarif, Format::Markdown, Format::Openmetrics, Format::Nagios];

#[test]
fn verbosity_colour_and_width_change_nothing() {
    for (name, run) in every() {
        let report = run.report();
        for format in MACHINES {
            let shown = render(&report, format, &plain(80));
            for (color, verbose, width) in [(true, false, 80), (false, true, 20), (true, true, 300)] {
                assert_eq!(shown, render(&report, format, &Style { color, verbose, width, ..Style::default() }), "{name} {format:?}");
            }
            assert!(!shown.is_empty() && shown.ends_with('\n'), "{name} {format:?}");
            // JSON escapes what its readers have to make harmless.
            if format == Format::Json {
                continue;
            }
            assert!(shown.chars().all(|c| c == '\n' || !c.is_control()), "{name} {format:?}: a control character");
            assert!(!shown.contains('\u{202e}') && !shown.contains("owned"), "{name} {format:?}: a mark that reorders, or a title sequence");
        }
    }
}

#[test]
fn every_machine_says_the_verdict() {
    for (name, run) in every() {
        let report = run.report();
        let verdict = report.assessment.verdict.words();
        for format in [Format::Junit, Format::Sarif, Format::Markdown, Format::Nagios] {
            assert!(render(&report, format, &plain(80)).contains(verdict), "{name} {format:?}");
        }
    }
}

/// Two verdicts by different profiles are two things: who reads one must see by which it was judged.
#[test]
fn every_format_says_by_which_checks_and_profile() {
    for (name, run) in every() {
        let report = run.report();
        for (format, word) in Format::ALL {
            let shown = render(&report, format, &plain(80)).split_whitespace().collect::<Vec<_>>().join(" ");
            for part in [&report.header.checks, &report.header.profile] {
                assert!(shown.contains(part.as_str()), "{name} {word}: no {part} in\n{shown}");
            }
        }
    }
}

#[test]
fn words_for_programs_are_those_of_json() {
    for verdict in Verdict::ALL {
        assert_eq!(serde_json::to_value(verdict).unwrap(), verdict.key());
    }
    for status in Status::ALL {
        assert_eq!(serde_json::to_value(status).unwrap(), status.key());
        assert!(!(status.fine() && status.unknown()), "{status:?}");
        // What is judged, and what could not be, never fall together.
        assert!(!(status.value().is_some() && status.unknown()), "{status:?}");
    }
}

#[test]
fn what_lets_a_verdict_through_is_in_every_machine() {
    let report = loosened().report();
    for format in [Format::Json, Format::Junit, Format::Sarif, Format::Markdown, Format::Nagios] {
        assert!(render(&report, format, &plain(80)).contains("takes out LAT-01, LAT-14"), "{format:?}");
    }
}

#[test]
fn a_run_that_was_killed_is_good_news_for_no_machine() {
    for cut in 0..samples::ready().events().len() {
        let report = samples::Run { cut: Some(cut), ..samples::ready() }.report();
        let shown = |format| render(&report, format, &plain(80));
        assert!(shown(Format::Junit).contains("<error message="), "after {cut} events");
        assert!(shown(Format::Sarif).contains("\"executionSuccessful\": false"), "after {cut} events");
        assert!(shown(Format::Markdown).starts_with("## ? INDETERMINATE"), "after {cut} events");
        assert!(shown(Format::Openmetrics).contains("verdict=\"ready\"} 0\n"), "after {cut} events");
        assert!(shown(Format::Nagios).starts_with("RIGCHECK UNKNOWN"), "after {cut} events");
    }
}
