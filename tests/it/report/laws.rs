//! How a report is shown never changes what it says.

use super::{
    loosened::{change, loosened},
    samples, unmarked,
};
use proptest::prelude::*;
use rigcheck::{
    model::{
        change::{Changed, What},
        event::Event,
    },
    report::{Format, Report, Style, render},
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
    fn width_and_verbosity_leave_verdict_and_score(which in 0_usize..7, width in 0_usize..300, verbose: bool) {
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

/// As Ctrl-C while a source that no rule needs is still asked: all was judged, and yet not all was asked.
fn cut_short(run: &samples::Run) -> Report {
    let mut events = run.events();
    for stamped in &mut events {
        if let Event::Gathered { interrupted, .. } = &mut stamped.event {
            *interrupted = true;
        }
    }
    Report::of(&events)
}

#[test]
fn an_interrupted_run_that_judged_everything_is_at_best_indeterminate() {
    for run in [samples::ready(), samples::waived(), loosened()] {
        assert!(run.report().assessment.verdict.good());
        let report = cut_short(&run);
        let a = &report.assessment;
        assert_eq!((a.verdict, a.because.as_str()), (Verdict::Indeterminate, "the run was interrupted before everything was asked"));
        assert!(a.flips.is_empty() && a.to_ready.is_none() && a.leans_on.iter().all(|f| f.verdict == Verdict::NotReady));
        let shown = |format| render(&report, format, &Style::default());
        for (format, part) in [
            (Format::Human, "INDETERMINATE"),
            (Format::Json, "\"indeterminate\""),
            (Format::Html, "</span> INDETERMINATE</h1>"),
            (Format::Junit, "<error message=\"the run was interrupted"),
            (Format::Sarif, "\"verdict\": \"INDETERMINATE\""),
            (Format::Markdown, "INDETERMINATE"),
            (Format::Openmetrics, "verdict=\"indeterminate\"} 1"),
            (Format::Nagios, "RIGCHECK UNKNOWN - INDETERMINATE"),
        ] {
            assert!(shown(format).contains(part), "{format:?}: no {part} in\n{}", shown(format));
        }
    }
    // What is proven stands, and only to the end would it be better than undecided.
    let blocked = cut_short(&samples::blocked()).assessment;
    assert_eq!((blocked.verdict, blocked.because.as_str()), (Verdict::NotReady, "LAT-14 blocks"));
    assert!(!blocked.flips.is_empty() && blocked.flips.iter().all(|f| f.verdict == Verdict::Indeterminate));
    assert_eq!(blocked.to_ready, None);
}

#[test]
fn a_load_that_did_not_say_what_it_sent_did_not_send_nothing() {
    // Killed right after the load began.
    let report = samples::Run { cut: Some(6), ..samples::ready() }.report();
    let text = render(&report, Format::Human, &Style::default());
    assert!(text.contains("what one load sent was not recorded") && !text.contains("nothing was sent"), "{text}");
}

#[test]
fn a_good_verdict_names_what_it_rests_on() {
    let because = |run: &samples::Run| run.report().assessment.because;
    let loose = loosened();
    let whole = "no blocker fails and the score is at least 0.30; but the spec takes out LAT-01, LAT-14 (blockers of checks 2027.1) and lowers the gate (score 0.85 → 0.3)";
    assert_eq!((loose.report().assessment.verdict, because(&loose).as_str()), (Verdict::Ready, whole));
    for format in [Format::Human, Format::Json, Format::Html] {
        let text = unmarked(&render(&loose.report(), format, &Style::default()));
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for part in ["takes out LAT-01, LAT-14 (blockers of checks 2027.1)", "lowers the gate (score 0.85 → 0.3)"] {
            assert!(words.contains(part), "{format:?}: no {part} in\n{text}");
        }
    }
    // What is only another limit is told beside the verdict, not in it; and a bad verdict needs no excuse.
    let mut other = loosened();
    other.header.changed.retain(|c| !c.lets_through);
    assert!(!because(&other).contains("but"), "{}", because(&other));
    let blocked = samples::Run { header: loose.header.clone(), ..samples::blocked() };
    assert_eq!(because(&blocked), "LAT-14 blocks");
    let left_out = change(Changed::Case("PERF_X".into()), What::LeftOut, "no", "yes", true);
    let mut one = samples::waived();
    one.header.changed = vec![change(Changed::Rule("LAT-01".into()), What::Deselected, "no", "yes", true), left_out];
    let said = because(&one);
    assert!(said.ends_with("waived; but the spec takes out LAT-01 (a blocker of checks 2027.1) and PERF_X with its blockers"), "{said}");
}

#[test]
fn cases_that_are_left_out_share_a_line() {
    let mut run = samples::ready();
    let ids = ["PERF_A", "PERF_B", "PERF_C", "PERF_D", "PERF_E"];
    run.header.changed = ids.iter().map(|id| change(Changed::Case((*id).into()), What::LeftOut, "no", "yes", true)).collect();
    let text = |run: &samples::Run| render(&run.report(), Format::Human, &Style::default()).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text(&run).contains("PERF_A, PERF_B, PERF_C and 2 more cases left out"), "{}", text(&run));
    assert!(text(&run).contains("the spec takes out 5 cases with their blockers"), "{}", text(&run));
    run.header.changed.truncate(3);
    assert!(text(&run).contains("PERF_A, PERF_B and PERF_C left out"), "{}", text(&run));
    run.header.changed.truncate(1);
    assert!(text(&run).contains("PERF_A left out"), "{}", text(&run));
}

#[test]
fn a_good_verdict_names_what_was_set_or_left_out() {
    let mut run = samples::ready();
    run.header.set = vec!["sources.access_log=null".into()];
    run.header.lacks = vec!["access_log".into(), "prometheus:total".into()];
    let whole = "at least 0.85; --set sources.access_log=null; without access_log and prometheus:total of the recorded spec";
    assert!(run.report().assessment.because.ends_with(whole), "{}", run.report().assessment.because);
    for format in [Format::Human, Format::Json, Format::Html, Format::Junit, Format::Sarif, Format::Markdown, Format::Nagios] {
        let text = render(&run.report(), format, &Style::default()).replace('\\', "").split_whitespace().collect::<Vec<_>>().join(" ");
        for part in ["--set sources.access_log=null", "without access_log and prometheus:total"] {
            assert!(text.contains(part), "{format:?}: no {part} in\n{text}");
            let for_people = matches!(format, Format::Human | Format::Html | Format::Markdown);
            assert!(!for_people || text.matches(part).count() == 1, "{format:?}: once is enough\n{text}");
        }
    }
    // Where the reason has none of it, the scope says it.
    let mut blocked = samples::blocked();
    blocked.header.set.clone_from(&run.header.set);
    let text = render(&blocked.report(), Format::Human, &Style::default());
    assert_eq!(text.matches("--set sources.access_log=null").count(), 1, "{text}");
}

#[test]
fn every_change_is_in_every_format() {
    let report = loosened().report();
    let json: serde_json::Value = serde_json::from_str(&render(&report, Format::Json, &Style::default())).unwrap();
    assert_eq!(json["run"]["changed"].as_array().unwrap().len(), report.header.changed.len());
    assert_eq!(json["run"]["changed"][4], serde_json::json!({"of": "LAT-14", "what": "margin.absolute", "from": "5ms", "to": "100s"}));
    let words = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let html = words(unmarked(&render(&report, Format::Html, &Style::default())));
    let all = words(render(&report, Format::Human, &Style { verbose: true, ..Style::default() }));
    let few = words(render(&report, Format::Human, &Style::default()));
    for change in &report.header.changed {
        assert!(html.contains(&change.to_string()), "{change} is not in the page");
        assert!(all.contains(&change.to_string()), "{change} is not in {all}");
        assert!(few.contains(&change.to_string()) || !change.lets_through, "{change} is not in {few}");
    }
    // Limits go before how much is sent, and what lets through by itself before both.
    let at = |what: &str| few.find(what).unwrap();
    assert!(at("gate score 0.85") < at("LAT-14 margin.absolute") && at("LAT-14 margin.relative") < at("LAT-05 weight"), "{few}");
    assert!(few.contains("3 of 5 rules, 1 case and the gate differ from checks 2027.1:") && few.contains("and 2 more (--verbose)"), "{few}");
    assert!([&html, &all, &few].iter().all(|t| t.contains("checks 2027.1 (changed)")));
    let plain = render(&samples::ready().report(), Format::Human, &Style::default());
    assert!(!plain.contains("changed"), "{plain}");
}

#[test]
fn what_nothing_at_the_server_measures_is_named() {
    let report = loosened().report();
    for format in [Format::Human, Format::Json, Format::Html] {
        let text = render(&report, format, &Style::default()).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains("no log, trace source or histogram of the spec measures it"), "{format:?}: {text}");
        assert!(text.contains("let a trace source claim `inter_chunk`"), "{format:?}: {text}");
    }
}
