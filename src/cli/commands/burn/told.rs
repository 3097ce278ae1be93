//! A burn in words and as JSON.

use super::contained::Container;
use crate::{
    cli::outputs::{flowing, rows},
    model::{
        bytes::{Bytes, BytesPerSecond},
        payload::{BurnAsked, BurnPattern, BurnSample, Burned},
        units::{Ms, Share},
    },
};
use serde_json::json;
use std::{fmt::Write as _, time::Duration};

/// Below this share of what was asked for, it is said what the CPUs did instead: a burner alone on its cores stays within 1 %.
const NEARLY_ALL: f64 = 0.97;

/// One line while it goes on.
pub fn progress(asked: &BurnAsked, elapsed: Duration, so_far: &BurnSample) -> String {
    let ms = elapsed.as_secs_f64() * 1e3;
    let mut line = format!("burning for {:.0} s of {}", ms / 1e3, Ms(asked.for_ms));
    if asked.cpu_cores > 0.0 {
        let _ = write!(line, " · CPU {:.2} of {:.2} CPU-s", so_far.workers_cpu_s, asked.cpu_s(ms));
    }
    if asked.memory_bytes > 0 {
        let _ = write!(line, " · resident {}", Bytes(so_far.rss_bytes));
    }
    if asked.network_bytes_per_s > 0.0 {
        let _ = write!(line, " · sent {:.1} of {:.1} MB", so_far.sent_bytes as f64 / 1e6, asked.network_bytes(ms) / 1e6);
    }
    line
}

/// What was achieved beside what was asked for.
struct Achieved {
    lasted_s: f64,
    asked_cpu_s: f64,
    /// Of the threads that burn; of the whole process where a quota is to hold it down, since a quota counts all.
    cpu_s: f64,
    asked_bytes: f64,
    last: BurnSample,
}

impl Achieved {
    fn of(burned: &Burned) -> Achieved {
        let (last, lasted_s) = (burned.last().copied().unwrap_or_default(), burned.lasted_s());
        Achieved {
            lasted_s,
            asked_cpu_s: burned.asked.cpu_s(lasted_s * 1e3),
            cpu_s: if burned.asked.quota_cores.is_some() { last.cpu_s } else { last.workers_cpu_s },
            asked_bytes: burned.asked.network_bytes(lasted_s * 1e3),
            last,
        }
    }
}

/// For people.
pub fn human(burned: &Burned, container: Option<&Container>) -> String {
    let (asked, got) = (&burned.asked, Achieved::of(burned));
    let mut table = vec![];
    if asked.cpu_cores > 0.0 {
        let on = asked.on_ms(got.lasted_s * 1e3);
        table.push([
            "CPU".to_owned(),
            format!(
                "{} {} for {} · {:.3} CPU-s",
                asked.cores(),
                if (asked.cores() - 1.0).abs() < 1e-9 { "core" } else { "cores" },
                Ms(on),
                got.asked_cpu_s
            ),
            format!("{:.4} cores · {:.3} CPU-s", got.cpu_s / on.max(1e-3) * 1e3, got.cpu_s),
            off(got.cpu_s, got.asked_cpu_s),
        ]);
    }
    if asked.memory_bytes > 0 {
        let kept = burned.kept_bytes();
        let resident = format!("{} resident above the {} from before", Bytes(kept), Bytes(burned.rss_before));
        table.push(["memory".into(), Bytes(asked.memory_bytes).to_string(), resident, off(kept as f64, asked.memory_bytes as f64)]);
    }
    if asked.network_bytes_per_s > 0.0 {
        let (sent, received) = (got.last.sent_bytes, got.last.received_bytes);
        let asked = format!("{} · {:.0} bytes", BytesPerSecond(asked.network_bytes_per_s), got.asked_bytes);
        table.push(["network".into(), asked, format!("{sent} bytes sent, {received} received"), off(sent as f64, got.asked_bytes)]);
    }
    let mut text = format!("{} {}{}\n", title(asked), Ms(got.lasted_s * 1e3), if burned.interrupted { ", interrupted" } else { "" });
    text += &rows(["", "asked", "achieved", "error"], &table);
    let whole = format!(
        "The whole process used {:.3} CPU-s, which is what tools outside see; {:.3} of it to take {} samples.",
        got.last.cpu_s,
        burned.by.sampler_s,
        burned.samples.len()
    );
    text += &flowing(&whole, 0);
    if let Some(container) = container {
        text += &flowing(&outside(burned, container), 0);
    }
    if let Some(why) = scarce(burned) {
        text += &flowing(&format!("WARNING: {why}"), 0);
    }
    text
}

