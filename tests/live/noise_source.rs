//! The quiet window beside culprits that were planted, in containers of a real Docker engine and outside of them. Other programs run on
//! this machine meanwhile, so only what was planted is judged.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "starts containers and shells, and reads the kernel's files"
)]

use crate::{
    rig::Turn,
    stack::{NotUp, Stack, or_skip},
};
use rigcheck::{
    model::{
        act::{Act, QuietAct},
        audit::Effort,
        evidence::Seen,
        key::{Idle, Payload, Query},
        name::name,
        payload::{Burned, By, IdleWindow},
        rows::InMemory,
        source::{Slot, Source as _},
        units::Wall,
    },
    sources::noise::Noise,
};
use std::{
    fs,
    io::{BufRead as _, BufReader},
    process::{Child, Command, Output, Stdio},
    sync::{Arc, Mutex},
    thread::sleep,
    time::{Duration, Instant},
};

const TEST: &str = "noise_source::containers_are_told_by_name_and_what_their_quota_holds_back_apart";

/// Watches for so long, without a warm-up but for what starting takes.
fn watch(noise: &Noise, lasting: Duration) -> (Seen, IdleWindow) {
    let query = Query::Idle(Idle { act: Act::Quiet(QuietAct { name: name("noise") }) });
    let slot = Slot::detached(Instant::now() + lasting + Duration::from_mins(1), Arc::new(InMemory::default()));
    let effort = Effort { warmup: 500, lasting_ms: u64::try_from(lasting.as_millis()).unwrap(), ..Effort::default() };
    let seen = tokio::runtime::Runtime::new().unwrap().block_on(noise.ask(&query, effort, &slot)).unwrap();
    assert_eq!(seen.partial, None);
    let Payload::Idle(window) = seen.payload.clone() else { panic!("{seen:?}") };
    (seen, window)
}

/// A burn in a container of its own, whose name is this.
fn burn(name: &str, args: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rigcheck"));
    command.args(["burn", "--container", "--name", name, "-o", "json"]).args(args).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stderr.as_mut().unwrap()).read_line(&mut line).unwrap();
    assert!(line.contains("burning for"), "{line}");
    child
}

/// The process of a container, as this machine counts them.
fn pid_of(container: &str) -> u32 {
    let told = Command::new("docker").args(["inspect", "--format", "{{.State.Pid}}", container]).output().unwrap();
    String::from_utf8_lossy(&told.stdout).trim().parse().unwrap_or_else(|_| panic!("{told:?}"))
}

fn burned(child: Child) -> Burned {
    let Output { status, stdout, .. } = child.wait_with_output().unwrap();
    assert!(status.success(), "{status}");
    let mut told: serde_json::Value = serde_json::from_slice(&stdout).unwrap();
    serde_json::from_value(told["burned"].take()).unwrap()
}

/// Removes containers, whatever happens.
struct Clean(Vec<String>);

impl Drop for Clean {
    fn drop(&mut self) {
        for name in &self.0 {
            let _gone = Command::new("docker").args(["rm", "-f", name]).output();
        }
    }
}

