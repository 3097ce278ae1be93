//! Documents as users write them, and what is said of those that are wrong.

use crate::{
    model::{
        evidence::Gap,
        name::Name,
        payload::{Cell, FactKind, FactValue, Scheme, Told},
        units::Wall,
    },
    spec::declared::{Declared, read_text},
};

const HEAD: &str = "environment: production\nas_of: 2026-11-01\nby: platform team\n";

fn kinds(_part: &str, fact: &str) -> Option<FactKind> {
    Some(match fact {
        "memory.total" | "limits.memory" => FactKind::Bytes,
        "limits.cpus" => FactKind::Millicores,
        "cpu.count" | "process.workers" => FactKind::Count,
        "python.version" | "version" => FactKind::Version(Scheme::Pep440),
        _ if fact.starts_with("python.packages.") => FactKind::Version(Scheme::Pep440),
        _ if fact.starts_with("settings.") => FactKind::PgSetting,
        _ => return None,
    })
}
fn read(below: &str) -> Declared {
    read_text(&format!("{HEAD}{below}"), "production.yaml", &kinds).unwrap_or_else(|problems| panic!("{problems}"))
}
fn refused(text: &str) -> String {
    read_text(text, "production.yaml", &kinds).unwrap_err().to_string()
}
fn cell(declared: &Declared, part: &str, fact: &str) -> Option<Cell> {
    declared.parts.get(&Name::from(part))?.0.get(fact).cloned()
}
fn value(declared: &Declared, part: &str, fact: &str) -> (FactValue, String) {
    match cell(declared, part, fact) {
        Some(Cell::Value(Told { value, from })) => (value, from),
        other => panic!("{part} {fact}: {other:?}"),
    }
}

#[test]
fn a_document_is_facts_by_part() {
    let declared = read(
        "host: {cpu: {count: 8}, memory: {total: 32GiB}}\ngateway:\n  process: {workers: 8}\n  python: {version: 3.10, packages: {fastapi: 0.110.0, Zope.Interface: 6.0}}\n  limits: {cpus: 4, memory: 8GiB}\npostgres: {version: \"15.4\", settings: {shared_buffers: 8GB, max_connections: 200, jit: off, shared_preload_libraries: [b, a]}}\n",
    );
    assert_eq!((declared.name.as_str(), declared.as_of, declared.by.as_str()), ("production", Wall(1_793_491_200_000_000), "platform team"));
    let pep = |text: &str| FactValue::version(Scheme::Pep440, text);
    assert_eq!(value(&declared, "host", "memory.total"), (FactValue::Bytes(32 << 30), "production.yaml:4".into()));
    assert_eq!(value(&declared, "gateway", "python.version"), (pep("3.10"), "production.yaml:7".into()), "not 3.1");
    assert_eq!(value(&declared, "gateway", "python.packages.fastapi").0, pep("0.110.0"));
    assert_eq!(value(&declared, "gateway", "python.packages.zope-interface").0, pep("6.0"));
    assert_eq!(value(&declared, "gateway", "limits.cpus").0, FactValue::Millicores(4000));
    assert_eq!(value(&declared, "postgres", "settings.shared_buffers").0, FactValue::Bytes(8 << 30));
    assert_eq!(value(&declared, "postgres", "settings.max_connections").0, FactValue::Count(200));
    assert_eq!(value(&declared, "postgres", "settings.jit").0, FactValue::Flag(false));
    assert_eq!(value(&declared, "postgres", "settings.shared_preload_libraries").0, FactValue::Set(["a", "b"].map(str::to_owned).into()));
}

#[test]
fn absent_unknown_and_a_placeholder_are_no_values() {
    let declared = read("gateway:\n  limits: {cpus: ~, memory: absent}\n  x.y: unknown\n  quoted: \"unknown\"\n  image: app:${TAG}\n");
    assert_eq!((cell(&declared, "gateway", "limits.cpus"), cell(&declared, "gateway", "limits.memory")), (Some(Cell::Absent), Some(Cell::Absent)));
    assert_eq!(
        cell(&declared, "gateway", "x.y"),
        Some(Cell::Gap(Gap::NotConfigured("production.yaml:6 says that it is not known; ask whoever runs it".into())))
    );
    assert_eq!(value(&declared, "gateway", "quoted").0, FactValue::Text("unknown".into()));
    assert!(matches!(cell(&declared, "gateway", "image"), Some(Cell::Gap(Gap::NotConfigured(why))) if why.contains("placeholder")));
}

