//! The strict parser: what it reads, what it doubts, and that no bytes make it panic.
#![allow(clippy::float_cmp, reason = "a value is read as it is written, to the last bit")]

use proptest::prelude::*;
use rigcheck::{
    model::units::Wall,
    sources::exposition::{Format, Kind, Page, lost_by_lax_reader, parse, parse_kept},
};
use std::fmt::Write as _;

const CLASSIC: &[u8] = include_bytes!("../../fixtures/exposition/classic.prom");
const OPEN: &[u8] = include_bytes!("../../fixtures/exposition/openmetrics.txt");

fn names<'p>(page: &'p Page<'_>) -> Vec<&'p str> {
    page.families.iter().map(|f| f.name.as_ref()).collect()
}

#[test]
fn reads_text_0_0_4() {
    let page = parse(CLASSIC, Format::Text);
    assert_eq!(page.doubts, []);
    assert_eq!(names(&page), ["http_request_duration_seconds", "vllm:num_requests_running", "untyped_metric", "rpc_seconds", "quoted.name"]);
    let latency = &page.families[0];
    assert_eq!((latency.kind, latency.samples.len()), (Kind::Histogram, 5));
    assert_eq!(latency.help.as_deref(), Some("Latency, with \\ and a \n line."));
    assert_eq!(latency.samples[1].labels.get("le"), Some("1"));
    assert_eq!((latency.samples[3].value, latency.samples[3].line), (4.5, 6));
    assert_eq!(page.families[1].samples[0].labels.get("model_name"), Some("a,b=\"c\" {d}"));
    assert!(page.families[1].samples[0].value.is_nan());
    assert!(!page.families[2].declared && page.families[2].samples[0].value == f64::INFINITY);
    assert_eq!(page.families[4].samples[0].labels.get("label.name"), Some("x"));
}

#[test]
fn reads_openmetrics() {
    let page = parse(OPEN, Format::OpenMetrics);
    assert_eq!(page.doubts, []);
    assert_eq!(names(&page), ["gateway_ttft_seconds", "requests", "build", "mode", "temperature"]);
    let ttft = &page.families[0];
    assert_eq!((ttft.unit.as_deref(), ttft.help.as_deref()), (Some("seconds"), Some("Time to \"first\" token.")));
    let exemplar = ttft.samples[0].exemplar.as_ref().expect("first bucket has one");
    assert_eq!(exemplar.labels.get("trace_id"), Some("0af7651916cd43dd8448eb211c80319c"));
    assert_eq!((exemplar.value, exemplar.timestamp), (0.05, Some(Wall(1_700_000_000_500_000))));
    assert_eq!(page.families[4].samples[0].timestamp, Some(Wall(1_700_000_000_500_000)));
    assert_eq!(page.families.iter().map(|f| f.kind).collect::<Vec<_>>(), [Kind::Histogram, Kind::Counter, Kind::Info, Kind::StateSet, Kind::Gauge]);
}

#[test]
fn what_is_not_kept_is_checked_all_the_same() {
    let broken = "# TYPE h histogram\nh_bucket{le=\"1\"} 2\nh_bucket{le=\"1\"} 2\nh_bucket{le=\"+Inf\"} 1\nh_count 1\nh_sum 1\na 1\na 1\nb x\nc 5\n";
    for page in [CLASSIC, broken.as_bytes()] {
        let (all, kept) = (parse(page, Format::Text), parse_kept(page, Format::Text, &|sample| sample.name == "c"));
        assert_eq!((&all.doubts, all.doubtful_lines, names(&all)), (&kept.doubts, kept.doubtful_lines, names(&kept)));
        assert_eq!(kept.samples().map(|s| s.value).collect::<Vec<_>>(), all.samples().filter(|s| s.name == "c").map(|s| s.value).collect::<Vec<_>>());
    }
    let kept = parse_kept(broken.as_bytes(), Format::Text, &|sample| sample.name == "c");
    let because = |metric: &str| kept.damage(metric).map(|d| (d.line, d.why.clone()));
    assert_eq!(because("a"), Some((8, "`a`: the same series a second time (first on line 7)".to_owned())));
    assert_eq!(because("h").map(|d| d.0), Some(3));
    assert_eq!((because("b").map(|d| d.0), because("c")), (Some(9), None));
}

