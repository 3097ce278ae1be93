//! `${exec:…}` runs where it was allowed, and nowhere else.

use super::{SMALL, env};
use crate::{address::nobody, cli::rigcheck};
use rigcheck::spec::{Exec, Loaded, Options, diagnostics::Problems, load_text, settings::Auth};
use std::{fs, path::Path};

fn read(text: &str, folder: &Path, exec: Exec) -> Result<Loaded, Problems> {
    load_text(text, "rigcheck.yaml", folder, &Options { checks_dir: None, env: &env, exec })
}

fn with(target: &str) -> String {
    SMALL.replace("url: http://127.0.0.1:8000,", &format!("url: http://127.0.0.1:8000, {target},"))
}

/// Leaves a mark and says a secret.
const MARKS: &str = "bearer: '${exec:sh -c \"touch ran; echo s3cret-of-exec\"}'";

#[test]
fn it_runs_in_the_folder_of_the_spec_where_it_is_allowed() {
    let folder = tempfile::tempdir().unwrap();
    let loaded = read(&with(MARKS), folder.path(), Exec::Allowed).unwrap_or_else(|p| panic!("{p}"));
    let Auth::Bearer(token) = &loaded.settings.target.as_ref().unwrap().connection.auth else { panic!() };
    assert_eq!(token.expose(), "s3cret-of-exec");
    assert!(folder.path().join("ran").exists());
    assert!(!loaded.settings.redactor.clean("a s3cret-of-exec b").contains("s3cret"), "it is learned as a secret");
    assert!(loaded.warnings.is_empty(), "{}", loaded.warnings);
}

#[test]
fn where_it_is_not_run_a_placeholder_stands_and_a_warning_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let loaded = read(&with(MARKS), folder.path(), Exec::NotRun).unwrap_or_else(|p| panic!("{p}"));
    let told = loaded.warnings.to_string();
    assert!(told.contains("`${exec:…}` is not run by this command") && told.contains("rigcheck audit --allow-exec"), "{told}");
    assert!(!folder.path().join("ran").exists());

    // Where no placeholder can stand, it is said that nothing was checked.
    for (what, with, path) in [
        ("url: http://127.0.0.1:9090", "url: '${exec:false}'", "sources.prometheus.url"),
        ("{model: rigcheck-truth}", "{model: x, max_tokens: '${exec:false}'}", "target.chat.max_tokens"),
        ("{model: rigcheck-truth}", "{model: x, rate: '${exec:false}'}", "target.chat.rate"),
        ("{model: rigcheck-truth}", "{model: x, stream: '${exec:false}'}", "target.chat.stream"),
    ] {
        let text = SMALL.replacen(what, with, 1);
        let loaded = read(&text, folder.path(), Exec::NotRun).unwrap_or_else(|p| panic!("{with}: {p}"));
        let told = loaded.warnings.to_string();
        assert!(told.contains(&format!("`{path}` cannot be checked without running its `${{exec:…}}`")), "{told}");
    }
}

#[test]
fn what_fails_is_a_problem_that_repeats_nothing_of_what_it_said() {
    let folder = tempfile::tempdir().unwrap();
    for (line, words) in [
        ("sh -c \"echo hidden; exit 3\"", "the program of `${exec:…}` ended with exit code 3"),
        ("true", "the program of `${exec:…}` said nothing"),
        ("no-such-program-here", "the program of `${exec:…}` cannot be started"),
    ] {
        let told = read(&with(&format!("bearer: '${{exec:{line}}}'")), folder.path(), Exec::Allowed).unwrap_err().to_string();
        assert!(told.contains(words) && told.contains("\n1 problem in"), "{told}");
        assert!(!told.contains("hidden"), "{told}");
    }
}

#[test]
fn only_an_audit_or_a_probe_that_was_told_to_runs_it() {
    let folder = tempfile::tempdir().unwrap();
    // Nobody answers, and nothing is sent.
    let port = nobody().port();
    fs::write(folder.path().join("rigcheck.yaml"), with(MARKS).replace("8000", &port.to_string())).unwrap();
    let ran = || folder.path().join("ran").exists();
    for command in ["validate", "plan"] {
        let said = rigcheck(folder.path(), &[command]).ends(0);
        assert!(said.err.contains("is not run by this command"), "{}", said.err);
    }
    for args in [vec!["audit"], vec!["plan", "--probe"], vec!["replay", "--spec", "rigcheck.yaml", "latest"]] {
        let said = rigcheck(folder.path(), &args).ends(2);
        let told = ["`rigcheck audit --allow-exec`", "`rigcheck plan --probe --allow-exec`"].iter().all(|by| said.err.contains(by));
        assert!(args[0] == "replay" || told, "{}", said.err);
    }
    // A plan sends nothing, so it needs no secret.
    rigcheck(folder.path(), &["plan", "--allow-exec"]).ends(2);
    assert!(!ran());
    let said = rigcheck(folder.path(), &["plan", "--probe", "--allow-exec"]).ends(3);
    assert!(ran() && !format!("{}{}", said.out, said.err).contains("s3cret-of-exec"), "{}{}", said.out, said.err);
    fs::remove_file(folder.path().join("ran")).unwrap();
    let said = rigcheck(folder.path(), &["audit", "--allow-exec"]);
    assert!(ran() && !format!("{}{}", said.out, said.err).contains("s3cret-of-exec"), "{}{}", said.out, said.err);
    // There is a run now: a spec that would start something is refused for judging it again, too.
    fs::remove_file(folder.path().join("ran")).unwrap();
    let said = rigcheck(folder.path(), &["replay", "latest", "--spec", "rigcheck.yaml"]).ends(2);
    assert!(said.err.contains("`${exec:…}` is refused") && !ran(), "{}", said.err);
}
