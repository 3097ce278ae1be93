//! What the endpoint's page tells of its process, and what each fault does to that.

use super::support::{client, page};
use rigcheck::{
    model::units::Wall,
    reference::{
        burner::{process_cpu, resident},
        faults::{ALL, by_name},
        rig::ReferenceRig,
    },
    spec,
};
use std::time::Duration;

const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0";
const CPU: &str = "process_cpu_seconds_total";
const RSS: &str = "process_resident_memory_bytes";

/// A rig with this fault, and its spec.
fn rig(fault: &str) -> (tempfile::TempDir, ReferenceRig) {
    let dir = tempfile::tempdir().unwrap();
    let fault = (!fault.is_empty()).then(|| by_name(fault).unwrap());
    let rig = ReferenceRig::start(dir.path(), fault, 45).unwrap();
    (dir, rig)
}

/// The samples of a metric: labels, value, timestamp.
fn samples(page: &str, metric: &str) -> Vec<(String, f64, Option<f64>)> {
    let lines = page.lines().filter_map(|line| line.strip_prefix(metric).filter(|rest| rest.starts_with([' ', '{'])));
    let sample = |rest: &str| {
        let (labels, rest) = if rest.starts_with('{') { rest.split_once("} ").unwrap() } else { ("", rest.trim_start()) };
        let mut numbers = rest.split(' ').map(|n| n.parse().unwrap());
        (labels.to_owned(), numbers.next().unwrap(), numbers.next())
    };
    lines.map(sample).collect()
}

fn one(page: &str, metric: &str) -> f64 {
    let all = samples(page, metric);
    assert_eq!(all.len(), 1, "{metric}: {all:?}\n{page}");
    all[0].1
}

/// The page of a fault, with the process' own figures before and after it.
async fn read(fault: &str) -> (String, [f64; 2], [f64; 2]) {
    let (_dir, rig) = rig(fault);
    let before = (process_cpu().as_secs_f64(), resident() as f64);
    let (_, text) = page(&rig.url(), OPENMETRICS).await;
    let after = (process_cpu().as_secs_f64(), resident() as f64);
    rig.stop().await;
    (text, [before.0, after.0], [before.1.min(after.1), before.1.max(after.1)])
}

