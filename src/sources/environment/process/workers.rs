//! How many workers serve now, counted among the children of a server, and how many were asked for.

use super::{
    Arguments, alive, ended,
    environ::{Environ, variable},
    listening,
    server::{Kind, Served},
    settings::{count, given, odd},
};
use crate::{
    model::{
        evidence::Gap,
        payload::{FactTable, FactValue},
    },
    sources::kernel::processes::Processes,
};
use procfs::process::Process;
use std::{collections::BTreeSet, thread, time::Duration};

/// Between two looks: a worker that is restarted because it fails shows itself as another process.
const BETWEEN: Duration = Duration::from_millis(150);

/// A child that serves: its id and when it was started.
type Workers = BTreeSet<(i32, u64)>;

/// Tells both.
pub(super) fn tell(table: &mut FactTable, process: &Process, served: &Result<Served, Gap>, environ: &Result<Environ, Gap>) {
    let served = match served {
        Ok(served) => served,
        Err(gap) => return ["process.workers", "process.workers_asked"].into_iter().for_each(|fact| table.gap(fact, gap.clone())),
    };
    let asked = asked(process.pid, served, environ);
    let live = live(process, served, &asked, environ);
    let from = format!("children of {} in /proc", process.pid);
    table.answer("process.workers", live.map(|n| n.and_then(|n| i64::try_from(n).ok()).map(FactValue::Count)), from);
    match asked {
        Ok(Some((n, from))) => table.put("process.workers_asked", FactValue::Count(n), from),
        Ok(None) => table.absent("process.workers_asked"),
        Err(gap) => table.gap("process.workers_asked", gap),
    }
}

/// The options by which a server is told how many.
pub(super) fn names(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Uvicorn | Kind::Fastapi | Kind::Granian => &["--workers"],
        Kind::Gunicorn | Kind::Hypercorn => &["-w", "--workers"],
        _ => &[],
    }
}

/// How many were asked for; `None` of servers that are not asked this way.
fn asked(pid: i32, served: &Served, environ: &Result<Environ, Gap>) -> Result<Option<(i64, String)>, Gap> {
    let variables: &[&str] = match served.kind {
        Kind::Uvicorn => &["UVICORN_WORKERS", "WEB_CONCURRENCY"],
        Kind::Fastapi | Kind::Gunicorn => &["WEB_CONCURRENCY"],
        Kind::Hypercorn => &[],
        Kind::Granian => &["GRANIAN_WORKERS"],
        Kind::Daphne => return Ok(Some((1, "Daphne has one process".into()))),
        Kind::Nginx | Kind::Plain => return Ok(None),
        Kind::Other | Kind::Unknown => return Err(unknown(pid)),
    };
    match given(pid, served, environ, names(served.kind), variables)? {
        None => Ok(Some((1, "the server's default: neither its command line nor its variables say".into()))),
        Some((value, from)) => match count(&value) {
            Some(FactValue::Count(n)) => Ok(Some((n, from))),
            _ => Err(odd("workers", &from)),
        },
    }
}

fn unknown(pid: i32) -> Gap {
    Gap::NotConfigured(format!(
        "process: the command line of {pid} names no server whose workers are known here (uvicorn, gunicorn, hypercorn, granian, daphne, nginx); \
         declare them"
    ))
}

