//! A secret at every place where people put them appears nowhere.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "starts servers and runs the program")]

use super::{
    engine::Engine,
    tool::{Tool, cells},
    whole::{Made, Whole},
};
use crate::{rig::Turn, stack::or_skip};
use std::fs;

/// Nothing else has it in it.
const SECRET: &str = "hunter2-Zq8xW4vB7nM1";

/// A package from a private place.
const CHANGES: &str = r"
[info] = site.glob('wrapt-*.dist-info')
(info / 'direct_url.json').write_text(json.dumps({'url': 'https://ci:hunter2-Zq8xW4vB7nM1@git.example/wrapt.git?token=hunter2-Zq8xW4vB7nM1',
    'vcs_info': {'vcs': 'git', 'commit_id': '7921be15' * 5, 'requested_revision': 'main'}}))
";

#[test]
fn a_planted_secret_appears_nowhere() {
    let test = "a_planted_secret_appears_nowhere";
    let _turn = Turn::take(1);
    let Some(engine) = or_skip(test, Engine::up()) else { return };
    let changed = engine.changed(CHANGES);
    let with = |template: &str| template.replace("SECRET", SECRET);
    let variables = [
        "OPENAI_API_KEY=SECRET",
        "DATABASE_URL=postgres://app:SECRET@db/app",
        "PIN=SECRET",
        "UPSTREAM=https://u:SECRET@llm.example/v1",
        "GUNICORN_CMD_ARGS=--env KEY=SECRET",
        "LOG_LEVEL=postgres://u:SECRET@h/x",
        "OTEL_EXPORTER_OTLP_HEADERS=authorization=Bearer SECRET",
    ];
    let mut options: Vec<String> = variables.iter().map(|variable| format!("-e{}", with(variable))).collect();
    options.extend(["--network=none", "--label=token=SECRET", "--health-cmd=check --password SECRET", "--hostname=box"].map(with));
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    let (script, password, url) = (
        "import time, sys; print('Uvicorn running', flush=True); time.sleep(600)",
        with("--db-password=SECRET"),
        with("postgres://app:SECRET@db/app"),
    );
    let postgres = with(
        "primary_conninfo = 'host=10.0.0.1 user=r password=SECRET'\narchive_mode = on\narchive_command = 'cp --key SECRET %p /x/%f'\n\
                         restore_command = 'fetch SECRET'\nssl_passphrase_command = 'echo SECRET'\nmy.token = 'SECRET'",
    );
    let sql = ["CREATE ROLE app LOGIN PASSWORD 'SECRET'", "ALTER ROLE app SET search_path = 'SECRET'", "ALTER ROLE app SET my.password = 'SECRET'"]
        .map(with);
    let sql: Vec<&str> = sql.iter().map(String::as_str).collect();
    let prometheus = with(
        "global: {scrape_interval: 15s}\nscrape_configs:\n  - job_name: own\n    basic_auth: {username: u, password: SECRET}\n    params: {token: [SECRET]}\n    \
         static_configs: [{targets: ['127.0.0.1:9']}]\n  - job_name: other\n    authorization: {credentials: SECRET}\n    static_configs: [{targets: ['127.0.0.1:9']}]\n\
         remote_write:\n  - url: http://u:SECRET@127.0.0.1:9/write\n    headers: {X-Key: SECRET}\n",
    );
    let interpreter = [engine.python.as_str(), "-c", script, &password, "--token", SECRET, &url];
    let made = Made {
        name: "hidden",
        image: &changed.0,
        options: &options,
        workers: 1,
        uvicorn: &[],
        worker: &["--network=none"],
        interpreter: &interpreter,
        postgres: &postgres,
        sql: &sql,
        prometheus: &prometheus,
        flags: &[],
    };
    let Some(whole) = or_skip(test, Whole::start(&engine, &made)) else { return };

    // The user lets variables be shown that hold secrets after all.
    let tool = Tool::new();
    let shown = "  variables: [UPSTREAM, DATABASE_URL, OPENAI_API_KEY]\n";
    let spec = whole.spec(shown);
    let mut said = vec![];
    let mut keep = |what: &str, text: String| said.push((what.to_owned(), text));
    let told = tool.capture("a", &spec).ends(0);
    keep("capture", told.err + &told.out);
    // A key that is a secret, too; and none at all.
    let keyed = spec.replace("${env:RIG_KEY}", &format!("${{env:OTHER:-{SECRET}{SECRET}}}"));
    let told = tool.capture("b", &keyed);
    keep("with another key", told.err + &told.out);
    let unkeyed = spec.lines().filter(|line| !line.contains("fingerprint_key")).collect::<Vec<_>>().join("\n");
    tool.capture("c", &unkeyed).ends(0);
    // A password that the database takes, and one that it does not.
    let password = with("/postgres\", password: \"${env:PGSECRET:-SECRET}\"}");
    for (name, user) in [("d", "postgres@"), ("e", "app@"), ("f", "nobody@")] {
        let spec = spec.replace("/postgres\"}", &password).replace("postgres@", user);
        let told = tool.capture(name, &spec);
        keep(name, told.err + &told.out);
    }
    for name in ["a", "b", "c", "d", "e", "f"] {
        if let Ok(text) = fs::read_to_string(tool.path().join(format!("{name}.json"))) {
            keep(&format!("snapshot {name}"), text);
            keep("show", tool.run(&["snapshot", "show", &format!("{name}.json")]).ends(0).out);
        }
        for format in ["human", "json", "html", "markdown"] {
            let told = tool.run(&["snapshot", "diff", &format!("{name}.json"), "c.json", "-o", format, "--verbose"]);
            keep(&format!("diff of {name} as {format}"), told.out + &told.err);
        }
    }
    // Errors: a file that is none, with the secret in it; a fact that the spec waives by its secret.
    fs::write(tool.path().join("broken.json"), format!("{{\"key\": \"{SECRET}\"")).unwrap();
    let told = tool.run(&["snapshot", "show", "broken.json"]);
    assert!(!told.err.is_empty() && told.code != Some(0));
    keep("a broken file", told.err + &told.out);

    assert!(
        said.len() > 30 && said.iter().all(|(_, text)| !text.is_empty()),
        "{:?}",
        said.iter().map(|(what, text)| (what, text.len())).collect::<Vec<_>>()
    );
    for (what, text) in &said {
        for part in [SECRET, "hunter2", "Zq8xW4vB7nM1"] {
            let at = text.find(part).map(|at| text[..at].chars().rev().take(300).collect::<Vec<_>>().into_iter().rev().collect::<String>());
            assert!(at.is_none(), "{what} holds the secret, after\n{}", at.unwrap_or_default());
        }
    }
    // What was hidden was there to be told.
    let gateway = cells(&tool.read("a.json"), "gateway");
    for variable in ["OPENAI_API_KEY", "DATABASE_URL", "PIN", "UPSTREAM", "LOG_LEVEL", "GUNICORN_CMD_ARGS", "OTEL_EXPORTER_OTLP_HEADERS"] {
        assert!(gateway[&format!("env.{variable}")].to_string().contains("fingerprint"), "{variable}: {}", gateway[&format!("env.{variable}")]);
    }
    let worker = cells(&tool.read("a.json"), "worker");
    for option in ["--db-password", "--token", "words"] {
        let cell = &worker[&format!("process.option.{option}")];
        assert!(cell["value"].get("fingerprint").is_some(), "{option}: {cell}");
    }
    for setting in ["settings.primary_conninfo", "settings.archive_command", "overridden.app/*.search_path", "overridden.app/*.my.password"] {
        for (snapshot, kept) in [("a.json", "fingerprint"), ("c.json", "hidden")] {
            let cell = &cells(&tool.read(snapshot), "postgres")[setting];
            assert!(cell["value"].get(kept).is_some(), "{snapshot} {setting}: {cell}");
        }
    }
}