#[test]
fn containers_are_told_by_name_and_what_their_quota_holds_back_apart() {
    let Some(_stack) = or_skip(TEST, Stack::up(&["docker"])) else { return };
    let [bursty, held] = ["bursty", "held"].map(|what| format!("rigcheck-noise-test-{what}-{}", std::process::id()));
    let _clean = Clean(vec![bursty.clone(), held.clone()]);
    let _turn = Turn::take(2);
    let bursts = burn(&bursty, &["--for", "16s", "--cpu", "0.4", "--pattern", "bursts", "--burst", "500ms", "--every", "2s"]);
    let quota = burn(&held, &["--for", "16s", "--cpus", "0.15"]);
    // Other tests run the same program.
    let contained = [&bursty, &held].map(|name| pid_of(name));
    let (seen, window) = watch(&Noise::new(None), Duration::from_secs(8));
    let truth = [burned(bursts), burned(quota)];
    let to = window.seconds.last().unwrap().at;
    for (name, burned) in [&bursty, &held].into_iter().zip(&truth) {
        let at = |wall: Wall| burned.at(wall).unwrap();
        let (first, last) = (at(window.began), at(to));
        let (expected, error) = (last.cpu_s - first.cpu_s, first.error_s + last.error_s);
        let is = |by: &By| matches!(by, By::Container { name: Some(told), .. } if told == name);
        let used = window.used_by.iter().find(|used| is(&used.by)).unwrap_or_else(|| panic!("{name} in {:?}", window.used_by));
        println!("{name}: {:.3} s told, {expected:.3} ± {error:.3} s burned", used.cpu_s);
        assert!((used.cpu_s - expected).abs() <= (0.1 * expected).max(0.03) + error, "{used:?} {expected}");
        assert_eq!(used.programs, ["rigcheck"]);
        assert!(!window.used_by.iter().any(|u| matches!(u.by, By::Process { pid, .. } if contained.contains(&pid))), "{:?}", window.used_by);
    }
    let quota = window.throttled.iter().find(|group| group.name == held).unwrap_or_else(|| panic!("{:?}", window.throttled));
    assert!(!quota.ours && quota.by.throttled > 20 && quota.by.seconds > 1.0, "{quota:?}");
    assert!(!window.throttled.iter().any(|group| group.name == bursty), "{:?}", window.throttled);
    assert!(!window.missing.iter().any(|missing| missing.what == "names of containers"), "{:?} {:?}", window.missing, seen.notes);
}

/// A shell that is nobody's child but the first process', with what it writes at once; ends when it is dropped.
struct Shell(u32);

impl Shell {
    fn start(program: &str) -> Shell {
        let started = format!("sh -c '{program}' >/dev/null 2>&1 & echo $!");
        let told = Command::new("sh").args(["-c", &started]).output().unwrap();
        Shell(String::from_utf8(told.stdout).unwrap().trim().parse().unwrap())
    }
    /// CPU time of its ended children, ticks.
    fn ended(pid: u32) -> f64 {
        let text = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
        let words: Vec<&str> = text.rsplit_once(") ").unwrap().1.split(' ').collect();
        words[13].parse::<f64>().unwrap() + words[14].parse::<f64>().unwrap()
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        let _gone = Command::new("kill").arg(self.0.to_string()).output();
    }
}

#[test]
fn processes_too_short_to_be_seen_are_counted_to_the_shell_that_starts_them() {
    let _turn = Turn::take(1);
    let shell = Shell::start("while :; do /bin/true; done");
    let pid = shell.0;
    let truth = Arc::new(Mutex::new(vec![]));
    let reads = Arc::clone(&truth);
    let noise = Noise::new(None).watched_by(Arc::new(move |_, _| reads.lock().unwrap().push(Shell::ended(pid))));
    let (_, window) = watch(&noise, Duration::from_secs(8));
    drop(shell);
    let truth = truth.lock().unwrap();
    let expected = (truth.last().unwrap() - truth[0]) / 100.0;
    let told = window.used_by.iter().find(|used| matches!(used.by, By::EndedOf { pid: reaper, .. } if reaper == pid)).unwrap();
    // The truth begins with the end of the first second.
    let used: f64 = told.when.iter().filter(|(second, _)| *second > 0).map(|(_, s)| s).sum();
    println!("{used:.3} s told of {expected:.3} s that /bin/true took; {:.1} % of what others used is named", 100.0 * named(&window));
    assert!(expected > 0.2 && used >= 0.8 * expected && used <= 1.2 * expected + 0.05, "{told:?} {expected}");
}

