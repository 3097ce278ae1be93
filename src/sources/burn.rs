//! A known load of our own, in this process or in a container: the answer is what was really used.
#![allow(clippy::disallowed_methods, reason = "performs a load: waits for its end, and lets a thread take its memory")]

use super::{
    cgroup::{Cgroup, Who},
    container::{
        Contained, ContainerError,
        burning::{self, Unburned},
    },
};
use crate::{
    model::{
        act::{Act, BurnAct},
        audit::Effort,
        bytes::{Bytes, BytesPerSecond},
        evidence::{Gap, Method, Origin, Seen},
        key::{Payload, Query},
        name::{Name, name},
        payload::{BurnAsked, BurnPattern, BurnSample, Burned},
        source::{Answer, Cost, Estimate, Slot, Source, Timing},
        units::{Ms, Span, Wall},
        workload::{BURN, BURN_CONTAINER},
    },
    reference::burner::{BadBurn, Burn, Burner, Room},
};
use std::{
    io,
    time::{Duration, Instant},
};
use tokio::time::{interval_at, sleep_until};
use tokio_util::sync::CancellationToken;

/// What the irregular pattern is drawn from: the same load in each run.
const SEED: u64 = 1;
/// A duty cycle, ms.
const PERIOD_MS: f64 = 100.0;
/// Making an image and starting a container of it, where nothing is there yet.
const START_MS: f64 = 5_000.0;
/// Writing to memory for the first time: about a second for each 2 GiB on an old machine.
const TOUCHED_PER_MS: f64 = 2_000_000.0;

/// rigcheck's own burn.
pub struct OwnBurn {
    name: Name,
    docker: Option<String>,
}

impl OwnBurn {
    /// A container is started where `docker` is (`unix://PATH`), else at the usual place.
    pub fn new(docker: Option<String>) -> OwnBurn {
        OwnBurn { name: name(BURN), docker }
    }

    async fn perform(&self, act: &BurnAct, effort: Effort, slot: &Slot) -> Result<Seen, Gap> {
        let room = room();
        let asked = asked(act, effort);
        let burn = Burn::new(asked.clone(), &room).map_err(|bad| refusal(act, &bad))?;
        let total = effort.lasting_ms;
        let progress = &mut |ms: u64| (slot.progress)(ms.min(total), total);
        let mut notes = vec![];
        let burned = if act.contained {
            let what = Contained { name: Some(BURN_CONTAINER.into()), host: self.docker.clone(), ..Contained::default() };
            let mut seconds = 0;
            // It says how far it is once a second.
            let say = &mut |_: &str| {
                seconds += 1;
                progress(seconds * 1_000);
            };
            let told = burning::burn(&asked, what, &slot.cancel, say).await.map_err(failed)?;
            let (burned, ended) = told.ok_or_else(|| Gap::NotReached("burn: interrupted before it began".into()))?;
            notes.extend(ended.cgroup.err().map(|gap| format!("the container's control group could not be read: {}", gap.detail())));
            burned
        } else {
            let told = &mut |_: &BurnAsked, elapsed: Duration, _: &BurnSample| progress(u64::try_from(elapsed.as_millis()).unwrap_or(total));
            here(burn, room, &slot.cancel, told).await.map_err(|e| Gap::Refused(format!("burn: it could not be started: {e}")))?
        };
        progress(total);
        let to = burned.last().map_or(burned.started, |last| Wall(last.at_us));
        let partial =
            burned.interrupted.then(|| Gap::NotReached(format!("burn: interrupted after {:.1} s of {}", burned.lasted_s(), Ms(total as f64))));
        let place = if act.contained { format!("in the container {BURN_CONTAINER}") } else { "in this process".into() };
        let origin = Origin { request: format!("{} {place}", words(&asked)), server: None, method: Method::Measured };
        Ok(Seen { covered: Span { from: burned.started, to }, payload: Payload::Burn(burned), origin, notes, partial })
    }
}

/// What this process may take: its machine's, within its own control group's limit.
pub fn room() -> Room {
    let own = Cgroup::of(&Who::Pid(std::process::id())).and_then(|own| own.read()).ok().and_then(|own| own.memory);
    Room::here().within(own.and_then(|own| Some(Bytes(own.limit?.saturating_sub(own.working_set)))))
}

