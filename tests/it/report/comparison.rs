//! Two environments side by side, in every format.
#![allow(clippy::disallowed_methods, reason = "one test writes pages for a person to look at, one takes the time")]

use super::samples;
use rigcheck::{
    model::{
        chart::{Chart, ChartKind},
        comparison::{Agreement, Class, Comparison, Dimension, Match, Row, Scale, Shown, Side, Transfer, WaiverStands},
        environment::PartKind,
        fact_waiver::FactWaiverState,
        name::name,
        units::Wall,
    },
    report::{
        Format, Style,
        comparison::{FORMATS, headline, html, human, json, markdown, render as rendered},
        render,
    },
};

fn row(path: &str, class: Class, here: &str, there: &str, because: &str) -> Row {
    let (part, fact) = path.split_once('.').unwrap();
    let shown = |text: &str| Shown { text: text.into(), ..Shown::default() };
    Row {
        group: None,
        part: name(part),
        fact: fact.into(),
        dimension: Dimension::Software,
        by: name("expected"),
        class,
        raw: class,
        here: shown(here),
        there: shown(there),
        because: because.into(),
        wanted: false,
        key: false,
    }
}

/// All seven classes, as a comparison of a smaller staging with production brings them.
fn sample() -> Comparison {
    let sized = |path: &str, here: &str, there: &str| Row {
        dimension: Dimension::Resources,
        ..row(path, Class::Scaled, here, there, "× 0.5 like its group")
    };
    let told = |row: Row, here: &str, there: &str| Row {
        here: Shown { from: here.into(), ..row.here },
        there: Shown { from: there.into(), ..row.there },
        ..row
    };
    let mut rows = vec![
        told(
            row(
                "gateway.python.version",
                Class::Blocking,
                "3.11.9",
                "3.12.4",
                "another version: minor: an interpreter of another minor version has other costs per request",
            ),
            "/proc/812/exe --version",
            "snapshot of production",
        ),
        row("database.version", Class::Blocking, "15.7", "16.3", "another version: major: plans, locks and defaults differ between major versions"),
        row(
            "gateway.python.packages.fastapi",
            Class::Material,
            "0.110.0",
            "0.115.0",
            "another version: minor: the framework's cost per request changes between releases",
        ),
        Row {
            dimension: Dimension::Resources,
            ..row(
                "gateway.process.workers",
                Class::Material,
                "4",
                "4",
                "× 1 of the reference, and the spec declares × 0.5: as many workers on half the CPUs wait for one another",
            )
        },
        row(
            "gateway.env.UVICORN_LOG_CONFIG",
            Class::Material,
            "/etc/gateway/environments/staging/eu-central-1/logging/uvicorn-access-and-error.json",
            "/etc/gateway/environments/production/eu-central-1/logging/uvicorn-access-and-error.json",
            "another value: a log of each request costs time in the request",
        ),
        Row {
            dimension: Dimension::Topology,
            ..row("gateway.upstream.region", Class::Material, "eu-central-1", "us-east-1", "another value: the way to the provider is longer")
        },
        Row {
            wanted: true,
            key: true,
            dimension: Dimension::Isolation,
            ..told(row("host.cpu.model", Class::Unknown, "AMD EPYC 7R13", "?", "not told there"), "/proc/cpuinfo", "not looked for")
        },
        Row {
            wanted: true,
            ..row(
                "database.settings.shared_buffers",
                Class::Unknown,
                "?",
                "8 GiB",
                "not known here: denied: permission denied for pg_settings; grant pg_read_all_settings to the role",
            )
        },
        row(
            "gateway.env.FEATURE_FLAGS",
            Class::Unknown,
            "(set, not kept)",
            "(set, not kept)",
            "the values are not kept; capture both with the same `fingerprint_key` to compare them unseen",
        ),
        row(
            "host.os.release",
            Class::Waived,
            "Debian 12.5",
            "Debian 12.7",
            "another value: accepted by platform until 2027-03-01T00:00:00+01:00: the same kernel runs on both",
        ),
        row("gateway.image.tag", Class::Equivalent, "2.42.0-rc1", "2.42.0", "another version: pre-release"),
        sized("gateway.limits.cpus", "2 cores", "4 cores"),
        sized("gateway.limits.memory", "4 GiB", "8 GiB"),
        sized("database.settings.max_connections", "100", "200"),
    ];
    let settings = ["autovacuum", "bgwriter_delay", "checkpoint_timeout", "effective_io_concurrency", "jit", "random_page_cost", "wal_level"];
    rows.extend(settings.map(|s| row(&format!("database.settings.{s}"), Class::Identical, "on", "on", "")));
    rows.extend(
        (0..30).map(|n| row(&format!("gateway.python.packages.package-{n}"), Class::Identical, &format!("1.{n}.0"), &format!("1.{n}.0"), "")),
    );
    let agreement = |dimension, raw, waived, coverage, verdict| Agreement { dimension, raw, waived, coverage, verdict };
    let transfer = |conclusion: &str, holds, because: &[&str]| Transfer {
        conclusion: conclusion.into(),
        holds,
        because: because.iter().map(|b| (*b).to_owned()).collect(),
    };
    let stands = |fact: &str, state, says: &str| WaiverStands { fact: fact.into(), state, says: says.into() };
    let parts = [("gateway", PartKind::Workload), ("database", PartKind::Postgres), ("host", PartKind::Host)];
    let side = |called: &str, as_of, by: &str| Side {
        name: called.into(),
        as_of,
        by: by.into(),
        parts: parts.into_iter().map(|(part, kind)| (name(part), kind)).collect(),
    };
    Comparison {
        here: side("staging", Some(Wall(1_801_000_000_000_000)), ""),
        there: side("production", None, "the platform team"),
        rows,
        scales: vec![Scale {
            group: name("cpu"),
            ratio: 0.5,
            declared: true,
            fits: ["gateway.limits.cpus", "gateway.limits.memory", "database.settings.max_connections"].map(str::to_owned).into(),
            off: vec!["gateway.process.workers".into()],
        }],
        waivers: vec![
            stands("host.os.release", FactWaiverState::Active, "until 2027-03-01T00:00:00+01:00"),
            stands("gateway.upstream.*", FactWaiverState::Expired, "expired on 2027-01-01T00:00:00+01:00"),
            stands(
                "gateway.python.packages.fastapi",
                FactWaiverState::Outgrown,
                "signed for 0.109.0 here and 0.115.0 there; now it is 0.110.0 and 0.115.0",
            ),
            stands("gatway.*", FactWaiverState::Stale, "no such fact on either side"),
        ],
        dimensions: vec![
            agreement(Dimension::Software, Some(0.714), Some(0.857), Some(0.8), Match::Differs),
            agreement(Dimension::Resources, Some(0.9996), Some(1.0), Some(1.0), Match::Differs),
            agreement(Dimension::Topology, Some(0.0), Some(0.0), None, Match::Differs),
            agreement(Dimension::Isolation, None, None, Some(0.0), Match::Unknown),
            agreement(Dimension::Methodology, Some(1.0), Some(1.0), Some(1.0), Match::Matches),
        ],
        transfers: vec![
            transfer("which of two releases is faster, both measured here", None, &["not known: host.cpu.model"]),
            transfer(
                "how many requests are served (absolute capacity)",
                Some(false),
                &[
                    "cpu × 0.5 of the reference: a figure measured here is no figure of there, and cannot be multiplied",
                    "differs: gateway.python.version",
                    "differs: 5 more",
                ],
            ),
            transfer("what dashboards and traces show of it", Some(true), &["accepted: host.os.release"]),
        ],
    }
}

