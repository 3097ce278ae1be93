//! What a server was told on its command line, or in variables that it reads in its stead.

use super::{
    arguments::option,
    environ::{Environ, variable},
    server::{Kind, Served},
};
use crate::{
    model::{
        evidence::Gap,
        payload::{FactTable, FactValue},
    },
    sources::environment::root::Root,
};

/// Words that are longer are no settings.
const LONGEST: usize = 256;

/// What was given, and where.
pub(super) type Given = Result<Option<(String, String)>, Gap>;

/// How a value is told.
type Read = fn(&str) -> Option<FactValue>;
/// An option of some servers: its names and the variable that stands for it.
type Known = (Kind, &'static [&'static str], Option<&'static str>);

/// Facts, how they are read, and by what options.
const FACTS: [(&str, Read, &[Known]); 7] = [
    (
        "loop",
        text,
        &[
            (Kind::Uvicorn, &["--loop"], Some("UVICORN_LOOP")),
            (Kind::Gunicorn, &["--asgi-loop"], None),
            (Kind::Granian, &["--loop"], Some("GRANIAN_LOOP")),
        ],
    ),
    ("http", text, &[(Kind::Uvicorn, &["--http"], Some("UVICORN_HTTP")), (Kind::Granian, &["--http"], Some("GRANIAN_HTTP"))]),
    ("limit_concurrency", count, &[(Kind::Uvicorn, &["--limit-concurrency"], Some("UVICORN_LIMIT_CONCURRENCY"))]),
    (
        "backlog",
        count,
        &[
            (Kind::Uvicorn, &["--backlog"], Some("UVICORN_BACKLOG")),
            (Kind::Gunicorn, &["--backlog"], None),
            (Kind::Hypercorn, &["--backlog"], None),
            (Kind::Granian, &["--backlog"], Some("GRANIAN_BACKLOG")),
        ],
    ),
    (
        "keep_alive",
        seconds,
        &[
            (Kind::Uvicorn, &["--timeout-keep-alive"], Some("UVICORN_TIMEOUT_KEEP_ALIVE")),
            (Kind::Gunicorn, &["--keep-alive"], None),
            (Kind::Hypercorn, &["--keep-alive"], None),
        ],
    ),
    ("worker_class", text, &[(Kind::Gunicorn, &["-k", "--worker-class"], None), (Kind::Hypercorn, &["-k", "--worker-class"], None)]),
    ("worker_threads", count, &[(Kind::Gunicorn, &["--threads"], None), (Kind::Granian, &["--runtime-threads"], Some("GRANIAN_RUNTIME_THREADS"))]),
];

/// Tells the server and its options.
pub(super) fn tell(table: &mut FactTable, pid: i32, served: &Result<Served, Gap>, environ: &Result<Environ, Gap>) {
    let from = format!("/proc/{pid}/cmdline");
    table.answer("process.server", served.as_ref().map(|s| s.name.clone().map(FactValue::Text)).map_err(Clone::clone), from);
    for (fact, read, known) in FACTS {
        let (answer, from) = match served {
            Err(gap) => (Err(gap.clone()), String::new()),
            Ok(served) => match known.iter().find(|(kind, ..)| *kind == served.kind) {
                None => (Ok(None), String::new()),
                Some((_, names, env)) => match given(pid, served, environ, names, env.as_slice()) {
                    Err(gap) => (Err(gap), String::new()),
                    Ok(None) => (Ok(None), String::new()),
                    Ok(Some((value, from))) => (read(&value).map(Some).ok_or_else(|| odd(fact, &from)), from),
                },
            },
        };
        table.answer(format!("process.{fact}"), answer, from);
    }
}

/// The value of an option: of the command line, else of Gunicorn's variable or file, else of variables that stand for it.
pub(super) fn given(pid: i32, served: &Served, environ: &Result<Environ, Gap>, names: &[&str], variables: &[&str]) -> Given {
    if served.retitled {
        return Err(retitled(pid));
    }
    if let Some(value) = served.arguments.option(names) {
        return Ok(Some((value.to_owned(), format!("/proc/{pid}/cmdline"))));
    }
    let from = |name: &str| format!("{name} in /proc/{pid}/environ");
    if served.kind == Kind::Gunicorn {
        let words = environ.as_ref().map_err(Clone::clone)?;
        let words: Vec<String> = variable(words, "GUNICORN_CMD_ARGS").unwrap_or_default().split_whitespace().map(str::to_owned).collect();
        if let Some(value) = option(&words, names) {
            return Ok(Some((value.to_owned(), from("GUNICORN_CMD_ARGS"))));
        }
        written(pid, served, option(&words, &["-c", "--config"]))?;
    }
    if served.kind == Kind::Hypercorn {
        written(pid, served, None)?;
    }
    if variables.is_empty() {
        return Ok(None);
    }
    let environ = environ.as_ref().map_err(Clone::clone)?;
    Ok(variables.iter().find_map(|name| variable(environ, name).filter(|value| !value.is_empty()).map(|value| (value.to_owned(), from(name)))))
}

