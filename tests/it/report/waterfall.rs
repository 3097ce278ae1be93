//! A trace as a page and a terminal show it.
#![allow(clippy::disallowed_methods, reason = "one test writes a page for a person to look at")]

use super::samples;
use crate::traces::{
    catalogue::stages,
    sample::{gateway, span},
};
use rigcheck::{
    model::{
        chart::{Chart, ChartKind},
        payload::SpanRow,
        waterfall::Waterfall,
    },
    report::{
        Format, Style, render,
        waterfall::{Page, draw, render as lines, totals},
    },
    traces::{Tree, waterfall},
};

fn picture(trace: &[SpanRow]) -> Waterfall {
    waterfall(&Tree::of(trace), &stages()).unwrap()
}

fn page(picture: Waterfall) -> Page {
    Page { trace: crate::traces::sample::ID.into(), at: "run 01TEST, from jaeger".into(), notes: vec!["read at noon".into()], picture }
}

#[test]
fn a_terminal_shows_stages_gaps_and_the_critical_path() {
    let page = page(picture(&gateway()));
    insta::assert_snapshot!("trace_80", page.human(80));
    insta::assert_snapshot!("trace_140", page.human(140));
    insta::assert_snapshot!("trace_json", page.json());
}

#[test]
fn lines_keep_to_the_width() {
    let mut trace = gateway();
    trace.extend((20..60).map(|n| span(n, n - 1, &format!("a rather long name of a step, number {n}"), "internal", 40_000 + n, 400_000 - n)));
    let told = picture(&trace);
    for width in [40, 60, 80, 100, 140, 200] {
        for line in lines(&told, width).lines().take_while(|line| !line.is_empty()) {
            assert!(line.chars().count() <= width, "{width}: {line}");
        }
    }
}

#[test]
fn totals_are_one_line() {
    assert_eq!(
        totals(&picture(&gateway())),
        "total 482 ms · 73 spans · covered 97.9 % · longest gap 6.10 ms between authentication and routing · critical path: provider call 91.0 %, \
         authentication 3.07 %, response adaptation 1.66 % · 376 ms of the spans on it lie outside their callers"
    );
    let alone = [span(1, 9, "POST", "server", 0, 10)];
    assert_eq!(totals(&picture(&alone)), "total 0.01 ms · 1 span · covered 0 % · longest gap 0.01 ms all along");
}

#[test]
fn a_drawing_is_whole_and_harmless() {
    const EVIL: &str = "<script>alert(1)</script>\"'&\u{1b}[2J\u{202e}";
    let mut trace = gateway();
    for span in &mut trace {
        (span.name, span.service) = (format!("{EVIL}{}", span.name), EVIL.into());
    }
    let mut told = picture(&trace);
    told.stages.iter_mut().for_each(|stage| stage.title = EVIL.into());
    told.gaps.iter_mut().for_each(|gap| gap.after = Some(EVIL.into()));
    told.rows[1].note = Some(EVIL.into());
    let evil = Page { trace: EVIL.into(), at: EVIL.into(), notes: vec![EVIL.into()], picture: told.clone() };
    for text in [evil.html(), evil.human(80)] {
        assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'), "{text}");
    }
    assert!(!evil.html().contains("<script>"));
    let svg = draw(&told, "a").unwrap();
    let read = roxmltree::Document::parse(&svg).unwrap();
    assert!(read.descendants().all(|node| node.tag_name().name() != "script"));
    // Nothing is loaded, and nothing refers to what is not in it.
    assert!(!svg.contains("href") && !svg.contains("http:"), "{svg}");
    for id in ["gap-a", "names-a"] {
        assert!(svg.contains(&format!("id=\"{id}\"")) && svg.contains(&format!("url(#{id})")));
    }
}

#[test]
fn what_the_eye_sees_is_named() {
    let told = picture(&gateway());
    let html = page(told.clone()).html();
    // Colour is never alone: stages, gaps and the path have words, and every bar a title.
    for word in ["authentication", "provider call", "critical path", "gap: 6.10 ms between authentication and routing", "×60", "✗ error", "(vllm)"]
    {
        assert!(html.contains(word), "{word}");
    }
    let svg = draw(&told, "a").unwrap();
    assert_eq!(svg.matches("<title>").count(), 1 + told.rows.len() + told.gaps.len());
    assert!(svg.contains("class=\"critical\"") && svg.contains("class=\"gap\"") && svg.contains("class=\"fault\""));
    if let Ok(folder) = std::env::var("RIGCHECK_LOOK") {
        std::fs::write(format!("{folder}/trace.html"), html).unwrap();
    }
}

#[test]
fn a_report_holds_a_waterfall() {
    let mut run = samples::blocked();
    let chart = Chart {
        id: "trace-slowest".into(),
        title: "The slowest request".into(),
        caption: "Its spans in time.".into(),
        x: "time since it began, ms".into(),
        y: "spans".into(),
        kind: ChartKind::Waterfall(picture(&gateway())),
    };
    run.cases[0].charts.push(chart);
    let html = render(&run.report(), Format::Html, &Style { width: 80, ..Style::default() });
    assert!(html.contains("class=\"waterfall\"") && html.contains("In lines") && html.contains("longest gap 6.10 ms"));
}

/// Each with a row would be no picture.
#[test]
fn a_trace_of_fifty_thousand_spans_is_a_picture() {
    let mut trace = gateway();
    trace.extend((1_000..51_000_u64).map(|n| span(n, if n % 50 == 0 { 1 } else { n - 1 }, &format!("step {n}"), "internal", n, n * 9)));
    let told = picture(&trace);
    assert_eq!((told.rows.len(), told.spans), (200, 50_073));
    assert!(told.rows.iter().any(|row| row.name == "provider call") && told.rows.iter().any(|row| row.error));
    let svg = draw(&told, "a").unwrap();
    assert!(svg.len() < 1 << 20, "{}", svg.len());
}
