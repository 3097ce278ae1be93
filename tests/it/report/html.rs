//! What a browser shows.
#![allow(clippy::disallowed_methods, reason = "one test writes pages for a person to look at")]

use super::{loosened::loosened, plain, samples, unmarked};
use rigcheck::report::{Format, render};

fn page(run: &samples::Run) -> String {
    render(&run.report(), Format::Html, &plain(80))
}

/// Tags without an end.
const VOID: [&str; 7] = ["meta", "br", "hr", "img", "link", "input", "wbr"];

/// Every tag that is opened is closed, in order; returns all tags with their attributes.
fn tags(html: &str) -> Vec<String> {
    let (mut open, mut all): (Vec<String>, Vec<String>) = (vec![], vec![]);
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        if let Some(comment) = rest.strip_prefix("!--") {
            rest = comment.split_once("-->").expect("a comment ends").1;
            continue;
        }
        let mut quoted = false;
        let end = rest.find(|c| {
            quoted ^= c == '"';
            c == '>' && !quoted
        });
        let (tag, after) = rest.split_at(end.expect("a tag ends"));
        rest = after;
        let word: String = tag.trim_start_matches('/').chars().take_while(char::is_ascii_alphanumeric).collect();
        if tag.starts_with('/') {
            assert_eq!(open.pop().as_deref(), Some(word.as_str()), "closes what is not open");
        } else if !tag.starts_with('!') {
            all.push(tag.to_owned());
            if !tag.ends_with('/') && !VOID.contains(&word.as_str()) {
                open.push(word);
            }
        }
    }
    assert!(open.is_empty(), "left open: {open:?}");
    all
}

/// A tag without the values of its attributes.
fn unquoted(tag: &str) -> String {
    tag.split('"').step_by(2).collect()
}

fn samples() -> Vec<(&'static str, samples::Run)> {
    let mut resources = samples::blocked();
    resources.cases[0].charts = super::charts::resources();
    samples::all().into_iter().chain([("hostile", samples::hostile()), ("resources", resources)]).collect()
}

#[test]
fn is_well_formed_and_loads_nothing() {
    for (name, run) in samples() {
        let html = page(&run);
        for tag in tags(&html) {
            for bad in [" src=", " srcset=", "xlink:href", " onerror", " onload", " onclick", "<script", "@import"] {
                assert!(!unquoted(&tag).contains(bad), "{name}: <{tag}>");
            }
            assert!(
                !["script", "link", "iframe", "object", "embed", "img", "base", "form"].contains(&tag.split([' ', '/']).next().unwrap()),
                "{name}: <{tag}>"
            );
            // Links lead inside the page only.
            if let Some(link) = tag.split(" href=\"").nth(1) {
                assert!(link.starts_with('#'), "{name}: <{tag}>");
            }
        }
        let style = html.split("<style>").nth(1).unwrap().split("</style>").next().unwrap();
        assert!(!style.contains("url(") && !style.contains("@import"), "{name}");
        assert!(html.contains("default-src 'none'; style-src 'unsafe-inline'; img-src data:"), "{name}");
    }
}

#[test]
fn links_and_ids_meet() {
    for (name, run) in samples() {
        let all = tags(&page(&run));
        let values = |attribute: &str| -> Vec<String> {
            let cut = format!(" {attribute}=\"");
            all.iter().filter_map(|t| Some(t.split(&cut).nth(1)?.split('"').next()?.to_owned())).collect()
        };
        let ids = values("id");
        let mut unique = ids.clone();
        unique.sort();
        unique.dedup();
        assert_eq!(unique.len(), ids.len(), "{name}: an id is used twice");
        for link in values("href") {
            assert!(ids.contains(&link[1..].to_owned()), "{name}: {link} leads nowhere");
        }
    }
}

/// What is copied and searched for stays the id: only an element keeps it from breaking at its hyphen.
#[test]
fn an_id_of_a_rule_does_not_break() {
    let html = page(&samples::blocked());
    let body = html.split("<body>").nth(1).unwrap();
    let text: String = body.split('<').map(|piece| piece.split_once('>').map_or(piece, |(_, text)| text)).collect();
    let marked = html.matches("<span class=\"id\">LAT-14</span>").count();
    assert!(marked > 3 && marked == text.matches("LAT-14").count(), "{marked}");
    assert!(html.contains(",.id{white-space:nowrap}"));
}

#[test]
fn hostile_text_stays_text() {
    let html = page(&samples::hostile());
    assert!(!html.contains("<script") && !html.contains("<img"), "markup got through");
    assert!(html.contains("&#60;script&#62;") || html.contains("&lt;script&gt;"), "the text itself is shown");
    assert!(html.chars().all(|c| c == '\n' || !c.is_control()));
    assert!(!html.contains('\u{202e}'));
}

#[test]
fn the_first_screen_says_it_in_words() {
    let html = unmarked(&page(&samples::blocked()));
    for expected in
        ["NOT READY", "LAT-14 blocks", "access log is off by +311 ms", "Log durations with millisecond resolution", "logs/access.jsonl:1-240"]
    {
        assert!(html.contains(expected), "{expected}");
    }
    let html = unmarked(&page(&samples::unreachable()));
    for expected in ["INDETERMINATE", "connection refused", "sources.jaeger", "LAT-11, LAT-12", "deselects"] {
        assert!(html.contains(expected), "{expected}");
    }
}

