//! The recipes for continuous integration: the binary takes what they say.

use super::rigcheck;
use std::{fs, path::Path};

/// The `rigcheck …` commands of a recipe, with lines that go on joined.
fn commands(recipe: &str) -> Vec<Vec<String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/ci").join(recipe);
    let text = fs::read_to_string(path).unwrap().replace("\\\n", " ");
    let lines = text.lines().map(|l| l.trim().trim_start_matches("- ").trim_start_matches("run: "));
    let ours = lines.filter_map(|l| l.strip_prefix("rigcheck "));
    ours.map(|l| l.split_whitespace().map(str::to_owned).collect()).collect()
}

const SPEC: &str = "version: 1\nrig: offline\nsources:\n  access_log: {path: nothing.jsonl}\n  prometheus: {url: http://127.0.0.1:9}\n";

#[test]
fn the_binary_takes_what_the_recipes_say() {
    for recipe in ["github-actions.yml", "gitlab-ci.yml"] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("rigcheck.yaml"), SPEC).unwrap();
        let commands = commands(recipe);
        let words: Vec<_> = commands.iter().map(|c| c[0].as_str()).collect();
        assert_eq!(words, ["audit", "runs"], "{recipe}");
        for command in &commands {
            let args: Vec<&str> = command.iter().map(String::as_str).collect();
            let ran = rigcheck(folder.path(), &args);
            // Nothing is in scope of this spec, and that is no reason to write nothing.
            assert_eq!(ran.code, if args[0] == "audit" { 4 } else { 0 }, "{recipe}: {args:?}\n{}", ran.err);
            for file in args.iter().filter_map(|arg| arg.split_once(':')).map(|(_, file)| file) {
                assert!(fs::metadata(folder.path().join(file)).unwrap().len() > 0, "{recipe}: {file}");
            }
        }
    }
}