/// Other tests of this process take and give back memory meanwhile.
const ROOM: f64 = 64e6;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_tells_what_this_process_uses() {
    let (text, cpu, rss) = read("").await;
    assert!(text.ends_with("\n# EOF\n") && text.matches("# EOF").count() == 1, "{text}");
    assert!(text.contains("# TYPE process_cpu_seconds counter\n"), "{text}");
    let told = one(&text, CPU);
    assert!(cpu[0] <= told && told <= cpu[1], "{told} is not within {cpu:?}");
    let told = one(&text, RSS);
    assert!(rss[0] - ROOM <= told && told <= rss[1] + ROOM, "{told} is not about {rss:?}");
    let (started, now) = (one(&text, "process_start_time_seconds"), Wall(jiff::Timestamp::now().as_microsecond()).seconds());
    let age = std::fs::metadata("/proc/self").unwrap().modified().unwrap().elapsed().unwrap().as_secs_f64();
    assert!(now - started < 24.0 * 3600.0 && now > started - 2.0 && age >= 0.0, "started {started}, now {now}");
    // The old format names a counter's family like its samples.
    let (_dir, rig) = rig("");
    let (_, plain) = page(&rig.url(), "text/plain").await;
    assert!(plain.contains("# TYPE process_cpu_seconds_total counter\n") && !plain.contains("EOF") && one(&plain, CPU) > 0.0, "{plain}");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_fault_bends_the_figures_that_it_names() {
    let within = |told: f64, of: [f64; 2], what: &str| assert!(of[0] <= told && told <= of[1], "{what}: {told} is not within {of:?}");
    let (text, cpu, _) = read("res-cpu-doubled").await;
    within(one(&text, CPU) / 2.0, cpu, "doubled");
    let (text, cpu, _) = read("res-cpu-in-ticks").await;
    within(one(&text, CPU) / 100.0 + 0.01, [cpu[0], cpu[1] + 0.01], "ticks");
    let (text, cpu, _) = read("res-cpu-per-core").await;
    let all = samples(&text, CPU);
    assert_eq!(all.len(), 3, "{all:?}");
    within(all.iter().map(|s| s.1).sum::<f64>() / 2.0, [cpu[0] - 1e-6, cpu[1] + 1e-6], "total and cores");
    let (text, _, rss) = read("res-memory-doubled").await;
    within(one(&text, RSS) / 2.0, [rss[0] - ROOM, rss[1] + ROOM], "memory doubled");
    let (text, _, rss) = read("res-memory-with-cache").await;
    within(one(&text, RSS) - f64::from(96 << 20), [rss[0] - ROOM, rss[1] + ROOM], "memory with cache");
    let (text, cpu, _) = read("res-dead-series").await;
    let all = samples(&text, "container_cpu_usage_seconds_total");
    assert!(all.len() == 2 && all[0].0 != all[1].0, "{all:?}");
    within(all[0].1, cpu, "what runs");
    let (text, _, _) = read("res-clock-shifted").await;
    let (now, at) = (Wall(jiff::Timestamp::now().as_microsecond()).seconds(), samples(&text, CPU)[0].2.unwrap());
    assert!((at - now - 3.0).abs() < 2.0, "{at} at {now}");
    // Stamped in ms there.
    let (_dir, rig) = rig("res-clock-shifted");
    let (_, plain) = page(&rig.url(), "text/plain").await;
    assert!((samples(&plain, CPU)[0].2.unwrap() / 1e3 - now - 3.0).abs() < 4.0, "{plain}");
    rig.stop().await;
}

/// So many pages at once.
async fn pages(url: &str, n: usize) -> Vec<Option<String>> {
    let mut all = vec![];
    for _ in 0..n {
        let response = client().get(format!("{url}/metrics")).send().await.unwrap();
        all.push(if response.status() == 200 { Some(response.text().await.unwrap()) } else { None });
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_fault_does_to_a_share_of_the_pages_it_does_to_that_share() {
    let counted = async |fault: &str, bad: &dyn Fn(Option<&String>, Option<&String>) -> bool| {
        let (_dir, rig) = rig(fault);
        let all = pages(&rig.url(), 40).await;
        rig.stop().await;
        let before = std::iter::once(None).chain(all.iter().map(Option::as_ref));
        all.iter().zip(before).filter(|(page, before)| bad(page.as_ref(), *before)).count()
    };
    let refused = counted("res-scrapes-fail", &|page, _| page.is_none()).await;
    assert!((11..=16).contains(&refused), "{refused} of 40 refused");
    let fell = |page: Option<&String>, before: Option<&String>| before.is_some_and(|b| one(page.unwrap(), CPU) < one(b, CPU));
    let fallen = counted("res-counter-resets", &fell).await;
    assert!((8..=20).contains(&fallen), "{fallen} of 40 fell");
    let zero = counted("res-zero-filled", &|page, _| one(page.unwrap(), "process_cpu_percent") == 0.0).await;
    assert!((16..=24).contains(&zero), "{zero} of 40 are zero");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_is_made_anew_seldom_stays_as_it_is() {
    let (_dir, rig) = rig("res-coarse-windows");
    let first = pages(&rig.url(), 1).await.remove(0).unwrap();
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    let second = pages(&rig.url(), 1).await.remove(0).unwrap();
    assert_eq!(one(&first, CPU), one(&second, CPU));
    tokio::time::sleep(Duration::from_secs(3)).await;
    let third = pages(&rig.url(), 1).await.remove(0).unwrap();
    assert!(one(&third, CPU) > one(&first, CPU));
    rig.stop().await;
}

/// No request goes anywhere: only the page is read while something burns.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rig_with_such_a_fault_has_no_target() {
    for fault in ALL.iter().filter(|f| f.is_of("RES")) {
        let (dir, rig) = rig(fault.name);
        let options = spec::Options { checks_dir: None, env: &|_| None, exec: spec::Exec::Refused };
        let loaded =
            spec::load_text(&rig.spec(), "the rig's spec", dir.path(), &options).unwrap_or_else(|problems| panic!("{problems}\n{}", rig.spec()));
        let rig_of = loaded.profile.rig;
        assert!(rig_of.target.is_none() && rig_of.burner().is_some() && rig_of.served().count() >= 1, "{}", rig.spec());
        assert_eq!(loaded.profile.cases.len(), 1, "{}", rig.spec());
        rig.stop().await;
    }
}
