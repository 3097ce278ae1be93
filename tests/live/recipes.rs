//! The recipes for continuous integration, before linters of those who run them.
#![allow(clippy::disallowed_methods, clippy::print_stderr, reason = "runs linters, and says which are not there")]

use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// A linter as `tests/stack/install` puts it.
fn tool(which: &str) -> Option<PathBuf> {
    let lib = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stack/lib.sh");
    let out = Command::new("bash").arg("-c").arg(format!(". '{}'; {which}", lib.display())).output().expect("bash");
    let path = PathBuf::from(String::from_utf8_lossy(&out.stdout).trim());
    if path.is_file() {
        return Some(path);
    }
    assert!(std::env::var("RIGCHECK_LIVE_REQUIRED").map_or(true, |v| v != "1"), "{which}: {} is not there", path.display());
    eprintln!("SKIPPED: {} is not there (tests/stack/install)", path.display());
    None
}

fn recipe(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/ci").join(name)
}

/// What a linter says, and whether it is content.
fn lint(tool: &Path, args: &[&str], file: &Path) -> (bool, String) {
    let out = Command::new(tool).args(args).arg(file).output().expect("the linter runs");
    let said = [out.stdout, out.stderr].concat();
    (out.status.success(), String::from_utf8_lossy(&said).into_owned())
}

/// A copy of a recipe with a mistake in it.
fn broken(name: &str, from: &str, to: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let text = std::fs::read_to_string(recipe(name)).expect("a recipe");
    assert!(text.contains(from), "{name} has no `{from}`");
    let path = folder.path().join(name);
    std::fs::write(&path, text.replace(from, to)).expect("a file");
    (folder, path)
}

#[test]
fn actionlint_has_nothing_to_say() {
    let Some(actionlint) = tool("actionlint_bin") else { return };
    let args = ["-no-color", "-shellcheck=", "-pyflakes="];
    let (fine, said) = lint(&actionlint, &args, &recipe("github-actions.yml"));
    assert!(fine, "{said}");
    let (_folder, wrong) = broken("github-actions.yml", "github.event_name", "github.event_nmae");
    assert!(!lint(&actionlint, &args, &wrong).0, "a mistake is found");
}

#[test]
fn both_recipes_have_the_shape_of_their_servers() {
    let Some(check) = tool("check_jsonschema_bin") else { return };
    for (name, schema, from, to) in [
        ("github-actions.yml", "vendor.github-workflows", "timeout-minutes", "timeout-minuets"),
        ("gitlab-ci.yml", "vendor.gitlab-ci", "resource_group:", "resource_gruop:"),
    ] {
        let args = ["--builtin-schema", schema];
        let (fine, said) = lint(&check, &args, &recipe(name));
        assert!(fine, "{name}: {said}");
        let (_folder, wrong) = broken(name, from, to);
        assert!(!lint(&check, &args, &wrong).0, "{name}: a mistake is found");
    }
}
