//! A real container's usage by the kernel's files and by Docker's API at once, over a restart.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "starts a container and reads clocks")]

use crate::{
    rig::Turn,
    stack::{Stack, or_skip},
};
use rigcheck::{
    model::{
        act::{Act, BurnAct},
        audit::Effort,
        evidence::{Origin, Seen},
        key::{Queries, Query, Question, Usage, When},
        name::name,
        payload::{StoredQueries, Tracks},
        rows::InMemory,
        source::{ActState, Slot, Source},
        units::{Span, Wall},
        workload::{Found, Workload},
    },
    sources::{docker_stats::DockerStats, kernel::Kernel},
};
use std::{
    fs,
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{sync::watch, time::sleep};

fn docker(args: &[&str]) -> String {
    let output = Command::new("docker").args(args).output().unwrap();
    assert!(output.status.success(), "docker {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// A container that uses up its quota of 0.3 cores; removed when dropped, with its image.
struct Busy(String);

impl Busy {
    fn start() -> Busy {
        let folder = tempfile::tempdir().unwrap();
        let name = format!("rigcheck-usage-{}", std::process::id());
        fs::create_dir(folder.path().join("bin")).unwrap();
        fs::copy("/bin/busybox", folder.path().join("bin/busybox")).unwrap();
        let (root, tar) = (folder.path().display().to_string(), folder.path().join("image.tar").display().to_string());
        assert!(Command::new("tar").args(["-C", &root, "-cf", &tar, "bin"]).status().unwrap().success());
        let (image, busy) = (format!("{name}:test"), Busy(name.clone()));
        docker(&["import", &tar, &image]);
        let limits = ["--cpus", "0.3", "--memory", "64m", "--network", "none", "--label", &format!("rigcheck.usage={name}")];
        let run = [&["run", "-d", "--name", &name], &limits[..], &[&image, "/bin/busybox", "sh", "-c", "while :; do :; done"]].concat();
        docker(&run);
        busy
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let image = format!("{}:test", self.0);
        for args in [["rm", "-f", &self.0], ["rmi", "-f", &image]] {
            let _ = Command::new("docker").args(args).output();
        }
    }
}

fn now() -> Wall {
    Wall(jiff::Timestamp::now().as_microsecond())
}

fn slot(act: watch::Receiver<ActState>) -> Slot {
    Slot { act, ..Slot::detached(Instant::now() + Duration::from_mins(1), Arc::new(InMemory::default())) }
}

/// Value of a claim at an instant, between two samples by the straight line.
fn at(tracks: &Tracks, claim: &str, at: Wall) -> Option<f64> {
    let claim = name(claim);
    let samples = &tracks.of(&claim).next()?.samples;
    let next = samples.partition_point(|s| s.0 < at);
    let (before, after) = (samples.get(next.checked_sub(1)?)?, samples.get(next)?);
    let share = (at.0 - before.0.0) as f64 / (after.0.0 - before.0.0) as f64;
    (after.1 >= before.1).then_some(before.1 + share * (after.1 - before.1))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_kernel_and_dockers_api_agree_on_a_real_container_over_its_restart() {
    let test = "usage::the_kernel_and_dockers_api_agree_on_a_real_container_over_its_restart";
    let _turn = Turn::take(1);
    let Some(_stack) = or_skip(test, Stack::up(&["docker"])) else { return };
    let busy = Busy::start();
    let workload = |found| Workload { found, observer: false };
    let by_name = [(name("it"), workload(Found::Container(busy.0.clone())))];
    let by_label = [(name("it"), workload(Found::Label(format!("rigcheck.usage={}", busy.0))))];
    let (kernel, stats) = (Kernel::new(by_label.into(), None), DockerStats::new(name("docker"), None, by_name.into()));
    let act = BurnAct { name: name("burner"), contained: false, millicores: 1, memory: 0, network: 0 };
    let query: Query = Usage { of: name("it"), when: When::During(Act::Burn(act)) }.into();
    let (state, stands) = watch::channel(ActState::Waiting);
    let slots = (slot(stands.clone()), slot(stands));
    let mut ready = (slots.0.ready.subscribe(), slots.1.ready.subscribe());
    let acting = async {
        ready.0.wait_for(|r| *r).await.unwrap();
        ready.1.wait_for(|r| *r).await.unwrap();
        let from = now();
        sleep(Duration::from_secs(4)).await;
        let container = busy.0.clone();
        tokio::task::spawn_blocking(move || docker(&["restart", "-t", "0", &container])).await.unwrap();
        sleep(Duration::from_secs(3)).await;
        let payload = Queries::wrap(StoredQueries::default());
        let done = Seen { payload, covered: Span { from, to: now() }, origin: Origin::default(), notes: vec![], partial: None };
        state.send_replace(ActState::Done(Arc::new(done)));
    };
    let (by_kernel, by_docker, ()) =
        tokio::join!(kernel.ask(&query, Effort::default(), &slots.0), stats.ask(&query, Effort::default(), &slots.1), acting);
    let (by_kernel, by_docker) = (by_kernel.unwrap(), by_docker.unwrap());
    let told = |seen: &Seen| Usage::pick(&seen.payload).unwrap().clone();
    let (kernels, dockers) = (told(&by_kernel), told(&by_docker));

    // Two lives, the same by both.
    let lives = |t: &Tracks| t.lives.iter().map(|l| (l.id.clone(), l.began.unwrap())).collect::<Vec<_>>();
    assert_eq!(lives(&kernels), lives(&dockers), "{:?} {:?}", by_kernel.notes, by_docker.notes);
    assert_eq!(lives(&kernels).len(), 2);
    assert!(
        kernels.lives[0].ended.is_some()
            && kernels.lives[1].ended.is_none()
            && kernels.lives[0].id == docker(&["inspect", "--format", "{{.Id}}", &busy.0])
    );
    // The counter begins anew.
    let claim = name("cpu");
    let cpu = &kernels.of(&claim).next().unwrap().samples;
    assert_eq!(cpu.windows(2).filter(|pair| pair[1].1 < pair[0].1).count(), 1, "one fall");

    // At the daemon's own stamps both counters say the same, in either life.
    let mut compared = 0;
    for sample in &dockers.of(&claim).next().unwrap().samples {
        let Some(value) = at(&kernels, "cpu", sample.0) else { continue };
        assert!((value - sample.1).abs() <= 0.02 * value + 0.05, "{value} by the kernel, {} by Docker", sample.1);
        compared += 1;
    }
    assert!(compared >= 4, "{compared} readings compared");
    let last = |t: &Tracks, claim: &str| t.tracks.iter().find(|t| t.claim.as_str() == claim).and_then(|t| t.samples.last()).map(|s| s.1);
    assert_eq!((last(&kernels, "cpu_limit"), last(&kernels, "memory_limit")), (Some(0.3), Some(67_108_864.0)));
    assert_eq!(last(&dockers, "memory_limit"), Some(67_108_864.0));
    // How often the quota was used up is the machine's affair: beside busy neighbours it is not.
    for told in [&kernels, &dockers] {
        let (periods, throttled) = (last(told, "periods").unwrap(), last(told, "throttled_periods").unwrap());
        assert!(periods > 3.0 && throttled <= periods, "{throttled} of {periods}");
    }
    assert_eq!(last(&dockers, "received"), None, "no network");
    assert!((500.0..2_500.0).contains(&dockers.interval_ms), "{}", dockers.interval_ms);
    let share = kernels.cost_s.unwrap() / kernels.over_s.unwrap();
    assert!(share < 0.05, "sampling takes {share} of a core");
}
