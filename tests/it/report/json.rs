//! What programs read.

use super::{plain, samples};
use rigcheck::report::{Format, Style, render};
use serde_json::Value;

fn parsed(run: &samples::Run, style: &Style) -> Value {
    serde_json::from_str(&render(&run.report(), Format::Json, style)).unwrap()
}

#[test]
fn every_sample() {
    for (name, run) in samples::all() {
        insta::assert_snapshot!(name, render(&run.report(), Format::Json, &plain(80)));
    }
}

#[test]
fn shape_and_numbers_are_the_reports() {
    let run = samples::blocked();
    let (json, report) = (parsed(&run, &plain(80)), run.report());
    assert_eq!(json["schema"], "rigcheck.report/1");
    assert_eq!(json["verdict"], "not_ready");
    assert_eq!(json["score"]["lo"].as_f64(), Some(report.assessment.score.lo));
    assert_eq!(json["score"]["hi"].as_f64(), Some(report.assessment.score.hi));
    let rule = json["cases"][0]["rules"].as_array().unwrap().iter().find(|r| r["id"] == "LAT-14").unwrap();
    let outcome = &rule["outcomes"][0];
    assert_eq!(outcome["figure"]["value"], 311.0);
    // Every number shown points at an observation with its exact request.
    let evidence = &outcome["evidence"][1];
    assert_eq!(evidence["request"], "logs/access.jsonl:1-240");
    assert_eq!(json["answers"][evidence["answer"].as_u64().unwrap() as usize]["asked"], evidence["asked"]);
}

#[test]
fn a_gap_is_named_with_its_question() {
    let json = parsed(&samples::unreachable(), &plain(80));
    let rules = json["cases"][0]["rules"].as_array().unwrap();
    let unknown = &rules.iter().find(|r| r["id"] == "LAT-09").unwrap()["outcomes"][0]["unknown"];
    assert_eq!(unknown["gap"], "unreachable");
    assert_eq!(unknown["asked"], "jaeger spans");
    assert_eq!(json["cases"][0]["out_of_scope"].as_array().unwrap().len(), 4);
}

#[test]
fn parses_at_every_style_and_knows_no_nan() {
    for (_, run) in samples::all().into_iter().chain([("hostile", samples::hostile())]) {
        let base = parsed(&run, &plain(80));
        for style in [Style { verbose: true, ..plain(40) }, Style { color: true, ..plain(200) }, Style::default()] {
            assert_eq!(parsed(&run, &style), base);
        }
    }
    let json = parsed(&samples::hostile(), &plain(80));
    let outcome = &json["cases"][0]["rules"][4]["outcomes"][0];
    assert_eq!((&outcome["figure"]["value"], &outcome["margin"]), (&Value::Null, &Value::Null));
}
