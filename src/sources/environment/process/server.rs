//! Which server a command line starts.

use super::Arguments;

/// Programs whose name is the server's.
const PLAIN: [&str; 16] = [
    "nginx",
    "postgres",
    "envoy",
    "haproxy",
    "caddy",
    "traefik",
    "pgbouncer",
    "pgcat",
    "redis-server",
    "valkey-server",
    "mysqld",
    "mariadbd",
    "ollama",
    "vllm",
    "litellm",
    "uwsgi",
];
/// Python's servers whose options are known here.
const KNOWN: [(&str, Kind); 6] = [
    ("uvicorn", Kind::Uvicorn),
    ("gunicorn", Kind::Gunicorn),
    ("hypercorn", Kind::Hypercorn),
    ("granian", Kind::Granian),
    ("daphne", Kind::Daphne),
    ("fastapi", Kind::Fastapi),
];

/// What is known of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Uvicorn,
    /// FastAPI's own command, which starts uvicorn.
    Fastapi,
    Gunicorn,
    Hypercorn,
    Granian,
    /// One process, always.
    Daphne,
    /// Workers bear a title.
    Nginx,
    /// It has no workers that are processes and serve alike.
    Plain,
    /// It has workers, and what decides how many is not known here.
    Other,
    /// A program that is not known.
    Unknown,
}

/// A server and the options that it was started with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Served {
    /// Its name, where it is known.
    pub(super) name: Option<String>,
    pub(super) kind: Kind,
    /// Its own arguments; those of an interpreter that is given its program otherwise than as a file or a module.
    pub(super) arguments: Arguments,
    /// What its interpreter was told before it.
    pub(super) flags: Vec<String>,
    /// Did it write a title over its arguments? Then its options are not there.
    pub(super) retitled: bool,
}

impl Served {
    /// By the program or script that is started, or by the title that a server gives itself.
    pub(super) fn of(arguments: &Arguments) -> Served {
        let all = &arguments.0;
        let retitled = arguments.retitled();
        let begin = if all.first().is_some_and(|program| is_python(program)) { script(all) } else { Some(0) };
        let program =
            begin.and_then(|at| all.get(at)).map(|program| if retitled { program.split(": ").next().unwrap_or_default() } else { base(program) });
        let (name, kind) = program.map_or((None, Kind::Unknown), known);
        let own = all.get(begin.unwrap_or(0).saturating_add(1)..).unwrap_or_default().to_vec();
        let flags = all.get(1..begin.unwrap_or(0)).unwrap_or_default().iter().filter(|flag| *flag != "-m").cloned().collect();
        Served { name, kind, arguments: Arguments(own), flags, retitled }
    }
}

fn known(program: &str) -> (Option<String>, Kind) {
    if let Some((name, kind)) = KNOWN.iter().find(|(name, _)| *name == program) {
        return (Some(if *kind == Kind::Fastapi { "uvicorn" } else { *name }.to_owned()), *kind);
    }
    let kind = match program {
        "nginx" => Kind::Nginx,
        "vllm" | "litellm" | "uwsgi" => Kind::Other,
        plain if PLAIN.contains(&plain) => Kind::Plain,
        _ => return (None, Kind::Unknown),
    };
    (Some(program.to_owned()), kind)
}

/// Where the script or module is that an interpreter runs: `python -X dev -m uvicorn`, `python3 /venv/bin/uvicorn`.
fn script(all: &[String]) -> Option<usize> {
    let mut at = 1;
    loop {
        match all.get(at)?.as_str() {
            "-" => return None,
            // `-Im`, `-Bc`: flags before the one that takes the rest.
            flags if flags.starts_with('-') && !flags.starts_with("--") && flags.ends_with('m') => return Some(at + 1),
            flags if flags.starts_with('-') && !flags.starts_with("--") && flags.ends_with('c') => return None,
            "-X" | "-W" | "--check-hash-based-pycs" => at += 2,
            option if option.starts_with('-') => at += 1,
            _ => return Some(at),
        }
    }
}

/// Is it called as a Python interpreter is: `python3.11`, `/venv/bin/python`, `pypy3`?
pub(crate) fn is_python(program: &str) -> bool {
    let name = base(program);
    ["python", "pypy"]
        .iter()
        .any(|begin| name.strip_prefix(begin).is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | 't' | 'd'))))
}

/// The last part of a path.
pub(super) fn base(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &[&str]) -> (Option<String>, Kind, usize) {
        let served = Served::of(&Arguments(line.iter().map(|word| (*word).to_owned()).collect()));
        (served.name, served.kind, served.arguments.0.len())
    }

    #[test]
    fn a_server_is_known_by_its_program_script_module_or_title() {
        let uvicorn = |own| (Some("uvicorn".to_owned()), Kind::Uvicorn, own);
        assert_eq!(of(&["/venv/bin/python3", "/venv/bin/uvicorn", "app:app", "--workers", "3"]), uvicorn(3));
        assert_eq!(of(&["python3.13t", "-X", "dev", "-Im", "uvicorn"]).1, Kind::Uvicorn);
        assert_eq!(of(&["python", "-B", "-m", "uvicorn", "app:app"]), uvicorn(1));
        assert_eq!(of(&["python", "-m", "fastapi", "run"]), (Some("uvicorn".into()), Kind::Fastapi, 1));
        assert_eq!(of(&["gunicorn: master [app:app]"]).1, Kind::Gunicorn);
        assert_eq!(of(&["nginx: master process nginx -g daemon off;"]).1, Kind::Nginx);
        assert_eq!(of(&["/usr/lib/postgresql/16/bin/postgres", "-D", "/data"]).1, Kind::Plain);
        assert_eq!(of(&["python", "main.py"]).1, Kind::Unknown);
        assert_eq!(of(&["python", "-c", "uvicorn"]), (None, Kind::Unknown, 2));
        assert_eq!(of(&["cat", "uvicorn"]).1, Kind::Unknown, "it is what is read");
        assert!(!is_python("pythonic") && !is_python("/usr/bin/python3-config") && is_python("pypy3.10"));
    }
}
