//! What somebody needs who sees a report for the first time: which run it is, one cause once, and what to do about it.

use super::{plain, samples, unmarked};
use rigcheck::{
    model::{
        event::{CaseJudged, Event, Stamped},
        evidence::Gap,
        name::name,
        units::Ms,
    },
    report::{Format, Report, Style, render},
};

fn human(report: &Report, width: usize) -> String {
    render(report, Format::Human, &plain(width))
}

fn html(report: &Report) -> String {
    unmarked(&render(report, Format::Html, &plain(80)))
}

fn json(report: &Report) -> serde_json::Value {
    serde_json::from_str(&render(report, Format::Json, &plain(80))).unwrap()
}

/// Every outcome of a source's subjects becomes a gap.
fn silence(case: &mut CaseJudged, source: &str, gap: impl Fn(usize) -> Gap) {
    let rules = case.case.rules.clone();
    for (nth, outcome) in case.outcomes.iter_mut().enumerate().filter(|(_, o)| o.subject.as_str().starts_with(source)) {
        let spec = rules.iter().find(|r| r.id == outcome.rule).unwrap();
        let key = if source == "prometheus" { samples::histogram() } else { samples::log() };
        *outcome = samples::no_data(spec, outcome.subject.as_str(), key, gap(nth));
    }
}

fn dead_prometheus() -> samples::Run {
    let mut run = samples::ready();
    silence(&mut run.cases[0], "prometheus", |nth| {
        Gap::Unreachable(format!(
            "http://prometheus:9090/api/v1/query?query=%7Bx{nth}%7D&time=1.5: Connection refused (os error 111); start it, or correct or remove sources.prometheus"
        ))
    });
    run
}

fn changed(run: &samples::Run, change: impl Fn(&mut Stamped)) -> Report {
    let mut events = run.events();
    events.iter_mut().for_each(change);
    Report::of(&events)
}

#[test]
fn the_first_line_says_which_run_it_is() {
    let text = human(&samples::ready().report(), 100);
    assert_eq!(text.lines().next(), Some("rigcheck 0.1.0 · rig staging-eu · 2027-01-15 08:00:00 UTC"));
    let text = human(&samples::blocked().report(), 140);
    assert!(text.lines().next().unwrap().contains("UTC · fault seeded: coarse-log"), "{text}");
}

#[test]
fn one_dead_source_is_one_cause_with_one_advice() {
    let report = dead_prometheus().report();
    let text = human(&report, 120);
    assert_eq!(text.matches("? NO DATA").count(), 1, "{text}");
    assert!(text.contains("? NO DATA  prometheus: unreachable: http://prometheus:9090/api/v1/query: Connection refused (os error 111)\n"), "{text}");
    assert_eq!(text.matches("start it").count(), 1, "{text}");
    assert!(text.contains("do        start it, or correct or remove sources.prometheus"), "{text}");
    assert!(!html(&report).split("id=\"evidence\"").next().unwrap().contains("%7Bx"));
    let unknown = json(&report)["cases"][0]["rules"][2]["outcomes"][0]["unknown"].clone();
    assert!(unknown["detail"].as_str().unwrap().contains("query=%7Bx3%7D"), "programs get all of it: {unknown}");
}

#[test]
fn what_a_gap_says_beside_advice_stays() {
    let mut run = samples::ready();
    silence(&mut run.cases[0], "prometheus", |_| Gap::Denied("http://p:9090/api/v1/query?query=x: 403; these credentials may not read it".into()));
    let text = human(&run.report(), 140);
    assert!(text.contains("http://p:9090/api/v1/query: 403; these credentials may not read it"), "{text}");
    assert!(text.contains("grant the permission, or correct the credentials of `sources.prometheus`"), "{text}");
}

#[test]
fn a_log_is_not_started_but_its_path_corrected() {
    let mut run = samples::ready();
    let gap = "access log logs/access.jsonl: no such folder; check `path` (it is relative to the spec)";
    silence(&mut run.cases[0], "access_log", |_| Gap::Unreachable(gap.into()));
    let text = human(&run.report(), 140);
    assert!(text.contains("correct `sources.access_log.path`") && !text.contains("start it"), "{text}");
}

