//! A burn in a container, from arguments to what is told of it.

use super::BurnArgs;
use crate::{
    cli::exit::Bug,
    model::{
        bytes::Bytes,
        payload::{BurnAsked, Burned},
    },
    reference::burner::Room,
    sources::container::{
        Contained,
        burning::{self, Unburned},
    },
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
        name: args.name.clone(),
        cpus: args.cpus,
        memory: args.memory_limit.map(|limit| limit.0),
        remove_image: args.remove_image,
        ..Contained::default()
    };
    let (burned, ended) = match burning::burn(asked, what, cancel, &mut |line| eprintln!("{line}")).await {
        Ok(Some(told)) => told,
        Ok(None) => return Ok(None),
        Err(Unburned::Container(why)) => return Err(why.into()),
        Err(silent @ Unburned::Silent(_)) => return Err(Bug(silent.to_string()).into()),
        Err(Unburned::Killed) => match args.memory_limit {
            Some(limit) => bail!("the container was killed, most likely for want of memory: raise --memory-limit {limit}, or lower --memory"),
            None => bail!(Unburned::Killed),
        },
    };
    let container =
        Container { id: ended.id, name: args.name.clone(), image: ended.image, unread: ended.cgroup.as_ref().err().map(ToString::to_string) };
    Ok(Some((burned, container)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        cli::args::{Args, Command},
        model::payload::BurnPattern,
        sources::container::burning::arguments,
    };
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
