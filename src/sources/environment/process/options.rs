//! The options of a program that no other fact tells: none of them may differ unseen.

use super::{
    server::{Kind, Served},
    settings, workers,
};
use crate::{
    kept::{self, arguments, variables::Variables},
    model::{
        evidence::Gap,
        payload::{FactTable, FactValue},
    },
};
use std::collections::BTreeMap;

/// Where a server is reached, where its files lie, who it runs as, what it is called: each place has its own.
const OF_ITS_PLACE: [&str; 23] = [
    "--app-dir",
    "--bind",
    "--ca-certs",
    "--certfile",
    "--chdir",
    "--fd",
    "--group",
    "--host",
    "--keyfile",
    "--name",
    "--pid",
    "--pidfile",
    "--port",
    "--proc-name",
    "--root-path",
    "--server-name",
    "--ssl-ca-certs",
    "--ssl-certfile",
    "--ssl-keyfile",
    "--uds",
    "--unix-socket",
    "--user",
    "--working-dir",
];
/// Options of servers that take no value; so do all that begin with `--no-`.
const FLAGS: [&str; 15] = [
    "--access-log",
    "--capture-output",
    "--daemon",
    "--date-header",
    "--dev",
    "--enable-stdio-inheritance",
    "--factory",
    "--preload",
    "--proxy-headers",
    "--proxy-protocol",
    "--reload",
    "--reuse-port",
    "--server-header",
    "--spew",
    "--use-colors",
];

/// The name under which words are told that are no option's.
const WORDS: &str = "words";

/// An option, or a word that is no option's.
struct Entry<'a> {
    option: Option<String>,
    /// What stands behind it, or the word, as it is kept.
    kept: Option<String>,
    /// The same with what looks like a secret.
    whole: &'a str,
}

impl Entry<'_> {
    /// `--name=value`, `--flag` or a word.
    fn shown(&self) -> String {
        [self.option.as_deref(), self.kept.as_deref()].into_iter().flatten().collect::<Vec<_>>().join("=")
    }
    /// Is a part of it not kept?
    fn hides(&self) -> bool {
        self.kept.as_ref().is_some_and(|kept| kept.contains(arguments::HIDDEN))
    }
    /// Is nothing of it kept?
    fn hidden(&self) -> bool {
        self.kept.as_ref().is_some_and(|kept| kept == arguments::HIDDEN)
    }
}

/// Tells what is kept of them as a set, and each of which something is not kept as `process.option.NAME`: by that it may differ.
pub(super) fn tell(table: &mut FactTable, pid: i32, served: &Result<Served, Gap>, variables: &Variables) {
    let from = format!("/proc/{pid}/cmdline");
    match served {
        Ok(served) if !served.retitled => tell_all(table, &all(served), &from, variables),
        other => {
            let gap = other.as_ref().err().cloned().unwrap_or_else(|| settings::retitled(pid));
            table.gap("process.options", gap.clone());
            table.gap("process.option", gap);
        }
    }
}

fn tell_all(table: &mut FactTable, all: &[Entry<'_>], from: &str, variables: &Variables) {
    let shown: Vec<String> = all.iter().filter(|entry| !entry.hidden()).map(Entry::shown).collect();
    table.answer("process.options", kept::set(shown.iter().map(String::as_str), from).map(Some), from);
    let mut hidden: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for entry in all.iter().filter(|entry| entry.hides()) {
        hidden.entry(entry.option.as_deref().unwrap_or(WORDS)).or_default().push(entry.whole);
    }
    table.put("process.option", FactValue::List(hidden.len() as u64), from);
    for (name, mut values) in hidden {
        // Given more than once, in whatever order.
        values.sort_unstable();
        table.put(format!("process.option.{}", kept::named(name)), variables.value(name, &values.join("\0")), from);
    }
}

fn all(served: &Served) -> Vec<Entry<'_>> {
    let mut all = told(&served.flags, &|_| false);
    all.extend(told(&served.arguments.0, &|name| elsewhere(served.kind, name)));
    all
}

/// Is it told by a fact of its own, or is it of one place?
fn elsewhere(kind: Kind, name: &str) -> bool {
    OF_ITS_PLACE.contains(&name)
        || short_of_its_place(kind).contains(&name)
        || settings::names(kind).any(|n| n == name)
        || workers::names(kind).contains(&name)
}

