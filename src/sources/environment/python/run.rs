//! The interpreter of a process, started beside it by us: as its user, with nothing in its environment, and ended with all that it
//! may have started.

use super::{LONGEST, PATIENCE, options, subject::Subject};
use rustix::process::{Pid, Signal, geteuid, kill_process_group, setpriority_process};
use std::process::Stdio;
use tokio::{
    io::AsyncReadExt,
    process::{Child, Command},
    time::timeout,
};

/// It yields to whoever is measured.
const NICE: i32 = 10;

/// What it says, or why it says nothing.
pub(super) async fn run(subject: &Subject) -> Result<Vec<u8>, String> {
    let mut command = Command::new(&subject.path);
    command.args(options(subject)).env_clear().current_dir("/").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    command.process_group(0).kill_on_drop(true);
    for (name, value) in [("PYTHONHOME", &subject.home), ("LD_LIBRARY_PATH", &subject.libraries)] {
        command.envs(value.iter().map(|value| (name, value)));
    }
    if !subject.ours {
        return Err("its files are not those of this machine: it is in a container".into());
    }
    let (uid, gid) = subject.user.ok_or("it runs as another user than it was started by")?;
    match geteuid().as_raw() {
        own if own == uid => {}
        // The other's program gets the other's rights, and no more groups than its own.
        0 => drop(command.uid(uid).gid(gid)),
        own => return Err(format!("it is user {uid}'s, and rigcheck runs as user {own}")),
    }
    let mut group = Group::of(command.spawn().map_err(|e| format!("its interpreter cannot be started ({})", e.kind()))?);
    let output = timeout(PATIENCE, group.output()).await.map_err(|_| format!("its interpreter did not answer within {} s", PATIENCE.as_secs()))?;
    output.ok_or_else(|| "its interpreter's answer cannot be read".to_owned())
}

/// A program and whatever it starts: all end when this is dropped.
struct Group {
    child: Child,
    id: Option<Pid>,
}

impl Group {
    fn of(child: Child) -> Group {
        let id = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        if let Some(id) = id {
            // It is as well without.
            let _ = setpriority_process(Some(id), NICE);
        }
        Group { child, id }
    }
    /// All that it says, at most one byte more than is allowed. Its end is waited for, so that its id stays its own until then.
    async fn output(&mut self) -> Option<Vec<u8>> {
        let mut bytes = vec![];
        self.child.stdout.take()?.take(LONGEST as u64 + 1).read_to_end(&mut bytes).await.ok()?;
        if bytes.len() <= LONGEST && self.child.wait().await.ok()?.success() {
            self.id = None;
        }
        Some(bytes)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // Whoever has been waited for has no id any more.
        if let Some(id) = self.id.filter(|_| self.child.id().is_some()) {
            let _ = kill_process_group(id, Signal::KILL);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::environment::root::Root;
    use std::{fs, os::unix::fs::PermissionsExt, time::Instant};

    fn subject(script: &str) -> (tempfile::TempDir, Subject) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("python3");
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        let own = procfs::process::Process::myself().unwrap().status().unwrap();
        let path = path.display().to_string();
        let subject = Subject {
            pid: std::process::id(),
            exe: path.clone(),
            path,
            root: Root::machine(),
            ours: true,
            user: Some((own.euid, own.egid)),
            home: None,
            python_path: String::new(),
            user_base: String::new(),
            libraries: None,
        };
        (folder, subject)
    }

    #[tokio::test]
    async fn who_hangs_is_ended_with_all_that_it_started() {
        let (folder, subject) = subject("D=$(dirname $0); sleep 77 & echo $! > $D/child; wait");
        let begun = Instant::now();
        let output = run(&subject).await;
        assert!(output.as_ref().is_err_and(|why| why.contains("did not answer")) && begun.elapsed() < 2 * PATIENCE, "{output:?}");
        let child: u32 = fs::read_to_string(folder.path().join("child")).unwrap().trim().parse().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(200));
        let left = fs::read_to_string(format!("/proc/{child}/stat")).unwrap_or_default();
        assert!(left.is_empty() || left.contains(") Z "), "{left}");
    }

    #[tokio::test]
    async fn a_flood_is_cut_and_the_environment_is_empty() {
        let (_folder, flooding) = subject("while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done");
        assert_eq!(run(&flooding).await.unwrap().len(), LONGEST + 1);
        let (_folder, telling) = subject("pwd; env | cut -d= -f1 | grep -v -e PWD -e SHLVL -e '^_$'");
        assert_eq!(String::from_utf8(run(&telling).await.unwrap()).unwrap(), "/\n");
    }

    #[tokio::test]
    async fn what_is_not_ours_is_not_run() {
        let (folder, subject) = subject("touch $(dirname $0)/ran");
        let elsewhere = Subject { ours: false, ..subject.clone() };
        let raised = Subject { user: None, ..subject.clone() };
        assert!(run(&elsewhere).await.is_err() && run(&raised).await.is_err());
        assert!(!folder.path().join("ran").exists());
        assert!(run(&Subject { path: "/none".into(), ..subject }).await.is_err_and(|why| why.contains("cannot be started")));
    }
}