/// A quieter rig makes no exact figure another one, and settles nothing where a rule knows what would.
#[test]
fn what_would_settle_a_rule_is_its_own_word() {
    let told = |settles_at, remedy: Option<&str>, half| {
        let mut run = samples::unreachable();
        samples::set(&mut run.cases[0], "LAT-05", "prometheus:total", |o| {
            let finding = o.finding.as_mut().unwrap();
            (finding.settles_at, finding.remedy) = (settles_at, remedy.map(str::to_owned));
            finding.figure = samples::figure("width", 24.0, half, "%");
        });
        let report = run.report();
        let text = human(&report, 160);
        let advice = text.split("~ INCONCLUSIVE").nth(1).unwrap().lines().find_map(|l| l.trim().strip_prefix("do        ")).unwrap().to_owned();
        assert!(html(&report).contains(&advice), "{advice}");
        assert_eq!(json(&report)["cases"][0]["rules"][2]["outcomes"][0]["action"], advice.as_str(), "programs are told the same");
        advice
    };
    let own = "read that clock by chrony on its host";
    assert_eq!([told(None, Some(own), 5.0), told(Some(900), Some(own), 5.0)], [own, own]);
    assert_eq!(told(Some(900), None, 5.0), "measure more, or on a quieter rig");
    assert_eq!(told(None, None, 5.0), "see what each line says; a quieter rig may settle it");
    assert_eq!(told(None, None, 0.0), "see what each line says");
}

#[test]
fn what_is_silent_has_to_answer_before_rules_can_pass() {
    let mut run = dead_prometheus();
    silence(&mut run.cases[0], "access_log", |_| Gap::Unreachable("access log x: no such folder".into()));
    let text = human(&run.report(), 140);
    let flips = text.lines().find(|l| l.starts_with("What would flip this:")).unwrap();
    assert!(flips.contains("access_log and prometheus answering (→ at best READY"), "{flips}");

    let cut = Gap::NotReached("interrupted".into());
    let mut run = samples::ready();
    silence(&mut run.cases[0], "prometheus", |_| cut.clone());
    silence(&mut run.cases[0], "access_log", |_| cut.clone());
    let report = changed(&run, |e| {
        if let Event::Gathered { interrupted, .. } = &mut e.event {
            *interrupted = true;
        }
    });
    assert!(human(&report, 140).contains("What would flip this: a run to the end.\n"), "{}", human(&report, 140));
}

#[test]
fn a_failing_rule_is_named_also_where_a_source_is_silent() {
    let mut run = samples::blocked();
    silence(&mut run.cases[0], "prometheus", |_| Gap::Unreachable("http://p:9090: refused".into()));
    let text = human(&run.report(), 140);
    assert!(text.contains("What would flip this: LAT-14 passing"), "{text}");
}

#[test]
fn what_was_sent_adds_up() {
    let report = changed(&samples::ready(), |e| {
        if let Event::Sent(sent) = &mut e.event {
            (sent.requests, sent.warmup, sent.failed, sent.cut_off) = (96, 20, 3, 8);
        }
    });
    assert!(human(&report, 140).contains("sent    96 requests, 20 of them to warm up, 3 failed, 8 cut off · "));
    let sent = json(&report)["sent"][0].clone();
    assert_eq!((&sent["warmup"], &sent["failed"], &sent["cut_off"]), (&20.into(), &3.into(), &8.into()));
}

#[test]
fn a_range_at_full_coverage_is_explained() {
    let mut run = samples::ready();
    samples::set(&mut run.cases[0], "LAT-14", "jaeger:total", |o| {
        o.strength.as_mut().unwrap().rows = 0.75;
        o.finding.as_mut().unwrap().rows = 150;
    });
    let why = "LAT-14 counts 0.75: 150 rows where 200 are wanted";
    assert!(human(&run.report(), 140).contains(&format!("range   {why}\n")), "{}", human(&run.report(), 140));
    assert!(html(&run.report()).contains(why));
    for run in [samples::ready(), samples::unreachable()] {
        assert!(!human(&run.report(), 140).contains("\nrange "), "one number, or unknowns that outweigh it");
    }
}

