//! Markdown for a pull request.

use super::{every, plain, samples};
use rigcheck::report::{Format, Report, render};

fn markdown(report: &Report) -> String {
    render(report, Format::Markdown, &plain(80))
}

/// What stands between `<` and `>`, outside code.
fn tags(text: &str) -> Vec<String> {
    text.split('<').skip(1).map(|rest| rest.split('>').next().unwrap_or_default().to_owned()).collect()
}

/// Without what is shown as code, where nothing acts.
fn outside_code(text: &str) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some(at) = rest.find('`') {
        if rest[..at].ends_with('\\') {
            out.push_str(&rest[..=at]);
            rest = &rest[at + 1..];
            continue;
        }
        out.push_str(&rest[..at]);
        let fence: String = rest[at..].chars().take_while(|c| *c == '`').collect();
        let inner = &rest[at + fence.len()..];
        // The end is a run of exactly as many backticks.
        let end = inner.match_indices(&fence).map(|(i, _)| i).find(|i| !inner[..*i].ends_with('`') && !inner[i + fence.len()..].starts_with('`'));
        rest = &inner[end.expect("code ends") + fence.len()..];
    }
    out + rest
}

#[test]
fn the_first_line_is_the_verdict() {
    for (name, run) in every() {
        let report = run.report();
        let text = markdown(&report);
        let first = text.lines().next().unwrap();
        assert!(first.starts_with("## ") && first.contains(report.assessment.verdict.words()), "{name}: {first}");
    }
}

#[test]
fn only_our_own_tags_are_tags() {
    for (name, run) in every() {
        let text = outside_code(&markdown(&run.report()));
        for tag in tags(&text) {
            let known = ["details", "/details", "summary", "/summary", "!-- --", "!-- rigcheck --"];
            assert!(known.contains(&tag.as_str()), "{name}: <{tag}>");
        }
        for open in ["details", "summary"] {
            assert_eq!(text.matches(&format!("<{open}>")).count(), text.matches(&format!("</{open}>")).count(), "{name}");
        }
    }
}

#[test]
fn text_of_the_world_neither_links_nor_calls() {
    let text = outside_code(&markdown(&samples::hostile().report()));
    for acting in ["@all", "#1", "http://evil", "www.evil", "[a](", " **c**", " | `rm`"] {
        assert!(!text.contains(acting), "{acting} acts in\n{text}");
    }
    assert!(text.contains("&lt;script&gt;alert(1)"), "the text itself is shown\n{text}");
}

#[test]
fn every_row_has_its_columns() {
    for (name, run) in every() {
        for row in markdown(&run.report()).lines().filter(|l| l.starts_with('|')) {
            let bars = row.replace("\\\\", "").replace("\\|", "").matches('|').count();
            assert_eq!(bars, 5, "{name}: {row}");
        }
    }
}

#[test]
fn what_needs_attention_is_in_the_table() {
    let text = markdown(&samples::unreachable().report());
    for part in ["| ? NO DATA | LAT-09", "| ‼ ERROR | LAT-01 (blocker)", "| ~ INCONCLUSIVE | LAT-05", "LAT-11, LAT-12"] {
        assert!(text.contains(part), "no {part} in\n{text}");
    }
    assert!(!text.contains("✓ PASS"), "{text}");
    assert!(markdown(&samples::ready().report()).contains("Every rule in scope passed."));
    for run in [samples::empty(), samples::nothing_in_scope()] {
        let text = markdown(&run.report());
        assert!(text.contains("Nothing was judged.") && !text.contains("passed"), "{text}");
    }
    assert!(markdown(&samples::waived().report()).contains("| ✗ FAIL, waived | LAT-14"));
}

#[test]
fn it_fits_a_comment_however_much_fails() {
    let mut run = samples::blocked();
    let case = &mut run.cases[0];
    let template = case.outcomes.iter().find(|o| o.rule.as_str() == "LAT-14").unwrap().clone();
    for nth in 0..3_000 {
        let mut outcome = template.clone();
        outcome.subject = format!("source_{nth}:total").as_str().into();
        outcome.finding.as_mut().unwrap().observed = "@".repeat(5_000);
        case.outcomes.push(outcome);
    }
    let text = markdown(&run.report());
    assert!(text.len() <= 60 * 1024, "{}", text.len());
    assert!(text.contains("parts of this report did not fit here"), "{}", &text[text.len() - 300..]);
    assert!(text.starts_with("## ✗ NOT READY"));
}
