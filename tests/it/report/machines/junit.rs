//! JUnit XML.

use super::{every, plain, samples};
use rigcheck::{
    model::outcome::Status,
    report::{Format, Report, render},
    scoring::Verdict,
};
use roxmltree::{Document, Node};

fn xml(report: &Report) -> String {
    render(report, Format::Junit, &plain(80))
}

fn child<'a>(of: Node<'a, 'a>, tag: &str) -> Option<Node<'a, 'a>> {
    of.children().find(|n| n.has_tag_name(tag))
}

fn tests<'a>(document: &'a Document<'a>) -> Vec<Node<'a, 'a>> {
    document.descendants().filter(|n| n.has_tag_name("testcase")).collect()
}

/// The first test of a rule and a subject.
fn test<'a>(document: &'a Document<'a>, rule: &str, subject: &str) -> Node<'a, 'a> {
    let is = |n: &&Node<'_, '_>| n.attribute("name").is_some_and(|name| name.starts_with(rule) && name.ends_with(&format!("[{subject}]")));
    *tests(document).iter().find(is).unwrap()
}

#[test]
fn parses_and_counts_what_it_holds() {
    for (name, run) in every() {
        let report = run.report();
        let text = xml(&report);
        let document = Document::parse(&text).unwrap_or_else(|e| panic!("{name}: {e}\n{text}"));
        let root = document.root_element();
        let count = |tag: &str| document.descendants().filter(|n| n.has_tag_name(tag)).count().to_string();
        for (attribute, tag) in [("tests", "testcase"), ("failures", "failure"), ("errors", "error"), ("skipped", "skipped")] {
            let told: u64 =
                document.descendants().filter(|n| n.has_tag_name("testsuite")).map(|n| n.attribute(attribute).unwrap().parse::<u64>().unwrap()).sum();
            assert_eq!(told.to_string(), count(tag), "{name} {attribute}");
        }
        assert_eq!(root.attribute("tests"), Some(count("testcase").as_str()), "{name}");
    }
}

#[test]
fn what_could_not_be_told_is_an_error_and_never_skipped() {
    for (name, run) in every() {
        let report = run.report();
        let text = xml(&report);
        let document = Document::parse(&text).unwrap();
        let unknown = report.outcomes().filter(|o| matches!(o.status, Status::NoData | Status::Inconclusive | Status::Error)).count();
        let indeterminate = usize::from(report.assessment.verdict == Verdict::Indeterminate);
        let count = |tag: &str| tests(&document).iter().filter(|t| child(**t, tag).is_some()).count();
        assert_eq!(count("error"), unknown + indeterminate, "{name}");
        assert_eq!(count("skipped"), report.rules_out_of_scope() + report.unused_waivers().len(), "{name}");
        let failing = report.outcomes().filter(|o| o.status == Status::Fail && !o.waived()).count();
        assert_eq!(count("failure"), failing + usize::from(report.assessment.verdict == Verdict::NotReady), "{name}");
    }
}

#[test]
fn a_run_that_judged_nothing_is_not_green() {
    for run in [samples::empty(), samples::interrupted(), samples::nothing_in_scope()] {
        let text = xml(&run.report());
        let document = Document::parse(&text).unwrap();
        let verdict = tests(&document)[0];
        assert_eq!(verdict.attribute("name"), Some("verdict"));
        assert_eq!(child(verdict, "error").unwrap().attribute("type"), Some("INDETERMINATE"));
    }
}

#[test]
fn a_failure_says_all_that_is_known() {
    let text = xml(&samples::blocked().report());
    let document = Document::parse(&text).unwrap();
    let failure = child(test(&document, "LAT-14", "access_log:total"), "failure").unwrap();
    assert!(failure.attribute("message").unwrap().contains("off by +311 ms"));
    for part in ["because every logged duration", "from logs/access.jsonl:1-240", "do: Log durations with millisecond resolution."] {
        assert!(failure.text().unwrap().contains(part), "no {part}");
    }
    let properties: Vec<_> = document.descendants().filter(|n| n.has_tag_name("property")).filter_map(|n| n.attribute("name")).collect();
    for wanted in ["verdict", "score_lo", "score_hi", "coverage", "profile", "run"] {
        assert!(properties.contains(&wanted), "no property {wanted}");
    }
}

#[test]
fn a_waived_failure_passes_and_says_so() {
    let text = xml(&samples::waived().report());
    let document = Document::parse(&text).unwrap();
    let waived = test(&document, "LAT-14", "access_log:total");
    assert!(child(waived, "failure").is_none() && child(waived, "skipped").is_none());
    let said = child(waived, "system-out").unwrap().text().unwrap();
    for part in ["FAIL, waived", "off by +311 ms", "millisecond logging ships in 4.2 (sre-gateway, until 2027-"] {
        assert!(said.contains(part), "no {part} in {said}");
    }
    // A waiver that nothing needs is told, and breaks no build.
    let unused = *tests(&document).iter().find(|t| t.attribute("classname") == Some("waivers")).unwrap();
    let told = child(unused, "skipped").unwrap();
    assert_eq!((unused.attribute("name"), told.attribute("type")), (Some("LAT-02 waiver"), Some("UNUSED")));
    assert!(told.attribute("message").unwrap().contains("nothing failed that it could waive: remove it"));
    // A waiver that has run out covers nothing.
    assert!(child(test(&document, "LAT-05", "prometheus:total"), "failure").unwrap().text().unwrap().contains("LAPSED"));
}
