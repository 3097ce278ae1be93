//! Disturbances that are really made: processes of ours, ended by their groups, each bounded in time by itself, too.
#![allow(clippy::disallowed_methods, reason = "starts programs, and writes files of its own")]

use crate::{
    group::Group,
    rows::noise::Disturbs,
    stack::{NotUp, Stack},
};
use rustix::process::{Pid, Signal, kill_process_group};
use std::{
    fs,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::Duration,
};

/// No disturbance lasts longer, whatever becomes of us.
const LONGEST: &str = "90";
/// A file that is larger than the memory that its reader may use, MiB.
const FILE_MIB: usize = 160;
/// What is written again and again, MiB.
const FLOOD_MIB: usize = 50;
/// The memory that the reader of the large file may use.
const LIMIT: &str = "40M";
/// The container's name.
pub const CONTAINER: &str = "rigcheck-neighbour";

/// What goes on. Dropping it ends it.
#[derive(Default)]
pub struct Disturbance {
    children: Vec<Child>,
    groups: Vec<Group>,
    container: bool,
    /// Holds the engine up for as long.
    engine: Option<Stack>,
}

impl Disturbance {
    /// Begins; files lie in `folder`, and what is to begin in the middle waits for `half`.
    pub fn begin(what: Disturbs, folder: &Path, half: Duration) -> Result<Disturbance, NotUp> {
        let mut made = Disturbance::default();
        match what {
            Disturbs::Spin { program, cores, nice } => made.spin(folder, program, cores, nice)?,
            Disturbs::Late { program, cores } => {
                let path = named(folder, program);
                made.shell(&format!("sleep {}; exec {} burn --for 60s --cpu {cores}", half.as_secs_f64(), path.display()))?;
            }
            Disturbs::Bursts { lasting_ms, every_ms } => {
                let (on, off) = (f64::from(lasting_ms) / 1e3, f64::from(every_ms - lasting_ms) / 1e3);
                made.shell(&format!("while :; do timeout {on} sh -c 'while :; do :; done'; sleep {off}; done"))?;
            }
            Disturbs::Wakes => made.python(
                "import time\nwhile True:\n end=time.monotonic()+0.001\n while time.monotonic()<end: pass\n time.sleep(0.003)\n",
            )?,
            Disturbs::Forks => made.shell("while :; do /bin/true; done")?,
            Disturbs::Writes => {
                // Past the caches, in large blocks, and two at a time: then the disk is busy even where a fast one has to wait for a CPU.
                for nth in 0..2 {
                    let to = direct(&folder.join(format!("flood-{nth}")), FLOOD_MIB)?;
                    made.shell(&format!("while :; do {to} oflag=direct,dsync conv=notrunc; done"))?;
                }
            }
            Disturbs::Flood { mb_per_s } => {
                let path = named(folder, "copier");
                made.start(Command::new(path).args(["burn", "--for", "60s", "--network", &format!("{mb_per_s}MB/s")]))?;
            }
            Disturbs::Packets => made.python(
                "import socket\na=socket.socket(socket.AF_INET,socket.SOCK_DGRAM)\na.bind(('127.0.0.1',0))\nb=socket.socket(socket.AF_INET,socket.SOCK_DGRAM)\n\
                 b.connect(a.getsockname())\na.setblocking(False)\nwhile True:\n for _ in range(50): b.send(b'x'*64)\n try:\n  while True: a.recv(64)\n except OSError: pass\n",
            )?,
            // The kernel counts the time of children to who waits for them; it need not wait where it ignores their end.
            Disturbs::Unreaped => made.python(
                "import os,signal,time\nsignal.signal(signal.SIGCHLD,signal.SIG_IGN)\nwork='i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done'\n\
                 while True:\n os.posix_spawn('/bin/sh',['sh','-c',work],{})\n time.sleep(0.04)\n",
            )?,
            Disturbs::Squeezed => made.squeeze(folder)?,
            Disturbs::Container { cores } => made.contain(&["--cpu", &cores.to_string()])?,
            Disturbs::Limited => made.contain(&["--cpus", "0.2"])?,
            // The audit's own, and what stands in files.
            Disturbs::OwnQuota | Disturbs::Files(_) => {}
        }
        Ok(made)
    }