/// What the container's control group says, beside the curve between the same instants.
fn outside(burned: &Burned, container: &Container) -> String {
    let place = format!("Container {} ({})", container.name.as_deref().unwrap_or(&container.id[..container.id.len().min(12)]), container.image);
    if let Some(why) = &container.unread {
        return format!("{place}: its control group could not be read from outside: {why}");
    }
    let throttled = burned.cgroup.last().and_then(|reading| reading.throttling).filter(|t| t.throttled > 0);
    let throttled = throttled.map_or_else(String::new, |t| {
        format!("; its quota was used up in {} of {} periods, {:.2} s were waited for the next", t.throttled, t.periods, t.seconds)
    });
    match burned.cgroup_beside() {
        Some(beside) => format!(
            "{place}: its control group counted {:.3} CPU-s in {:.2} s, and the curve has {:.3} ± {:.3} for the same time{throttled}.",
            beside.cgroup_s, beside.over_s, beside.curve.cpu_s, beside.curve.error_s
        ),
        None => format!("{place}: its control group was not read twice while it burned{throttled}."),
    }
}

fn title(asked: &BurnAsked) -> String {
    match asked.pattern {
        BurnPattern::Steady => "Burned for".into(),
        BurnPattern::Bursts { burst_ms, every_ms } => format!("Burned in bursts of {} every {} for", Ms(burst_ms), Ms(every_ms)),
        BurnPattern::Irregular { seed } => format!("Burned irregularly (seed {seed}) for"),
    }
}

fn off(got: f64, asked: f64) -> String {
    if asked > 0.0 { format!("{:+}", Share(got / asked - 1.0)) } else { "–".into() }
}

/// What the CPUs did instead, if they did not give what was asked for.
pub fn scarce(burned: &Burned) -> Option<String> {
    let got = Achieved::of(burned);
    if burned.asked.cpu_cores <= 0.0 || got.cpu_s >= NEARLY_ALL * got.asked_cpu_s {
        return None;
    }
    let crowd = &burned.crowding;
    let mut said = vec![];
    let mut say = |what: &str, seconds: Option<f64>| match seconds {
        Some(s) if s >= 0.01 => said.push(format!("{what} {s:.2} s")),
        _ => {}
    };
    say("other processes used CPU time of", crowd.others_s);
    say("tasks of this machine waited for a CPU during (/proc/pressure/cpu)", crowd.waited_s);
    say("the hypervisor gave to others (steal)", crowd.steal_s);
    if let [first, .., last] = burned.cgroup.as_slice()
        && let (Some(first), Some(last)) = (first.throttling, last.throttling)
        && burned.asked.quota_cores.is_none()
    {
        say("the quota of its control group held it back for", Some(last.seconds - first.seconds));
    }
    let why = if said.is_empty() { "nothing that this machine tells explains it".to_owned() } else { said.join("; ") };
    Some(format!(
        "the CPUs gave {:.1} % of what was asked for: {why}. The truth is what was achieved; ask for less, or where it is quieter, to get what is asked.",
        got.cpu_s / got.asked_cpu_s * 100.0
    ))
}

