//! A burn in a container: this program again, whose own JSON is the truth, beside what its control group says from outside.

use super::{BurnArgs, told};
use crate::{
    cli::exit::Bug,
    model::{
        bytes::Bytes,
        payload::{BurnAsked, BurnPattern, Burned},
    },
    reference::burner::Room,
    sources::container::{self, Contained},
};
use anyhow::bail;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

/// Where it burned.
#[derive(Debug, Serialize)]
pub struct Container {
    /// Its id.
    pub id: String,
    /// Its name, if it was given one.
    pub name: Option<String>,
    /// Its image.
    pub image: String,
    /// Why its control group could not be read from outside.
    pub unread: Option<String>,
}

/// Burns there, and waits until the container is gone. `None`: interrupted before there was anything to tell.
pub async fn burn(args: &BurnArgs, asked: &BurnAsked, room: &Room, cancel: &CancellationToken) -> anyhow::Result<Option<(Burned, Container)>> {
    if let Some(cpus) = args.cpus.filter(|cpus| !(0.01..=f64::from(room.cores)).contains(cpus)) {
        bail!("--cpus {cpus}: a quota is at least 0.01 cores and at most the {} of this machine", room.cores);
    }
    if let Some(limit) = args.memory_limit {
        let most = Bytes((limit.0 as f64 * 0.8) as u64);
        if asked.memory_bytes > most.0 {
            bail!(
                "--memory {}: at most 80 % of --memory-limit {limit}, which is {most}: the program itself needs some, too",
                Bytes(asked.memory_bytes)
            );
        }
    }
    let what = Contained {
        arguments: arguments(asked),
        name: args.name.clone(),
        cpus: args.cpus,
        memory: args.memory_limit.map(|limit| limit.0),
        remove_image: args.remove_image,
    };
    let Some(ended) = container::run(&what, cancel, &mut |line| eprintln!("{line}")).await? else { return Ok(None) };
    let Some(mut burned) = told::read(&ended.out) else {
        if cancel.is_cancelled() {
            return Ok(None);
        }
        return Err(match (ended.code, args.memory_limit) {
            // 128 + SIGKILL: nobody but the kernel, for want of memory, or somebody else kills it.
            (Some(137), Some(limit)) => {
                anyhow::anyhow!("the container was killed, most likely for want of memory: raise --memory-limit {limit}, or lower --memory")
            }
            (Some(137), None) => anyhow::anyhow!("the container was killed, by somebody else or for want of memory"),
            (code, _) => Bug(format!("the burn in the container ended without a result (exit code {code:?})")).into(),
        });
    };
    let container = Container { id: ended.id, name: what.name, image: ended.image, unread: ended.cgroup.as_ref().err().map(ToString::to_string) };
    burned.cgroup = ended.cgroup.unwrap_or_default();
    Ok(Some((burned, container)))
}

/// The same load, as arguments of this program.
fn arguments(asked: &BurnAsked) -> Vec<String> {
    let ms = |ms: f64| format!("{ms}ms");
    let mut arguments: Vec<String> = ["burn", "--output", "json", "--for"].map(str::to_owned).into();
    arguments.push(ms(asked.for_ms));
    let mut add = |name: &str, value: String| arguments.extend([name.to_owned(), value]);
    add("--period", ms(asked.period_ms));
    if asked.cpu_cores > 0.0 {
        add("--cpu", asked.cpu_cores.to_string());
    }
    if let Some(quota) = asked.quota_cores {
        add("--under-quota", quota.to_string());
    }
    if asked.memory_bytes > 0 {
        add("--memory", format!("{}B", asked.memory_bytes));
    }
    if asked.network_bytes_per_s > 0.0 {
        add("--network", format!("{}B/s", asked.network_bytes_per_s));
    }
    match asked.pattern {
        BurnPattern::Steady => {}
        BurnPattern::Bursts { burst_ms, every_ms } => {
            add("--pattern", "bursts".into());
            add("--burst", ms(burst_ms));
            add("--every", ms(every_ms));
        }
        BurnPattern::Irregular { seed } => {
            add("--pattern", "irregular".into());
            add("--seed", seed.to_string());
        }
    }
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::{Args, Command};
    use clap::Parser as _;

    #[test]
    fn the_load_inside_is_the_one_that_was_asked_for() {
        for pattern in [BurnPattern::Steady, BurnPattern::Bursts { burst_ms: 250.5, every_ms: 2e3 }, BurnPattern::Irregular { seed: u64::MAX }] {
            let asked = BurnAsked {
                cpu_cores: 1.7,
                quota_cores: Some(0.3),
                memory_bytes: 123_456_789,
                network_bytes_per_s: 1_234_567.0,
                pattern,
                period_ms: 33.3,
                for_ms: 10_500.25,
            };
            let Command::Burn(args) = Args::parse_from(["rigcheck".to_owned()].into_iter().chain(arguments(&asked))).command else { panic!() };
            assert_eq!(args.asked(), asked);
        }
    }
}
