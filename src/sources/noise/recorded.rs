//! A recorded machine, of which everything is known.

#[cfg(test)]
mod tests {
    use super::super::Noise;
    use crate::{
        model::{
            act::{Act, QuietAct},
            audit::Effort,
            evidence::{Gap, Seen},
            key::{Idle, Payload, Query},
            name::name,
            payload::{By, IdleWindow},
            rows::InMemory,
            source::{Slot, Source as _},
        },
        sources::environment::root::Root,
    };
    use std::{
        fs,
        path::{Path, PathBuf},
        sync::Arc,
        time::{Duration, Instant},
    };

    const MOUNTS: &str = "22 1 0:20 / /proc rw - proc proc rw\n\
    31 22 0:28 / /sys/fs/cgroup/cpuacct rw - cgroup cgroup rw,cpuacct\n32 22 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n";

    fn id() -> String {
        "c0ffee00".repeat(8)
    }

    /// One process: its line of `/proc/PID/stat`, and its group.
    fn process(put: &dyn Fn(&str, &str), pid: u32, comm: &str, parent: u32, ticks: (u64, u64), group: &str) {
        let (used, ended) = ticks;
        put(&format!("proc/{pid}/stat"), &format!("{pid} ({comm}) S {parent} 1 1 0 -1 0 0 0 0 0 {used} 0 {ended} 0 20 5 3 0 {pid} 0 0\n"));
        put(&format!("proc/{pid}/cgroup"), &format!("2:cpuacct:{group}\n1:cpu:{group}\n"));
    }