/// The same in one letter, which each server has its own of.
fn short_of_its_place(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Gunicorn => &["-b", "-g", "-n", "-p", "-u"],
        Kind::Hypercorn => &["-b", "-g", "-p", "-u"],
        Kind::Daphne => &["-b", "-p", "-u"],
        // PostgreSQL's.
        Kind::Plain => &["-D", "-h", "-k", "-p"],
        _ => &[],
    }
}

/// Each option with its value, which is the next word or stands behind `=` or behind its one letter; and words that are no option's.
fn told<'a>(arguments: &'a [String], left_out: &dyn Fn(&str) -> bool) -> Vec<Entry<'a>> {
    let kept = arguments::words(arguments);
    let word = |at: usize| Some((kept.get(at)?.as_str(), arguments.get(at)?.as_str()));
    let alone = |(kept, whole): (&str, &'a str)| Entry { option: None, kept: Some(kept.to_owned()), whole };
    let (mut told, mut at) = (vec![], 0);
    while let Some((shown, whole)) = word(at) {
        at += 1;
        if shown == "--" {
            told.extend((at..).map_while(word).map(alone));
            break;
        }
        let (name, attached) = match (shown.split_once('='), whole.split_once('=')) {
            (Some((name, kept)), Some((_, whole))) => (name, Some((kept, whole))),
            _ => (shown, None),
        };
        // What is hidden in a name is no name: `-HX-Api-Key: (not kept)`.
        if !is_option(shown) || name.contains(arguments::HIDDEN) {
            told.push(alone((shown, whole)));
            continue;
        }
        // `-w4`
        let letter = shown.char_indices().nth(2).map(|(end, _)| &shown[..end]).filter(|_| !shown.starts_with("--"));
        if letter.is_some_and(left_out) {
            continue;
        }
        let takes = attached.is_none() && !name.starts_with("--no-") && !FLAGS.contains(&name);
        let value = attached.or_else(|| word(at).filter(|(next, _)| takes && !is_option(next) && *next != "--"));
        at += usize::from(attached.is_none() && value.is_some());
        if !left_out(name) {
            told.push(Entry {
                option: Some(name.to_owned()),
                kept: value.map(|(kept, _)| kept.to_owned()),
                whole: value.map_or("", |(_, whole)| whole),
            });
        }
    }
    told
}

/// `-1` is a number, and `-` is standard input.
fn is_option(word: &str) -> bool {
    word.len() > 1 && word.starts_with('-') && word.parse::<f64>().is_err()
}

#[cfg(test)]
mod tests {
    use super::{super::Arguments, *};
    use crate::model::{payload::Cell, secret::Secret};

    fn facts(line: &str, variables: &Variables) -> FactTable {
        let served = Served::of(&Arguments(line.split(' ').map(str::to_owned).collect()));
        let mut table = FactTable::default();
        tell(&mut table, 7, &Ok(served), variables);
        table
    }
    fn value(table: &FactTable, fact: &str) -> FactValue {
        match table.known(fact) {
            Some(Cell::Value(told)) => told.value.clone(),
            other => panic!("{fact}: {other:?}"),
        }
    }
    fn of(line: &str) -> String {
        value(&facts(line, &Variables::default()), "process.options").to_string()
    }

    #[test]
    fn what_no_other_fact_tells_is_told_whatever_its_order() {
        for (line, told) in [
            ("uvicorn app:app --host 0.0.0.0 --port 80 --workers 4 --loop asyncio", "app:app"),
            ("/v/bin/python /v/bin/uvicorn --no-access-log app:app --log-level=debug", "--log-level=debug, --no-access-log, app:app"),
            ("python3 -O -m uvicorn app:app --log-level debug --no-access-log", "--log-level=debug, --no-access-log, -O, app:app"),
            ("gunicorn -w4 -b :80 -k uvicorn.workers.UvicornWorker --max-requests 1000 --preload app:app", "--max-requests=1000, --preload, app:app"),
            ("vllm serve model --max-num-seqs 256 --port 8000 --seed -1", "--max-num-seqs=256, --seed=-1, model, serve"),
            ("k6 run --vus 10 -- -x script.js", "--vus=10, -x, run, script.js"),
            ("postgres -D /var/lib/x -c fsync=off", "-c=fsync=off"),
            ("python3 serve.py --api-key hunter2hunter2 --batch 8", "--batch=8"),
            ("python3 -c pass --turns 3", "--turns=3, -c=pass"),
        ] {
            let mut members: Vec<&str> = told.split(", ").collect();
            members.sort_unstable();
            assert_eq!(of(line), members.join(", "), "{line}");
        }
        assert_eq!(of("uvicorn app:app --log-level debug --no-access-log"), of("uvicorn --no-access-log --log-level=debug app:app"));
        assert_ne!(of("serve --a 1 --b 2"), of("serve --a 2 --b 1"), "a value stays with its option");
    }