/// A family of more sets of labels than are held at once: each is told by its number; `at` writes it.
fn large(sets: usize, at: impl Fn(usize) -> [u64; 2]) -> String {
    let mut page = "# TYPE h histogram\n".to_owned();
    for n in 0..sets {
        let [top, count] = at(n);
        let _ = writeln!(
            page,
            "h_bucket{{n=\"{n}\",le=\"1\"}} 2\nh_bucket{{n=\"{n}\",le=\"+Inf\"}} {top}\nh_sum{{n=\"{n}\"}} 1\nh_count{{n=\"{n}\"}} {count}"
        );
    }
    page
}

#[test]
fn a_large_family_is_checked_while_it_is_read() {
    assert_eq!(parse(large(12_000, |_| [3, 3]).as_bytes(), Format::Text).doubts, []);
    for broken in [0, 6_000, 11_999] {
        let page = large(12_000, |n| if n == broken { [3, 4] } else { [3, 3] });
        let doubts = parse(page.as_bytes(), Format::Text).doubts;
        assert_eq!(doubts.len(), 1, "{doubts:?}");
        assert_eq!((doubts[0].line, doubts[0].why.as_str()), (broken as u64 * 4 + 5, "`h_count`: the count differs from the `+Inf` bucket"));
    }
}

#[test]
fn a_large_family_in_disorder_is_said_to_be_unchecked() {
    let page = large(6_000, |_| [3, 3]);
    let (counts, buckets): (Vec<_>, Vec<_>) = page.lines().skip(1).partition(|line| line.starts_with("h_count"));
    let page = ["# TYPE h histogram"].into_iter().chain(buckets).chain(counts).fold(String::new(), |text, line| text + line + "\n");
    let doubts = parse(page.as_bytes(), Format::Text).doubts;
    assert_eq!(doubts.len(), 1, "{doubts:?}");
    assert!(doubts[0].why.contains("whether they agree was not checked"), "{doubts:?}");
    // A set of labels that was judged and let go comes back.
    let page = large(12_000, |_| [3, 3]) + "h_bucket{n=\"7\",le=\"2\"} 3\n";
    assert_eq!(parse(page.as_bytes(), Format::Text).doubts.len(), 1);
}

#[test]
fn an_endless_line_is_not_read_and_names_its_metric() {
    let page = format!("a 1\nb{{x=\"{}\"}} 1\nc 1\n", "y".repeat(1 << 20));
    let read = parse(page.as_bytes(), Format::Text);
    assert_eq!((read.samples().count(), read.doubts.len()), (2, 1));
    assert!(read.damage("b").is_some_and(|d| d.why.contains("1 MiB")) && read.damage("a").is_none());
}

/// Each case: a page, the line of the one doubt, a word of its reason.
fn doubted(format: Format, cases: &[(&str, u64, &str)]) {
    for (text, line, word) in cases {
        let page = parse(text.as_bytes(), format);
        assert!(page.doubts.iter().any(|d| d.line == *line && d.why.contains(word)), "{text:?} gave {:?}, expected {word} on {line}", page.doubts);
    }
}

const BUCKETS: &str = "# TYPE h histogram\nh_bucket{le=\"1\"} 2\n";

