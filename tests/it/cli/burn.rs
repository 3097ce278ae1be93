//! `rigcheck burn` as a user runs it, watched from outside by what the kernel counts of its process.

use super::rigcheck;
use crate::address::nobody;
use procfs::process::Process;
use rigcheck::{
    model::{payload::Burned, units::Wall},
    sources::cgroup::{Cgroup, Who},
};
use serde_json::Value;
use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

/// A burn that does not outlive its test.
struct Burning(Child);

impl Burning {
    fn start(args: &[&str]) -> Burning {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rigcheck"));
        Burning(command.arg("burn").args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
    }
    /// Waits until it says that it burns.
    fn burns(&mut self) {
        let mut line = String::new();
        BufReader::new(self.0.stderr.as_mut().unwrap()).read_line(&mut line).unwrap();
        assert!(line.contains("burning for"), "{line}");
    }
    fn process(&self) -> Process {
        Process::new(i32::try_from(self.0.id()).unwrap()).unwrap()
    }
    /// Exit code and standard output.
    fn ends(&mut self) -> (Option<i32>, String) {
        let mut out = String::new();
        self.0.stdout.as_mut().unwrap().read_to_string(&mut out).unwrap();
        (self.0.wait().unwrap().code(), out)
    }
}

impl Drop for Burning {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn burned(json: &str) -> Burned {
    let told: Value = serde_json::from_str(json).unwrap();
    assert_eq!(told["schema"], "rigcheck.burn/1");
    serde_json::from_value(told["burned"].clone()).unwrap()
}

fn now() -> Wall {
    Wall(jiff::Timestamp::now().as_microsecond())
}

#[test]
fn the_curve_is_what_the_kernel_counts_of_the_process() {
    let mut burning = Burning::start(&["--for", "6s", "--cpu", "0.5", "--network", "2MB/s", "-o", "json"]);
    burning.burns();
    let process = burning.process();
    // Between two stamps of our own clock: whoever is preempted while reading knows that much less.
    let read = || {
        let before = now();
        let stat = process.stat().unwrap();
        ((stat.utime + stat.stime) as f64 / procfs::ticks_per_second() as f64, before, now())
    };
    let from = read();
    sleep(Duration::from_secs(2));
    let to = read();
    let (code, out) = burning.ends();
    assert_eq!(code, Some(0));
    let burned = burned(&out);
    let at = |wall| burned.at(wall).unwrap();
    let (least, most) = (at(to.1).cpu_s - at(from.2).cpu_s, at(to.2).cpu_s - at(from.1).cpu_s);
    let error = at(from.1).error_s.max(at(from.2).error_s) + at(to.1).error_s.max(at(to.2).error_s);
    let counted = to.0 - from.0;
    // procfs rounds user and system time down to ticks of 10 ms.
    assert!(counted > least - error - 0.04 && counted < most + error + 0.04, "{counted} beside {least} to {most} ± {error}");
    assert!(error < 0.5, "{error}");
}

#[test]
fn memory_is_resident_as_long_as_it_burns() {
    let anonymous = |memory: &[&str]| {
        let mut burning = Burning::start(&[&["--for", "3s", "--cpu", "0.01", "-o", "json"], memory].concat());
        burning.burns();
        let kib = burning.process().status().unwrap().rssanon.unwrap();
        (kib as f64 / 1024.0, burned(&burning.ends().1))
    };
    let ((with, told), (without, _)) = (anonymous(&["--memory", "96MiB"]), anonymous(&[]));
    // 2 % and 1 MiB, and what malloc and thread stacks differ by from one process to the next.
    assert!((with - without - 96.0).abs() < 0.02 * 96.0 + 2.0, "{with} MiB with, {without} without");
    let kept = told.kept_bytes() as f64 / f64::from(1 << 20);
    assert!((kept - 96.0).abs() < 0.02 * 96.0 + 1.0, "{kept} MiB");
}

#[test]
fn an_interrupted_burn_tells_what_it_was_so_far() {
    for signal in ["-INT", "-TERM"] {
        let mut burning = Burning::start(&["--for", "1h", "--cpu", "0.1", "-o", "json"]);
        burning.burns();
        assert!(Command::new("kill").args([signal, &burning.0.id().to_string()]).status().unwrap().success());
        let told = Instant::now();
        let (code, out) = burning.ends();
        assert_eq!(code, Some(130), "{signal}");
        let burned = burned(&out);
        assert!(burned.interrupted && burned.lasted_s() > 0.9 && burned.last().unwrap().workers_cpu_s > 0.0, "{burned:?}");
        assert!(told.elapsed() < Duration::from_secs(20));
    }
}

#[test]
fn the_result_is_for_people_and_for_programs() {
    let folder = tempfile::tempdir().unwrap();
    let ran = rigcheck(folder.path(), &["burn", "--for", "300ms", "--cpu", "0.2", "-o", "human", "-o", "json:burn.json"]).ends(0);
    for part in ["Burned for", "0.2 cores for", "asked", "achieved", "error", "CPU-s"] {
        assert!(ran.out.contains(part), "no {part} in {}", ran.out);
    }
    let burned = burned(&fs::read_to_string(folder.path().join("burn.json")).unwrap());
    assert_eq!(burned.asked.for_ms.to_bits(), 300.0_f64.to_bits());
    // This process' own control group, before and after, where one can be read.
    if Cgroup::of(&Who::Pid(std::process::id())).and_then(|own| own.read()).is_ok() {
        assert_eq!(burned.cgroup.len(), 2);
    }
}

#[test]
fn what_cannot_be_done_is_refused_before_anything_burns() {
    let folder = tempfile::tempdir().unwrap();
    for (args, says) in [
        (&["--cpu", "0.5"][..], "--for <DURATION>"),
        (&["--for", "10s"], "nothing is asked for: give --cpu, --memory or --network"),
        (&["--for", "2h", "--cpu", "0.5"], "--for 120.0 min: a burn lasts at least 100 ms and at most 1 h"),
        (&["--for", "10", "--cpu", "0.5"], "`10` is not a duration"),
        (&["--for", "1s", "--cpu", "0"], "--cpu 0: write the cores to burn as a number above 0"),
        (&["--for", "1s", "--cpu", "5000"], "--cpu 5000: this process may use"),
        (&["--for", "1s", "--memory", "900000GB"], "a burn takes at most 80 % of that"),
        (&["--for", "1s", "--memory", "5"], "`5` is not an amount of bytes; write `256MiB`"),
        (&["--for", "1s", "--network", "5MB"], "`5MB` is not bytes per second; write `5MB/s`"),
        (&["--for", "1s", "--network", "5GB/s"], "a burn sends at most 1 GB/s"),
        (&["--for", "9s", "--cpu", "1", "--pattern", "bursts", "--burst", "2s", "--every", "1s"], "ends before the next one begins"),
        (&["--for", "9s", "--cpu", "1", "--every", "1s"], "--burst and --every go with --pattern bursts"),
        (&["--for", "9s", "--cpu", "1", "--seed", "7"], "--seed goes with --pattern irregular"),
        (&["--for", "1s", "--cpu", "0.5", "--cpus", "0.5"], "--container"),
        (&["--for", "1s", "--container", "--cpus", "0"], "nothing is asked for"),
        (&["--for", "1s", "--container", "--cpu", "1", "--cpus", "99"], "--cpus 99: a quota is at least 0.01 cores and at most"),
        (&["--for", "1s", "--container", "--memory", "90MiB", "--memory-limit", "100MiB"], "at most 80 % of --memory-limit 100.0 MiB"),
        (&["--for", "1s", "--cpu", "0.5", "-o", "html"], "it writes human or json"),
        (&["--for", "1s", "--cpu", "0.5", "-o", "json:nowhere/x"], "there is no folder nowhere"),
    ] {
        let ran = rigcheck(folder.path(), &[&["burn"], args].concat()).ends(2);
        assert!(ran.err.contains(says) && ran.out.is_empty(), "{args:?}: no `{says}` in {}", ran.err);
    }
}

/// A daemon that answers each request in the same way.
fn daemon(status: &'static str, body: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = format!("tcp://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut socket in listener.incoming().map_while(Result::ok) {
            let mut head = BufReader::new(socket.try_clone().unwrap()).lines().map_while(Result::ok);
            let _ = head.by_ref().take_while(|line| !line.is_empty()).count();
            let _ = write!(
                socket,
                "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            );
        }
    });
    at
}

