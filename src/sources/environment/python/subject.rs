//! Which interpreter a process is run by, as the process sees it.

use crate::{
    model::evidence::Gap,
    sources::{
        environment::{
            process::{Arguments, environ, is_python, wraps},
            root::Root,
        },
        kernel::processes::Processes,
    },
};
use procfs::process::Process;
use rustix::fs::{OFlags, fstat};
use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

/// Folders of `PATH` beyond this are not looked at.
const MOST: usize = 256;

/// An interpreter and how the process was started by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Subject {
    pub(super) pid: u32,
    /// As the process calls it: a virtual environment's own, whose packages are not those of the program behind the link.
    pub(super) path: String,
    /// The program behind it.
    pub(super) exe: String,
    /// Below which the paths are.
    pub(super) root: Root,
    /// Are its files those that we see? Else it cannot be started beside it by us.
    pub(super) ours: bool,
    /// Its user and group, unless it runs as one and was started by another.
    pub(super) user: Option<(u32, u32)>,
    /// `PYTHONHOME`.
    pub(super) home: Option<String>,
    /// `PYTHONPATH`, where it is heeded.
    pub(super) python_path: String,
    /// Below which the packages of the user are, where they are heeded.
    pub(super) user_base: String,
    /// `LD_LIBRARY_PATH`, without which it may not start.
    pub(super) libraries: Option<String>,
}

/// `None` where the process is no Python.
pub(super) fn find(pid: u32) -> Result<Option<Subject>, Gap> {
    let ended = || Gap::NotConfigured(format!("python: process {pid} has ended; look for its id again"));
    let id = i32::try_from(pid).map_err(|_| ended())?;
    let process = Process::new(id).map_err(|_| ended())?;
    let link = |name: &str| fs::read_link(format!("/proc/{pid}/{name}"));
    let exe = link("exe").map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => ended(),
        _ => Gap::Denied(format!("python: may not look at /proc/{pid}/exe; run as the user of the process or as root")),
    })?;
    let exe = exe.to_string_lossy().into_owned();
    let root = Root::of_process(pid);
    if !is_python(exe.strip_suffix(" (deleted)").unwrap_or(&exe)) {
        return other(pid, id);
    }
    let arguments = Arguments::of_process(id)?;
    let variables = environ(id, &Ok(arguments.clone()))?;
    let value = |name: &str| variables.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone()).filter(|value| !value.is_empty());
    let cwd = link("cwd").unwrap_or_else(|_| PathBuf::from("/"));
    let path = chosen(pid, &root, &cwd, &arguments, &value).or_else(|| (!exe.ends_with(" (deleted)")).then(|| exe.clone()));
    let path = path.ok_or_else(|| Gap::Malformed(format!("python: the interpreter of {pid} was replaced since it started; restart the process")))?;
    let flags = Flags::of(&arguments);
    let status = process.status().map_err(|_| ended())?;
    let same = |name: &str| link(name).ok().is_some_and(|theirs| fs::read_link(format!("/proc/self/{name}")).is_ok_and(|own| own == theirs));
    let user_base = value("PYTHONUSERBASE").or_else(|| Some(format!("{}/.local", value("HOME")?))).filter(|_| !flags.no_user);
    Ok(Some(Subject {
        pid,
        path,
        exe,
        root,
        ours: same("ns/mnt") && same("root"),
        user: (status.ruid == status.euid && status.rgid == status.egid).then_some((status.euid, status.egid)),
        home: value("PYTHONHOME").filter(|_| !flags.no_variables),
        python_path: value("PYTHONPATH").filter(|_| !flags.no_variables).unwrap_or_default(),
        user_base: user_base.filter(|_| value("PYTHONNOUSERSITE").is_none()).unwrap_or_default(),
        libraries: value("LD_LIBRARY_PATH"),
    }))
}

/// A program that is no interpreter: it may hold one, or have started one.
fn other(pid: u32, id: i32) -> Result<Option<Subject>, Gap> {
    let maps = Root::machine().read(&format!("/proc/{pid}/maps")).ok().flatten().unwrap_or_default();
    if maps.contains("/libpython") {
        return Err(Gap::NotConfigured(format!(
            "python: process {pid} has Python inside another program, which cannot be asked; declare its packages"
        )));
    }
    if wraps(id) && !Processes::now()?.below(&BTreeSet::from([id])).is_empty() {
        return Err(Gap::NotConfigured(format!(
            "python: process {pid} only starts others, and several; find the process of the server, by `pid` or `port`"
        )));
    }
    Ok(None)
}

/// The name by which the process was started, if it leads to the program that runs.
fn chosen(pid: u32, root: &Root, cwd: &Path, arguments: &Arguments, value: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let running = fs::metadata(format!("/proc/{pid}/exe")).ok().map(|meta| (meta.dev(), meta.ino()))?;
    let first = arguments.0.first().filter(|_| !arguments.retitled()).cloned().unwrap_or_default();
    let absolute = |name: &str| cwd.join(name).to_string_lossy().into_owned();
    let path = value("PATH").unwrap_or_else(|| "/usr/local/bin:/usr/bin:/bin".into());
    let named = match first.as_str() {
        name if name.contains('/') => vec![absolute(name)],
        name => path.split(':').take(MOST).filter(|_| !name.is_empty()).map(|folder| absolute(&format!("{folder}/{name}"))).collect(),
    };
    let environment = value("VIRTUAL_ENV").map(|venv| format!("{venv}/bin/python"));
    named.into_iter().chain(environment).find(|path| {
        let at = root.open(path, OFlags::PATH).ok().flatten().and_then(|file| fstat(file).ok());
        at.is_some_and(|stat| (stat.st_dev, stat.st_ino) == running)
    })
}

/// What an interpreter was told by its own options.
struct Flags {
    no_user: bool,
    no_variables: bool,
}

impl Flags {
    fn of(arguments: &Arguments) -> Flags {
        let mut letters = String::new();
        for word in arguments.0.iter().skip(1).take_while(|word| word.starts_with('-') && !word.starts_with("--")) {
            letters += word.split(['c', 'm', 'X', 'W']).next().unwrap_or_default();
            // Whatever stands behind these is no option of the interpreter.
            if word.contains(['c', 'm']) {
                break;
            }
        }
        Flags { no_user: letters.contains(['s', 'I']), no_variables: letters.contains(['E', 'I']) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_of_the_interpreter_are_heeded() {
        let of = |line: &str| {
            let flags = Flags::of(&Arguments(line.split(' ').map(str::to_owned).collect()));
            (flags.no_user, flags.no_variables)
        };
        assert_eq!(of("python -Im uvicorn"), (true, true));
        assert_eq!(of("python -B -E app.py -s"), (false, true));
        assert_eq!(of("python -msite -s"), (false, false));
        assert_eq!(of("python app.py -I"), (false, false));
    }

    #[test]
    fn a_program_that_is_no_python_has_none() {
        let mut sleeps = std::process::Command::new("sleep").arg("20").spawn().unwrap();
        let found = find(sleeps.id());
        sleeps.kill().unwrap();
        sleeps.wait().unwrap();
        assert_eq!(found, Ok(None));
        assert!(matches!(find(u32::MAX), Err(Gap::NotConfigured(why)) if why.contains("ended")));
    }
}
