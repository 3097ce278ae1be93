//! Laws of the readers, whatever the bytes. Those of the exposition parser are in `sources::exposition` beside its tests.

use proptest::prelude::*;
use rigcheck::{
    sources::{
        exposition::{Format, Page, Sample, parse},
        fuzzing::{durations, events, spans_of_json, spans_of_protobuf},
    },
    spec::{
        Exec, Options,
        diagnostics::Problems,
        load_text,
        settings::{AccessLog, Field, LogFormat, LogPlace},
    },
};
use std::path::Path;

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

fn log(nginx: bool) -> AccessLog {
    let field = |name: &str| Some(Field { field: name.into(), unit_ms: 1e3 });
    let format = if nginx { LogFormat::Nginx("[$time_local] \"$request\" $status $request_time $request_id".into()) } else { LogFormat::JsonLines };
    AccessLog {
        from: LogPlace::Stdin,
        format,
        id: if nginx { "request_id" } else { "id" }.into(),
        at: Some(if nginx { "time_local" } else { "ts" }.into()),
        status: Some("status".into()),
        total: field(if nginx { "request_time" } else { "total" }),
        ttft: None,
        inter_chunk: None,
    }
}

fn sound(line: &[u8]) -> Result<(), TestCaseError> {
    for nginx in [false, true] {
        match durations(&log(nginx), line) {
            Ok(said) => prop_assert!(said.iter().flatten().all(|ms| ms.is_finite() && *ms >= 0.0), "{said:?}"),
            Err(why) => prop_assert!(!why.is_empty()),
        }
    }
    Ok(())
}

/// A problem's place lies in the text that it is about.
fn inside(problems: &Problems, text: &str) -> Result<(), TestCaseError> {
    prop_assert!(!problems.is_empty());
    for problem in problems.list.iter().filter(|p| p.at.file > 0) {
        let bytes = problems.files.bytes(problem.at);
        prop_assert!(bytes.as_ref().is_some_and(|b| b.start <= b.end && b.end <= text.len()), "{:?} is outside of {text:?}", problem.at);
    }
    prop_assert!(problems.render(true).contains("error") && problems.to_string().contains("error"));
    Ok(())
}

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
    fn events_do_not_depend_on_the_reads(text in "(data|event|id|:|\\r|\\n|\\n\\n|error| |x|\u{feff}|é|\\x00){0,40}", cuts in prop::collection::vec(1usize..8, 1..30)) {
        let bytes = text.as_bytes();
        let (mut pieces, mut from) = (vec![], 0);
        for cut in cuts.iter().cycle() {
            if from >= bytes.len() { break; }
            let to = (from + cut).min(bytes.len());
            pieces.push(&bytes[from..to]);
            from = to;
        }
        prop_assert_eq!(events(&pieces), events(&[bytes]));
    }

    #[test]
    fn any_line_of_a_log_is_read_or_bad(line in prop::collection::vec(any::<u8>(), 0..200)) {
        sound(&line)?;
    }

    #[test]
    fn any_value_of_a_log_is_a_duration_or_bad(value in "(-?[0-9]{0,25}(\\.[0-9]{0,25})?([eE][-+]?[0-9]{0,12})?|NaN|inf|null|\"-\"|\\[1\\]|\"1e999\")", ts in "[-0-9eE.:TZ+ ]{0,30}") {
        sound(format!("{{\"id\":\"a\",\"total\":{value},\"ts\":{ts:?},\"status\":{value}}}").as_bytes())?;
        sound(format!("{{\"id\":\"a\",\"total\":\"{value}\",\"ts\":{value}}}").as_bytes())?;
        sound(format!("[{ts}] \"GET / HTTP/1.1\" 200 {value} abc").as_bytes())?;
    }

    #[test]
    fn any_bytes_as_otlp(body in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = spans_of_json(&body);
        if let Ok((rows, _)) = spans_of_protobuf(&body) {
            prop_assert!(rows.iter().all(|r| r.trace_id.len() == 32 && r.span_id.len() == 16));
        }
    }

    #[test]
    fn spans_of_json_have_whole_ids_and_the_times_that_were_written(id in "[0-9a-zA-Z+/=_-]{0,34}", parent in "[0-9a-f]{0,17}", start: u64, end: u64, text: bool, name in "\\PC{0,200}") {
        let number = |n: u64| if text { format!("\"{n}\"") } else { n.to_string() };
        let span = format!(
            "{{\"traceId\":\"{id}\",\"spanId\":\"1\",\"parentSpanId\":\"{parent}\",\"startTimeUnixNano\":{},\"endTimeUnixNano\":{},\"name\":{}}}",
            number(start), number(end), serde_json::to_string(&name).unwrap()
        );
        let (rows, bad) = spans_of_json(format!("{{\"resourceSpans\":[{{\"scopeSpans\":[{{\"spans\":[{span}]}}]}}]}}").as_bytes()).unwrap();
        prop_assert_eq!(rows.len() as u64 + bad, 1);
        for row in rows {
            prop_assert!(row.trace_id.len() == 32 && row.trace_id.bytes().all(|b| b.is_ascii_hexdigit()) && row.parent_id.is_none_or(|p| p.len() == 16));
            prop_assert_eq!((row.start_ns, row.end_ns), (start, end));
            prop_assert!(row.name.chars().count() <= 80);
        }
    }

    #[test]
    fn any_text_is_a_spec_or_problems_that_lie_in_it(text in "(version: 1|rig: |target|sources|metrics|waivers|gate|\\{|\\}|\\[|\\]|: |- |\\n|\\n  |&a |\\*a|'|\"|\\||>|#|\\t|\\$\\{env:X\\}|~|1e9|é|\u{feff}|\u{85}|\u{2028}|\\r\\n|x){0,50}") {
        let env = |_: &str| None;
        match load_text(&text, "rigcheck.yaml", Path::new("/nowhere"), &Options { checks_dir: None, env: &env, exec: Exec::Refused }) {
            Ok(loaded) => prop_assert!(!loaded.summary().is_empty()),
            Err(problems) => inside(&problems, &text)?,
        }
    }
}