#[test]
fn a_daemon_that_cannot_be_used_is_named_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let says = |host: &str| {
        let mut command = assert_cmd::Command::new(env!("CARGO_BIN_EXE_rigcheck"));
        let out = command
            .current_dir(folder.path())
            .env("DOCKER_HOST", host)
            .args(["burn", "--for", "1s", "--cpu", "0.1", "--container"])
            .output()
            .unwrap();
        assert_eq!(out.status.code(), Some(2), "{host}");
        String::from_utf8(out.stderr).unwrap()
    };
    let nowhere = says("unix:///nowhere/docker.sock");
    assert!(
        nowhere.contains("docker: no daemon at unix:///nowhere/docker.sock; start Docker, set DOCKER_HOST, or burn in this process"),
        "{nowhere}"
    );
    let free = nobody();
    let silent = says(&format!("tcp://{free}"));
    assert!(silent.contains(&format!("no daemon at tcp://{free}")), "{silent}");
    let old = says(&daemon("200 OK", r#"{"Version": "1.11", "ApiVersion": "1.23", "MinAPIVersion": "1.12"}"#));
    assert!(old.contains("too old; a burn needs 1.30, which is Docker 17.06"), "{old}");
    let denied = says(&daemon("403 Forbidden", r#"{"message": "no s3cret"}"#));
    assert!(denied.contains("docker: may not") && denied.contains("a proxy before it") && !denied.contains("s3cret"), "{denied}");
}

#[test]
fn a_socket_that_may_not_be_opened_is_named_with_its_owners() {
    // Root may open any.
    if Process::myself().unwrap().uid().unwrap() == 0 {
        let refused = refused_to_nobody();
        assert!(refused.is_none_or(|err| err.contains("no permission for")
            && err.contains("(mode 600, owner root")
            && err.contains("add this user to the group")));
    }
}

/// What it says as nobody, before root's socket; `None` where that cannot be tried.
fn refused_to_nobody() -> Option<String> {
    let folder = tempfile::Builder::new().permissions(std::os::unix::fs::PermissionsExt::from_mode(0o755)).tempdir().unwrap();
    let socket = folder.path().join("docker.sock");
    let _listening = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    fs::set_permissions(&socket, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let program = folder.path().join("rigcheck");
    fs::copy(Path::new(env!("CARGO_BIN_EXE_rigcheck")), &program).unwrap();
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(&program).args(["burn", "--for", "1s", "--cpu", "0.1", "--container"]);
    let out = command.env("DOCKER_HOST", format!("unix://{}", socket.display())).current_dir("/").output().ok()?;
    let err = String::from_utf8(out.stderr).unwrap();
    (!err.contains("setpriv")).then_some(err)
}
