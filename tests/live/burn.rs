//! A known load in a container of a real Docker engine, beside what the kernel counts of its control group.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "starts containers and reads the kernel's files")]

use crate::{
    rig::Turn,
    stack::{Stack, or_skip},
};
use rigcheck::{
    model::{payload::Burned, units::Wall},
    sources::cgroup::{Cgroup, Who},
};
use serde_json::Value;
use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

const TEST: &str = "burn::a_burn_in_a_container_is_what_its_control_group_counts";

fn docker(args: &[&str]) -> String {
    let output = Command::new("docker").args(args).output().unwrap();
    assert!(output.status.success(), "docker {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// The containers of that name, running or not.
fn containers(name: &str) -> String {
    docker(&["ps", "-a", "--no-trunc", "-q", "--filter", &format!("name=^/{name}$")])
}

fn images() -> String {
    docker(&["images", "-q", "rigcheck-burn"])
}

/// Whatever happens, nothing is left behind.
struct Clean(Vec<String>);

impl Drop for Clean {
    fn drop(&mut self) {
        for name in &self.0 {
            let _ = Command::new("docker").args(["rm", "-f", name]).output();
        }
    }
}

fn burn(name: &str, args: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rigcheck"));
    command.args(["burn", "--container", "--name", name, "-o", "json"]).args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn ends(child: Child, code: i32) -> (Value, Burned) {
    let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
    assert_eq!(status.code(), Some(code), "{}", String::from_utf8_lossy(&stderr));
    let mut told: Value = serde_json::from_slice(&stdout).unwrap();
    let burned = serde_json::from_value(told["burned"].take()).unwrap();
    (told, burned)
}

/// Waits until the burn of a container tells its first line.
fn burns(child: &mut Child) {
    let mut line = String::new();
    BufReader::new(child.stderr.as_mut().unwrap()).read_line(&mut line).unwrap();
    assert!(line.contains("burning for"), "{line}");
}

/// CPU-seconds of a container, read by hand, and when; `None` where neither version's file is there.
fn counted(id: &str) -> Option<(f64, Wall)> {
    let v1 = format!("/sys/fs/cgroup/cpuacct/docker/{id}/cpuacct.usage");
    let v2 = [format!("/sys/fs/cgroup/docker/{id}/cpu.stat"), format!("/sys/fs/cgroup/system.slice/docker-{id}.scope/cpu.stat")];
    let seconds = if let Ok(ns) = fs::read_to_string(v1) {
        ns.trim().parse::<f64>().unwrap() / 1e9
    } else {
        let text = v2.iter().map(PathBuf::from).find_map(|path| fs::read_to_string(path).ok())?;
        text.lines().find_map(|line| line.strip_prefix("usage_usec "))?.parse::<f64>().unwrap() / 1e6
    };
    Some((seconds, Wall(jiff::Timestamp::now().as_microsecond())))
}

/// Reads the control group by hand twice while it burns, and compares each pair of sums with the curve.
fn beside_the_curve(name: &str, args: &[&str]) -> (Value, Burned) {
    let mut child = burn(name, args);
    burns(&mut child);
    let id = containers(name);
    let from = counted(&id).expect("the control group of a container of this machine");
    // What the reader of control groups makes of all its files.
    let read = Cgroup::of(&Who::Container(id.clone())).and_then(|group| group.read()).unwrap();
    let pid = docker(&["inspect", "--format", "{{.State.Pid}}", name]).parse().unwrap();
    let by_pid = Cgroup::of(&Who::Pid(pid)).and_then(|group| group.read()).unwrap();
    let memory = (read.memory.unwrap(), by_pid.memory.unwrap());
    assert!(memory.0.anon > 1 << 20 && memory.0.usage >= memory.0.working_set && memory.0.limit == memory.1.limit, "{memory:?}");
    assert!(read.cpu_s.unwrap() >= from.0 && by_pid.cpu_s.unwrap() >= read.cpu_s.unwrap(), "{read:?} {by_pid:?}");
    sleep(Duration::from_secs(3));
    let to = counted(&id).expect("it still burns");
    let (told, burned) = ends(child, 0);
    assert_eq!(containers(name), "", "the container is gone");
    let (first, last) = (burned.at(from.1).unwrap(), burned.at(to.1).unwrap());
    let (group, curve, error) = (to.0 - from.0, last.cpu_s - first.cpu_s, first.error_s + last.error_s);
    // The kernel's and our stamps are not the same instant: 2 % and a tick.
    assert!((group - curve).abs() <= error + 0.02 * curve + 0.02, "{group} by hand, {curve} ± {error} by the curve");
    let beside = burned.cgroup_beside().unwrap();
    assert!((beside.cgroup_s - beside.curve.cpu_s).abs() <= beside.curve.error_s + 0.02 * beside.curve.cpu_s + 0.02, "{beside:?}");
    assert!(beside.over_s > 3.0 && burned.cgroup.len() > 10, "{beside:?}");
    (told, burned)
}

#[test]
fn a_burn_in_a_container_is_what_its_control_group_counts() {
    let Some(_stack) = or_skip(TEST, Stack::up(&["docker"])) else { return };
    let name = |what: &str| format!("rigcheck-burn-test-{what}-{}", std::process::id());
    let [duty, quota, stopped, early, killed, shot] = ["duty", "quota", "stopped", "early", "killed", "shot"].map(name);
    let _clean = Clean([&duty, &quota, &stopped, &early, &killed, &shot].map(Clone::clone).into());
    let turn = Turn::take(2);

    // By duty cycle. Whether the machine gave all of it is its affair; more it never gives.
    let (told, burned) = beside_the_curve(&duty, &["--for", "8s", "--cpu", "0.5", "--memory", "48MiB", "--network", "1MB/s"]);
    let last = *burned.last().unwrap();
    assert!(last.workers_cpu_s > 0.5 && last.workers_cpu_s <= 4.05, "{last:?}");
    assert_eq!((last.sent_bytes, last.received_bytes), (8_000_000, 8_000_000), "loopback of a container without network");
    let anon = burned.cgroup.iter().filter_map(|reading| reading.memory).map(|memory| memory.anon).max().unwrap();
    assert!((48 << 20..80 << 20).contains(&anon), "{anon}");
    let image = told["container"]["image"].as_str().unwrap().to_owned();
    assert!(image.starts_with("rigcheck-burn:") && told["container"]["unread"].is_null(), "{told}");
    let built = images();
    assert_eq!(built.lines().count(), 1, "one image, and none of other builds");

    // By quota: the kernel holds it down, and says so. A small one, which is used up beside busy neighbours, too.
    let (_, burned) = beside_the_curve(&quota, &["--for", "8s", "--cpus", "0.15"]);
    assert_eq!((burned.asked.cpu_cores, burned.asked.quota_cores), (1.0, Some(0.15)));
    let used = burned.last().unwrap().cpu_s;
    assert!(used > 0.2 && used < 1.2 + 0.1, "{used}");
    let throttling = burned.cgroup.last().unwrap().throttling.unwrap();
    assert!(throttling.throttled > 10 && throttling.periods >= throttling.throttled && throttling.seconds > 0.0, "{throttling:?}");
    assert_eq!(images(), built, "the image is reused");

    // Ctrl-C: what was achieved so far, and no container.
    let mut child = burn(&stopped, &["--for", "1h", "--cpu", "0.1"]);
    burns(&mut child);
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let (_, burned) = ends(child, 130);
    assert!(burned.interrupted && burned.last().unwrap().workers_cpu_s > 0.0);
    assert_eq!(containers(&stopped), "");

    // Interrupted before it burns, wherever that is: while the image is made, or the container started.
    for ms in [600, 1_200] {
        let mut child = burn(&early, &["--for", "1h", "--cpu", "0.1"]);
        sleep(Duration::from_millis(ms));
        assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
        let begun = Instant::now();
        child.wait().unwrap();
        while !containers(&early).is_empty() {
            assert!(begun.elapsed() < Duration::from_mins(1), "the container goes on");
            sleep(Duration::from_millis(200));
        }
    }

    // Killed outright: it ends by itself.
    let mut child = burn(&killed, &["--for", "3s", "--cpu", "0.1"]);
    burns(&mut child);
    child.kill().unwrap();
    drop(child.wait());
    let begun = Instant::now();
    while !containers(&killed).is_empty() {
        assert!(begun.elapsed() < Duration::from_mins(1), "the container outlives its time");
        sleep(Duration::from_millis(200));
    }

    // Killed from outside, as the kernel kills for want of memory: that is said, and the image goes, too.
    let mut child = burn(&shot, &["--for", "1h", "--memory", "8MiB", "--remove-image"]);
    burns(&mut child);
    docker(&["kill", "--signal", "KILL", &shot]);
    let out = child.wait_with_output().unwrap();
    let err = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(out.status.code() == Some(2) && err.contains("the container was killed, by somebody else or for want of memory"), "{err}");
    assert_eq!((containers(&shot), images()), (String::new(), String::new()));
    drop(turn);
}