/// Burns in this process until its time is over or it is cancelled; `told` hears of it once a second.
pub async fn here(
    burn: Burn,
    room: Room,
    cancel: &CancellationToken,
    told: &mut (dyn FnMut(&BurnAsked, Duration, &BurnSample) + Send),
) -> io::Result<Burned> {
    let own = Cgroup::of(&Who::Pid(std::process::id()));
    let read = || own.as_ref().ok().and_then(|own| own.read().ok());
    let (before, asked) = (read(), burn.asked().clone());
    // Touching memory takes seconds, in which signals and deadlines are still heard.
    let heard = cancel.clone();
    let burner = tokio::task::spawn_blocking(move || Burner::start(burn, room, &heard)).await.map_err(io::Error::other)??;
    let began = Instant::now();
    let mut ticks = interval_at((began + Duration::from_secs(1)).into(), Duration::from_secs(1));
    let over = burner.over_at().into();
    loop {
        tokio::select! {
            biased;
            () = cancel.cancelled() => break,
            () = sleep_until(over) => break,
            _ = ticks.tick() => told(&asked, began.elapsed(), &burner.so_far()),
        }
    }
    let mut burned = tokio::task::spawn_blocking(move || burner.stop()).await.map_err(io::Error::other)?;
    burned.cgroup = before.into_iter().chain(read()).collect();
    Ok(burned)
}

fn asked(act: &BurnAct, effort: Effort) -> BurnAsked {
    BurnAsked {
        cpu_cores: f64::from(act.millicores) / 1e3,
        quota_cores: None,
        memory_bytes: act.memory,
        network_bytes_per_s: act.network as f64,
        pattern: BurnPattern::Irregular { seed: SEED },
        period_ms: PERIOD_MS,
        for_ms: effort.lasting_ms as f64,
    }
}

/// What is burned, as `rigcheck burn` would be told.
fn words(asked: &BurnAsked) -> String {
    let mut words = vec![format!("burn --for {} --cpu {}", joined(Ms(asked.for_ms)), asked.cpu_cores)];
    if asked.memory_bytes > 0 {
        words.push(format!("--memory {}", joined(Bytes(asked.memory_bytes))));
    }
    if asked.network_bytes_per_s > 0.0 {
        words.push(format!("--network {}", joined(BytesPerSecond(asked.network_bytes_per_s))));
    }
    words.push(format!("--pattern irregular --seed {SEED}"));
    words.join(" ")
}

/// A quantity as an argument.
fn joined(quantity: impl std::fmt::Display) -> String {
    quantity.to_string().replace(' ', "")
}

/// What the spec asks for and this machine cannot give, in the spec's words.
fn refusal(act: &BurnAct, bad: &BadBurn) -> Gap {
    let key = format!("resources.{}.burn", act.name);
    Gap::Refused(match bad {
        BadBurn::TooManyCores { asked, there } => {
            format!("burn: {key}.cpu asks for {asked} cores, and this process may use {there}; ask for at most those")
        }
        BadBurn::TooMuchMemory { asked, there } => {
            format!("burn: {key}.memory asks for {asked}, and {there} are available here, of which at most 80 % are taken; ask for less")
        }
        BadBurn::UnknownMemory(asked) => {
            format!("burn: {key}.memory asks for {asked}, and /proc/meminfo does not tell how much is available; leave it out")
        }
        BadBurn::TooFast(rate) => format!("burn: {key}.network asks for {rate}; loopback carries at most 1 GB/s here"),
        BadBurn::Length(length) => format!("burn: it is to last {length}; set the audit's length to 100 ms at the least and 1 h at the most"),
        other => format!("burn: {key}: {other}"),
    })
}