    /// What the machine says before (0) and after (1) the second in which all happens.
    fn write(folder: &Path, n: u64) {
        let put = |path: &str, text: &str| {
            let path: PathBuf = folder.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        put("proc/stat", &format!("cpu {} 0 0 900 0 0 0 {} 0 0\ncpu0 0 0 0 900 0 0 0 0 0 0\nintr {}\nprocesses {}\n", n * 80, n * 3, n * 500, n * 9));
        for (of, us) in [("cpu", 300_000), ("memory", 2_000), ("io", 10_000)] {
            put(&format!("proc/pressure/{of}"), &format!("some avg10=0.00 total={}\nfull avg10=0.00 total={}\n", n * us, n * us / 2));
        }
        put("proc/vmstat", &format!("pgmajfault {}\npswpin {}\npswpout 4\ncompact_stall 0\n", 100 + n * 7, n * 2));
        put("proc/diskstats", &format!("8 0 sda 1 0 {0} 0 1 0 {0} 0 0 {1} 0\n8 1 sda1 1 0 {0} 0 1 0 {0} 0 0 {1} 0\n", n * 100, n * 250));
        put("proc/net/dev", &format!("h\nh\n lo: {0} 0 0 0 0 0 0 0 {0} 0\neth0: {1} 0 0 0 0 0 0 0 5 0\n", n * 1_000, n * 70));
        put("proc/net/softnet_stat", &format!("0000000a 0000000{n} 00000000\n"));
        put("proc/interrupts", &format!("     CPU0\n 24: {}  IO-APIC 5-edge eth0\n", 10 + n * 40));
        put("proc/loadavg", "0.1 0.1 0.1 1/90 77\n");
        put("proc/self/cgroup", "2:cpuacct:/\n1:cpu:/\n");
        put("proc/self/mountinfo", MOUNTS);
        // The one that the kernel begins with: what is mounted is the machine's.
        fs::create_dir_all(folder.join("proc/self/ns")).unwrap();
        let _there = std::os::unix::fs::symlink("cgroup:[4026531835]", folder.join("proc/self/ns/cgroup"));
        put("sys/devices/system/clocksource/clocksource0/current_clocksource", if n == 0 { "tsc\n" } else { "hpet\n" });
        let docker = format!("/docker/{}", id());
        process(&put, 1, "init", 0, (50, 7_000), "/");
        process(&put, 20, "make (all)", 1, (5 + n * 2, 400 + n * 25), "/");
        process(&put, 30, "containerd-shim", 1, (9, 3), "/");
        process(&put, 31, "app", 30, (100 + n * 30, 0), &docker);
        put(&format!("sys/fs/cgroup/cpuacct{docker}/cgroup.procs"), "31\n");
        put(&format!("sys/fs/cgroup/cpuacct{docker}/cpuacct.usage"), &format!("{}\n", 2_000_000_000 + n * 310_000_000));
        put("sys/fs/cgroup/cpuacct/docker/cpuacct.usage", &format!("{}\n", 9_000_000_000 + n * 330_000_000));
        put("sys/fs/cgroup/cpuacct/cpuacct.usage", &format!("{}\n", 90_000_000_000 + n * 830_000_000));
        put(
            &format!("sys/fs/cgroup/cpu{docker}/cpu.stat"),
            &format!("nr_periods {}\nnr_throttled {}\nthrottled_time {}\n", 50 + n * 10, 5 + n * 4, n * 40_000_000),
        );
    }

    /// Watches a machine that says `after` from the end of the first second on.
    async fn asked(after: u64, lasting_ms: u64) -> Result<Seen, Gap> {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), 0);
        let path = folder.path().to_owned();
        let noise =
            Noise::rooted(Root::at(folder.path()), Some("unix:///nowhere/docker.sock".into())).watched_by(Arc::new(move |_, _| write(&path, after)));
        let slot = Slot::detached(Instant::now() + Duration::from_secs(30), Arc::new(InMemory::default()));
        let query = Query::Idle(Idle { act: Act::Quiet(QuietAct { name: name("noise") }) });
        noise.ask(&query, Effort { lasting_ms, ..Effort::default() }, &slot).await
    }

    async fn watched() -> (IdleWindow, Vec<String>) {
        let seen = asked(1, 3_000).await.unwrap();
        let Payload::Idle(window) = seen.payload else { panic!() };
        (window, seen.notes)
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn counters_that_stand_still_are_no_quiet_machine() {
        let told = asked(0, 1_000).await;
        assert!(matches!(&told, Err(Gap::NotConfigured(why)) if why.contains("/proc/stat stands still")), "{told:?}");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_recorded_machine_is_told_as_it_was() {
        let (window, notes) = watched().await;
        let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-6, "{a} is not {b}");
        // It did everything in the second second.
        let second = &window.seconds[1];
        near(window.seconds[0].busy_s + window.seconds[2].busy_s, 0.0);
        near(second.busy_s, 0.83);
        assert!(notes.iter().any(|note| note.contains("cpuacct.usage")), "{notes:?}");
        near(second.steal_s.unwrap(), 0.03);
        let pressure = second.pressure.unwrap();
        near(pressure.cpu_some_s + pressure.memory_full_s + pressure.io_some_s, 0.3 + 0.001 + 0.01);
        assert_eq!((second.major_faults, second.swapped_in, second.swapped_out, second.forks, second.interrupts), (7, 2, 0, 9, 500));
        assert_eq!((second.disk_bytes, second.network_bytes, second.loopback_bytes, second.softnet_dropped), (200 * 512, 70, 2_000, 1));
        near(second.disk_busy_s, 0.25);
        assert_eq!((window.interrupts[0].line.as_str(), window.interrupts[0].count, window.interrupts[0].peak), ("24", 40, 40));
        assert_eq!(window.clock_sources.iter().map(|at| at.name.as_str()).collect::<Vec<_>>(), ["tsc", "hpet"]);
        let missing: Vec<&str> = window.missing.iter().map(|m| m.what.as_str()).collect();
        assert_eq!(
            missing.iter().filter(|what| !what.starts_with("probe")).copied().collect::<Vec<_>>(),
            ["names of containers", "processes of others", "tracing"]
        );
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn who_used_time_is_told_once_each() {
        let (window, _) = watched().await;
        let told: Vec<(By, u64)> = window.used_by.iter().map(|used| (used.by.clone(), (used.cpu_s * 1e3).round() as u64)).collect();
        let name = "make (all)".to_owned();
        assert_eq!(
            told,
            [
                (By::Container { id: id(), name: None }, 310),
                (By::EndedOf { pid: 20, name: name.clone() }, 250),
                // Containers that ended unseen.
                (By::Group("/docker".into()), 20),
                (By::Process { pid: 20, name, kernel: false }, 20),
            ]
        );
        assert_eq!(window.used_by[0].programs, ["app"]);
        assert!(window.used_by.iter().all(|used| used.when.iter().all(|(second, _)| *second == 1)), "{:?}", window.used_by);
        assert!((window.seconds[1].named_s - 0.6).abs() < 1e-6);
        let held = &window.throttled[0];
        assert_eq!((held.name.as_str(), held.ours, held.by.periods, held.by.throttled), (id().as_str(), false, 10, 4));
        assert!((held.by.seconds - 0.04).abs() < 1e-9);
    }
}
