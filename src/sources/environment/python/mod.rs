//! The Python of a process: its version and packages, told by its own interpreter, or else read from the folders of that.

mod answer;
mod container;
mod metadata;
mod origin;
mod package;
mod places;
mod run;
mod scan;
mod subject;

use crate::{
    model::{evidence::Gap, payload::FactTable},
    sources::{
        containers::Daemon,
        environment::{process::head, root::Root},
    },
};
use std::time::Duration;

/// What the interpreter is given to run.
const SCRIPT: &str = include_str!("ask.py");
/// An interpreter that has not told within this is not waited for; it tells hundreds of packages in less than one second.
const PATIENCE: Duration = Duration::from_secs(10);
/// Thousands of packages are told in less.
pub const LONGEST: usize = 4 << 20;
/// Facts that always have a cell.
const FIXED: [&str; 8] = ["version", "implementation", "gil", "optimised", "openssl", "sqlite", "packages", "sources"];

/// By whom the interpreter of a process is started.
pub enum Interpreter<'a> {
    /// By us, beside the process.
    Process,
    /// By Docker, in the container in which the process is.
    Container {
        /// The daemon that has the container.
        daemon: &'a Daemon,
        /// The container's full id.
        id: &'a str,
    },
}

/// Facts of the Python of a process, or of what runs behind it where it is a shell or an init, below `python`. A process that is
/// no Python has none of them.
pub async fn tell(table: &mut FactTable, pid: u32, how: Interpreter<'_>) {
    // The first process of a container is mostly an init.
    let pid = i32::try_from(pid).map_or(pid, |pid| head(pid).cast_unsigned());
    let found = match &how {
        Interpreter::Container { id, .. } if !is_in(pid, id) => Err(Gap::NotConfigured(format!(
            "python: process {pid} of this machine is not in the container {id:.12}; run rigcheck on the machine of the container, beside its /proc"
        ))),
        _ => subject::find(pid),
    };
    let subject = match found {
        Ok(Some(subject)) => subject,
        Ok(None) => return FIXED.iter().for_each(|fact| table.absent(format!("python.{fact}"))),
        Err(gap) => return FIXED.iter().for_each(|fact| table.gap(format!("python.{fact}"), gap.clone())),
    };
    let output = match how {
        Interpreter::Process => run::run(&subject).await,
        Interpreter::Container { daemon, id } => container::run(&subject, daemon, id).await,
    };
    match output.and_then(|bytes| answer::read(&bytes)) {
        Ok(answer) => answer.tell(table, &format!("by {}", subject.path)),
        Err(why) => scan::tell(table, &subject, &why),
    }
}

/// A process of the same number on another machine is not.
fn is_in(pid: u32, id: &str) -> bool {
    !id.is_empty() && Root::machine().read(&format!("/proc/{pid}/cgroup")).is_ok_and(|groups| groups.is_some_and(|groups| groups.contains(id)))
}