/// For programs.
pub fn json(burned: &Burned, container: Option<&Container>) -> anyhow::Result<String> {
    let got = Achieved::of(burned);
    let told = json!({
        "schema": "rigcheck.burn/1",
        "achieved": {
            "lasted_s": got.lasted_s,
            "cpu_s": got.cpu_s,
            "asked_cpu_s": got.asked_cpu_s,
            "process_cpu_s": got.last.cpu_s,
            "resident_bytes": burned.kept_bytes(),
            "sent_bytes": got.last.sent_bytes,
            "received_bytes": got.last.received_bytes,
            "asked_network_bytes": got.asked_bytes,
        },
        "container": container,
        "warning": scarce(burned),
        "burned": burned,
    });
    Ok(serde_json::to_string(&told)? + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::{
            payload::{BurnedBy, CgroupReading, Crowding, Throttling},
            units::Wall,
        },
        sources::container::burning::read,
    };

    /// 10 s at 0.5 cores, of which the threads got so many CPU-seconds.
    fn burned(workers_cpu_s: f64) -> Burned {
        let sample = |mono_ns, workers_cpu_s: f64, rss_bytes| BurnSample {
            mono_ns,
            workers_cpu_s,
            cpu_s: workers_cpu_s * 1.01,
            rss_bytes,
            sent_bytes: 50_000_000,
            received_bytes: 50_000_000,
            ..BurnSample::default()
        };
        Burned {
            started: Wall(0),
            asked: BurnAsked {
                cpu_cores: 0.5,
                quota_cores: None,
                memory_bytes: 256 << 20,
                network_bytes_per_s: 5e6,
                pattern: BurnPattern::Steady,
                period_ms: 100.0,
                for_ms: 10e3,
            },
            samples: vec![sample(0, 0.0, 266 << 20), sample(10_000_000_000, workers_cpu_s, 266 << 20)],
            interval_ms: 100.0,
            by: BurnedBy { sampler_s: 0.02, ..BurnedBy::default() },
            touched_bytes: 256 << 20,
            rss_before: 10 << 20,
            resident_bytes: 256 << 20,
            crowding: Crowding { cores: 2, others_s: Some(17.5), waited_s: Some(3.25), steal_s: Some(0.0) },
            cgroup: vec![],
            interrupted: false,
        }
    }

    #[test]
    fn asked_and_achieved_stand_side_by_side() {
        let text = human(&burned(4.99), None);
        for part in [
            "0.5 cores for 10.00 s · 5.000 CPU-s",
            "0.4990 cores · 4.990 CPU-s",
            "-0.20 %",
            "256.0 MiB resident above the 10.0 MiB from before",
            "5.00 MB/s · 50000000 bytes",
            "50000000 bytes sent, 50000000 received",
            "used 5.040 CPU-s",
            "0.020 of it to take 2 samples",
        ] {
            assert!(text.split_whitespace().collect::<Vec<_>>().join(" ").contains(part), "{part}: {text}");
        }
        assert!(!text.contains("WARNING"), "{text}");
        let text = json(&burned(4.99), None).unwrap();
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!((json["achieved"]["cpu_s"].as_f64(), json["warning"].is_null()), (Some(4.99), true));
        assert_eq!(read(&text), Some(burned(4.99)));
        assert_eq!((read(""), read("{}"), read("[]")), (None, None, None));
    }

    #[test]
    fn what_the_machine_could_not_give_is_said_with_its_cause() {
        let mut short = burned(4.0);
        let why = scarce(&short).unwrap();
        assert!(why.starts_with("the CPUs gave 80.0 % of what was asked for: other processes used CPU time of 17.50 s; tasks"), "{why}");
        assert!(why.contains("3.25 s") && !why.contains("steal") && !why.contains("quota"), "{why}");
        let reading = |seconds| CgroupReading {
            at: Wall(0),
            cpu_s: None,
            memory: None,
            throttling: Some(Throttling { periods: 1, throttled: 1, seconds }),
            waited_s: None,
            missing: vec![],
        };
        short.cgroup = vec![reading(1.0), reading(3.5)];
        short.crowding = Crowding { cores: 2, ..Crowding::default() };
        assert!(scarce(&short).unwrap().contains("asked for: the quota of its control group held it back for 2.50 s."), "{:?}", scarce(&short));
        short.cgroup.clear();
        assert!(scarce(&short).unwrap().contains("nothing that this machine tells explains it"));
        // A quota that was asked for counts the whole process, and is no surprise.
        short.asked.quota_cores = Some(0.4);
        assert_eq!(scarce(&short), None);
    }

    #[test]
    fn progress_is_one_line() {
        let burned = burned(4.0);
        let line = progress(&burned.asked, Duration::from_secs(8), &burned.samples[1]);
        assert_eq!(line, "burning for 8 s of 10.00 s · CPU 4.00 of 4.00 CPU-s · resident 266.0 MiB · sent 50.0 of 40.0 MB");
    }
}