#[test]
fn what_is_to_be_copied_is_whole_at_any_width() {
    for width in [40, 60, 80] {
        let text = human(&samples::waived().report(), width);
        assert!(!text.contains("logs…"), "{text}");
        let text = human(&samples::blocked().report(), width);
        assert!(text.contains("http://gw.staging:8000/v1/chat/completions"), "{text}");
    }
}

#[test]
fn long_names_break_where_their_parts_meet() {
    let mut run = samples::blocked();
    samples::set(&mut run.cases[0], "LAT-14", "access_log:total", |o| o.subject = name("access_log:inter_chunk"));
    let text = render(&run.report(), Format::Human, &Style { verbose: true, ..plain(100) });
    let at = text.lines().position(|l| l.contains("│ access_log:   ") || l.contains("┆ access_log:   ")).unwrap_or_else(|| panic!("{text}"));
    assert!(text.lines().nth(at + 1).unwrap().contains("inter_chunk"), "{text}");
}

#[test]
fn a_narrow_terminal_gets_a_list_instead_of_a_table() {
    for width in [60, 80] {
        let text = render(&samples::ready().report(), Format::Human, &Style { verbose: true, ..plain(width) });
        // One entry a rule, with all of its subjects.
        let case = &samples::ready().cases[0];
        assert!(!text.contains('│') && text.matches("✓ PASS").count() == case.case.rules.len(), "{text}");
        let subject = |o: &rigcheck::model::outcome::Outcome| o.subject.as_str().is_empty() || text.contains(&format!("{}:", o.subject));
        assert!(case.outcomes.iter().all(subject), "{text}");
        assert!(text.lines().all(|l| l.chars().count() <= width), "{text}");
    }
}

#[test]
fn what_fails_stands_before_what_is_fine() {
    let page = html(&samples::unreachable().report());
    let rule = page.split("id=\"rule-LAT-14\"").nth(1).unwrap().split("About this rule").next().unwrap();
    let (bad, fine) = rule.split_once("<details class=\"fine\">").unwrap();
    assert!(bad.contains("jaeger:total") && !bad.contains("access_log:total"), "{bad}");
    assert!(fine.contains("Fine: access_log:total"), "{fine}");
}

#[test]
fn a_column_without_content_is_left_out() {
    assert!(html(&samples::ready().report()).contains(">Server</th>"));
    let report = changed(&samples::ready(), |e| {
        if let Event::Answered(answered) = &mut e.event {
            answered.server = None;
        }
    });
    assert!(!html(&report).contains(">Server</th>"));
}

#[test]
fn who_watched_the_load_did_not_answer_slowly() {
    let report = changed(&samples::ready(), |e| {
        if let Event::Answered(answered) = &mut e.event
            && answered.key == samples::histogram()
        {
            answered.took = Ms(18_000.0);
        }
    });
    assert!(html(&report).contains("watched the load for <span class=\"whole\">18.00 s"));
    let watched: Vec<bool> = json(&report)["answers"].as_array().unwrap().iter().map(|a| a["watched"].as_bool().unwrap()).collect();
    assert_eq!(watched, [false, false, false, true, false]);
}

#[test]
fn a_distribution_is_drawn_where_it_rises() {
    use rigcheck::model::chart::{Chart, ChartKind, Line};
    let requests =
        Line { name: "log".into(), of: "480 requests".into(), points: (1..=300).map(|i| (100.0 + f64::from(i), f64::from(i) / 300.0)).collect() };
    let edge = |i: i32| (10_f64.powi(i), f64::from(u8::from(i >= 3)));
    let edges = Line { name: "histogram".into(), of: "6 bucket edges".into(), points: (0..6).map(edge).collect() };
    let kind = ChartKind::Ecdf { log: true, lines: vec![requests, edges], slo: None };
    let mut run = samples::ready();
    run.cases[0].charts = vec![Chart { id: "c".into(), title: "t".into(), caption: String::new(), x: "x".into(), y: "y".into(), kind }];
    let page = html(&run.report());
    assert!(page.contains(">480 requests<") && page.contains(">6 bucket edges<"));
    let picture = page.split("class=\"plot\"").nth(1).unwrap().split("</svg>").next().unwrap();
    assert!(picture.contains(">1000</text>"), "the edge where the histogram rises");
    for beyond in [">10</text>", ">10000</text>", ">100000</text>"] {
        assert!(!picture.contains(beyond), "{beyond}");
    }
}
