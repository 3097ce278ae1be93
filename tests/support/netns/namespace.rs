//! One network namespace: a host of the small network.

use super::{kernel, process::Process, sweep};
use rustix::{
    mount::{MountPropagationFlags, mount_bind, mount_change},
    thread::{LinkNameSpaceType, move_into_link_name_space},
};
use std::{
    fs::{self, File},
    io::{self, Write},
    net::IpAddr,
    os::fd::AsFd,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::{Mutex, PoisonError},
    thread::{self, JoinHandle},
};

/// Where iproute2 keeps the names of namespaces.
pub(super) const NAMED: &str = "/run/netns";
/// Where iproute2 looks for files that stand in `/etc` for a namespace.
pub(super) const FILES: &str = "/etc/netns";

/// Namespaces are added and removed one at a time: the first one makes [`NAMED`] a mount of its own.
pub(super) static NAMES: Mutex<()> = Mutex::new(());

/// A named network namespace. Dropping it ends what runs in it and removes the name and its files.
pub struct Namespace {
    name: String,
}

impl Namespace {
    /// Makes an empty one, with the loopback device up.
    pub(super) fn create(name: String) -> io::Result<Namespace> {
        {
            let _one = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
            succeeds(Command::new("ip").args(["netns", "add", &name]))?;
        }
        let namespace = Namespace { name };
        namespace.ip("link set lo up")?;
        Ok(namespace)
    }

    /// Its name, as `ip netns` shows it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A command that runs a program inside, with the namespace's files in `/etc`.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.name, program]).stdin(Stdio::null());
        command
    }

    /// Runs a program to its end.
    pub fn run(&self, program: &str, args: &[&str]) -> io::Result<Output> {
        self.command(program).args(args).output()
    }

    /// Starts a program that runs until it is dropped.
    pub fn start(&self, program: &str, args: &[&str]) -> io::Result<Process> {
        Process::start(self.command(program).args(args))
    }

    /// Does something on a thread inside, and waits for it. What that thread starts, threads and programs, is inside too.
    pub fn enter<T: Send>(&self, act: impl FnOnce() -> T + Send) -> io::Result<T> {
        let inside = || move_in(&self.name).map(|()| act());
        thread::scope(|scope| scope.spawn(inside).join()).unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }

    /// Does something on a thread inside, beside the caller.
    pub fn spawn<T: Send + 'static>(&self, act: impl FnOnce() -> T + Send + 'static) -> JoinHandle<io::Result<T>> {
        let name = self.name.clone();
        thread::spawn(move || move_in(&name).map(|()| act()))
    }

    /// Runs commands of `ip`, one a line, such as `route add default dev wan0`.
    pub fn ip(&self, commands: &str) -> io::Result<()> {
        let mut ip = Command::new("ip");
        ip.args(["-netns", &self.name, "-batch", "-"]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = ip.spawn()?;
        child.stdin.take().ok_or(io::ErrorKind::BrokenPipe)?.write_all(commands.as_bytes())?;
        let out = child.wait_with_output()?;
        if out.status.success() {
            return Ok(());
        }
        Err(io::Error::other(format!("ip, in {}: {}: {}", self.name, String::from_utf8_lossy(&out.stderr).trim(), commands.trim())))
    }

    /// Sets kernel parameters of this namespace, such as `("net/ipv4/ping_group_range", "0 2147483647")`.
    pub fn sysctl(&self, parameters: &[(&str, &str)]) -> io::Result<()> {
        let set = |(key, value): &(&str, &str)| {
            fs::write(Path::new("/proc/sys").join(key), value).map_err(|error| io::Error::other(format!("sysctl {key} = {value}: {error}")))
        };
        self.enter(|| parameters.iter().try_for_each(set))?
    }

    /// What stands in `/etc/<file>` for programs that are started inside from now on, and for threads that enter from now on.
    /// A file that stood there before changes for those that run, too.
    pub fn etc(&self, file: &str, text: &str) -> io::Result<()> {
        fs::create_dir_all(self.files())?;
        fs::write(self.files().join(file), text)
    }

    /// Names are asked of these servers (`/etc/resolv.conf`).
    pub fn resolves_by(&self, servers: &[IpAddr]) -> io::Result<()> {
        let lines: Vec<_> = servers.iter().map(|server| format!("nameserver {server}\n")).collect();
        self.etc("resolv.conf", &lines.concat())
    }

    fn files(&self) -> PathBuf {
        Path::new(FILES).join(&self.name)
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        sweep::remove(&self.name);
    }
}

/// Moves the calling thread into a namespace, and lays the namespace's files over those of `/etc`, as `ip netns exec` does.
fn move_in(name: &str) -> io::Result<()> {
    let link = File::open(Path::new(NAMED).join(name))?;
    move_into_link_name_space(link.as_fd(), Some(LinkNameSpaceType::Network))?;
    let Ok(files) = fs::read_dir(Path::new(FILES).join(name)) else { return Ok(()) };
    kernel::unshare_mounts()?;
    mount_change("/", MountPropagationFlags::DOWNSTREAM | MountPropagationFlags::REC)?;
    for file in files {
        let file = file?;
        mount_bind(file.path(), Path::new("/etc").join(file.file_name()))?;
    }
    Ok(())
}

/// Runs a command; its error message is the error.
pub(super) fn succeeds(command: &mut Command) -> io::Result<Output> {
    let out = command.stdin(Stdio::null()).output()?;
    if out.status.success() {
        return Ok(out);
    }
    Err(io::Error::other(format!("{command:?}: {}", String::from_utf8_lossy(&out.stderr).trim())))
}
