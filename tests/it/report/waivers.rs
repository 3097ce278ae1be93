//! What the report says of each waiver: does it hold, for how long, and what did it change?

use super::{plain, samples};
use rigcheck::{
    model::{
        outcome::Status,
        waiver::{Waiver, WaiverState},
    },
    report::{Format, render},
};

/// The run with its failing blocker under these waivers; that of the given index is looked at.
fn with(waivers: Vec<Waiver>, looked_at: Option<(usize, WaiverState)>, threshold: f64) -> String {
    let mut run = samples::blocked();
    run.header.gate.threshold = threshold;
    run.header.waivers = waivers;
    for o in run.cases.iter_mut().flat_map(|c| &mut c.outcomes).filter(|o| o.status == Status::Fail) {
        o.waiver = looked_at;
    }
    let text = render(&run.report(), Format::Human, &plain(200));
    let (_, section) = text.split_once("WAIVERS\n").unwrap_or_else(|| panic!("{text}"));
    words(section.split("\n\n").next().unwrap())
}

/// Without the breaks of its lines.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn holds(days: i64) -> Waiver {
    samples::waiver("LAT-14", Some("access_log"), Some((250.0, 350.0)), days)
}

#[test]
fn a_waiver_says_what_it_changed() {
    let decides = with(vec![holds(41)], Some((0, WaiverState::Holds)), 0.45);
    assert!(decides.contains("~ WAIVED LAT-14 access_log:total bias 311 ms, inside 250 … 350 ms · 41 days left · changed the verdict: without it NOT READY; score unchanged"), "{decides}");
    let in_vain = with(vec![holds(41)], Some((0, WaiverState::Holds)), 0.95);
    assert!(in_vain.contains("lifted the blocker, score unchanged: still NOT READY (0.") && in_vain.contains(" < 0.95)"), "{in_vain}");
    let mut run = samples::waived();
    run.header.waivers[1].expires.0 += 1_000 * 86_400_000_000;
    for o in run.cases.iter_mut().flat_map(|c| &mut c.outcomes).filter(|o| o.rule.as_str() == "LAT-05") {
        o.waiver = Some((1, WaiverState::Holds));
    }
    let text = words(&render(&run.report(), Format::Human, &plain(200)));
    assert!(text.contains("changed nothing: LAT-05 is no blocker, and the score is the same"), "{text}");
}

#[test]
fn a_waiver_that_lapses_soon_says_so_before_it_does() {
    for (days, soon) in [(41, false), (14, false), (13, true), (0, true)] {
        let text = with(vec![holds(days)], Some((0, WaiverState::Holds)), 0.45);
        assert_eq!(text.contains("lapses soon, then the failure counts"), soon, "{days}: {text}");
        assert!(text.contains("~ WAIVED"), "it still holds: {text}");
    }
    let mut run = samples::waived();
    run.header.waivers[0] = holds(13);
    let json: serde_json::Value = serde_json::from_str(&render(&run.report(), Format::Json, &plain(200))).unwrap();
    let soon: Vec<_> =
        json["waivers"].as_array().unwrap().iter().map(|w| (w["state"].as_str().unwrap(), w["lapses_soon"].as_bool().unwrap())).collect();
    assert_eq!(soon, [("holds", true), ("lapsed", false), ("outgrown", false), ("unused", false)]);
    assert!(words(&render(&run.report(), Format::Html, &plain(200))).contains("lapses soon, then the failure counts"));
}

/// One that lapsed beside one that holds would else be found on the day on which the other one lapses.
#[test]
fn a_waiver_that_another_one_hides_is_told() {
    let outgrown = samples::waiver("LAT-14", None, Some((1.0, 2.0)), 41);
    let text = with(vec![holds(41), holds(-3), outgrown, holds(90)], Some((0, WaiverState::Holds)), 0.45);
    for part in [
        "✗ LAPSED LAT-14 access_log expired 2027-01-12T09:00:00+00:00; another waiver is looked at for the same failure: remove this one",
        "✗ OUTGROWN LAT-14 bias 311 ms, outside 1.00 … 2.00 ms · another waiver is looked at for the same failure: remove this one",
        "– UNUSED LAT-14 access_log another waiver covers the same failure: remove one of them",
    ] {
        assert!(text.contains(part), "no {part} in\n{text}");
    }
    let mut run = samples::ready();
    run.header.waivers = vec![holds(-3)];
    let text = words(&render(&run.report(), Format::Human, &plain(200)));
    assert!(text.contains("– UNUSED LAT-14 access_log expired 2027-01-12T09:00:00+00:00; nothing failed that it could waive: remove it"), "{text}");
}
