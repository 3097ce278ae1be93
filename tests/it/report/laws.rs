//! How a report is shown never changes what it says.

use super::samples;
use proptest::prelude::*;
use rigcheck::{
    report::{Format, Style, render},
    scoring::Verdict,
};

/// The words between the verdict and the scope line.
fn headline(text: &str) -> String {
    let body = text.split("\nscope").next().unwrap();
    body.split_whitespace().collect::<Vec<_>>().join(" ")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn width_and_verbosity_leave_verdict_and_score(which in 0_usize..6, width in 0_usize..300, verbose: bool) {
        let (_, run) = samples::all().swap_remove(which);
        let report = run.report();
        let style = |width, verbose| Style { width, verbose, ..Style::default() };
        let (one, other) = (render(&report, Format::Human, &style(width, verbose)), render(&report, Format::Human, &style(100, false)));
        prop_assert_eq!(headline(&one), headline(&other));
        let a = &report.assessment;
        prop_assert!(headline(&one).contains(a.verdict.words()));
    }
}

#[test]
fn all_formats_agree() {
    for (name, run) in samples::all() {
        let report = run.report();
        let a = &report.assessment;
        let human = render(&report, Format::Human, &Style::default());
        let html = render(&report, Format::Html, &Style::default());
        let score = headline(&human).rsplit("score ").next().unwrap().split(" (").next().unwrap().to_owned();
        assert!(html.contains(&format!("<b>{score}</b>")), "{name}: {score}");
        assert!(html.contains(&format!("</span> {}</h1>", a.verdict.words())), "{name}");
    }
}

#[test]
fn replay_renders_the_same_text_twice() {
    for (name, run) in samples::all() {
        for format in [Format::Human, Format::Json, Format::Html] {
            let once = render(&run.report(), format, &Style::default());
            assert_eq!(once, render(&run.report(), format, &Style::default()), "{name} {format:?}");
        }
    }
}

#[test]
fn a_run_that_was_killed_is_never_ready() {
    let whole = samples::ready().events().len();
    for events in 0..whole {
        let run = samples::Run { cut: Some(events), ..samples::ready() };
        let report = run.report();
        assert_eq!(report.assessment.verdict, Verdict::Indeterminate, "after {events} events");
        assert!(report.interrupted);
        for format in [Format::Human, Format::Json, Format::Html] {
            assert!(render(&report, format, &Style::default()).to_lowercase().contains("interrupted"), "after {events} events");
        }
    }
    let run = samples::Run { cut: Some(samples::blocked().events().len() - 1), ..samples::blocked() };
    assert_eq!(run.report().assessment.verdict, Verdict::NotReady, "a failing blocker is definite");
}

#[test]
fn a_load_that_did_not_say_what_it_sent_did_not_send_nothing() {
    // Killed right after the load began.
    let report = samples::Run { cut: Some(6), ..samples::ready() }.report();
    let text = render(&report, Format::Human, &Style::default());
    assert!(text.contains("what one load sent was not recorded") && !text.contains("nothing was sent"), "{text}");
}