/// How many serve; `None` of servers that have no workers.
fn live(
    process: &Process,
    served: &Served,
    asked: &Result<Option<(i64, String)>, Gap>,
    environ: &Result<Environ, Gap>,
) -> Result<Option<usize>, Gap> {
    let pid = process.pid;
    let reloads = || {
        served.arguments.0.iter().any(|word| word == "--reload")
            || served.kind == Kind::Fastapi && served.arguments.0.first().is_some_and(|word| word == "dev")
            || environ.as_ref().is_ok_and(|of| variable(of, "UVICORN_RELOAD").is_some())
    };
    let itself = match (served.kind, asked) {
        (Kind::Plain, _) => return Ok(None),
        (Kind::Other, _) => return Err(unknown(pid)),
        (Kind::Unknown, _) => return by_sockets(process).map(Some),
        (Kind::Daphne, _) => true,
        // One worker is the process itself, whatever else it starts.
        (Kind::Uvicorn | Kind::Fastapi, Ok(Some((n, _)))) => *n <= 1 && !reloads(),
        (Kind::Hypercorn, Ok(Some((n, _)))) => *n == 0,
        (Kind::Gunicorn, _) if served.arguments.0.iter().any(|word| word.starts_with("--dirty-")) => {
            return Err(Gap::NotConfigured(format!("process: {pid} has Gunicorn's dirty workers, which look like the others; declare the workers")));
        }
        _ => false,
    };
    if itself {
        return alive(process).map(|_| Some(1)).ok_or_else(|| ended(pid));
    }
    let before = workers(pid, served)?;
    thread::sleep(BETWEEN);
    let after = workers(pid, served)?;
    alive(process).ok_or_else(|| ended(pid))?;
    match (before == after, after.len(), asked) {
        (false, ..) => Err(come_and_go(pid, &before, &after)),
        (true, 0, Err(gap)) if matches!(served.kind, Kind::Uvicorn | Kind::Fastapi) && !matches!(gap, Gap::Malformed(_)) => Ok(Some(1)),
        (true, 0, _) => Err(Gap::Busy(format!("process: {pid} has no worker that is a process now; ask again once it serves"))),
        // It may have started them for other work, and serve by itself.
        (true, _, Err(gap)) if matches!(served.kind, Kind::Uvicorn | Kind::Fastapi) => Err(gap.clone()),
        (true, n, _) => Ok(Some(n)),
    }
}

/// Of a program that is not known, such as a script that calls uvicorn: the process that alone holds the sockets on which it
/// listens serves; so do children to which Python's `multiprocessing` handed them, since it hands over nothing else. Forks
/// hold all that their parent had, and tell nothing.
fn by_sockets(process: &Process) -> Result<usize, Gap> {
    let pid = process.pid;
    let own = listening::held(process)?;
    if own.is_empty() {
        return Err(unknown(pid));
    }
    let holders = || -> Result<(Workers, bool), Gap> {
        let (mut spawned, mut forked) = (Workers::new(), false);
        for (id, started) in children(pid)? {
            let Ok(child) = Process::new(id) else { continue };
            if listening::held(&child).is_ok_and(|held| held.is_disjoint(&own)) {
                continue;
            }
            match Arguments::of_process(id) {
                Ok(arguments) if is_spawned(&arguments) => drop(spawned.insert((id, started))),
                Ok(_) => forked = true,
                Err(_) => {}
            }
        }
        Ok((spawned, forked))
    };
    let before = holders()?;
    thread::sleep(BETWEEN);
    let after = holders()?;
    match after {
        (_, true) => Err(unknown(pid)),
        _ if before != after => Err(come_and_go(pid, &before.0, &after.0)),
        (spawned, false) => Ok(spawned.len().max(1)),
    }
}

fn come_and_go(pid: i32, before: &Workers, after: &Workers) -> Gap {
    Gap::Busy(format!(
        "process: workers of {pid} come and go: {} and {} ms later {}, of which {} the same; ask again once all serve",
        before.len(),
        BETWEEN.as_millis(),
        after.len(),
        before.intersection(after).count()
    ))
}

/// Children that run, and when each was started.
fn children(pid: i32) -> Result<Workers, Gap> {
    let child = |id: i32| {
        let stat = Process::new(id).ok().as_ref().and_then(alive)?;
        (stat.ppid == pid).then_some((id, stat.starttime))
    };
    Ok(Processes::now()?.below(&BTreeSet::from([pid])).into_iter().filter_map(child).collect())
}

fn is_spawned(arguments: &Arguments) -> bool {
    arguments.0.iter().any(|argument| argument.contains("spawn_main"))
}

/// The children that serve.
fn workers(pid: i32, served: &Served) -> Result<Workers, Gap> {
    let top = Arguments::of_process(pid)?;
    let mut all = children(pid)?;
    all.retain(|(id, _)| Arguments::of_process(*id).is_ok_and(|child| serves(&top, &child, served)));
    Ok(all)
}

