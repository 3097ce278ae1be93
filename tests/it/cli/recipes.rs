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

/// The programs that a recipe calls beside ours.
fn others(text: &str) -> Vec<&'static str> {
    let calls = |line: &str, program: &str| {
        line.split(['|', '(', ';']).any(|part| part.trim().strip_prefix(program).is_some_and(|rest| rest.starts_with(' ')))
    };
    ["gh", "jq", "curl", "python3", "docker"].into_iter().filter(|program| text.lines().any(|line| calls(line, program))).collect()
}

#[test]
fn the_head_names_every_program_that_is_called() {
    for (recipe, programs) in [("github-actions.yml", &["gh", "jq"][..]), ("gitlab-ci.yml", &["curl"])] {
        let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/ci").join(recipe)).unwrap();
        assert_eq!(others(&text), programs, "{recipe}");
        let head: String = text.lines().take_while(|line| line.starts_with('#')).collect();
        for program in programs {
            assert!(head.contains(&format!("`{program}`")), "{recipe}: the head does not name {program}");
        }
    }
}

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
