use super::{
    burn_act,
    daemon::{Daemon, NOBODY, frame, stamp},
    during, pause, samples, tracks, workloads,
};
use axum::http::StatusCode;
use futures_util::future::join_all;
use rigcheck::{
    model::{
        evidence::{Gap, Method, Seen},
        name::name,
        workload::{Found, Workload},
    },
    sources::{docker_stats::DockerStats, kernel::Kernel},
};

async fn ask(daemon: Daemon, found: Found, ms: u64) -> Result<Seen, Gap> {
    let (host, _serving) = daemon.serve().await;
    during(&DockerStats::new(name("docker"), Some(host), workloads([("it", found)])), "it", pause(ms)).await.0
}

fn gateway() -> Found {
    Found::Container("gateway".into())
}

fn frames(all: &[(u64, &str, u64)]) -> Vec<(u64, String)> {
    all.iter().map(|(after, read, cpu)| (*after, frame(read, *cpu))).collect()
}

#[tokio::test]
async fn raw_counters_stand_at_the_daemons_own_stamps() {
    // The daemon repeats a reading to whoever asks in between.
    let (a, b, c) = (stamp(-1_000), stamp(0), stamp(5_000));
    let frames = frames(&[(0, &a, 1_000_000_000), (50, &a, 1_000_000_000), (50, &b, 1_500_000_000), (600, &c, 2_500_000_000)]);
    let seen = ask(Daemon { frames, ..Daemon::default() }, Found::Label("app=gateway".into()), 300).await.unwrap();
    let us = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_microsecond();
    assert_eq!(samples(&seen, "cpu"), [(us(&a), 1.0), (us(&b), 1.5), (us(&c), 2.5)]);
    for (claim, value) in [
        ("memory_usage", 1e6),
        ("working_set", 6e5),
        ("memory_limit", 8e6),
        ("received", 100.0),
        ("sent", 200.0),
        ("periods", 10.0),
        ("throttled_periods", 4.0),
        ("throttled", 2.0),
        ("system_cpu", 5.0),
        ("online_cpus", 2.0),
    ] {
        let all = samples(&seen, claim);
        assert!(all.len() == 3 && all.iter().all(|s| (s.1 - value).abs() < 1e-9), "{claim}: {all:?}");
    }
    let told = tracks(&seen);
    assert!((900.0..6_000.0).contains(&told.interval_ms), "{}", told.interval_ms);
    let expected = "2026-01-01T00:00:00.25Z".parse::<jiff::Timestamp>().unwrap().as_microsecond();
    assert_eq!((told.lives.len(), told.lives[0].began.unwrap().0, told.lives[0].ended), (1, expected, None));
    assert_eq!(told.tracks.iter().find(|t| t.claim.as_str() == "sent").unwrap().labels["interface"], "eth0");
    assert_eq!((seen.partial, seen.origin.method, seen.notes.len()), (None, Method::Reported, 0));
    assert!(seen.origin.server.unwrap().contains("1.41") && seen.origin.request.contains("/stats?stream=true"));
}

#[tokio::test]
async fn a_container_that_is_gone_and_comes_back_has_two_lives() {
    let (a, b, c) = (stamp(-1_000), stamp(-500), stamp(9_000));
    let frames = frames(&[(0, &a, 9_000_000_000), (50, NOBODY, 0), (200, &b, 1_000_000), (600, &c, 2_000_000)]);
    let starts = vec!["2026-01-01T00:00:00Z", "2026-01-01T05:00:00Z"];
    let seen = ask(Daemon { frames, starts, ..Daemon::default() }, gateway(), 500).await.unwrap();
    let lives = &tracks(&seen).lives;
    assert_eq!(lives.len(), 2);
    assert!(lives[0].ended.is_some() && lives[1].ended.is_none() && lives[0].began < lives[1].began, "{lives:?}");
    let cpu: Vec<f64> = samples(&seen, "cpu").iter().map(|s| s.1).collect();
    assert_eq!(cpu, [9.0, 0.001, 0.002], "as they are, the fall too, and no zero for nobody");
    assert!(seen.notes.iter().any(|n| n.contains("container gateway was gone at")), "{:?}", seen.notes);

    // Faster than the daemon reads: only the container's start tells.
    let (a, b) = (stamp(-1_000), stamp(9_000));
    let daemon = Daemon {
        frames: self::frames(&[(0, &a, 9_000_000_000), (100, &b, 9_500_000_000)]),
        starts: vec!["2026-01-01T00:00:00Z", "2026-01-01T05:00:00Z"],
        ..Daemon::default()
    };
    let seen = ask(daemon, gateway(), 300).await.unwrap();
    assert_eq!(tracks(&seen).lives.len(), 2);
    assert!(seen.notes.iter().any(|n| n.contains("started anew")), "{:?}", seen.notes);
}