#[test]
fn doubts_in_both_formats() {
    let histogram = |rest: &str| format!("{BUCKETS}{rest}# EOF\n");
    let pages = [
        ("9lives 1\n# EOF\n".into(), 1, "metric name"),
        ("foo-bar 1\n# EOF\n".into(), 1, "metric name"),
        ("foo{9a=\"x\"} 1\n# EOF\n".into(), 1, "label name"),
        ("foo{a=\"x\\t\"} 1\n# EOF\n".into(), 1, "escape"),
        ("foo{a=\"x} 1\n# EOF\n".into(), 1, "not closed"),
        ("foo{a=\"x\"y\"} 1\n# EOF\n".into(), 1, "not escaped"),
        ("foo{a=x} 1\n# EOF\n".into(), 1, "quotes"),
        ("foo{a=\"1\",a=\"2\"} 1\n# EOF\n".into(), 1, "twice"),
        ("foo{\"a\",\"b\"} 1\n# EOF\n".into(), 1, "two metric names"),
        ("foo 1,5\n# EOF\n".into(), 1, "no number"),
        ("foo\n# EOF\n".into(), 1, "no value"),
        ("foo 1 1 1\n# EOF\n".into(), 1, "more text"),
        ("foo 1 soon\n# EOF\n".into(), 1, "timestamp"),
        ("foo{a=\"1\",b=\"2\"} 1\nfoo{b=\"2\",a=\"1\"} 2\n# EOF\n".into(), 2, "second time (first on line 1)"),
        ("# TYPE foo gauge\n# TYPE foo gauge\nfoo 1\n# EOF\n".into(), 2, "second TYPE"),
        ("# HELP foo x\n# HELP foo y\nfoo 1\n# EOF\n".into(), 2, "second HELP"),
        ("foo 1\n# TYPE foo gauge\n# EOF\n".into(), 2, "after samples"),
        ("h_bucket{le=\"+Inf\"} 1\n# TYPE h histogram\n# EOF\n".into(), 2, "after samples"),
        ("foo{a=\"1\"} 1\nbar 1\nfoo{a=\"2\"} 1\n# EOF\n".into(), 3, "comes back"),
        ("# TYPE foo gouge\nfoo 1\n# EOF\n".into(), 1, "TYPE is none"),
        ("foo 1\r\n# EOF\r\n".into(), 1, "CR LF"),
        ("\u{feff}foo 1\n# EOF\n".into(), 1, "byte order mark"),
        (histogram("h_sum 1\nh_count 2\n"), 2, "`+Inf` bucket is missing"),
        (histogram("h_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\n"), 3, "not cumulative"),
        (histogram("h_bucket{le=\"+Inf\"} 3\nh_sum 1\nh_count 2\n"), 5, "differs from the `+Inf`"),
        (histogram("h_bucket{le=\"0.5\"} 1\nh_bucket{le=\"+Inf\"} 3\nh_sum 1\nh_count 3\n"), 3, "does not ascend"),
        (histogram("h_bucket{le=\"1.0\"} 2\nh_bucket{le=\"+Inf\"} 2\nh_sum 1\nh_count 2\n"), 3, "same `le`"),
        (histogram("h_bucket{le=\"much\"} 2\nh_bucket{le=\"+Inf\"} 2\nh_sum 1\nh_count 2\n"), 3, "`le` is no number"),
        (histogram("h_bucket 2\nh_bucket{le=\"+Inf\"} 2\nh_sum 1\nh_count 2\n"), 3, "no `le`"),
        (histogram("h_bucket{le=\"+Inf\"} 2\nh_sum 1\n"), 2, "no `_count`"),
        (histogram("h_bucket{le=\"+Inf\"} 2\nh_sum -1\nh_count 2\n"), 4, "sum is negative"),
        ("# TYPE h histogram\nh_bucket{le=\"+Inf\"} -1\nh_sum 0\nh_count -1\n# EOF\n".into(), 2, "count is negative"),
        ("# TYPE s summary\ns{quantile=\"2\"} 1\ns_sum 1\ns_count 1\n# EOF\n".into(), 2, "quantile"),
    ];
    for format in [Format::Text, Format::OpenMetrics] {
        doubted(format, &pages.iter().map(|(text, line, word): &(String, u64, &str)| (text.as_str(), *line, *word)).collect::<Vec<_>>());
    }
}