pub(super) fn retitled(pid: i32) -> Gap {
    Gap::Malformed(format!("/proc/{pid}/cmdline: the process wrote its title over its arguments; look at what starts it"))
}

/// The options of a server that are facts of their own.
pub(super) fn names(kind: Kind) -> impl Iterator<Item = &'static str> {
    FACTS.into_iter().flat_map(move |(_, _, known)| known.iter().filter(move |(of, ..)| *of == kind).flat_map(|(_, names, _)| names.iter().copied()))
}

/// A file that may decide: it is a program, or its options have other names.
fn written(pid: i32, served: &Served, also: Option<&str>) -> Result<(), Gap> {
    // Gunicorn takes this file where it is started, unasked.
    const UNASKED: &str = "gunicorn.conf.py";
    let named = served.arguments.option(&["-c", "--config"]).or(also);
    let unasked = || served.kind == Kind::Gunicorn && Root::at(format!("/proc/{pid}/cwd")).read(UNASKED).is_ok_and(|file| file.is_some());
    match named {
        None if !unasked() => Ok(()),
        file => Err(Gap::NotConfigured(format!(
            "process: `{:.100}` may decide it, which is not read; give it on the command line, or declare it",
            file.unwrap_or(UNASKED).escape_default().to_string()
        ))),
    }
}

pub(super) fn odd(fact: &str, from: &str) -> Gap {
    Gap::Malformed(format!("process: {fact} as given by {from} is none; correct it there"))
}

fn text(value: &str) -> Option<FactValue> {
    (!value.is_empty() && value.len() <= LONGEST && !value.contains(char::is_control)).then(|| FactValue::Text(value.to_owned()))
}

pub(super) fn count(value: &str) -> Option<FactValue> {
    value.trim().parse().ok().filter(|n: &i64| *n >= 0).map(FactValue::Count)
}

fn seconds(value: &str) -> Option<FactValue> {
    let seconds = value.trim().parse::<f64>().ok().filter(|s| (0.0..1e9).contains(s))?;
    Some(FactValue::Micros((seconds * 1e6).round() as i64))
}

#[cfg(test)]
mod tests {
    use super::super::Arguments;
    use super::*;
    use crate::model::payload::Cell;

    fn told(line: &str, environ: &[(&str, &str)], fact: &str) -> Option<String> {
        let served = Served::of(&Arguments(line.split(' ').map(str::to_owned).collect()));
        let environ = environ.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let mut table = FactTable::default();
        tell(&mut table, std::process::id().cast_signed(), &Ok(served), &Ok(environ));
        match table.0.remove(&format!("process.{fact}")).unwrap() {
            Cell::Value(told) => Some(format!("{} by {}", told.value, told.from.split(' ').next().unwrap().rsplit('/').next().unwrap())),
            Cell::Absent => None,
            Cell::Gap(gap) => Some(gap.to_string()),
        }
    }

    #[test]
    fn options_are_those_of_the_server_that_was_started() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(told("python uvicorn a:a --timeout-keep-alive 5", &[], "keep_alive"), some("5 s by cmdline"));
        assert_eq!(told("uvicorn a:a", &[("UVICORN_LOOP", "asyncio")], "loop"), some("asyncio by UVICORN_LOOP"));
        assert_eq!(told("uvicorn a:a --loop uvloop", &[("UVICORN_LOOP", "asyncio")], "loop"), some("uvloop by cmdline"));
        assert_eq!(told("gunicorn a:a -k uvicorn_worker.UvicornWorker", &[], "worker_class"), some("uvicorn_worker.UvicornWorker by cmdline"));
        assert_eq!(told("gunicorn a:a", &[("GUNICORN_CMD_ARGS", "--threads=4 --backlog 64")], "backlog"), some("64 by GUNICORN_CMD_ARGS"));
        assert_eq!(told("uvicorn a:a", &[], "limit_concurrency"), None);
        assert_eq!(told("postgres -D x --backlog 7", &[], "backlog"), None);
    }

    #[test]
    fn what_may_be_written_elsewhere_or_is_none_is_a_gap() {
        for (line, fact, why) in [
            ("gunicorn a:a -c conf.py", "backlog", "conf.py"),
            ("hypercorn a:a --config file:x.py", "keep_alive", "file:x.py"),
            ("uvicorn a:a --backlog many", "backlog", "backlog"),
            ("uvicorn a:a --timeout-keep-alive -1", "keep_alive", "keep_alive"),
        ] {
            let told = told(line, &[], fact).unwrap();
            assert!(["malformed", "not configured"].iter().any(|word| told.starts_with(word)) && told.contains(why), "{line}: {told}");
        }
    }
}
