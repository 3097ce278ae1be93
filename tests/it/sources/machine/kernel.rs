use super::{burn_act, during, now, pause, query, samples, tracks, workloads};
use rigcheck::{
    model::{
        audit::Effort,
        evidence::{Gap, Method, Seen},
        payload::Burned,
        rows::InMemory,
        source::{ActState, Slot, Source},
        units::Wall,
        workload::Found,
    },
    sources::kernel::Kernel,
};
use std::{
    io::Read as _,
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::watch;

/// A process that does not outlive its test.
struct Running(Child);

impl Running {
    fn start(program: &Path, args: &[&str]) -> Running {
        Running(Command::new(program).args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap())
    }
    fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn kernel<const N: usize>(all: [(&str, Found); N]) -> Kernel {
    Kernel::new(workloads(all), None)
}

async fn gap(found: Found) -> Gap {
    let told = during(&kernel([("it", found)]), "it", async {}).await.0;
    told.map(|seen| panic!("{seen:?}")).unwrap_err()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_process_burned_is_what_the_kernel_counts_of_it() {
    let args = ["burn", "--for", "4s", "--cpu", "0.4", "--memory", "32MiB", "--output", "json"];
    let mut child = Running::start(Path::new(env!("CARGO_BIN_EXE_rigcheck")), &args);
    let source = kernel([("it", Found::Pid(child.0.id()))]);
    let (seen, burned) = during(&source, "it", async {
        // Its curve is told when it has ended; it is waited for without being buried, so that it is seen to be dead.
        let mut out = child.0.stdout.take().unwrap();
        let read = tokio::task::spawn_blocking(move || {
            let mut text = String::new();
            out.read_to_string(&mut text).unwrap();
            text
        });
        let told: serde_json::Value = serde_json::from_str(&read.await.unwrap()).unwrap();
        serde_json::from_value::<Burned>(told["burned"].clone()).unwrap()
    })
    .await;
    let seen = seen.unwrap();
    let within: Vec<(i64, f64)> = samples(&seen, "cpu").into_iter().filter(|(at, _)| burned.at(Wall(*at)).is_some()).collect();
    assert!(within.len() > 15, "{} samples while it burned", within.len());
    let (first, last) = (within[0], within[within.len() - 1]);
    let truth = (burned.at(Wall(first.0)).unwrap(), burned.at(Wall(last.0)).unwrap());
    let (read, really) = (last.1 - first.1, truth.1.cpu_s - truth.0.cpu_s);
    assert!(really > 0.1, "{really}");
    assert!((read - really).abs() <= 0.02 * really + 0.1, "{read} read, {really} burned");
    let rss = samples(&seen, "rss").iter().map(|s| s.1).fold(0.0, f64::max);
    assert!(rss >= (burned.rss_before + burned.kept_bytes()) as f64 * 0.98, "{rss}");
    assert!(seen.partial.is_none() && seen.origin.method == Method::Measured && seen.origin.request.contains("/proc/PID/stat"), "{seen:?}");
    let told = tracks(&seen);
    assert!((80.0..400.0).contains(&told.interval_ms) && told.doubt_us == 0, "{}", told.interval_ms);
    assert!(told.cost_s.unwrap() > 0.0 && told.over_s.unwrap() > 2.0, "{told:?}");
    let lo = told.tracks.iter().find(|t| t.claim.as_str() == "received" && t.labels["interface"] == "lo").unwrap();
    assert_eq!(lo.labels.get("netns").map(String::as_str), Some("host"));
    // It ended before the act was told to be over.
    assert_eq!(told.lives.len(), 1);
    assert!(told.lives[0].began.unwrap() <= burned.started, "{:?}", told.lives);
}

#[tokio::test]
async fn who_vanishes_is_told_until_then() {
    let mut child = Running::start(Path::new("/bin/sleep"), &["60"]);
    let pid = child.0.id();
    let (seen, ()) = during(&kernel([("it", Found::Pid(pid))]), "it", async {
        pause(700).await;
        child.kill();
        pause(400).await;
    })
    .await;
    let seen = seen.unwrap();
    let life = &tracks(&seen).lives[0];
    assert_eq!(life.id, format!("pid {pid}"));
    assert!(life.ended.is_some_and(|at| at <= now()) && life.began < life.ended, "{life:?}");
    assert!(seen.notes.iter().any(|n| n.contains(&format!("process {pid} was gone at"))), "{:?}", seen.notes);
    assert!(seen.partial.is_none() && samples(&seen, "cpu").len() >= 2);
}

#[tokio::test]
async fn who_comes_back_is_another_life() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join(format!("rigsleep{}", std::process::id() % 10_000));
    std::fs::copy("/bin/sleep", &program).unwrap();
    let named = program.file_name().unwrap().to_str().unwrap().to_owned();
    let mut first = Running::start(&program, &["60"]);
    let (seen, second) = during(&kernel([("it", Found::Process(named.clone()))]), "it", async {
        pause(500).await;
        first.kill();
        pause(300).await;
        let second = Running::start(&program, &["60"]);
        pause(2_500).await;
        second
    })
    .await;
    let seen = seen.unwrap();
    let lives = &tracks(&seen).lives;
    let ids = [first.0.id(), second.0.id()].map(|pid| format!("pid {pid}"));
    assert_eq!(lives.iter().map(|l| l.id.clone()).collect::<Vec<_>>(), ids);
    assert!(lives[0].ended.is_some() && lives[1].ended.is_none() && lives[1].began > lives[0].began, "{lives:?}");
    let last = samples(&seen, "cpu").last().unwrap().0;
    assert!(Wall(last) > lives[1].began.unwrap(), "its samples go on");
    drop(second);
    assert!(matches!(gap(Found::Process(named.clone())).await, Gap::NotConfigured(why) if why.contains(&named) && why.contains("ps -eo")));
}

#[tokio::test]
async fn the_machine_uses_no_less_than_one_of_its_processes() {
    let busy = Running::start(Path::new("/bin/sh"), &["-c", "while :; do :; done"]);
    let source = kernel([("it", Found::Pid(busy.0.id())), ("host", Found::Host)]);
    let ((process, ()), (host, ())) = tokio::join!(during(&source, "it", pause(2_000)), during(&source, "host", pause(2_000)));
    let (process, host) = (process.unwrap(), host.unwrap());
    // Between the same two instants, as far as they are.
    let read = |seen: &Seen, from: i64, to: i64| {
        let all: Vec<_> = samples(seen, "cpu").into_iter().filter(|(at, _)| (from..=to).contains(at)).collect();
        all.last().unwrap().1 - all[0].1
    };
    let (from, to) = (process.covered.from.max(host.covered.from).0 + 300_000, process.covered.to.min(host.covered.to).0);
    let (one, all) = (read(&process, from, to), read(&host, from, to));
    assert!(one > 0.1 && all >= one - 0.15, "{one} of {all}");
    for claim in ["memory_usage", "memory_limit", "cpu_limit"] {
        assert!(samples(&host, claim).len() >= 2, "{claim}");
    }
    assert!(samples(&host, "memory_usage")[0].1 < samples(&host, "memory_limit")[0].1);
    assert_eq!((tracks(&host).lives.len(), tracks(&host).lives[0].id.as_str()), (1, "host"));
}

#[tokio::test]
async fn who_listens_is_found_by_the_port() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let (seen, ()) = during(&kernel([("it", Found::Port(listener.local_addr().unwrap().port()))]), "it", pause(100)).await;
    assert_eq!(tracks(&seen.unwrap()).lives[0].id, format!("pid {}", std::process::id()));
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    assert!(matches!(gap(Found::Port(port)).await, Gap::NotConfigured(why) if why.contains(&port.to_string())));
}

#[tokio::test]
async fn our_own_control_group_is_read_by_its_path() {
    let groups = std::fs::read_to_string("/proc/self/cgroup").unwrap();
    let path = groups.lines().filter_map(|l| l.rsplit_once(':')).map(|(_, path)| path).next().unwrap().to_owned();
    let (seen, ()) = during(&kernel([("it", Found::Cgroup(path.clone()))]), "it", pause(700)).await;
    // Where the group's folder cannot be seen from here, that is said; else it is read.
    match seen {
        Ok(seen) => {
            let cpu = samples(&seen, "cpu");
            assert!(cpu.len() >= 5 && cpu.is_sorted_by(|a, b| a.1 <= b.1), "{cpu:?}");
            assert_eq!(tracks(&seen).lives[0].id, path);
        }
        Err(gap) => assert!(matches!(&gap, Gap::NotConfigured(why) if why.contains("cgroup")), "{gap}"),
    }
}

#[tokio::test]
async fn who_is_not_there_is_a_gap_that_says_what_to_do() {
    let ended = {
        let mut child = Running::start(Path::new("/bin/sleep"), &["0"]);
        child.0.wait().unwrap();
        child.0.id()
    };
    // A daemon that is not there, and one that this user may not ask.
    let nobody = Kernel::new(workloads([("it", Found::Container("gateway".into()))]), Some("unix:///no/such/docker.sock".into()));
    // Each waits for somebody who may come yet.
    let (pid, beyond, group, elsewhere, burn, daemon, unknown) = tokio::join!(
        gap(Found::Pid(ended)),
        gap(Found::Pid(u32::MAX)),
        gap(Found::Cgroup("/no/such/group".into())),
        gap(Found::Elsewhere),
        gap(Found::Burn(burn_act(false))),
        during(&nobody, "it", async {}),
        during(&nobody, "nobody", async {}),
    );
    assert!(matches!(&pid, Gap::NotConfigured(why) if why.contains(&format!("no process {ended}"))), "{pid}");
    assert!(matches!(&group, Gap::NotConfigured(why) if why.contains("/no/such/group")), "{group}");
    for gap in [beyond, elsewhere, burn] {
        assert!(matches!(gap, Gap::NotConfigured(_)), "{gap}");
    }
    let daemon = daemon.0.map(|_| ()).unwrap_err();
    assert!(
        matches!(&daemon, Gap::Unreachable(why) if why.contains("/no/such/docker.sock") && why.contains("start Docker") && why.contains("`pid`")),
        "{daemon}"
    );
    let unknown = unknown.0.map(|_| ()).unwrap_err();
    assert!(matches!(&unknown, Gap::NotConfigured(why) if why.contains("nobody")), "{unknown}");
}

#[tokio::test]
async fn an_act_that_fails_and_an_interruption_end_it() {
    let source = kernel([("host", Found::Host)]);
    let slot = || {
        let (state, stands) = watch::channel(ActState::Waiting);
        let slot = Slot { act: stands, ..Slot::detached(Instant::now() + Duration::from_mins(1), Arc::new(InMemory::default())) };
        (state, slot)
    };
    let (state, failing) = slot();
    state.send_replace(ActState::Failed(Gap::Refused("too little memory".into())));
    let gap = source.ask(&query("host"), Effort::default(), &failing).await.map(|_| ()).unwrap_err();
    assert!(matches!(&gap, Gap::NotReached(why) if why.contains("too little memory")), "{gap}");

    let (_state, interrupted) = slot();
    interrupted.cancel.cancel();
    let gap = source.ask(&query("host"), Effort::default(), &interrupted).await.map(|_| ()).unwrap_err();
    assert_eq!(gap, Gap::NotReached("interrupted".into()));

    let (_state, short) = slot();
    let short = Slot { deadline: Instant::now() + Duration::from_millis(800), ..short };
    let gap = source.ask(&query("host"), Effort::default(), &short).await.map(|_| ()).unwrap_err();
    assert!(matches!(gap, Gap::TooLate(_)), "{gap}");
}
