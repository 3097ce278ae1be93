//! What a terminal shows.

use super::{plain, samples, unmarked};
use rigcheck::{
    model::{
        name::name,
        outcome::{Outcome, Status},
    },
    report::{Format, Style, render},
    scoring::Verdict,
};

fn shown(run: &samples::Run, style: &Style) -> String {
    render(&run.report(), Format::Human, style)
}

/// Without the lines that say which run this is.
fn below_the_head(text: &str) -> &str {
    text.split_once("\n\n").unwrap().1
}

#[test]
fn every_sample_at_both_widths() {
    for (name, run) in samples::all() {
        for width in [80, 120] {
            insta::assert_snapshot!(format!("{name}_{width}"), shown(&run, &plain(width)));
        }
    }
}

#[test]
fn verbose_lists_every_rule() {
    let style = Style { verbose: true, ..plain(120) };
    insta::assert_snapshot!("blocked_verbose", shown(&samples::blocked(), &style));
    insta::assert_snapshot!("unreachable_verbose", shown(&samples::unreachable(), &style));
}

#[test]
fn lines_keep_to_the_width() {
    for (name, run) in samples::all() {
        for width in [60, 80, 120] {
            for line in shown(&run, &plain(width)).lines() {
                // A single word may be longer: an address has to stay whole.
                let words = line.split_whitespace().count();
                assert!(line.chars().count() <= width || words <= 2, "{name} at {width}: {line}");
            }
        }
    }
}

#[test]
fn an_interrupted_run_says_so_first() {
    let text = shown(&samples::interrupted(), &plain(100));
    assert!(below_the_head(&text).starts_with("INTERRUPTED"), "{text}");
    assert!(text.contains("during controlled load"), "{text}");
}

#[test]
fn missing_evidence_is_never_a_pass() {
    let text = shown(&samples::unreachable(), &plain(120));
    assert!(below_the_head(&text).starts_with("INDETERMINATE"), "{text}");
    assert!(text.contains("? NO DATA  jaeger: unreachable: http://jaeger.staging:16686: connection refused"), "{text}");
    assert!(text.contains("remove `sources.jaeger`"), "{text}");
}

#[test]
fn colour_is_only_colour() {
    for (name, run) in samples::all() {
        let (bare, inked) = (shown(&run, &plain(100)), shown(&run, &Style { color: true, ..plain(100) }));
        let mut stripped = String::new();
        let mut rest = inked.as_str();
        while let Some(at) = rest.find('\u{1b}') {
            stripped.push_str(&rest[..at]);
            rest = &rest[at + rest[at..].find('m').unwrap() + 1..];
        }
        stripped.push_str(rest);
        assert_eq!(stripped, bare, "{name}");
        assert!(inked.contains('\u{1b}'), "{name}");
    }
}

#[test]
fn hostile_text_cannot_steer_the_terminal() {
    for verbose in [false, true] {
        let text = shown(&samples::hostile(), &Style { verbose, ..plain(100) });
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
        assert!(!text.contains('\u{202e}'));
        assert!(!text.contains("owned"), "a title sequence got through");
        // The message's own line break must not begin a line that looks like ours.
        assert!(!text.lines().any(|l| l.starts_with("READY")), "{text}");
        assert!(below_the_head(&text).starts_with("NOT READY"), "{text}");
    }
}

/// A rig that is ready although a rule without a veto fails twice.
fn ready_all_the_same() -> samples::Run {
    let mut run = samples::ready();
    let outcomes = &mut run.cases[0].outcomes;
    let at = outcomes.iter().position(|o| o.rule.as_str() == "LAT-05").unwrap();
    let mut fail = outcomes[at].clone();
    fail.status = Status::Fail;
    let again = Outcome { subject: name("prometheus:ttft"), ..fail.clone() };
    outcomes[at] = fail;
    outcomes.insert(at + 1, again);
    run
}

#[test]
fn a_failure_without_a_veto_says_what_to_do_once_for_all_its_subjects() {
    let run = ready_all_the_same();
    let text = shown(&run, &plain(120));
    assert_eq!(text.matches("✗ FAIL  LAT-05").count(), 1, "{text}");
    for part in ["prometheus:total: ", "prometheus:ttft: ", "do  Compare where each clock starts and stops.", "rigcheck explain LAT-05"] {
        assert_eq!(text.matches(part).count(), 1, "{part}\n{text}");
    }
}

#[test]
fn a_good_verdict_names_what_fails_all_the_same() {
    let run = ready_all_the_same();
    assert_eq!(run.report().assessment.verdict, Verdict::Ready);
    for format in [Format::Markdown, Format::Html] {
        let text = unmarked(&render(&run.report(), format, &plain(120)));
        assert!(text.contains("as far as it was tested, except where LAT-05 fails."), "{text}");
    }
    let whole = render(&samples::ready().report(), Format::Markdown, &plain(120));
    assert!(whole.contains("as far as it was tested."), "{whole}");
}