fn failed(why: Unburned) -> Gap {
    const OR_HERE: &str = "or burn in this process: `burn: {in: process}`";
    match why {
        Unburned::Container(ContainerError::Absent(_)) => {
            Gap::Unreachable(format!("burn: no Docker daemon; start Docker, set DOCKER_HOST, {OR_HERE}"))
        }
        Unburned::Container(ContainerError::Denied(why)) => Gap::Denied(format!("burn: docker: {why}; {OR_HERE}")),
        Unburned::Container(ContainerError::Taken(_)) => Gap::Busy(format!(
            "burn: docker: there is a container named {BURN_CONTAINER} already: another burn goes on, or was left behind; wait for it, or remove it by \
             `docker rm -f {BURN_CONTAINER}`"
        )),
        Unburned::Container(other) => Gap::Unreachable(format!("burn: {other}; {OR_HERE}")),
        Unburned::Killed => Gap::Truncated("burn: the container was killed, by somebody else or for want of memory; ask for less memory".into()),
        Unburned::Silent(code) => Gap::Malformed(format!("burn: the container ended without a result (exit code {code:?}); {OR_HERE}")),
    }
}

impl Source for OwnBurn {
    fn name(&self) -> &Name {
        &self.name
    }
    fn timing(&self, _: &Query) -> Timing {
        Timing::Recall { settle: Ms(0.0) }
    }
    fn estimate(&self, query: &Query, effort: Effort) -> Estimate {
        let Some(Act::Burn(act)) = query.performs() else { return Estimate::default() };
        let start = if act.contained { START_MS } else { 0.0 };
        Estimate { lasting: Ms(effort.lasting_ms as f64 + start + act.memory as f64 / TOUCHED_PER_MS), requests: 0, tokens: 0 }
    }
    fn ask<'a>(&'a self, query: &'a Query, effort: Effort, slot: &'a Slot) -> Answer<'a> {
        Box::pin(async move {
            match query.performs() {
                Some(Act::Burn(act)) => self.perform(act, effort, slot).await,
                _ => Err(Gap::NotConfigured(format!("burn: cannot answer {}", query.word()))),
            }
        })
    }
    fn cost(&self) -> Cost {
        Cost::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn act() -> BurnAct {
        BurnAct { name: name("burner"), contained: false, millicores: 1_500, memory: 64 << 20, network: 1_000_000 }
    }

    #[test]
    fn the_load_is_the_acts_and_its_length_the_audits() {
        let asked = asked(&act(), Effort { lasting_ms: 30_000, ..Effort::default() });
        assert_eq!((asked.cpu_cores, asked.memory_bytes, asked.network_bytes_per_s, asked.for_ms), (1.5, 64 << 20, 1e6, 30e3));
        assert_eq!(asked.pattern, BurnPattern::Irregular { seed: SEED });
        assert_eq!(words(&asked), "burn --for 30.00s --cpu 1.5 --memory 64.0MiB --network 1.00MB/s --pattern irregular --seed 1");
    }

    #[test]
    fn what_this_machine_cannot_give_is_refused_in_the_specs_words() {
        let bad = BadBurn::TooManyCores { asked: 64.0, there: 2 };
        assert_eq!(
            refusal(&act(), &bad).to_string(),
            "refused: burn: resources.burner.burn.cpu asks for 64 cores, and this process may use 2; ask for at most those"
        );
        for bad in [
            BadBurn::TooMuchMemory { asked: Bytes(2), there: Bytes(1) },
            BadBurn::UnknownMemory(Bytes(1)),
            BadBurn::TooFast(BytesPerSecond(2e9)),
            BadBurn::Length(Ms(1.0)),
        ] {
            let text = refusal(&act(), &bad).to_string();
            assert!(!text.contains("--"), "no option of the command: {text}");
        }
    }

    #[test]
    fn a_name_that_is_taken_is_busy_and_nobodys_text_is_repeated() {
        let gap = failed(ContainerError::Taken("Conflict. jane@example.com".into()).into());
        assert!(matches!(&gap, Gap::Busy(why) if why.contains("docker rm -f rigcheck-burn") && !why.contains("jane")), "{gap}");
        let gap = failed(ContainerError::Absent("burn in this process, without --container".into()).into());
        assert!(matches!(&gap, Gap::Unreachable(why) if why.contains("in: process") && !why.contains("--container")), "{gap}");
    }
}