#[test]
fn what_is_changed_stands_in_the_head_of_the_page() {
    let head = |run: &samples::Run| page(run).split("</header>").next().unwrap().to_owned();
    let banner = "<div class=\"banner\"><strong>Changed:</strong> 3 of 5 rules, 1 case and the gate differ from checks 2027.1";
    assert!(head(&loosened()).contains(banner), "{}", head(&loosened()));
    // A smaller load is told, too, and frightens nobody; any limit of a rule does.
    let mut run = loosened();
    let all = run.header.changed.clone();
    run.header.changed = vec![all[0].clone()];
    assert!(head(&run).contains("<div class=\"none\">Changed: 1 case differs from checks 2027.1"), "{}", head(&run));
    run.header.changed = vec![all[0].clone(), all[4].clone()];
    assert!(head(&run).contains("<div class=\"banner\"><strong>Changed:</strong> 1 of 5 rules and 1 case differ"), "{}", head(&run));
    assert!(!head(&samples::ready()).contains("hanged"));
}

#[test]
fn silence_is_no_good_news() {
    for run in [samples::interrupted(), samples::empty()] {
        let html = page(&run);
        assert!(html.contains("Nothing was judged") && html.contains("25 of the 25 cases"));
        assert!(!html.contains("No blocker fails") && !html.contains("Every rule in scope was judged"));
    }
}

#[test]
fn charts_are_drawn_with_the_pages_colours() {
    let html = page(&samples::blocked());
    assert_eq!(html.matches("class=\"plot\"").count(), 2);
    assert!(html.contains("var(--s1)") && html.contains("stroke-dasharray"));
    assert!(html.contains("total time, ms") && html.contains("share of requests"));
    assert!(!html.contains("kuva-clip"));
}

/// Also where no request took so long.
#[test]
fn an_slo_is_a_line_in_the_distribution() {
    use rigcheck::model::chart::ChartKind;
    let with = |at: Option<f64>| {
        let mut run = samples::blocked();
        let ChartKind::Ecdf { slo, .. } = &mut run.cases[0].charts[0].kind else { panic!("a distribution") };
        *slo = at;
        page(&run)
    };
    let picture = |html: &str| html.split("class=\"plot\"").nth(1).unwrap().split("</figure>").next().unwrap().to_owned();
    for (at, told) in [(500.0, "500 ms"), (20_000.0, "20.00 s")] {
        let drawn = picture(&with(Some(at)));
        assert!(drawn.contains(">SLO</text>") && drawn.contains(&format!("SLO <span class=\"none\">{told}</span>")), "{drawn}");
    }
    assert!(!picture(&with(None)).contains("SLO"));
}

#[test]
fn odd_charts_do_not_break_the_page() {
    use rigcheck::model::chart::{Chart, ChartKind, Line};
    let line = |points: Vec<(f64, f64)>| vec![Line { name: "$x$".into(), of: String::new(), points }];
    let nothing = vec![(f64::NAN, 1.0), (f64::INFINITY, 0.5)];
    let kinds = vec![
        ChartKind::Ecdf { log: true, lines: line(vec![(-1.0, 0.5), (0.0, 1.0)]), slo: Some(5.0) },
        ChartKind::Ecdf { log: true, lines: line(vec![(5.0, 1.0)]), slo: None },
        ChartKind::Ecdf { log: false, lines: line(vec![(0.0, 0.5), (0.0, 1.0)]), slo: Some(f64::NAN) },
        ChartKind::Difference { lines: line(vec![(480.0, 0.0)]), band: 0.0 },
        ChartKind::Difference { lines: line(nothing), band: f64::NAN },
        ChartKind::Ecdf { log: false, lines: vec![], slo: None },
    ];
    let mut run = samples::ready();
    let chart = |kind| Chart { id: "c".into(), title: "t".into(), caption: String::new(), x: "$x, ms".into(), y: "$y".into(), kind };
    run.cases[0].charts = kinds.into_iter().map(chart).collect();
    let html = page(&run);
    tags(&html);
    assert!(!html.contains("NaN") && !html.contains("inf\""), "a coordinate is no number");
    assert_eq!(html.matches("There is no point to draw").count(), 3);
    assert_eq!(html.matches("class=\"plot\"").count(), 3);
}

/// Writes the sample pages to the folder named by `REPORT_PAGES`, to be looked at in a browser.
#[test]
fn pages_can_be_written_out_to_look_at() {
    let own = tempfile::tempdir().unwrap();
    let folder = std::env::var("REPORT_PAGES").map_or_else(|_| own.path().to_owned(), std::path::PathBuf::from);
    for (name, run) in samples() {
        let path = folder.join(format!("{name}.html"));
        std::fs::write(&path, page(&run)).unwrap();
        assert!(std::fs::metadata(&path).unwrap().len() > 5_000, "{} is no whole page", path.display());
    }
}