#[tokio::test]
async fn the_burns_container_is_waited_for_and_goes_without_a_word() {
    let (a, b) = (stamp(0), stamp(1_000));
    let daemon = Daemon { frames: frames(&[(0, &a, 1_000_000), (100, &b, 300_000_000)]), stays: false, ..Daemon::default() };
    let seen = ask(daemon, Found::Burn(burn_act(true)), 500).await.unwrap();
    assert_eq!(samples(&seen, "cpu").len(), 2);
    assert!(seen.partial.is_none() && seen.notes.is_empty() && tracks(&seen).lives[0].ended.is_some(), "{seen:?}");
}

#[tokio::test]
async fn few_or_odd_readings_are_no_whole_answer() {
    let one = Daemon { frames: frames(&[(0, &stamp(-1_000), 1_000_000)]), ..Daemon::default() };
    let odd = Daemon { frames: vec![(0, "{}\n".repeat(10))], ..Daemon::default() };
    let garbage = ["<html>jane@example.com</html>\n", "{\"read\": 7}\n", "[1,2]\n"];
    let read =
        async |garbage: &'static str| ask(Daemon { frames: vec![(0, garbage.into())], stays: false, ..Daemon::default() }, gateway(), 300).await;
    let (seen, odd, gaps) = tokio::join!(ask(one, gateway(), 100), ask(odd, gateway(), 100), join_all(garbage.map(read)));
    let seen = seen.unwrap();
    assert!(matches!(&seen.partial, Some(Gap::Truncated(why)) if why.contains("less than twice")), "{:?}", seen.partial);
    assert!(seen.notes.iter().any(|n| n.contains("nothing beyond the act")), "{:?}", seen.notes);

    let gap = odd.map(|_| ()).unwrap_err();
    assert!(matches!(&gap, Gap::Malformed(why) if why.contains("no stamp")), "{gap}");

    for (garbage, gap) in garbage.iter().zip(gaps) {
        let gap = gap.map(|_| ()).unwrap_err();
        assert!(!gap.to_string().contains("jane"), "{gap}");
        assert!(matches!(gap, Gap::Malformed(_) | Gap::NotConfigured(_)), "{garbage}: {gap}");
    }
}

#[tokio::test]
async fn refusals_say_what_to_do_and_repeat_nothing() {
    let gap = async |daemon: Daemon, found: Found| {
        let gap = ask(daemon, found, 50).await.map(|_| ()).unwrap_err();
        assert!(!gap.to_string().contains("jane"), "{gap}");
        gap
    };
    let label = || Found::Label("app=gateway".into());
    let absent = DockerStats::new(name("docker"), Some("unix:///no/such/docker.sock".into()), workloads([("it", gateway())]));
    // Each waits for somebody who may come yet.
    let (old, html, closed, nobody, stopped, two, none, process, absent) = tokio::join!(
        gap(Daemon { version: "1.24", ..Daemon::default() }, gateway()),
        gap(Daemon { version: "none", ..Daemon::default() }, gateway()),
        gap(Daemon { status: StatusCode::FORBIDDEN, ..Daemon::default() }, gateway()),
        gap(Daemon::default(), Found::Container("nobody".into())),
        gap(Daemon::default(), Found::Container("stopped".into())),
        gap(Daemon { labelled: vec!["blue", "green"], ..Daemon::default() }, label()),
        gap(Daemon { labelled: vec![], ..Daemon::default() }, label()),
        gap(Daemon::default(), Found::Pid(1)),
        during(&absent, "it", async {}),
    );
    assert!(matches!(&old, Gap::Malformed(why) if why.contains("1.24") && why.contains("1.27")), "{old}");
    assert!(matches!(&html, Gap::Malformed(why) if why.contains("no Docker daemon")), "{html}");
    assert!(matches!(&closed, Gap::Denied(why) if why.contains("CONTAINERS=1")), "{closed}");
    assert!(matches!(&nobody, Gap::NotConfigured(why) if why.contains("no container `nobody`") && why.contains("docker ps")), "{nobody}");
    assert!(matches!(&stopped, Gap::NotConfigured(why) if why.contains("does not run")), "{stopped}");
    assert!(matches!(&two, Gap::Malformed(why) if why.contains("2 containers") && why.contains("blue, green")), "{two}");
    assert!(matches!(&none, Gap::NotConfigured(why) if why.contains("app=gateway")), "{none}");
    assert!(matches!(&process, Gap::NotConfigured(why) if why.contains("no container")), "{process}");
    let absent = absent.0.map(|_| ()).unwrap_err();
    assert!(matches!(&absent, Gap::Unreachable(why) if why.contains("/no/such/docker.sock")), "{absent}");
}

#[tokio::test]
async fn the_kernel_finds_no_group_of_a_container_that_runs_elsewhere() {
    let (host, _serving) = Daemon::default().serve().await;
    let all = [(name("it"), Workload { found: gateway(), observer: false })];
    let gap = during(&Kernel::new(all.into(), Some(host)), "it", async {}).await.0.map(|_| ()).unwrap_err();
    assert!(matches!(&gap, Gap::NotConfigured(why) if why.contains("has no group")), "{gap}");
}