/// What a hostile server, image or variable may hold.
fn hostile() -> Comparison {
    const EVIL: &str = "</script><script>alert(1)</script>\u{1b}[2J\u{1b}]0;owned\n| x | `y` @all \u{202e}\u{9b}1m[a](javascript:b) \u{1b}]8;;";
    let long = |c: &str| c.repeat(100_000);
    let mut of = sample();
    (of.here.name, of.there.by) = (EVIL.into(), EVIL.into());
    of.rows = Class::ALL.into_iter().map(|class| row(&format!("x{EVIL}.{EVIL}"), class, EVIL, &format!("{EVIL}2"), EVIL)).collect();
    of.rows.extend(Class::ALL.map(|class| row("x.long", class, &long("@"), &(long("@") + "b"), &long("|"))));
    of.rows.extend(Class::ALL.map(|class| row("x.emoji", class, "👩‍💻🦀", "👨‍💻🦀", "漢字")));
    of.rows.extend((0..60).map(|n| row(&format!("x.{}{n}", long("#")), Class::Material, &long("<"), "", &long("@"))));
    of.rows.iter_mut().for_each(|row| (row.here.from, row.wanted) = (EVIL.into(), true));
    of.scales[0].off = vec![EVIL.into(), long("_")];
    of.waivers.iter_mut().for_each(|waiver| (waiver.fact, waiver.says) = (EVIL.into(), EVIL.into()));
    of.transfers.iter_mut().for_each(|t| (t.conclusion, t.because) = (EVIL.into(), vec![EVIL.into(); 30]));
    of
}

