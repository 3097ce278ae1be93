//! The load generator against servers that behave and servers that do not.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "helpers of tests; real files, threads and clocks")]

mod fake;
mod open_loop;
mod refusals;
mod round_trip;
mod stamps;
mod wire;

use rigcheck::{
    model::{
        act::{Act, Api, Destination, LoadAct, Traced},
        audit::Effort,
        evidence::{Gap, Seen},
        key::{Perform, Query, Question},
        name::name,
        payload::Performed,
        rig::Allow,
        rows::InMemory,
        source::{Slot, Source},
        timeline::Timeline,
        units::{Count, PerSecond},
    },
    sources::load::Load,
    spec::settings::{Connection, TargetSettings},
};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

pub fn target(url: &str) -> TargetSettings {
    TargetSettings {
        connection: Connection { url: url.into(), ..Connection::default() },
        allow: Allow { requests: Count(1_000), tokens: Count(1_000_000), rate: PerSecond(1_000.0) },
    }
}

pub fn act(per_second: u64) -> LoadAct {
    LoadAct {
        name: name("controlled"),
        to: Destination::Target,
        api: Api::Chat,
        model: "m".into(),
        path: "/v1/chat/completions".into(),
        stream: true,
        per_kilosecond: per_second * 1_000,
        max_tokens: 16,
        planted: false,
        traced: Traced::All,
    }
}

pub fn effort(warmup: u64, requests: u64) -> Effort {
    Effort { warmup, requests, ..Effort::default() }
}

pub fn slot() -> Slot {
    Slot::detached(Instant::now() + Duration::from_mins(1), Arc::new(InMemory::default()))
}

pub fn perform(act: LoadAct) -> Query {
    Perform { act: Act::Load(act) }.into()
}

pub async fn ask(load: &Load, act: LoadAct, effort: Effort) -> Result<Seen, Gap> {
    load.ask(&perform(act), effort, &slot()).await
}

pub fn performed(seen: &Seen) -> &Performed {
    Perform::pick(&seen.payload).unwrap()
}

pub fn rows(seen: &Seen) -> Vec<Timeline> {
    performed(seen).requests.iter().collect()
}

/// One request against one server.
pub async fn one(steps: Vec<fake::Step>) -> Timeline {
    one_within(steps, Duration::from_secs(20)).await
}

pub async fn one_within(steps: Vec<fake::Step>, timeout: Duration) -> Timeline {
    let server = fake::Fake::answering(move |_, _| steps.clone()).await;
    let load = Load::new(Some(&target(&server.url)), None).unwrap().with_request_timeout(timeout);
    let seen = ask(&load, act(100), effort(0, 1)).await.unwrap();
    assert_eq!(seen.partial, None);
    rows(&seen).remove(0)
}