#[test]
fn doubts_of_one_format() {
    doubted(
        Format::Text,
        &[
            ("foo 1", 1, "line feed"),
            ("# TYPE foo info\n", 1, "TYPE is none"),
            ("# TYPE foo_total counter\nfoo_total -1\n", 2, "counter is negative"),
            ("foo 1 1700000000\n", 1, "looks like seconds"),
            ("foo 1 1700000000000.5\n", 1, "whole"),
            ("foo_total 1 # {a=\"b\"} 1\n", 1, "OpenMetrics"),
            ("foo{a=\"1\"} 1 1700000000000\nfoo{a=\"2\"} 1\n", 2, "some samples have timestamps"),
        ],
    );
    doubted(
        Format::OpenMetrics,
        &[
            ("foo 1\n", 1, "EOF"),
            ("foo 1\n# EOF\nfoo 2\n", 3, "after `# EOF`"),
            ("\nfoo 1\n# EOF\n", 1, "empty line"),
            ("# hello\n# EOF\n", 1, "comment"),
            ("foo  1\n# EOF\n", 1, "one space"),
            ("# TYPE foo untyped\n# EOF\n", 1, "TYPE is none"),
            ("# TYPE foo counter\nfoo 1\n# EOF\n", 2, "_total"),
            ("# TYPE foo counter\nfoo_total NaN\n# EOF\n", 2, "counter is negative"),
            ("# TYPE foo gauge\n# UNIT foo seconds\n# EOF\n", 2, "UNIT"),
            ("foo 1 1700000000000\n# EOF\n", 1, "looks like milliseconds"),
            ("# TYPE foo info\nfoo_info 2\n# EOF\n", 2, "must be 1"),
            ("# TYPE foo stateset\nfoo{foo=\"a\"} 3\n# EOF\n", 2, "0 or 1"),
            ("# TYPE foo gauge\nfoo 1 # {a=\"b\"} 1\n# EOF\n", 2, "exemplar may stand"),
            ("# TYPE h histogram\nh_bucket{le=\"1\"} 1 # {a=\"b\"} 2\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\n# EOF\n", 2, "outside its bucket"),
            (
                "# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 2 # {a=\"b\"} 0.5\nh_sum 1\nh_count 2\n# EOF\n",
                3,
                "outside its bucket",
            ),
            (&format!("# TYPE c counter\nc_total 1 # {{a=\"{}\"}} 1\n# EOF\n", "x".repeat(128)), 2, "128"),
        ],
    );
    let bad = [b"good 1\nbad\xff 2\nalso_good 3\n".as_slice(), b"# EOF\n"].concat();
    for format in [Format::Text, Format::OpenMetrics] {
        let page = parse(&bad, format);
        assert_eq!((page.doubts[0].line, page.doubts[0].why.as_str()), (2, "the line is not valid UTF-8"));
        assert_eq!(names(&page), ["good", "also_good"]);
    }
}

#[test]
fn one_bad_line_costs_itself_and_names_its_metric() {
    let text = "# TYPE h histogram\nh_bucket{le=\"1\"} 2\nh_bucket{le=\"5\"} many\nh_bucket{le=\"+Inf\"} 3\nh_sum 1\nh_count 3\nother{secret=\"pass word\" 1\n";
    let page = parse(text.as_bytes(), Format::Text);
    assert_eq!(page.samples().count(), 4);
    assert_eq!(page.damage("h").map(|d| d.line), Some(3));
    assert_eq!(page.damage("other").map(|d| d.line), Some(7));
    assert_eq!(page.damage("h_bucket_other"), None);
    assert!(page.doubts.iter().all(|d| !d.why.contains("many") && !d.why.contains("pass")), "{:?}", page.doubts);
    // A page that was cut damages every metric; a page that is only untidy damages none.
    assert!(parse(b"foo 1\n", Format::OpenMetrics).damage("anything").is_some());
    assert_eq!(parse(b"foo  1\n# EOF\n", Format::OpenMetrics).damage("foo"), None);
}

#[test]
fn separate_created_gauges_are_no_late_type() {
    let text = "# TYPE jobs_created gauge\njobs_created 1\n# TYPE jobs gauge\njobs 1\n";
    assert_eq!(parse(text.as_bytes(), Format::Text).doubts, []);
}