/// How it is started: nothing is imported that is not Python's own, nothing is written beside it.
fn options(subject: &subject::Subject) -> Vec<String> {
    // `-I` would not heed where the process says that Python's own modules are.
    let isolated: &[&str] = if subject.home.is_some() { &["-s", "-S", "-B"] } else { &["-I", "-S", "-B"] };
    let given = ["-c", SCRIPT, &subject.python_path, &subject.user_base];
    isolated.iter().chain(&given).map(|word| (*word).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::payload::{Cell, FactValue, Told};
    use serde_json::Value;
    use std::{
        collections::BTreeMap,
        fs,
        path::{Path, PathBuf},
        process::{Child, Command, Stdio},
    };

    struct Running(Child);
    impl Drop for Running {
        fn drop(&mut self) {
            drop(self.0.kill());
            drop(self.0.wait());
        }
    }

    /// A real virtual environment with one more package, from a version control, and with what must not be run.
    fn venv() -> Option<(tempfile::TempDir, PathBuf)> {
        let folder = tempfile::tempdir().unwrap();
        let made = Command::new("python3").args(["-m", "venv"]).arg(folder.path().join("v")).stdout(Stdio::null()).status();
        if !made.is_ok_and(|status| status.success()) {
            println!("skipped: no python3 with venv and pip");
            return None;
        }
        let site = fs::read_dir(folder.path().join("v/lib")).unwrap().next().unwrap().unwrap().path().join("site-packages");
        let info = site.join("My_App-1.2rc1.dist-info");
        fs::create_dir_all(&info).unwrap();
        fs::write(info.join("METADATA"), "Metadata-Version: 2.1\nName: My.App\nVersion: 1.2rc1\n").unwrap();
        fs::write(info.join("direct_url.json"), r#"{"url":"https://t:hunter2@host/my.git","vcs_info":{"vcs":"git","commit_id":"7921be15"}}"#)
            .unwrap();
        Some((folder, site))
    }

    fn starts(folder: &Path, ready: &Path) -> Running {
        let mut command = Command::new(folder.join("v/bin/python3"));
        let script = format!("import time; open({:?}, 'w').close(); time.sleep(120)", ready.display().to_string());
        command.args(["-c", &script]).env("PYTHONPATH", folder.join("more")).stdin(Stdio::null());
        let running = Running(command.spawn().unwrap());
        while !ready.exists() {
            std::thread::sleep(Duration::from_millis(50));
        }
        running
    }

    /// As pip tells them, without what it runs from.
    fn as_pip_says(folder: &Path) -> BTreeMap<String, String> {
        let output = Command::new(folder.join("v/bin/python3"))
            .args(["-m", "pip", "list", "--format", "json", "--disable-pip-version-check"])
            .output()
            .unwrap();
        let list: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
        let text = |of: &Value, key: &str| of[key].as_str().unwrap().to_owned();
        list.iter().map(|of| (text(of, "name").to_lowercase().replace(['_', '.'], "-"), text(of, "version"))).collect()
    }

    fn packages(table: &FactTable) -> BTreeMap<String, String> {
        let of = |(id, cell): (&String, &Cell)| {
            let name = id.strip_prefix("python.packages.")?.to_owned();
            match cell {
                Cell::Value(Told { value: value @ FactValue::Version(_), .. }) => Some((name, value.to_string())),
                other => panic!("{id}: {other:?}"),
            }
        };
        table.0.iter().filter_map(of).collect()
    }

    fn value(table: &FactTable, id: &str) -> String {
        match table.0.get(&format!("python.{id}")) {
            Some(Cell::Value(told)) => told.value.to_string(),
            other => format!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn packages_are_those_that_pip_lists_by_either_way_and_nothing_of_the_process_is_run() {
        let Some((folder, site)) = venv() else { return };
        let at = folder.path();
        let truth = as_pip_says(at);
        let running = starts(at, &at.join("ready"));
        // From here on whoever starts the interpreter as the process did would run these.
        let touch = |name: &str| format!("import pathlib; pathlib.Path({:?}).touch()\n", at.join(name).display().to_string());
        fs::write(site.join("starts.pth"), touch("ran-pth")).unwrap();
        fs::write(site.join("sitecustomize.py"), touch("ran-site")).unwrap();
        fs::create_dir(at.join("more")).unwrap();
        for module in ["sitecustomize", "json", "usercustomize"] {
            fs::write(at.join(format!("more/{module}.py")), touch("ran-path")).unwrap();
        }
        let mut table = FactTable::default();
        tell(&mut table, running.0.id(), Interpreter::Process).await;
        assert_eq!(packages(&table), truth, "{table:?}");
        assert_eq!(value(&table, "packages"), format!("{} listed", truth.len()));
        assert_eq!((value(&table, "sources.my-app"), value(&table, "sources")), ("git+https://host/my.git@7921be15".into(), "1 listed".into()));
        let script = "import platform, ssl; print(platform.python_version()); print(ssl.OPENSSL_VERSION)";
        let output = Command::new(at.join("v/bin/python3")).args(["-ISc", script]).output().unwrap();
        let told = String::from_utf8(output.stdout).unwrap();
        assert_eq!(told.lines().collect::<Vec<_>>(), [value(&table, "version"), value(&table, "openssl")]);
        assert_eq!((value(&table, "implementation"), value(&table, "gil")), ("CPython".into(), "yes".into()));

        // The folders tell the same.
        let subject = subject::find(running.0.id()).unwrap().unwrap();
        assert_eq!(subject.path, at.join("v/bin/python3").display().to_string(), "the environment's, not the one behind it");
        let mut scanned = FactTable::default();
        scan::tell(&mut scanned, &subject, "for comparison");
        assert_eq!(packages(&scanned), truth);
        assert_eq!((value(&scanned, "version"), value(&scanned, "sources.my-app")), (value(&table, "version"), value(&table, "sources.my-app")));

        let ran = fs::read_dir(at).unwrap().flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
        assert_eq!(ran.filter(|name| name.starts_with("ran")).collect::<Vec<_>>(), Vec::<String>::new());
        let truth_still = as_pip_says(at);
        assert!(at.join("ran-pth").exists() && truth_still == truth, "else the traps would show nothing");
    }

    #[tokio::test]
    async fn an_interpreter_that_cannot_tell_is_read_by_its_folders() {
        let Some((folder, _)) = venv() else { return };
        let at = folder.path();
        let truth = as_pip_says(at);
        let running = starts(at, &at.join("ready"));
        let subject = subject::find(running.0.id()).unwrap().unwrap();
        let foreign = subject::Subject { user: None, ..subject };
        assert!(run::run(&foreign).await.is_err());
        assert!(answer::read(b"{").is_err() && answer::read(&vec![b' '; LONGEST + 1]).is_err_and(|why| why.contains("bytes")));
        let mut table = FactTable::default();
        scan::tell(&mut table, &foreign, "it was not asked");
        assert_eq!(packages(&table), truth);
    }

    #[tokio::test]
    async fn a_python_behind_a_shell_is_not_absent() {
        // `; true` keeps the shell from becoming the program.
        let one = "python3 -c 'import time; time.sleep(30)'";
        for (script, told) in [(format!("{one}; true"), true), (format!("{one} & {one}; true"), false)] {
            let mut command = Command::new("sh");
            let shell = std::os::unix::process::CommandExt::process_group(command.args(["-c", &script]), 0).spawn().unwrap();
            std::thread::sleep(Duration::from_millis(1_500));
            let mut table = FactTable::default();
            tell(&mut table, shell.id(), Interpreter::Process).await;
            let group = rustix::process::Pid::from_child(&shell);
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
            let mut shell = shell;
            shell.wait().unwrap();
            let Some(Cell::Value(_) | Cell::Gap(_)) = table.0.get("python.version") else { panic!("{table:?}") };
            let has_python = !value(&table, "version").contains("Gap");
            assert!(has_python == told || !Command::new("python3").arg("-V").status().is_ok_and(|s| s.success()), "{table:?}");
        }
    }

    #[tokio::test]
    async fn a_process_that_is_no_python_has_no_facts_of_one() {
        let running = Running(Command::new("sleep").arg("60").spawn().unwrap());
        let mut table = FactTable::default();
        tell(&mut table, running.0.id(), Interpreter::Process).await;
        assert!(FIXED.iter().all(|fact| table.0.get(&format!("python.{fact}")) == Some(&Cell::Absent)), "{table:?}");
        let ended = running.0.id();
        drop(running);
        let mut table = FactTable::default();
        tell(&mut table, ended, Interpreter::Process).await;
        assert!(FIXED.iter().all(|fact| matches!(table.0.get(&format!("python.{fact}")), Some(Cell::Gap(_)))), "{table:?}");
    }
}
