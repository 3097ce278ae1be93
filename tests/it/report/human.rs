//! What a terminal shows.

use super::{plain, samples};
use rigcheck::report::{Format, Style, render};

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
