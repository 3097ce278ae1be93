//! Peak memory of a child process that asks one source, beside a server that sends far more than it reads.

use super::{
    server::{Raw, Script, gzip_without_end, head},
    sources::{ASKING, SHORT, ask, kind},
};
use crate::{
    child,
    sources::{access_log, metrics_world::to},
};
use rigcheck::{
    sources::limits::{LIMITS, Limit, of_imports},
    spec::{Exec, Options, load_text},
};
use std::{fs, path::Path, time::Duration};

/// What a child does.
const WHAT: &str = "RIGCHECK_TEST_HOSTILE";
/// Time in which a debug build has read and understood what there is.
const PATIENCE: Duration = Duration::from_secs(15);
/// Code, runtime and the allocator's own holes in a debug build, beside what is read.
const ELSE: usize = 60 << 20;

fn limit(of: &str) -> &'static Limit {
    LIMITS.iter().find(|l| l.of == of).unwrap()
}

fn of(source: &str) -> &'static Limit {
    limit(match source {
        "prometheus" => "an answer of Prometheus",
        "jaeger" => "an answer of Jaeger",
        "truth" => "the mock's emission log",
        "load" => "a response of the target",
        _ => "a metrics page",
    })
}

/// How much a child's peak grew while it did this.
async fn grew(what: &str, at: &str) -> usize {
    let mut command = child::test("hostile::memory::child_process", WHAT, &format!("{what} {at}"));
    let told = tokio::task::spawn_blocking(move || child::run(&mut command)).await.unwrap();
    println!("{what}: {:.0} MiB; {}", told.mib(), told.said.lines().find(|l| l.contains("gap: ")).unwrap_or_default());
    told.added
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a child of the other tests here"]
async fn child_process() {
    let Ok(what) = std::env::var(WHAT) else { return };
    let (what, at) = what.split_once(' ').unwrap();
    let before = child::peak();
    match what {
        "spec" => {
            let text = fs::read_to_string(at).unwrap();
            let env = |_: &str| None;
            let read = load_text(&text, "rigcheck.yaml", Path::new("/nowhere"), &Options { checks_dir: None, env: &env, exec: Exec::Refused });
            println!("gap: {}", read.unwrap_err().to_string().lines().next().unwrap());
        }
        "access_log" => {
            use rigcheck::model::{audit::Effort, name, source::Source as _};
            let log = rigcheck::sources::access_log::Log::new(name("access_log"), &access_log::file(Path::new(at))).unwrap();
            let slot = rigcheck::model::source::Slot { deadline: std::time::Instant::now() + SHORT, ..access_log::slot(3) };
            let seen = log.ask(&access_log::query(), Effort::default(), &slot).await.unwrap();
            println!("gap: {}", seen.partial.unwrap());
        }
        source => println!("gap: {:?}", ask(source, &to(at.into()), PATIENCE).await.map(|gap| gap.to_string())),
    }
    child::tell("", before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_without_end_takes_no_more_than_its_limit() {
    for source in ASKING {
        let filler = if kind(source).starts_with("application/json") { " " } else { "\n" };
        let raw = Raw::start(Script::endless(head(kind(source), ""), filler.repeat(1 << 16))).await;
        let grew = grew(source, &raw.url).await;
        assert!(grew < of(source).memory + ELSE, "{source} took {} MiB", grew >> 20);
    }
}

/// Documents of 4 MiB that are huge as values: what they may take is the same share of the limit.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_of_empty_elements_takes_no_more_than_its_share_of_the_limit() {
    const SIZE: usize = 4 << 20;
    let list =
        |before: &str, element: &str, after: &str| format!("{before}{}{element}{after}", format!("{element},").repeat(SIZE / (element.len() + 1)));
    let matrix = "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[";
    for (source, body) in [
        ("jaeger", list("{\"result\":{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[", "{}", "]}]}]}}")),
        ("jaeger", list("{\"result\":{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"attributes\":[", "{}", "]}]}]}]}}")),
        ("jaeger", list("{\"result\":{\"resourceSpans\":[", "{}", "]}}")),
        ("jaeger", list("{\"data\":[{\"spans\":[", "{}", "]}]}")),
        ("jaeger", list("{\"data\":[{\"spans\":[{\"tags\":[", "{}", "]}]}]}")),
        ("prometheus", list(matrix, "{\"metric\":{}}", "]}}")),
        ("prometheus", list(&format!("{matrix}{{\"metric\":{{}},\"values\":["), "[0,\"\"]", "]}]}}")),
    ] {
        let length = body.len();
        let raw = Raw::start(Script::of(head(kind(source), &format!("content-length: {length}\r\n")) + &body)).await;
        let grew = grew(source, &raw.url).await;
        let share = length * (of(source).memory / of(source).read + 1);
        assert!(grew < share + ELSE, "{source} took {} MiB for {}", grew >> 20, &body[..60]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_packed_log_that_unpacks_to_gigabytes_and_a_spec_of_aliases_take_little() {
    let folder = tempfile::tempdir().unwrap();
    let (mut packed, again) = gzip_without_end(&vec![b'x'; 1 << 20]);
    packed.extend(again.repeat(10_000));
    assert!(packed.len() < 64 << 20);
    let log = folder.path().join("access.jsonl.1.gz");
    fs::write(&log, packed).unwrap();
    let took = grew("access_log", log.to_str().unwrap()).await;
    assert!(took < limit("a line of an access log").memory + ELSE, "{} MiB", took >> 20);

    let spec = folder.path().join("rigcheck.yaml");
    fs::write(&spec, format!("a: &a {}\nb: [{}]\n", "x".repeat(500_000), vec!["*a"; 40_000].join(","))).unwrap();
    let took = grew("spec", spec.to_str().unwrap()).await;
    assert!(took < limit("a spec, or a file that it is made of").memory, "{} MiB", took >> 20);
}

/// What the children above are held to; the others are figures of what each reader keeps.
const MEASURED: [&str; 7] = [
    "an answer of Prometheus",
    "an answer of Jaeger",
    "the mock's emission log",
    "a metrics page",
    "a response of the target",
    "a line of an access log",
    "a spec, or a file that it is made of",
];

#[test]
fn the_page_of_limits_says_what_holds() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/limits.md");
    let page = fs::read_to_string(&path).unwrap();
    let size = |bytes: usize| if bytes < 1 << 20 { format!("{} KiB", bytes >> 10) } else { format!("{} MiB", bytes.div_ceil(1 << 20)) };
    let mut table = "| what | read at most | memory at most | beyond it |\n|---|---|---|---|\n".to_owned();
    for Limit { of, read, memory, beyond } in LIMITS.into_iter().chain([of_imports()]) {
        let measured = if MEASURED.contains(&of) { ", measured" } else { "" };
        table += &format!("| {of} | {} | {}{measured} | {beyond} |\n", size(read), size(memory));
    }
    assert!(MEASURED.iter().all(|of| table.contains(&format!("| {of} |"))));
    let (before, rest) = page.split_once("| what |").unwrap();
    let (_, after) = rest.split_once("\n\n").unwrap();
    let right = format!("{before}{table}\n{after}");
    if std::env::var_os("BLESS").is_some() {
        fs::write(path, &right).unwrap();
    } else {
        assert_eq!(page, right, "docs/limits.md: write it anew with BLESS=1");
    }
}
