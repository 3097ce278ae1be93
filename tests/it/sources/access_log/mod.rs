//! Access logs: files, containers and standard input, good and bad.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "helpers of tests; real files, threads and clocks")]

mod bad_lines;
mod container;
mod fields;
mod files;
mod foreign;
mod stdin;

use rigcheck::{
    model::{
        act::{Act, Api, Destination, LoadAct, Traced},
        audit::Effort,
        evidence::{Gap, Origin, Seen},
        key::{LogLines, Perform, Query, Question, When},
        name::name,
        payload::{Heartbeat, LogLine, LogLines as Lines, Performed},
        rows::{InMemory, Rows},
        source::{Slot, Source},
        timeline::{Nanos, Timeline},
        units::{Span, Wall},
    },
    sources::access_log::Log,
    spec::settings::{AccessLog, Field, LogFormat, LogPlace},
};
use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

pub fn act() -> Act {
    Act::Load(LoadAct {
        name: name("controlled"),
        to: Destination::Target,
        api: Api::Chat,
        model: "m".into(),
        path: "/".into(),
        stream: true,
        per_kilosecond: 15_000,
        max_tokens: 16,
        planted: false,
        traced: Traced::All,
    })
}

pub fn id(n: usize) -> String {
    format!("01JTESTTESTTESTTESTTESTTES-{n:05}")
}

pub fn trace(n: usize) -> String {
    format!("{:032x}", 0x4bf9_2f35_77b3_4da6_0000_u128 + n as u128)
}

/// The act took the last ten seconds: `n` requests, all of which ended well.
pub fn performed(n: usize) -> Arc<Seen> {
    let row = |k: usize| Timeline { id: id(k), trace_id: trace(k), closed: Some(Nanos(1)), status: Some(200), ..Timeline::default() };
    let now = Wall(jiff::Timestamp::now().as_microsecond());
    let started = now.plus_us(-10_000_000);
    let answer = Performed {
        started,
        asked: n as u64,
        requests: Rows::inline((0..n).map(row).collect()),
        heartbeat: Heartbeat::default(),
        tokens_allowed: 0,
        cut: None,
    };
    let covered = Span { from: started, to: now };
    Arc::new(Seen { payload: Perform::wrap(answer), covered, origin: Origin::default(), notes: vec![], partial: None })
}

pub fn settings(from: LogPlace) -> AccessLog {
    let field = |name: &str| Some(Field { field: name.into(), unit_ms: 1.0 });
    AccessLog {
        from,
        format: LogFormat::JsonLines,
        id: "id".into(),
        at: None,
        status: Some("status".into()),
        total: field("ms"),
        ttft: field("ttft"),
        inter_chunk: field("itl"),
    }
}

pub fn file(path: &Path) -> AccessLog {
    settings(LogPlace::File(path.into()))
}

pub fn slot(requests: usize) -> Slot {
    Slot::detached(Instant::now() + Duration::from_mins(1), Arc::new(InMemory::default())).after(performed(requests))
}

pub fn query() -> Query {
    LogLines { when: When::During(act()) }.into()
}

pub async fn ask(settings: &AccessLog, requests: usize) -> Result<Seen, Gap> {
    Log::new(name("access_log"), settings)?.ask(&query(), Effort::default(), &slot(requests)).await
}

pub fn lines(seen: &Seen) -> &Lines {
    LogLines::pick(&seen.payload).unwrap()
}

pub fn rows(seen: &Seen) -> Vec<LogLine> {
    lines(seen).lines.iter().collect()
}

/// One line of ours, ending with a line feed.
pub fn line(n: usize) -> String {
    format!("{{\"id\":\"{}\",\"status\":200,\"ms\":{}}}\n", id(n), 40 + n)
}

pub fn ids(seen: &Seen) -> Vec<String> {
    rows(seen).into_iter().map(|r| r.id).collect()
}