fn style(width: usize, verbose: bool) -> Style {
    Style { width, verbose, ..Style::default() }
}

#[test]
fn a_terminal_shows_differences_first() {
    let of = sample();
    insta::assert_snapshot!("comparison_120", human(&of, &style(120, false)));
    insta::assert_snapshot!("comparison_60", human(&of, &style(60, false)));
    insta::assert_snapshot!("comparison_verbose", human(&of, &style(120, true)));
    assert_eq!(headline(&of), "staging differs from production: 2 blocking, 4 material, 3 unknown; 3 scaled, 1 waived, 1 equivalent, 37 identical");
}

#[test]
fn why_several_in_a_row_matter_is_said_once() {
    let hidden = |name: &str, why: &str| Row { wanted: true, ..row(&format!("gateway.env.{name}"), Class::Unknown, "(set)", "(set)", why) };
    let rows = vec![hidden("A", "not kept"), hidden("B", "not kept"), hidden("C", "not told"), hidden("D", "not kept")];
    let of = Comparison { rows, ..Comparison::default() };
    let order = |verbose: bool| {
        let text = human(&of, &style(100, verbose));
        let told = text.lines().map(str::trim).filter_map(|line| {
            let line = line.strip_prefix("? gateway.env.").unwrap_or(line);
            ["A", "B", "C", "D", "not kept", "not told"].into_iter().find(|word| line.split("  ").next() == Some(word))
        });
        told.collect::<Vec<_>>()
    };
    assert_eq!(order(false), ["A", "B", "not kept", "C", "not told", "D", "not kept"]);
    assert_eq!(order(true), ["A", "not kept", "B", "not kept", "C", "not told", "D", "not kept"]);
}

#[test]
fn a_comment_and_a_program_read_the_same() {
    let of = sample();
    insta::assert_snapshot!("comparison_markdown", markdown(&of));
    let told = json(&Comparison { rows: of.rows.iter().filter(|r| r.class != Class::Identical).cloned().collect(), ..of.clone() });
    insta::assert_snapshot!("comparison_json", told);
    assert_eq!(serde_json::from_str::<Comparison>(&json(&of)).unwrap(), of);
}

#[test]
fn nothing_is_shown_of_nothing() {
    let none = Comparison::default();
    assert_eq!(headline(&none), "could not tell whether here matches there: no fact is known of either");
    for format in FORMATS {
        let text = rendered(&none, format, &style(80, true));
        assert!(!text.contains("matches under") && text.contains(if format == Format::Json { "\"unknown\"" } else { "could not tell" }), "{text}");
    }
    assert!(html(&none).contains("No fact is known of either."));
}

#[test]
fn colour_is_never_alone() {
    let of = sample();
    let inked = human(&of, &Style { color: true, ..style(120, false) });
    assert!(inked.contains("\u{1b}[1;31m✗\u{1b}[0m"), "{inked}");
    let mut plain = String::new();
    inked.split('\u{1b}').enumerate().for_each(|(nth, part)| plain += if nth == 0 { part } else { part.split_once('m').unwrap().1 });
    assert_eq!(plain, human(&of, &style(120, false)));
}

#[test]
fn lines_keep_to_the_width() {
    let of = sample();
    for width in [80, 100, 120, 140] {
        for line in human(&of, &style(width, true)).lines() {
            // A value of 60 characters stays whole.
            assert!(line.chars().count() <= width, "{width}: {line}");
        }
    }
}