/// Is a child with these arguments a worker? Python's `multiprocessing` starts helpers, too.
fn serves(top: &Arguments, child: &Arguments, served: &Served) -> bool {
    if served.kind == Kind::Nginx {
        return child.0.first().is_some_and(|title| title.starts_with("nginx: worker process") && !title.contains("shutting down"));
    }
    let helper = ["resource_tracker", "semaphore_tracker", "forkserver"].iter().any(|helper| child.0.iter().skip(1).any(|a| a.contains(helper)));
    let titled = child.retitled() && served.name.as_deref().is_some_and(|name| child.0.first().is_some_and(|title| title.starts_with(name)));
    // Started anew with the word, or forked and thus called alike.
    !helper && (is_spawned(child) || child == top || titled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        kept::variables::Variables,
        model::payload::{Cell, Told},
        sources::environment::process::facts,
    };
    use std::{
        os::unix::process::CommandExt,
        path::PathBuf,
        process::{Child, Command, Stdio},
        time::Instant,
    };

    /// A server and all that it started, which end with it.
    struct Running(Child);
    impl Drop for Running {
        fn drop(&mut self) {
            let group = rustix::process::Pid::from_child(&self.0);
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
            drop(self.0.wait());
        }
    }

    fn words(line: &str) -> Arguments {
        Arguments(line.split('|').map(str::to_owned).collect())
    }

    /// An interpreter that has uvicorn: that of the stack of the live tests, or this machine's.
    fn with_uvicorn() -> Option<PathBuf> {
        let cache = PathBuf::from(std::env::var_os("HOME")?).join(".cache/rigcheck-stack");
        let stacks = std::fs::read_dir(cache).into_iter().flatten().flatten().map(|entry| entry.path().join("bin/python3"));
        let has = |python: &PathBuf| {
            Command::new(python).args(["-c", "import uvicorn"]).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
        };
        stacks.chain([PathBuf::from("python3")]).find(has)
    }

    /// Both facts of a server once it has come to rest.
    fn counted(begin: &[&str], line: &[&str], environ: &[(&str, &str)], expected: &str) -> Option<String> {
        let Some(python) = with_uvicorn() else {
            println!("skipped: no python3 here has uvicorn");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("app.py"), "async def app(scope, receive, send):\n    pass\n").unwrap();
        let own = "import sys, uvicorn\nif __name__ == '__main__':\n    uvicorn.run('app:app', port=0, lifespan='off', workers=int(sys.argv[1]))\n";
        std::fs::write(folder.path().join("own.py"), own).unwrap();
        let mut command = Command::new(python);
        command.args(begin).args(line);
        command.env_remove("WEB_CONCURRENCY").envs(environ.iter().copied()).current_dir(folder.path()).process_group(0);
        let running = Running(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        let (begun, mut told) = (Instant::now(), String::new());
        while begun.elapsed() < Duration::from_secs(40) {
            let table = facts(&[running.0.id().cast_signed()], &Variables::default());
            let value = |fact: &str| match table.0.get(&format!("process.{fact}")) {
                Some(Cell::Value(Told { value, from })) => format!("{value} by {}", from.split(' ').next().unwrap().rsplit('/').next().unwrap()),
                other => format!("{other:?}"),
            };
            told = ["server", "workers", "workers_asked"].map(value).join(", ");
            if told.starts_with(expected) {
                break;
            }
            thread::sleep(Duration::from_millis(200));
        }
        Some(told)
    }

    #[test]
    fn workers_of_a_real_server_are_counted() {
        let uvicorn = ["-m", "uvicorn", "app:app", "--port", "0", "--lifespan", "off"];
        for (line, environ, expected) in [
            (vec!["--workers", "3"], vec![("WEB_CONCURRENCY", "7")], "uvicorn by cmdline, 3 by children, 3 by cmdline"),
            (vec![], vec![("WEB_CONCURRENCY", "2")], "uvicorn by cmdline, 2 by children, 2 by WEB_CONCURRENCY"),
            (vec![], vec![], "uvicorn by cmdline, 1 by children, 1 by the"),
        ] {
            if let Some(told) = counted(&uvicorn, &line, &environ, expected) {
                assert_eq!(told, expected);
            }
        }
    }

    #[test]
    fn workers_of_a_script_that_starts_a_server_are_told_by_the_sockets_that_they_hold() {
        for (workers, expected) in [("2", "Some(Absent), 2 by children"), ("1", "Some(Absent), 1 by children")] {
            if let Some(told) = counted(&["own.py"], &[workers], &[], expected) {
                assert!(told.starts_with(expected), "{told}");
            }
        }
    }

    /// Recorded from servers on Python 3.11 with Gunicorn 27.0.1, Hypercorn 0.18, Granian 2.8.9.
    #[test]
    fn helpers_are_no_workers_and_forks_are() {
        let spawned =
            "/v/bin/python3|-B|-c|from multiprocessing.spawn import spawn_main; spawn_main(tracker_fd=5, pipe_handle=7)|--multiprocessing-fork";
        let tracker = "/v/bin/python3|-B|-c|from multiprocessing.resource_tracker import main;main(6)";
        let gunicorn = "/v/bin/python3|v/bin/gunicorn|app:app|-w|2";
        let hypercorn = "/v/bin/python3|v/bin/hypercorn|app:app|-w|2";
        let of = |top: &str, child: &str| serves(&words(top), &words(child), &Served::of(&words(top)));
        assert!(of(gunicorn, gunicorn) && of(hypercorn, spawned));
        assert!(of("gunicorn: master [app:app]", "gunicorn: worker [app:app]"));
        assert!(of("nginx: master process nginx", "nginx: worker process"));
        for (top, child) in [
            (hypercorn, tracker),
            (gunicorn, "sh|-c|date"),
            ("nginx: master process nginx", "nginx: cache manager process"),
            ("nginx: master process nginx", "nginx: worker process is shutting down"),
        ] {
            assert!(!of(top, child), "{child}");
        }
    }

    #[test]
    fn how_many_were_asked_for_is_told_with_where() {
        let told = |line: &str, environ: &[(&str, &str)]| {
            let environ = Ok(environ.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect());
            asked(std::process::id().cast_signed(), &Served::of(&words(line)), &environ)
        };
        let n = |line: &str, environ: &[(&str, &str)]| told(line, environ).unwrap().map(|(n, _)| n);
        assert_eq!(n("uvicorn|a:a", &[("UVICORN_WORKERS", "3"), ("WEB_CONCURRENCY", "5")]), Some(3));
        assert_eq!(n("gunicorn|a:a|-w4", &[("WEB_CONCURRENCY", "5")]), Some(4));
        assert_eq!(n("gunicorn|a:a", &[("GUNICORN_CMD_ARGS", "--workers=6"), ("WEB_CONCURRENCY", "5")]), Some(6));
        assert_eq!(n("hypercorn|a:a", &[("WEB_CONCURRENCY", "5")]), Some(1), "Hypercorn does not read it");
        assert_eq!(n("granian|a:a", &[("GRANIAN_WORKERS", "2")]), Some(2));
        assert_eq!(n("postgres|-D|x", &[]), None);
        for (line, why) in [
            ("gunicorn|a:a|-c|conf.py", "conf.py"),
            ("python|main.py", "declare"),
            ("uvicorn|a|--workers|many", "workers"),
            ("gunicorn: master [a]", "title"),
        ] {
            assert!(told(line, &[]).is_err_and(|gap| gap.to_string().contains(why)), "{line}");
        }
    }

    #[test]
    fn a_server_whose_workers_come_and_go_is_not_counted() {
        // A server in name only, whose fork is another one every 40 ms.
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("gunicorn");
        std::fs::write(&script, "import os, time\nwhile True:\n    pid = os.fork()\n    if pid == 0:\n        time.sleep(0.04)\n        os._exit(1)\n    os.waitpid(pid, 0)\n").unwrap();
        let Ok(child) = Command::new("python3").arg(&script).env_remove("WEB_CONCURRENCY").process_group(0).spawn() else {
            println!("skipped: no python3");
            return;
        };
        let running = Running(child);
        thread::sleep(Duration::from_millis(1_500));
        let table = facts(&[running.0.id().cast_signed()], &Variables::default());
        assert!(matches!(table.0.get("process.workers"), Some(Cell::Gap(Gap::Busy(_)))), "{table:?}");
    }
}