#[test]
fn counts_what_a_lax_reader_loses() {
    let page = parse(CLASSIC, Format::Text);
    // The metric with a colon and the quoted name; `\` in HELP and blanks do it no harm.
    assert_eq!(lost_by_lax_reader(CLASSIC, &page), 2);
    let lost = |text: &str, format| lost_by_lax_reader(text.as_bytes(), &parse(text.as_bytes(), format));
    assert_eq!(lost("a{x=\"1\"} 1\nb 2 1700000000123\n", Format::Text), 0);
    assert_eq!(lost("a{x=\"p=q\"} 1\n", Format::Text), 1, "`=` in a value loses the label");
    assert_eq!(lost("a{x=\"p}q\"} 1\n", Format::Text), 1, "`}}` in a value loses the sample");
    assert_eq!(lost("a 1 1700000000.5\n# EOF\n", Format::OpenMetrics), 1, "a timestamp in seconds becomes now");
}

#[test]
fn a_flood_of_doubts_is_counted_not_kept() {
    let page_text = "?\n".repeat(50_000);
    let page = parse(page_text.as_bytes(), Format::Text);
    assert_eq!(page.doubtful_lines, 50_000);
    assert!(page.doubts.len() <= 1_000);
}

/// Sample names, label values and numbers that a correct program may write.
fn written() -> impl Strategy<Value = Vec<(String, Vec<(String, String)>, f64)>> {
    let label = ("[a-z_][a-z0-9_]{0,6}", any::<String>());
    let sample = ("[a-z_:][a-z0-9_:]{0,8}", proptest::collection::btree_map(label.0, label.1, 0..4), any::<f64>());
    proptest::collection::vec(sample, 0..20).prop_map(|list| list.into_iter().map(|(n, l, v)| (n, l.into_iter().collect(), v)).collect())
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        for format in [Format::Text, Format::OpenMetrics] {
            let page = parse(&bytes, format);
            lost_by_lax_reader(&bytes, &page);
        }
    }

    #[test]
    fn no_almost_page_panics(text in r#"(# (TYPE|HELP|UNIT|EOF) ?|h_bucket|h_sum|h_count|h|_total|\{|\}|le=|"|\\|,|=| |\n|\r|1|-|\.|e9|NaN|\+Inf|#|é|histogram|counter|\{"a\.b"\}){0,60}"#) {
        for format in [Format::Text, Format::OpenMetrics] {
            let page = parse(text.as_bytes(), format);
            let lines = text.split('\n').count() as u64;
            prop_assert!(page.doubts.iter().all(|d| d.line >= 1 && d.line <= lines));
            prop_assert!(page.doubtful_lines <= lines);
            page.damage("h");
            lost_by_lax_reader(text.as_bytes(), &page);
        }
    }

    #[test]
    fn reads_back_what_was_written(samples in written()) {
        let lines: Vec<_> = samples.iter().map(|(name, labels, value)| {
            let labels: Vec<_> = labels.iter().map(|(n, v)| format!("{n}=\"{}\"", escaped(v))).collect();
            format!("{name}{{{}}} {value:?}\n", labels.join(","))
        }).collect();
        let text = lines.concat();
        let page = parse(text.as_bytes(), Format::Text);
        let read: std::collections::BTreeMap<_, _> = page.samples().map(|s| {
            let mut labels: Vec<_> = s.labels.0.iter().map(|(n, v)| (n.to_string(), v.to_string())).collect();
            labels.sort();
            ((s.name.to_string(), labels), s.value.to_bits())
        }).collect();
        let mut expected = std::collections::BTreeMap::new();
        for (name, labels, value) in &samples {
            expected.entry((name.clone(), labels.clone())).or_insert(if value.is_nan() { f64::NAN.to_bits() } else { value.to_bits() });
        }
        let read: std::collections::BTreeMap<_, _> = read.into_iter().map(|(k, bits)| (k, if f64::from_bits(bits).is_nan() { f64::NAN.to_bits() } else { bits })).collect();
        prop_assert_eq!(read, expected);
    }
}