#[test]
fn hostile_texts_do_nothing() {
    let of = hostile();
    for format in FORMATS {
        let text = rendered(&of, format, &style(100, true));
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()) && !text.contains('\u{202e}'), "{format:?}");
        // Markup is read in two of them; the page's own script is the only one.
        let scripts = match format {
            Format::Html => 1,
            Format::Markdown => 0,
            _ => continue,
        };
        assert_eq!((text.matches("<script").count(), text.matches("</script").count()), (scripts, scripts), "{format:?}");
    }
    // A line of each that begins a row, and none that a value made.
    let folded = human(&of, &style(100, false));
    assert!(!folded.lines().any(|line| line.starts_with("| x")), "{folded}");
    let comment = markdown(&of);
    assert!(comment.chars().count() < 60_000, "{}", comment.chars().count());
    assert!(!comment.contains("@all") && !comment.contains("](javascript"), "{comment}");
    for line in comment.lines().filter(|line| line.starts_with("| ✗ ") || line.starts_with("| ! ")) {
        assert_eq!(line.replace("\\|", "").matches('|').count(), 6, "{line}");
    }
    assert!(comment.contains("What carries over") && comment.contains("| methodology |"));
}

#[test]
fn values_that_differ_far_behind_are_not_shown_alike() {
    let (front, end) = ("a".repeat(500), "z".repeat(500));
    let of = Comparison { rows: vec![row("x.y", Class::Material, &format!("{front}1{end}"), &format!("{front}2{end}"), "")], ..sample() };
    for text in [human(&of, &style(100, false)), markdown(&of), html(&of)] {
        assert!(text.contains("aa1") || text.contains("aa</mark>") || text.contains("1zz"), "{text}");
        assert!(text.contains("2zz"), "{text}");
    }
}

#[test]
fn a_page_is_read_without_scripts_and_loads_nothing() {
    let page = html(&sample());
    for word in ["What carries over", "package-29", "not known here: denied", "aria-hidden=\"true\">≠</span>", "<mark>3.11.9</mark>"] {
        assert!(page.contains(word), "{word}");
    }
    for bad in [" src=", "href=\"http", "onclick", "@import", "url("] {
        assert!(!page.contains(bad), "{bad}");
    }
    assert_eq!(page.matches("<tr role=\"row\" class=\"c-identical").count(), 37);
    look("comparison", &page);
}

#[test]
fn a_report_holds_two_environments() {
    let mut run = samples::blocked();
    let kind = ChartKind::Comparison(Box::new(sample()));
    let chart = Chart {
        id: "environments".into(),
        title: "Staging beside production".into(),
        caption: "Facts side by side.".into(),
        x: String::new(),
        y: String::new(),
        kind,
    };
    run.cases[0].charts.push(chart);
    let style = style(120, false);
    let page = render(&run.report(), Format::Html, &style);
    assert!(page.contains("class=\"beside\"") && page.contains("input[value=c-blocking]") && !page.contains("<script"));
    // What is identical is there, and folded.
    assert!(page.contains("<details class=\"c-identical\"><summary>= 37 identical"));
    look("report-with-comparison", &page);
    let text = render(&run.report(), Format::Human, &style);
    assert!(text.contains("staging differs from production: 2 blocking") && !text.contains("gateway.upstream.region"), "{text}");
    for format in [Format::Json, Format::Markdown, Format::Junit, Format::Sarif, Format::Openmetrics, Format::Nagios] {
        assert!(!render(&run.report(), format, &style).is_empty());
    }
}

/// A build without optimisation is about ten times as slow: quadratic work would take minutes.
#[test]
fn ten_thousand_rows_take_no_time() {
    let mut of = sample();
    of.rows = (0..10_000).map(|n| row(&format!("p{}.fact.{n}", n % 50), Class::ALL[n % 7], &format!("{n}"), &format!("{}", n + 1), "why")).collect();
    of.scales[0].fits = of.of(Class::Scaled).map(Row::path).collect();
    for format in FORMATS {
        let begun = std::time::Instant::now();
        let text = rendered(&of, format, &style(120, true));
        let took = begun.elapsed();
        println!("{format:?}: {} bytes in {took:?}", text.len());
        assert!(took.as_secs() < 10, "{format:?} took {took:?}");
    }
}

/// For a person, where one wants to look.
fn look(page: &str, html: &str) {
    if let Ok(folder) = std::env::var("RIGCHECK_LOOK") {
        std::fs::write(format!("{folder}/{page}.html"), html).unwrap();
    }
}
