//! The files of a kernel as an idle machine's, with one thing otherwise; a thread lets their counters run.
#![allow(clippy::disallowed_methods, reason = "writes the files, again and again, while they are read")]

use crate::{audited::Audited, embedded, rows::noise::Planted};
use rigcheck::{
    model::{name::name, units::Ms, workload::NOISE},
    report::{Format, Style, render},
    sources::{environment::root::Root, noise::Noise},
};
use std::{
    fs::{self, File},
    os::unix::{
        fs::{FileExt as _, symlink},
        process::ExitStatusExt as _,
    },
    path::Path,
    process::{ExitStatus, Output},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// How often they change.
const EVERY: Duration = Duration::from_millis(50);
const CPUS: u64 = 2;
/// When the clock source changes, s.
const CHANGES_AT: f64 = 5.0;

/// Audits a machine whose kernel says that; writes the reports as the binary would.
pub fn audited(folder: &Path, planted: Planted) -> Audited {
    let began = Instant::now();
    let root = folder.join("root");
    groups(&root);
    write(&root, planted, 0.0);
    let over = Arc::new(AtomicBool::new(false));
    let running = {
        let (over, root) = (Arc::clone(&over), root.clone());
        thread::spawn(move || {
            while !over.load(Ordering::Relaxed) {
                thread::sleep(EVERY);
                write(&root, planted, began.elapsed().as_secs_f64());
            }
        })
    };
    let text = fs::read_to_string(folder.join("rigcheck.yaml")).expect("a spec of ours");
    let rooted = Arc::new(Noise::rooted(Root::at(&root), Some("unix:///nowhere".into())));
    let run = tokio::runtime::Runtime::new().expect("a runtime").block_on(embedded::audit_asking(&text, folder, Ms(5_000.0), |mut sources| {
        sources.retain(|source| *source.name() != name(NOISE));
        sources.push(rooted);
        sources
    }));
    over.store(true, Ordering::Relaxed);
    running.join().expect("it only writes");
    for (file, format) in [("report.json", Format::Json), ("report.txt", Format::Human)] {
        let shown = render(&run.report, format, &Style { verbose: true, ..Style::default() });
        fs::write(folder.join(file), shown).expect("a file of ours");
    }
    let out = Output { status: ExitStatus::from_raw(0), stdout: vec![], stderr: vec![] };
    Audited::of(folder.into(), &out, began.elapsed(), 0.0)
}

/// The root of version 1's control groups is mounted, in the namespace that the kernel begins with: it is the machine's.
fn groups(root: &Path) {
    put(root, "proc/self/cgroup", "2:cpuacct:/\n");
    put(root, "proc/self/mountinfo", "31 22 0:28 / /sys/fs/cgroup/cpuacct rw - cgroup cgroup rw,cpuacct\n");
    fs::create_dir(root.join("proc/self/ns")).expect("a folder of ours");
    symlink("cgroup:[4026531835]", root.join("proc/self/ns/cgroup")).expect("a link of ours");
}

/// All files after so many seconds. Numbers keep their length, so that whoever reads meanwhile never sees half of one.
fn write(root: &Path, planted: Planted, s: f64) {
    let is = |what: Planted| planted == what;
    let so_far = |per_second: f64| (per_second * s) as u64;
    let ticks = |share: f64| so_far(share * 100.0);
    let steal = if is(Planted::Steal) { 0.03 } else { 0.0 };
    let cpu = |cpus: f64| {
        format!(
            "{:012} 0 {:012} {:012} 0 0 0 {:012} 0 0",
            ticks(0.002 * cpus),
            ticks(0.001 * cpus),
            ticks((0.997 - steal) * cpus),
            ticks(steal * cpus)
        )
    };
    let each: Vec<String> = (0..CPUS).map(|n| format!("cpu{n} {}\n", cpu(1.0))).collect();
    let each = each.concat();
    put(
        root,
        "proc/stat",
        &format!(
            "cpu  {}\n{each}intr {:012}\nctxt {:012}\nbtime 1800000000\nprocesses {:012}\nprocs_running 1\nprocs_blocked 0\n",
            cpu(CPUS as f64),
            so_far(900.0),
            so_far(400.0),
            1_000
        ),
    );
    let pressure = |full: f64| {
        let line = |what: &str, us: u64| format!("{what} avg10=0.00 avg60=0.00 avg300=0.00 total={us:014}\n");
        line("some", so_far(full * 1.5e6)) + &line("full", so_far(full * 1e6))
    };
    put(root, "proc/pressure/cpu", &pressure(0.0));
    put(root, "proc/pressure/io", &pressure(0.0));
    put(root, "proc/pressure/memory", &pressure(if is(Planted::Pressure) { 0.1 } else { 0.0 }));
    let swapped = if is(Planted::Swap) { 40.0 } else { 0.0 };
    put(root, "proc/vmstat", &format!("pgmajfault {:012}\npswpin {:012}\npswpout {:012}\ncompact_stall {:012}\n", 7, so_far(swapped), 0, 0));
    let device = if is(Planted::Device) { 5_000.0 } else { 1.0 };
    let columns = |rate: f64| format!(" {:012} {:012}", so_far(rate), so_far(rate));
    put(
        root,
        "proc/interrupts",
        &format!(
            "           CPU0       CPU1\n 24:{}  PCI-MSIX-0000:00:01.0   0-edge      nic0\nLOC:{}   Local timer interrupts\n",
            columns(device),
            columns(250.0)
        ),
    );
    put(root, "proc/softirqs", &format!("                    CPU0       CPU1\n     TIMER:{}\n    NET_RX:{}\n", columns(250.0), columns(1.0)));
    let (dropped, bytes) = if is(Planted::Dropped) { (30.0, 60e6) } else { (0.0, 500.0) };
    let softnet: Vec<String> = (0..CPUS)
        .map(|n| {
            format!(
                "{:08x} {:08x} 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 {n:08x}\n",
                so_far(10.0),
                so_far(dropped)
            )
        })
        .collect();
    put(root, "proc/net/softnet_stat", &softnet.concat());
    let interface = |name: &str, rate: f64| {
        format!("{name:>6}: {:014} {:012} 0 0 0 0 0 0 {:014} {:012} 0 0 0 0 0 0\n", so_far(rate), so_far(1.0), so_far(100.0), so_far(1.0))
    };
    put(
        root,
        "proc/net/dev",
        &format!(
            "Inter-|   Receive                                                |  Transmit\n face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n{}{}",
            interface("lo", 100.0),
            interface("eth0", bytes)
        ),
    );
    put(
        root,
        "proc/diskstats",
        &format!(
            " 254       0 vda {:012} 0 {:012} 0 {:012} 0 {:012} 0 0 {:012} 0 0 0 0 0 0 0\n",
            so_far(0.1),
            so_far(1.0),
            so_far(0.1),
            so_far(1.0),
            so_far(0.5)
        ),
    );
    put(root, "sys/fs/cgroup/cpuacct/cpuacct.usage", &format!("{:018}\n", so_far(0.003e9 * CPUS as f64)));
    // Both names of one length.
    let source = if is(Planted::ClockSource) && s > CHANGES_AT { "hpet\n" } else { "tsc\n\n" };
    put(root, "sys/devices/system/clocksource/clocksource0/current_clocksource", source);
    put(root, "sys/devices/system/cpu/online", "0-1\n");
}

fn put(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    let file = File::options().write(true).open(&path).unwrap_or_else(|_| {
        fs::create_dir_all(path.parent().expect("below the root")).expect("a folder of ours");
        File::create(&path).expect("a file of ours")
    });
    file.write_all_at(text.as_bytes(), 0).expect("a file of ours");
}