/// Nobody waits for these programs, so that no counter tells what they used: the kernel's trace does, where it is mounted; here in a mount
/// namespace of this test's own.
#[test]
fn programs_that_nobody_waits_for_are_named_by_the_kernels_trace() {
    const TEST: &str = "noise_source::programs_that_nobody_waits_for_are_named_by_the_kernels_trace";
    let mount = "mount -t tracefs nodev /sys/kernel/tracing";
    let may = Command::new("unshare").args(["-m", "sh", "-c", mount]).output();
    let may = match may {
        Ok(out) if out.status.success() => Ok(()),
        Ok(out) => Err(NotUp::Missing(format!("tracefs cannot be mounted: {}", String::from_utf8_lossy(&out.stderr).trim()))),
        Err(e) => Err(NotUp::Missing(format!("unshare (package util-linux): {e}"))),
    };
    let Some(()) = or_skip(TEST, may) else { return };
    let _turn = Turn::take(1);
    let folder = tempfile::tempdir().unwrap();
    let script = "import os,signal,time\nsignal.signal(signal.SIGCHLD,signal.SIG_IGN)\nwork='i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done'\nuntil=time.time()+40\n\
                  while time.time()<until:\n os.posix_spawn('/bin/sh',['unwaited','-c',work],{})\n time.sleep(0.05)\n";
    let mut unwaited = Command::new("python3").args(["-c", script]).spawn().unwrap();
    let rigcheck = env!("CARGO_BIN_EXE_rigcheck");
    let watched = format!("{mount} && exec {rigcheck} noise --for 12s --no-calibration -o json:report.json");
    let out = Command::new("unshare").args(["-m", "sh", "-c", &watched]).current_dir(folder.path()).env_remove("RIGCHECK_SPEC").output().unwrap();
    unwaited.kill().unwrap();
    unwaited.wait().unwrap();
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    let report: serde_json::Value = serde_json::from_str(&fs::read_to_string(folder.path().join("report.json")).expect(&said)).unwrap();
    let rules = report["cases"].as_array().unwrap().iter().flat_map(|case| case["rules"].as_array().unwrap());
    let found = rules.filter(|rule| rule["id"] == "INT-08").flat_map(|rule| rule["outcomes"].as_array().unwrap()).next().unwrap().clone();
    println!("{}: {}", found["observed"], found["because"]);
    assert!(found["because"].to_string().contains("the kernel's trace has sh ("), "{found:#}");
    assert_ne!(found["status"], "fail", "{found:#}");
}

/// Which part of what others used is told by name.
fn named(window: &IdleWindow) -> f64 {
    window.sum(|s| s.named_s) / window.others_s()
}

/// CPU time of a thread of this process, by its name, s.
fn thread_s(name: &str) -> Option<f64> {
    let tasks = fs::read_dir("/proc/self/task").unwrap().flatten();
    let mut named = tasks.filter(|task| fs::read_to_string(task.path().join("comm")).is_ok_and(|comm| comm.trim() == name));
    let text = fs::read_to_string(named.next()?.path().join("schedstat")).ok()?;
    Some(text.split(' ').next()?.parse::<f64>().unwrap() / 1e9)
}

#[test]
fn looking_takes_less_than_a_hundredth_of_a_core_beside_a_thousand_processes() {
    let _turn = Turn::take(1);
    // They end with what they wait for, whatever becomes of this test.
    let mut sleepers = Command::new("sh").args(["-c", "i=0; while [ $i -lt 900 ]; do sleep 25 & i=$((i+1)); done; wait"]).spawn().unwrap();
    sleep(Duration::from_secs(4));
    let outside = std::thread::spawn(|| {
        let until = Instant::now() + Duration::from_secs(20);
        let mut told: Vec<(Instant, f64)> = vec![];
        while Instant::now() < until {
            match thread_s("noise-sampler") {
                Some(s) => told.push((Instant::now(), s)),
                None if !told.is_empty() => break,
                None => {}
            }
            sleep(Duration::from_millis(250));
        }
        // What starting took is before the window.
        let first = told.iter().find(|(at, _)| at.duration_since(told[0].0) > Duration::from_millis(2_500)).unwrap();
        let last = told.last().unwrap();
        (last.1 - first.1) / last.0.duration_since(first.0).as_secs_f64()
    });
    let (_, window) = watch(&Noise::new(None), Duration::from_secs(10));
    let outside = outside.join().unwrap();
    let _over = Command::new("kill").arg(sleepers.id().to_string()).output();
    sleepers.wait().unwrap();
    let own = window.own.sampler_cores();
    println!(
        "sampler: {:.2} % of a core by its own account, {:.2} % seen from outside; {} scans in {:.0} s; {:.1} % of what others used is named",
        100.0 * own,
        100.0 * outside,
        window.own.scans,
        window.lasted_s(),
        100.0 * named(&window)
    );
    assert!(own < 0.01 && outside < 0.01, "{own} {outside} {:?}", window.own);
}