    fn spin(&mut self, folder: &Path, program: &str, cores: f64, nice: i32) -> Result<(), NotUp> {
        let path = named(folder, program);
        let here = std::thread::available_parallelism().map_or(1.0, |n| n.get() as f64);
        let mut left = cores;
        while left > 0.0 {
            let part = left.min(here);
            left -= part;
            let mut command = Command::new("nice");
            self.start(command.args(["-n", &nice.to_string()]).arg(&path).args(["burn", "--for", "80s", "--cpu", &part.to_string()]))?;
        }
        Ok(())
    }

    /// A reader in a control group of its own, whose memory is too small for what it reads.
    fn squeeze(&mut self, folder: &Path) -> Result<(), NotUp> {
        let group = Group::limited("memory", "memory.limit_in_bytes", LIMIT)?;
        let file = folder.join("large");
        // Past the caches: pages that are there already are counted to whoever wrote them, and need no disk.
        direct(&file, FILE_MIB)?;
        let script = format!(
            "import mmap,os\nf=open('{}','rb')\nm=mmap.mmap(f.fileno(),0,prot=mmap.PROT_READ)\nwhile True:\n for i in range(0,len(m),4096): m[i]\n",
            file.display()
        );
        self.start(group.command("timeout").args([LONGEST, "python3", "-c", &script]))?;
        self.groups.push(group);
        Ok(())
    }

    fn contain(&mut self, args: &[&str]) -> Result<(), NotUp> {
        self.engine = Some(Stack::up(&["docker"])?);
        self.container = true;
        let _ = Command::new("docker").args(["rm", "-f", CONTAINER]).output();
        self.start(Command::new(env!("CARGO_BIN_EXE_rigcheck")).args(["burn", "--container", "--name", CONTAINER, "--for", "60s"]).args(args))?;
        // An image is made of this program first.
        for _ in 0..300 {
            let out = Command::new("docker").args(["ps", "-q", "--filter", &format!("name=^/{CONTAINER}$")]).output();
            if out.is_ok_and(|out| !out.stdout.is_empty()) {
                return Ok(());
            }
            sleep(Duration::from_millis(100));
        }
        Err(NotUp::Broken("the container did not start within 30 s".into()))
    }

    fn python(&mut self, script: &str) -> Result<(), NotUp> {
        self.start(Command::new("timeout").args([LONGEST, "python3", "-c", script]))
    }

    fn shell(&mut self, script: &str) -> Result<(), NotUp> {
        self.start(Command::new("timeout").args([LONGEST, "sh", "-c", script]))
    }

    /// In a process group of its own, which ends as a whole.
    fn start(&mut self, command: &mut Command) -> Result<(), NotUp> {
        let shown = format!("{command:?}");
        let quiet = command.process_group(0).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        self.children.push(quiet.spawn().map_err(|e| NotUp::Missing(format!("{shown}: {e}")))?);
        Ok(())
    }
}

impl Drop for Disturbance {
    fn drop(&mut self) {
        for child in &mut self.children {
            let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
            let _ = child.wait();
        }
        if self.container && self.engine.is_some() {
            let _ = Command::new("docker").args(["rm", "-f", CONTAINER]).output();
        }
    }
}

/// Writes a file past the caches; the command that writes it again.
fn direct(file: &Path, mib: usize) -> Result<String, NotUp> {
    let command = format!("dd if=/dev/zero of={} bs=1M count={mib}", file.display());
    let made = Command::new("sh").args(["-c", &format!("exec {command} oflag=direct")]).stderr(Stdio::null()).status();
    if made.is_ok_and(|made| made.success()) {
        Ok(command)
    } else {
        Err(NotUp::Missing(format!("{}: the disk takes no direct writes", file.display())))
    }
}

/// This program under another name, by which the kernel tells it.
fn named(folder: &Path, program: &str) -> PathBuf {
    let path = folder.join(program);
    if !path.exists() {
        fs::hard_link(env!("CARGO_BIN_EXE_rigcheck"), &path)
            .or_else(|_| fs::copy(env!("CARGO_BIN_EXE_rigcheck"), &path).map(drop))
            .expect("a copy of the binary");
    }
    path
}