    #[test]
    fn what_is_not_kept_may_still_differ() {
        let keyed = |shown: &[&str]| Variables { shown: shown.iter().map(|name| (*name).to_owned()).collect(), key: Some(Secret::new("k")) };
        let auth = |line: &str, how: &Variables| value(&facts(line, how), "process.option.--auth-mode");
        let plain = Variables::default();
        let long = |mode: &str| auth(&format!("serve --auth-mode {mode}-of-every-request"), &keyed(&[]));
        assert!(matches!(long("jwt"), FactValue::Fingerprint(_)));
        assert_eq!((long("jwt") == long("jwt"), long("jwt") == long("none")), (true, false));
        assert_eq!(long("jwt"), auth("serve --auth-mode=jwt-of-every-request", &keyed(&[])), "however it is given");
        assert_eq!(auth("serve --auth-mode jwt", &keyed(&[])), FactValue::Hidden, "too short for a fingerprint");
        assert_eq!(auth("serve --auth-mode jwt-of-every-request", &plain), FactValue::Hidden, "without a key");
        assert_eq!(auth("serve --auth-mode jwt", &keyed(&["--auth-mode"])), FactValue::Text("jwt".into()), "the user lets it be shown");

        let there = |line: &str| facts(line, &keyed(&[])).0.into_keys().filter(|fact| fact.starts_with("process.option.")).collect::<Vec<_>>();
        assert_eq!(there("serve --batch 8 --log-level info"), [""; 0]);
        let several = "serve --api-key hunter2hunter2 --db postgres://u:hunter2@h/x run https://hunter2hunter2@h/simple";
        assert_eq!(there(several), ["process.option.--api-key", "process.option.--db", "process.option.words"]);
        assert_eq!(value(&facts(several, &keyed(&[])), "process.option"), FactValue::List(3));
        assert_eq!(value(&facts(several, &keyed(&[])), "process.options").to_string(), "run");
        assert_eq!(facts(several, &plain).known("process.option.--auth-mode"), Some(&Cell::Absent));

        // One argument with a blank in it is an option, too.
        let of_all = |arguments: &[&str], fact: &str| {
            let served = Served::of(&Arguments(arguments.iter().map(|argument| (*argument).to_owned()).collect()));
            let mut table = FactTable::default();
            tell(&mut table, 7, &Ok(served), &keyed(&[]));
            [fact, "process.options"].map(|fact| value(&table, fact).to_string())
        };
        let one = of_all(&["serve", "--header=x-api-key: hunter2hunter2"], "process.option.--header");
        assert_eq!(one, of_all(&["serve", "--header", "x-api-key: hunter2hunter2"], "process.option.--header"));
        assert_eq!(one[1], "--header=x-api-key: (not kept)");
        // Nor is it told apart by its name where that ends nowhere.
        let attached = |key: &str| of_all(&["serve", &format!("-HX-Api-Key: {key}"), "run"], "process.option.words");
        assert_ne!(attached("hunter2hunter2")[0], attached("hunter3hunter3")[0]);
        assert_eq!(attached("hunter2hunter2")[1], "-HX-Api-Key: (not kept), run");

        // Of an option that is given twice, both count, in whatever order; of a value of which a part is kept, all of it counts.
        let variables = |line: &str| value(&facts(line, &keyed(&[])), "process.option.--env");
        let both = variables("gunicorn app:app --env A=one-value --env B=another-value");
        assert_eq!(both, variables("gunicorn --env B=another-value --env A=one-value app:app"));
        assert_eq!(both, variables("gunicorn --env=A=one-value --env=B=another-value app:app"));
        assert_ne!(both, variables("gunicorn app:app --env A=one-value --env B=other-value"));
        assert_eq!(of("gunicorn app:app --env A=one-value"), "--env=A=(not kept), app:app");
    }

    #[test]
    fn a_title_tells_no_options() {
        let mut table = FactTable::default();
        tell(&mut table, 7, &Ok(Served::of(&Arguments(vec!["gunicorn: master [app:app]".into()]))), &Variables::default());
        for fact in ["process.options", "process.option.--api-key"] {
            assert!(matches!(table.known(fact), Some(Cell::Gap(_))), "{fact}");
        }
    }
}
