//! Each source that asks by HTTP, as one function: ask at this URL, and tell the gap.

use crate::sources::{
    load::act,
    metrics_world::{self, claim, during, now, to},
    traced_act,
};
use rigcheck::{
    model::{
        Gap, Query, Source,
        act::Act,
        audit::Effort,
        key::{Page, Perform, Question as _},
        name,
        rig::Allow,
        units::{Count, Ms, PerSecond},
    },
    sources::{
        jaeger::Jaeger,
        load::Load,
        prometheus::Prometheus,
        scrape::Scrape,
        survey::{Places, Usual, survey},
        truth::Truth,
    },
    spec::{
        draft::options::{Reach, Written},
        settings::{Connection, TargetSettings},
    },
};
use std::time::Duration;

/// Time for a question whose answer never ends.
pub const SHORT: Duration = Duration::from_secs(3);
/// Time for a question that is answered, however badly: more than a busy machine needs.
pub const LONG: Duration = Duration::from_secs(30);
/// What a busy machine may add before we say that something hangs.
pub const GRACE: Duration = Duration::from_secs(20);

/// The sources that ask by HTTP.
pub const ASKING: [&str; 6] = ["prometheus", "scrape", "page", "jaeger", "truth", "load"];

/// The type of a good answer.
pub fn kind(source: &str) -> &'static str {
    match source {
        "scrape" | "page" => "text/plain; version=0.0.4",
        "truth" => "application/x-ndjson",
        "load" => "text/event-stream",
        _ => "application/json",
    }
}

/// The gap that comes of asking there, or why there is none; panics where nothing comes in time.
pub async fn gap(source: &str, connection: &Connection, patience: Duration) -> Gap {
    ask(source, connection, patience).await.unwrap_or_else(|| panic!("{source} believes {}", connection.url))
}

/// The same, where an answer may be whole.
pub async fn ask(source: &str, connection: &Connection, patience: Duration) -> Option<Gap> {
    let answer = tokio::time::timeout(patience + GRACE, asked(source, connection, patience)).await;
    answer.unwrap_or_else(|_| panic!("{source} hangs at {}", connection.url))
}

async fn asked(source: &str, connection: &Connection, patience: Duration) -> Option<Gap> {
    let slot = metrics_world::slot(patience.as_secs_f64());
    let after = || slot.clone().after(metrics_world::act(3, now().plus_us(-2_000_000), now().plus_us(-1_000_000), false));
    let asked = async |source: &dyn Source, query: Query, slot: rigcheck::model::source::Slot| {
        let whole = source.ask(&query, Effort::default(), &slot).await;
        whole.map_or_else(Some, |seen| seen.partial)
    };
    match source {
        "prometheus" => {
            let claims = vec![claim("prometheus", "t_seconds", &[])];
            let made = Prometheus::new(name("prometheus"), connection, claims).unwrap();
            asked(&made, during().into(), after()).await
        }
        "scrape" | "page" => {
            let made = Scrape::new(name("scrape"), connection, Ms(50.0), vec![claim("scrape", "t_seconds", &[])]).unwrap();
            let query = if source == "page" { Page { when: during().when }.into() } else { during().into() };
            asked(&made, query, after()).await
        }
        "jaeger" => {
            let made = Jaeger::new(name("jaeger"), connection, "gateway".into()).unwrap().with_pace(traced_act::QUICK);
            asked(&made, traced_act::spans(), traced_act::slot(3, patience)).await
        }
        "truth" => asked(&Truth::new(name("truth"), connection).unwrap(), traced_act::truth(), traced_act::slot(3, patience)).await,
        _ => Some(load(connection, patience).await),
    }
}

/// The load's requests fail one by one: the gap is why they did, in the words of the timelines.
async fn load(connection: &Connection, patience: Duration) -> Gap {
    let allow = Allow { requests: Count(100), tokens: Count(10_000), rate: PerSecond(1_000.0) };
    let made = Load::new(Some(&TargetSettings { connection: connection.clone(), allow }), None).unwrap().with_request_timeout(patience / 2);
    let effort = Effort { requests: 2, ..Effort::default() };
    let query: Query = Perform { act: Act::Load(act(20)) }.into();
    match made.ask(&query, effort, &metrics_world::slot((patience + GRACE).as_secs_f64())).await {
        Err(gap) => gap,
        Ok(seen) => {
            let rows = &Perform::pick(&seen.payload).unwrap().requests;
            let errors: Vec<String> =
                rows.iter().map(|t| t.error.clone().unwrap_or_else(|| panic!("the load believes {}", connection.url))).collect();
            Gap::Malformed(errors.join(", "))
        }
    }
}

/// `init` looks at a server as everything that it can be.
pub async fn surveyed(url: &str) {
    let some = || Some(url.to_owned());
    let places = Places {
        written: Written { target: some(), headers: vec![], prometheus: some(), jaeger: some(), scrape: some(), truth: some() },
        reach: Reach {
            target: Some((to(url.into()), false)),
            prometheus: Some(to(url.into())),
            jaeger: Some(to(url.into())),
            scrape: Some(to(url.into())),
            truth: Some(to(url.into())),
            ..Reach::default()
        },
        logs: vec![],
        rig: "world".into(),
        usual: Usual::default(),
    };
    let found = tokio::time::timeout(Duration::from_secs(90), survey(&places)).await.unwrap_or_else(|_| panic!("init hangs at {url}"));
    for what in ["target", "prometheus", "jaeger", "metrics page", "truth"] {
        assert!(found.looks.iter().any(|l| l.what == what && l.saw.is_err()), "{url}: {what} is believed: {:?}", found.looks);
    }
}