#[test]
fn without_a_kind_a_value_is_what_yaml_has_it_for() {
    let declared = read("p: {a: 3, b: 0.5, c: true, d: on, e: 3.10, f: -1, g: 1e3}\n");
    let all = ["a", "b", "c", "d", "e", "f", "g"].map(|fact| value(&declared, "p", fact).0);
    let text = |t: &str| FactValue::Text(t.into());
    assert_eq!(
        all,
        [
            FactValue::Count(3),
            FactValue::Number(0.5),
            FactValue::Flag(true),
            text("on"),
            text("3.10"),
            FactValue::Count(-1),
            FactValue::Number(1000.0)
        ]
    );
}

#[test]
fn every_problem_is_told_at_its_place() {
    let told = refused(
        "enviroment: production\nas_of: 2026-11-01T09:00:00\nhost:\n  memory: {total: 512m}\n  cpu: {count: [1, 2]}\n  cpu.count: 8\n  empty:\n  nothing: {}\n  list: [a, {b: c}]\n  limits: {cpus: {a: 1}}\n  a b: 1\n  twice: 1\n  twice: 2\nodd: 1\n",
    );
    for expected in [
        "unknown key `enviroment`",
        "did you mean `environment`?",
        "the document needs `by`",
        "add `by: platform team`",
        "`as_of` does not say in which time zone",
        "`memory.total`: `512m` is not an amount of bytes, for `m` is a thousandth",
        "production.yaml:4:19",
        "write `512Mi` or `512M`",
        "`cpu.count` is one value, not a list",
        "`empty` has no value",
        "`nothing` has nothing below it",
        "`list`: a list holds words only",
        "`limits.cpus` is one value, not a mapping",
        "`a b` is no name of a fact",
        "`twice` is given twice",
        "`odd` is a part without facts",
        "12 problems in production.yaml",
    ] {
        assert!(told.contains(expected), "{expected}\n\n{told}");
    }
    assert!(!told.contains("needs `environment`"), "{told}");
}

#[test]
fn a_fact_that_is_written_in_two_ways_is_one_fact() {
    let told = refused(&format!("{HEAD}host:\n  cpu: {{count: 8}}\n  cpu.count: 4\n"));
    assert!(told.contains("`cpu.count` is given twice") && told.contains("first given here"), "{told}");
}

#[test]
fn hostile_documents_are_refused_and_end() {
    assert!(refused("").contains("the document needs `environment`"));
    assert!(refused("- a\n- b\n").contains("a document must be a mapping"));
    assert!(refused(&format!("{HEAD}---\n{HEAD}")).contains("more than one document"));
    let many: String = (0..20_001).map(|i| format!("  f{i}: 1")).collect::<Vec<_>>().join("\n");
    assert!(refused(&format!("{HEAD}p:\n{many}")).contains("more than 20000 facts"));
    let long = format!("{HEAD}p: {{a: 1.50, {}: x}}\n", "y".repeat(20_000));
    let told = refused(&long);
    assert!(told.contains("put it in quotes") && told.contains("longer than 200"), "{}", told.len());
    let text = read(&format!("p:\n  a: {}\n", "z".repeat(100_000)));
    assert!(matches!(value(&text, "p", "a").0, FactValue::Text(t) if t.len() < 5_000));
    assert!(refused(&format!("{HEAD}\u{1b}[31m: {{a: 1}}\n")).chars().all(|c| c == '\n' || !c.is_control()));
}

#[test]
fn a_line_with_a_secret_is_not_shown() {
    let told = refused("environment: [x]\np:\n  api_key: {a: hunter2hunter2, a: hunter3hunter3}\n");
    assert!(!told.contains("hunter"), "{told}");
}
