//! The case files: what is embedded is sound, what is generated from it is current.

use rigcheck::spec::{
    catalogue::Catalogue,
    explain::{catalogue_markdown, explain, list},
};
use std::{fs, path::Path};

fn embedded() -> Catalogue {
    Catalogue::load(None).unwrap_or_else(|problems| panic!("{problems}"))
}

#[test]
fn what_is_embedded_is_what_lies_in_the_folder() {
    let embedded = embedded();
    let folder = Catalogue::load(Some(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/checks")))).unwrap();
    let ids = |c: &Catalogue| c.cases.iter().map(|c| c.id.clone()).collect::<std::collections::BTreeSet<_>>();
    assert_eq!(ids(&embedded), ids(&folder));
    assert!(!embedded.cases.is_empty());
}

#[test]
fn the_page_of_the_catalogue_is_current() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/checks/README.md");
    let page = catalogue_markdown(&embedded());
    if std::env::var("BLESS").is_ok() {
        fs::write(path, &page).unwrap();
    }
    assert!(fs::read_to_string(path).unwrap_or_default() == page, "checks/README.md is out of date: BLESS=1 cargo test --test it catalogue");
}

#[test]
fn every_case_and_rule_is_explained() {
    let catalogue = embedded();
    for row in list(&catalogue) {
        let text = explain(&catalogue, &row.id, &["one-fault"]).unwrap();
        assert!(text.contains(&row.title), "{text}");
        assert!(text.lines().all(|l| l.chars().count() <= 120), "{text}");
        if !row.case {
            for part in ["Why", "What is measured", "Blind spots", "What to do when it fails", "Where method and limits come from", "Needs"] {
                assert!(text.contains(&format!("\n{part}\n")), "{} lacks {part}", row.id);
            }
        }
    }
    insta::assert_snapshot!("explain_rule", explain(&catalogue, "LAT-14", &["one-fault"]).unwrap());
    insta::assert_snapshot!("explain_case", explain(&catalogue, "PERF_INFRA_MONITORING_LATENCY_ACCURACY_001", &[]).unwrap());
    assert!(explain(&catalogue, "LAT-144", &[]).unwrap_err().contains("did you mean `LAT-14`?"));
    assert!(explain(&catalogue, "what", &[]).unwrap_err().contains("rigcheck list"));
}

#[test]
fn each_seeded_fault_is_told_where_it_can_be_seen() {
    let text = explain(&embedded(), "LAT-09", &["prefill-as-ttft", "client-at-headers", "other"]).unwrap();
    assert!(text.contains("  try it: rigcheck demo --fault prefill-as-ttft | client-at-headers\n"), "{text}");
    assert!(text.contains("  on the real stack (docs/fault-matrix.md): two-definitions\n"), "{text}");
}

#[test]
fn events_are_explained_before_the_figures_that_time_them() {
    let text = explain(&embedded(), "LAT-09", &[]).unwrap();
    assert!(text.find("Events, as the spec names them").unwrap() < text.find("What figures are known to time").unwrap());
    assert!(text.contains("\n    vllm:time_to_first_token_seconds (s): arrival → first_token\n    vllm:request_prefill"), "{text}");
}

fn folder_with(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("below the folder")).expect("a temporary folder");
        fs::write(path, text).expect("a temporary folder");
    }
    folder
}

const TEMPLATE: &str = include_str!("../../../checks/_template.yaml");

#[test]
fn the_template_is_a_case() {
    let folder = folder_with(&[("mine/case.yaml", TEMPLATE)]);
    let catalogue = Catalogue::load(Some(folder.path())).unwrap_or_else(|p| panic!("{p}"));
    assert_eq!(catalogue.cases.len(), 1);
}

#[test]
fn a_folder_of_checks_replaces_the_embedded_ones() {
    let folder = folder_with(&[("mine/case.yaml", TEMPLATE), ("_not_a_case.yaml", "nonsense"), (".hidden/x.yaml", "nonsense")]);
    let env = |_: &str| None;
    let options = rigcheck::spec::Options { checks_dir: Some(folder.path().to_owned()), env: &env, exec: rigcheck::spec::Exec::Refused };
    let loaded = rigcheck::spec::load_text("version: 1\nrig: x\n", "rigcheck.yaml", Path::new("."), &options).unwrap();
    assert_eq!((loaded.profile.cases_known, loaded.cases.len()), (1, 1));
    let empty = folder_with(&[]);
    assert!(Catalogue::load(Some(empty.path())).unwrap_err().to_string().contains("has no case files"));
    assert!(Catalogue::load(Some(&empty.path().join("none"))).unwrap_err().to_string().contains("cannot be read as a folder of checks"));
}

#[test]
fn a_broken_case_file_is_told_at_its_place() {
    let id = embedded().cases[0].rules[0].id.to_string();
    assert_eq!(id, "LAT-01");
    let changes: &[(&str, &str, &str)] = &[
        ("\nquestion:", "\nqestion:", "unknown key `qestion`"),
        ("    title:", "    titel:", "unknown key `titel` in `rules[0]`"),
        ("audit: {latency_accuracy:", "audit: {latency_acuracy:", "unknown audit `latency_acuracy`"),
        ("    judge: ", "    judge: not_", "has no judge `not_"),
        ("    requires: [", "    requires: [telepathy, ", "unknown capability `telepathy`"),
        ("    why:", "    y:", "needs `why`"),
        ("    weight: ", "    weight: very-", "unknown weight `very-"),
        ("    params: {", "    params: {surplus: 1, ", "unknown key `surplus`"),
    ];
    for (what, with, words) in changes {
        assert!(TEMPLATE.contains(what), "{what}");
        let folder = folder_with(&[("case.yaml", &TEMPLATE.replacen(what, with, 1))]);
        let told = Catalogue::load(Some(folder.path())).unwrap_err().to_string();
        assert!(told.contains(words), "`{with}` must say `{words}`, and says:\n{told}");
        assert!(told.contains("case.yaml:"), "{told}");
    }
}

#[test]
fn ids_are_unique_over_all_files() {
    let folder = folder_with(&[("a.yaml", TEMPLATE), ("b.yaml", TEMPLATE)]);
    let told = Catalogue::load(Some(folder.path())).unwrap_err().to_string();
    assert!(told.contains("is given twice") && told.contains("b.yaml:") && told.contains("a.yaml:"), "{told}");
}

/// Whoever changes a threshold, a weight or what a rule requires without a new edition is caught here.
#[test]
fn the_lock_of_the_newest_edition_is_what_the_case_files_say() {
    let edition = rigcheck::spec::EDITION;
    let path = format!("{}/checks/editions/{edition}.yaml", env!("CARGO_MANIFEST_DIR"));
    let text = rigcheck::spec::edition_file::text(edition, &embedded().cases);
    if std::env::var("BLESS").is_ok() {
        fs::write(&path, &text).unwrap();
    }
    let there = fs::read_to_string(&path).unwrap_or_default();
    let differs = there.lines().zip(text.lines()).find(|(a, b)| a != b);
    assert!(
        there == text,
        "what the checks judge by differs from edition {edition} ({differs:?}). If {edition} was released, this is a new edition: name it in \
         src/spec/mod.rs, add its file to src/spec/editions.rs, and write it by BLESS=1 cargo test --test it catalogue"
    );
}
