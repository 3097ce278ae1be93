//! The laws for what proptest makes: nearer to each format than a fuzzer's bytes. Beside them two laws that need to know what
//! was written.

use super::laws;
use proptest::prelude::*;
use rigcheck::sources::{
    exposition::{Format, Page, Sample, parse},
    internals::spans_of_json,
};

/// A line of the page for each sample, as its format has it.
fn printed(page: &Page<'_>) -> String {
    let mut out = String::new();
    for family in &page.families {
        if family.declared {
            out.push_str(&format!(
                "# TYPE {} {}\n",
                name(&family.name),
                if page.format == Format::Text && family.kind.word() == "unknown" { "untyped" } else { family.kind.word() }
            ));
        }
        out.extend(family.samples.iter().map(|s| line(s, page.format)));
    }
    if page.format == Format::OpenMetrics {
        out.push_str("# EOF\n");
    }
    out
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

fn name(text: &str) -> String {
    let bare = text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_:".contains(&b)) && !text.starts_with(|c: char| c.is_ascii_digit());
    if bare { text.to_owned() } else { format!("\"{}\"", escaped(text)) }
}

fn label(text: &str) -> String {
    if text.contains(':') { format!("\"{text}\"") } else { name(text) }
}

fn line(sample: &Sample<'_>, format: Format) -> String {
    let (bare, quoted) = if name(&sample.name).starts_with('"') { (String::new(), Some(name(&sample.name))) } else { (name(&sample.name), None) };
    let labels = sample.labels.0.iter().map(|(n, v)| format!("{}=\"{}\"", label(n), escaped(v)));
    let inside: Vec<String> = quoted.into_iter().chain(labels).collect();
    let value = if sample.value.is_nan() {
        "NaN".into()
    } else if sample.value.is_infinite() {
        if sample.value > 0.0 { "+Inf" } else { "-Inf" }.to_owned()
    } else {
        format!("{:?}", sample.value)
    };
    let time = sample.timestamp.map(|t| {
        if format == Format::Text {
            format!(" {}", t.0.div_euclid(1_000))
        } else {
            format!(" {}.{:06}", t.0.div_euclid(1_000_000), t.0.rem_euclid(1_000_000))
        }
    });
    format!("{bare}{{{}}} {value}{}\n", inside.join(","), time.unwrap_or_default())
}

/// What must be the same after printing.
fn facts(page: &Page<'_>) -> Vec<(String, Vec<(String, String)>, u64, Option<i64>)> {
    let bits = |x: f64| if x.is_nan() { f64::NAN.to_bits() } else { x.to_bits() };
    let labels = |s: &Sample<'_>| s.labels.0.iter().map(|(n, v)| (n.to_string(), v.to_string())).collect();
    page.samples().map(|s| (s.name.to_string(), labels(s), bits(s.value), s.timestamp.filter(|t| t.0 >= 0).map(|t| t.0 / 1_000))).collect()
}

const PIECES: &str = r#"(# TYPE (h|g) (histogram|gauge|counter|untyped|unknown)\n|h_bucket|h_sum|h_count|g|_total|\{|\}|le="1"|a="b\\n"|"|,| 1| NaN| \+Inf| -2\.5e3| 17| 1700000000|\n|\r\n|#|é|\{"a\.b"\}| 1\n){0,60}"#;

proptest! {
    #[test]
    fn a_page_printed_is_the_same_page(text in PIECES, open: bool) {
        let format = if open { Format::OpenMetrics } else { Format::Text };
        let once = parse(text.as_bytes(), format);
        let printed = printed(&once);
        let twice = parse(printed.as_bytes(), format);
        prop_assert_eq!(facts(&once), facts(&twice), "{}", printed);
    }

    #[test]
    fn events_do_not_depend_on_the_reads(text in "(data|event|id|:|\\r|\\n|\\n\\n|error| |x|\u{feff}|é|\\x00){0,40}", sizes: u8) {
        laws::sse(&[&[sizes], text.as_bytes()].concat());
    }

    #[test]
    fn any_line_of_a_log_is_read_or_bad(line in prop::collection::vec(any::<u8>(), 0..200)) {
        laws::access_log(&line);
    }

    #[test]
    fn any_value_of_a_log_is_a_duration_or_bad(value in "(-?[0-9]{0,25}(\\.[0-9]{0,25})?([eE][-+]?[0-9]{0,12})?|NaN|inf|null|\"-\"|\\[1\\]|\"1e999\")", ts in "[-0-9eE.:TZ+ ]{0,30}") {
        laws::access_log(format!("{{\"id\":\"a\",\"total\":{value},\"ts\":{ts:?},\"status\":{value}}}").as_bytes());
        laws::access_log(format!("{{\"id\":\"a\",\"total\":\"{value}\",\"ts\":{value}}}").as_bytes());
        laws::access_log(format!("- - - [{ts}] \"GET / HTTP/1.1\" 200 {value} {value} abc").as_bytes());
    }

    #[test]
    fn any_bytes_to_each_reader(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        for law in [laws::otlp_json, laws::otlp_protobuf, laws::jaeger_json, laws::prometheus_json, laws::metrics_protobuf, laws::chrony, laws::ptp, laws::dns, laws::exposition] {
            law(&bytes);
        }
    }

    #[test]
    fn any_reply_with_the_head_of_chronyd(numbers in prop::collection::vec(any::<u8>(), 76..90)) {
        let head = [&[6, 2, 0, 0, 0, 33, 0, 5][..], &[0; 8], &0x7269_6763_u32.to_be_bytes(), &[0; 8]].concat();
        laws::chrony(&[&head[..], &numbers].concat());
    }

    #[test]
    fn any_records_of_a_nameserver(flags in any::<u16>(), counts in prop::collection::vec(0_u16..4, 3), records in prop::collection::vec(any::<u8>(), 0..200)) {
        let head = [&[0x72, 0x63][..], &flags.to_be_bytes(), &[0, 1], &counts.iter().flat_map(|n| n.to_be_bytes()).collect::<Vec<_>>()].concat();
        laws::dns(&[&head[..], b"\x03api\x07example\x03com\x00\x00\x01\x00\x01", &records].concat());
    }

    #[test]
    fn any_data_sets_of_ptp4l(data in prop::collection::vec(any::<u8>(), 20 + 14 + 32 + 4 + 18 + 50)) {
        let (mut replies, mut data) = (vec![], &data[..]);
        for (set, length) in [(0x2000_u16, 20), (0xc004, 14), (0x2002, 32), (0x2003, 4), (0x2001, 18), (0xc000, 50)] {
            let head = [&[0x0d, 2, 0, 54 + length as u8][..], &[0; 38], &[0x72, 0x63, 0, 0, 2, 0, 0, 1, 0, 2 + length as u8], &set.to_be_bytes()].concat();
            replies.extend([&head[..], &data[..length]].concat());
            data = &data[length..];
        }
        prop_assert!(rigcheck::sources::internals::followed(&replies, rigcheck::model::units::Wall(0)).is_ok());
        laws::ptp(&replies);
    }

    #[test]
    fn any_numbers_as_stored_samples(values in prop::collection::vec(("[-0-9.e]{1,12}", "(-?[0-9]{1,20}(e[-+]?[0-9]{1,3})?|NaN|[+-]Inf)"), 0..8), native: bool) {
        let one = |(at, value): &(String, String)| {
            let value = format!("\"{value}\"");
            if native { format!("[{at},{{\"count\":{value},\"sum\":{value},\"buckets\":[[0,\"1\",\"2\",{value}],[0,\"2\",\"4\",{value}]]}}]") } else { format!("[{at},{value}]") }
        };
        let (name, key) = if native { ("t_seconds", "histograms") } else { ("t_seconds_count", "values") };
        let list: Vec<_> = values.iter().map(one).collect();
        laws::prometheus_json(format!(
            "{{\"status\":\"success\",\"data\":{{\"resultType\":\"matrix\",\"result\":[{{\"metric\":{{\"__name__\":\"{name}\"}},\"{key}\":[{}]}}]}}}}",
            list.join(",")
        ).as_bytes());
    }

    #[test]
    fn spans_of_json_have_the_times_that_were_written(id in "[0-9a-zA-Z+/=_-]{0,34}", parent in "[0-9a-f]{0,17}", start: u64, end: u64, text: bool, name in "\\PC{0,200}") {
        let number = |n: u64| if text { format!("\"{n}\"") } else { n.to_string() };
        let span = format!(
            "{{\"traceId\":\"{id}\",\"spanId\":\"1\",\"parentSpanId\":\"{parent}\",\"startTimeUnixNano\":{},\"endTimeUnixNano\":{},\"name\":{}}}",
            number(start), number(end), serde_json::to_string(&name).unwrap()
        );
        let body = format!("{{\"resourceSpans\":[{{\"scopeSpans\":[{{\"spans\":[{span}]}}]}}]}}");
        laws::otlp_json(body.as_bytes());
        let (rows, bad) = spans_of_json(body.as_bytes()).unwrap();
        prop_assert_eq!(rows.len() as u64 + bad, 1);
        for row in rows {
            prop_assert_eq!((row.start_ns, row.end_ns), (start, end));
        }
    }

    #[test]
    fn any_text_is_a_spec_or_problems_that_lie_in_it(text in "(version: 1|rig: |target|sources|metrics|waivers|gate|\\{|\\}|\\[|\\]|: |- |\\n|\\n  |&a |\\*a|'|\"|\\||>|#|\\t|\\$\\{env:X\\}|~|1e9|é|\u{feff}|\u{85}|\u{2028}|\\r\\n|x){0,50}") {
        laws::spec(text.as_bytes());
    }
}
