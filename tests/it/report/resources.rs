//! Timelines and tables in every format.

use super::{charts::resources, plain, samples};
use rigcheck::{
    model::chart::{Chart, ChartKind, Line, Mark},
    report::{Format, Style, render},
};

fn run(charts: Vec<Chart>) -> samples::Run {
    let mut run = samples::blocked();
    run.cases[0].charts = charts;
    run
}

fn page(charts: Vec<Chart>) -> String {
    render(&run(charts).report(), Format::Html, &plain(80))
}

fn figure(html: &str, title: &str) -> String {
    let at = html.find(&format!("<figcaption><b>{title}</b>")).unwrap();
    html[at..].split("</figure>").next().unwrap().to_owned()
}

#[test]
fn a_timeline_is_drawn_with_numbered_marks_and_few_points() {
    let drawn = figure(&page(resources()), "CPU of the burn by source");
    assert_eq!(drawn.matches("class=\"plot\"").count(), 1);
    for expected in [
        "1: the CPU quota was used up <span class=\"none\">2.50 to 4, 8 to 9.50</span>",
        "2: no scrape came <span class=\"none\">6 to 6.80</span>",
        "kernel:burner.cpu <span class=\"none\">1200 points</span>",
        "time since the burn began, s",
        "var(--mind)",
        "var(--s1)",
    ] {
        assert!(drawn.contains(expected), "{expected}: {drawn}");
    }
    // Three stretches, two reasons: the edge of each has its number.
    let regions = drawn.matches("fill-opacity=\"0.16\"").count().max(drawn.matches("opacity=\"0.16\"").count());
    assert_eq!(regions, 3, "{drawn}");
    let longest = drawn.split(['"', ' ']).count();
    assert!(longest < 4_000, "{longest}");
    let told = drawn.split("<pre>").nth(1).unwrap();
    for expected in
        ["CPU, cores over time since the burn began, s, from 0 to 12", "scrape:burner.cpu", "0 … 0.508", "111", "  2  no scrape came: 6 to 6.80"]
    {
        assert!(told.contains(expected), "{expected}: {told}");
    }
}

#[test]
fn a_table_is_one_in_a_page_with_its_headers() {
    let html = page(resources());
    let table = figure(&html, "Memory by source");
    assert_eq!((table.matches("scope=\"col\"").count(), table.matches("scope=\"row\"").count()), (5, 3), "{table}");
    assert!(table.contains("<th scope=\"row\" role=\"rowheader\">gateway working set</th>"), "{table}");
    assert!(table.contains("<span class=\"title\" aria-hidden=\"true\">docker</span>211 MiB"), "{table}");
    assert!(!table.contains("There is no point to draw"), "{table}");
}

#[test]
fn a_terminal_shows_tables_to_its_width() {
    let told = |width: usize, verbose: bool, run: &samples::Run| render(&run.report(), Format::Human, &Style { verbose, ..plain(width) });
    let run = run(resources());
    for width in [80, 100, 140] {
        let text = told(width, false, &run);
        let from = text.find("Memory by source").unwrap();
        let table: Vec<&str> = text[from..].lines().skip(1).take_while(|line| line.starts_with(['│', '╭', '╞', '╰'])).collect();
        assert!(table.len() > 6 && table.iter().all(|line| line.chars().count() <= width), "{width}: {text}");
    }
    let narrow = told(44, false, &run);
    assert!(narrow.contains("  gateway working set\n    kernel: 212 MiB\n    docker: 211 MiB\n"), "{narrow}");
    // Where everything passes, only who asks for all of it sees the table.
    let mut fine = samples::ready();
    fine.cases[0].charts = resources();
    assert!(!told(100, false, &fine).contains("Memory by source"));
    assert!(told(100, true, &fine).contains("Memory by source"));
}

#[test]
fn markdown_and_json_have_the_table() {
    let run = run(resources());
    let markdown = render(&run.report(), Format::Markdown, &plain(80));
    assert!(markdown.contains("<details><summary>Memory by source</summary>"), "{markdown}");
    assert!(
        markdown.contains("| of | kernel | docker | prometheus | difference |\n|---|---|---|---|---|\n| gateway working set | 212 MiB |"),
        "{markdown}"
    );
    let json: serde_json::Value = serde_json::from_str(&render(&run.report(), Format::Json, &plain(80))).unwrap();
    assert_eq!(json["cases"][0]["tables"][0]["rows"][2][3], "2 408 MiB, a sum of two series of the same container");
}

#[test]
fn odd_timelines_and_tables_do_not_break_a_report() {
    const EVIL: &str = "<script>\u{1b}[2J|`x`\n$\u{202e}";
    let line = |points: Vec<(f64, f64)>| Line { name: EVIL.into(), of: String::new(), points };
    let timeline = |lines, marks| ChartKind::Timeline { lines, steps: vec![EVIL.into()], marks };
    let mark = |from, to| Mark { from, to, why: EVIL.into() };
    let kinds = vec![
        timeline(vec![], vec![mark(0.0, 1.0)]),
        timeline(vec![line(vec![]), line(vec![(f64::NAN, 1.0)])], vec![]),
        timeline(vec![line(vec![(3.0, 7.0)])], vec![mark(f64::NEG_INFINITY, f64::NAN), mark(9.0, 1.0)]),
        timeline(vec![line(vec![(2.0, 1.0), (1.0, -1.0), (2.0, 0.0)])], vec![mark(-5.0, 50.0)]),
        timeline(vec![line((0..900).map(|n| (f64::from(n), 1e12)).collect())], (0..500).map(|n| mark(f64::from(n), f64::from(n) + 0.1)).collect()),
        ChartKind::Table { head: vec![], rows: vec![] },
        ChartKind::Table { head: vec![EVIL.into()], rows: vec![vec![], vec![EVIL.into(), EVIL.into()]] },
        ChartKind::Table { head: vec!["of".into(); 40], rows: vec![vec![EVIL.into(); 40]; 200] },
    ];
    let chart = |kind| Chart { id: "c".into(), title: EVIL.into(), caption: EVIL.into(), x: "x, s".into(), y: "y".into(), kind };
    let run = run(kinds.into_iter().map(chart).collect());
    for format in [Format::Html, Format::Human, Format::Markdown] {
        for verbose in [false, true] {
            let text = render(&run.report(), format, &Style { verbose, ..plain(60) });
            assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'), "{format:?}");
            assert!(!matches!(format, Format::Html | Format::Markdown) || !text.contains("<script>"), "{format:?}");
        }
    }
    let html = page(run.cases[0].charts.clone());
    assert!(!html.contains("NaN") && !html.contains("inf\""), "a coordinate is no number");
    assert_eq!(html.matches("class=\"plot\"").count(), 3);
    assert_eq!(html.matches("There is nothing to show").count(), 1);
}
